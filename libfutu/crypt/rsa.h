/* rsa.h - the shared private key of InitConnect: PKCS#1 v1.5, body cut into pieces (the spec's 2.3).
 *
 * Both sides hold the same private key; each encrypts with its public half.
 * Errors of decryption are all FUTU_EFORMAT and take the same time, so that the port is no oracle.
 */
#ifndef CRYPT_RSA_H
#define CRYPT_RSA_H

#include "base/buf.h"

struct rsa_key;

/* PEM text, PKCS#1 or PKCS#8, 512 to 4096 bits. FUTU_EFORMAT: no such key; FUTU_ENOMEM. */
futu_err rsa_key_parse(struct rsa_key **out, futu_str pem);
/* FUTU_EIO: the file can't be read; else as rsa_key_parse(). */
futu_err rsa_key_load(struct rsa_key **out, const char *path);
void rsa_key_free(struct rsa_key *k);
size_t rsa_key_size(const struct rsa_key *k);       /* bytes of a block */

/* Appends whole blocks; pieces of 100 bytes, or of size - 11 when that is less. */
futu_err rsa_encrypt(struct rsa_key *k, const uint8_t *p, size_t n, struct buf *out);
futu_err rsa_decrypt(struct rsa_key *k, const uint8_t *p, size_t n, struct buf *out);

#endif
