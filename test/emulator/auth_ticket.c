/* auth_ticket.c - the crypto of the auth servers, spelled out once more: what the library builds is
 * taken apart here byte by byte. The cipher itself is the library's, with its dialect.
 */
#include "auth_in.h"

#include <stdio.h>

#include "base/bytes.h"
#include "codec/base64.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "upstream/broker/dialect.h"

#define TICKET_S (30 * 86400)
#define CLOCK_SLACK_S 600

void emu_token(char *out, size_t hex)
{
    uint8_t raw[32];
    random_bytes(raw, sizeof(raw));
    hex_lower(raw, hex / 2, out);
}

bool emu_base64(const void *p, size_t n, char *out, size_t size)
{
    if (BASE64_SIZE(n) >= size)
        return false;
    base64_write(out, p, n);
    out[BASE64_SIZE(n)] = '\0';
    return true;
}

bool emu_seal(const uint8_t *key, size_t n_key, const void *p, size_t n, char *out, size_t size)
{
    struct buf b = BUF_INIT;
    struct seal s;
    bool fine = seal_init(&s, &dialect_seal, key, n_key) == FUTU_OK &&
                seal_close(&s, p, n, &b) == FUTU_OK && emu_base64(b.p, b.n, out, size);
    buf_free(&b);
    return fine;
}

/* The key: SHA-256(hex(S2) salt32), S2 = MD5(hex(md5) salt). */
static size_t make_key(const struct emu_account *a, uint8_t key[32])
{
    char text[160], hex[33];
    int n = snprintf(text, sizeof(text), "%s%s", a->md5, a->salt);
    md5(text, (size_t)n, key);
    if (!a->salt32[0])
        return 16;
    hex_lower(key, 16, hex);
    n = snprintf(text, sizeof(text), "%s%s", hex, a->salt32);
    sha256(text, (size_t)n, key);
    return 32;
}

static const char *judge_plain(const struct emu_account *a, const uint8_t *p, size_t n,
                               int64_t now_s, uint8_t rand_key[32], int *code)
{
    size_t name = strlen(a->name);
    char hex[33];
    *code = 11;
    if (n != 8 + name + 16 + 4 + 32 + 8 || get_le32(p) != 8)
        return "not a ticket of version 8";
    if (get_be32(p + 4) != name || memcmp(p + 8, a->name, name) != 0)
        return "the ticket is another account's";
    p += 8 + name;
    hex_lower(p, 16, hex);
    *code = 2;
    if (strcmp(hex, a->md5) != 0)
        return "account/password mismatch";
    *code = 11;
    if (get_be32(p + 16) != 32)
        return "rand_key is not of 32 bytes";
    memcpy(rand_key, p + 20, 32);
    *code = 15;
    int64_t made = get_be32(p + 52), ends = get_be32(p + 56);
    if (made < now_s - CLOCK_SLACK_S || made > now_s + CLOCK_SLACK_S || ends != made + TICKET_S)
        return "password expired, delete local password";
    return NULL;
}

const char *emu_ticket_judge(const struct emu_account *a, const char *text, int64_t now_s,
                             uint8_t rand_key[32], int *code)
{
    uint8_t key[32], raw[1024];
    size_t n = strlen(text), n_key = make_key(a, key);
    struct buf plain = BUF_INIT;
    struct seal s;
    *code = 2;
    if (n > sizeof(raw) || !base64_read(raw, text, n, &n))
        return "the ticket is not base64";
    if (seal_init(&s, &dialect_seal, key, n_key))
        return "the key is not usable";
    bool fits = seal_open(&s, raw, n, &plain) == FUTU_OK;
    const char *wrong = fits ? NULL : "account/password mismatch";
    if (fits)
        wrong = judge_plain(a, plain.p, plain.n, now_s, rand_key, code);
    buf_free(&plain);
    return wrong;
}
