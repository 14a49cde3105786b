/* box.c - see box.h.
 *
 * Tests:   test/unit/crypt/box_test.c
 */
#include "crypt/box.h"

#include <sodium.h>

#include "crypt/random.h"

_Static_assert(BOX_KEY == crypto_secretbox_KEYBYTES && BOX_NONCE == crypto_secretbox_NONCEBYTES &&
                   BOX_MAC == crypto_secretbox_MACBYTES,
               "sizes of secretbox");

void box_key(futu_str from, const uint8_t salt[BOX_SALT], futu_str purpose, uint8_t out[BOX_KEY])
{
    crypto_generichash_state st;
    uint8_t key[32];
    random_ready();
    crypto_generichash(key, sizeof(key), (const uint8_t *)from.p, from.n, NULL, 0);
    crypto_generichash_init(&st, key, sizeof(key), BOX_KEY);
    crypto_generichash_update(&st, salt, BOX_SALT);
    crypto_generichash_update(&st, (const uint8_t *)purpose.p, purpose.n);
    crypto_generichash_final(&st, out, BOX_KEY);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(&st, sizeof(st));
}

void box_seal(const uint8_t key[BOX_KEY], const uint8_t nonce[BOX_NONCE], const void *p, size_t n,
              uint8_t *out)
{
    random_ready();
    crypto_secretbox_easy(out, p, n, nonce, key);
}

bool box_open(const uint8_t key[BOX_KEY], const uint8_t nonce[BOX_NONCE], const uint8_t *p,
              size_t n, void *out)
{
    random_ready();
    return n >= BOX_MAC && crypto_secretbox_open_easy(out, p, n, nonce, key) == 0;
}
