/* rsa.h - the shared private key of InitConnect: PKCS#1 v1.5, the body cut into pieces.
 *
 * Both sides hold the same private key; each encrypts with its public half.
 * A decryption that fails says FUTU_EFORMAT whatever was wrong, and only after all blocks have been
 * worked through; unpadding takes the same time for any content. Private operations are blinded.
 * Threads: a key belongs to one thread at a time.
 */
#ifndef CRYPT_RSA_H
#define CRYPT_RSA_H

#include "base/buf.h"

struct rsa_key;

/* PEM text, PKCS#1 or PKCS#8, 512 to 4096 bits. FUTU_EFORMAT: no such key; FUTU_ENOMEM. */
futu_err rsa_key_parse(struct rsa_key **out, futu_str pem);
/* FUTU_EIO: the file can't be read; FUTU_EFORMAT also when it is over 64 KiB; FUTU_ENOMEM. */
futu_err rsa_key_load(struct rsa_key **out, const char *path);
void rsa_key_free(struct rsa_key *k);               /* NULL is fine */
size_t rsa_key_size(const struct rsa_key *k);       /* bytes of a block */

/* A body of n bytes can be whole blocks of this key. */
bool rsa_fits(const struct rsa_key *k, size_t n);
/* Blocks that rsa_encrypt() makes of n bytes. */
size_t rsa_blocks(const struct rsa_key *k, size_t n);

/* Appends whole blocks, none for n = 0; pieces of 100 bytes, or of size - 11 when that is less.
 * FUTU_ENOMEM, FUTU_ELIMIT, FUTU_EIO (the library failed). A failed call leaves `out` as it was. */
futu_err rsa_encrypt(struct rsa_key *k, const uint8_t *p, size_t n, struct buf *out);
/* Appends the plain pieces, each of any length a block can hold. FUTU_EFORMAT, FUTU_ENOMEM,
 * FUTU_ELIMIT. A failed call leaves `out` as it was. */
futu_err rsa_decrypt(struct rsa_key *k, const uint8_t *p, size_t n, struct buf *out);

#endif
