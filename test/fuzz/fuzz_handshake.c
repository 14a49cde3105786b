/* fuzz_handshake.c - an InitConnect frame from a stranger, to a gateway with and without a key. The
 * first byte is what the client asks for, then comes the frame. */
#include <stdio.h>
#include <stdlib.h>

#include "wire/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static struct rsa_key *test_key(void)
{
    static struct rsa_key *key;
    if (!key && rsa_key_load(&key, "test/data/rsa1024.pem") != FUTU_OK) {
        fputs("test/data/rsa1024.pem can't be read: run this from the top of the tree\n", stderr);
        abort();
    }
    return key;
}

static void open_frame(const struct frame *f, struct rsa_key *key, int32_t asked)
{
    struct buf plain = BUF_INIT;
    struct handshake h;
    bool rsa;
    futu_err err = handshake_open(f, key, &plain, &rsa);
    check(err == FUTU_OK || err == FUTU_EFORMAT || (key && err == FUTU_EAUTH));
    check(rsa == (key && err == FUTU_OK));
    if (err == FUTU_EFORMAT)
        check(plain.n == 0);
    else if (!rsa)
        check(plain.n == f->len && (f->len == 0 || memcmp(plain.p, f->body, f->len) == 0));
    err = handshake_choose(&h, asked == 4 ? NULL : &asked, key != NULL, rsa);
    check(err == (asked == 3 ? FUTU_ENOTSUP : FUTU_OK));
    if (!err)
        check(!h.reply_rsa || (rsa && h.algo != CIPHER_NONE));
    buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct framer fr;
    struct frame f;
    size_t used;
    if (size < 1)
        return 0;
    framer_init(&fr, 1u << 16);
    if (framer_feed(&fr, data + 1, size - 1, &used, &f) == FUTU_OK) {
        open_frame(&f, NULL, data[0] % 6 - 1);
        open_frame(&f, test_key(), data[0] % 6 - 1);
    }
    framer_free(&fr);
    return 0;
}
