/* mark.c - see mark.h.
 *
 * Tests:   test/unit/access/mark_test.c
 */
#include "access/mark.h"

#include <stdio.h>

#include "access/journal.h"
#include "crypt/digest.h"

#define KEY_CHARS 12
#define OWN_CHARS 5

static void digits(const uint8_t digest[32], char *out, size_t n)
{
    uint64_t v;
    memcpy(&v, digest, sizeof(v));
    for (size_t i = 0; i < n; i++, v >>= 5)
        out[i] = "abcdefghijklmnopqrstuvwxyz234567"[v & 31];
}

/* The first n characters of a digest that depends on the secret and the text. */
static void derive(const char *secret, char kind, futu_str text, char *out, size_t n)
{
    uint8_t room[JOURNAL_SECRET + 1 + ORDER_KEY_MAX], digest[32];
    size_t len = MIN(text.n, (size_t)ORDER_KEY_MAX);
    memcpy(room, secret, JOURNAL_SECRET);
    room[JOURNAL_SECRET] = (uint8_t)kind;
    memcpy(room + JOURNAL_SECRET + 1, text.p, len);
    sha256(room, JOURNAL_SECRET + 1 + len, digest);
    digits(digest, out, n);
}

void mark_make(const char *secret, const char *key, char out[MARK_LEN + 1])
{
    out[0] = '~';
    derive(secret, 'k', str_c(key), out + 1, KEY_CHARS);
    derive(secret, 'o', (futu_str){ out + 1, KEY_CHARS }, out + 1 + KEY_CHARS, OWN_CHARS);
    out[MARK_LEN] = '\0';
}

bool mark_is_own(const char *secret, futu_str mark)
{
    char own[OWN_CHARS];
    derive(secret, 'o', (futu_str){ mark.p + 1, KEY_CHARS }, own, OWN_CHARS);
    return memcmp(own, mark.p + 1 + KEY_CHARS, OWN_CHARS) == 0;
}

futu_str mark_in(futu_str remark)
{
    if (remark.n < MARK_LEN)
        return STR_NULL;
    futu_str m = { remark.p + remark.n - MARK_LEN, MARK_LEN };
    if (m.p[0] != '~' || (remark.n > MARK_LEN && m.p[-1] != ' '))
        return STR_NULL;
    for (size_t i = 1; i < MARK_LEN; i++)
        if (!(m.p[i] >= 'a' && m.p[i] <= 'z') && !(m.p[i] >= '2' && m.p[i] <= '7'))
            return STR_NULL;
    return m;
}

futu_str mark_less(futu_str remark)
{
    if (mark_in(remark).p)
        remark.n -= MARK_LEN + (remark.n > MARK_LEN);
    return remark;
}

bool mark_put(const char *secret, const char *key, futu_str remark, char out[REMARK_MAX + 1])
{
    char mark[MARK_LEN + 1];
    futu_str old = mark_in(remark);
    if (remark.n > REMARK_MAX)
        return false;
    if (old.p && mark_is_own(secret, old))
        remark = mark_less(remark);
    str_copy(out, REMARK_MAX + 1, remark);
    if (mark_in(remark).p || remark.n + 1 + MARK_LEN > REMARK_MAX)
        return true;
    mark_make(secret, key, mark);
    snprintf(out + remark.n, REMARK_MAX + 1 - remark.n, "%s%s", remark.n ? " " : "", mark);
    return true;
}
