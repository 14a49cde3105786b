/* box.h - bytes sealed with a key: XSalsa20 with Poly1305 (libsodium's secretbox), and how such a
 * key comes from text.
 *
 * Threads: any; no state.
 */
#ifndef CRYPT_BOX_H
#define CRYPT_BOX_H

#include "base/str.h"

#define BOX_KEY 32
#define BOX_SALT 16
#define BOX_NONCE 24
#define BOX_MAC 16

/* BLAKE2b of salt and purpose, keyed with `from`: another key for each of the three. Fast: it is
 * for texts that nobody can guess. */
void box_key(futu_str from, const uint8_t salt[BOX_SALT], futu_str purpose, uint8_t out[BOX_KEY]);
/* Writes n + BOX_MAC bytes. A nonce is used once for a key. */
void box_seal(const uint8_t key[BOX_KEY], const uint8_t nonce[BOX_NONCE], const void *p, size_t n,
              uint8_t *out);
/* Writes n - BOX_MAC bytes. False: another key, or changed; nothing is written then. */
bool box_open(const uint8_t key[BOX_KEY], const uint8_t nonce[BOX_NONCE], const uint8_t *p,
              size_t n, void *out);

#endif
