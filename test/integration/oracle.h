/* oracle.h - the ciphers of FTAPI once more, straight on nettle and mbedTLS: what the gateway sends
 * and expects is checked against this, not against the code under test. */
#ifndef TEST_INTEGRATION_ORACLE_H
#define TEST_INTEGRATION_ORACLE_H

#include <stddef.h>
#include <stdint.h>

enum { ALGO_NONE = -1, ALGO_FTAES_ECB = 0, ALGO_AES_ECB = 1, ALGO_AES_CBC = 2 };

/* Both return the length; `out` has room for n + 32 bytes. */
size_t oracle_encrypt(int algo, const uint8_t key[16], const uint8_t iv[16], const uint8_t *p,
                      size_t n, uint8_t *out);
/* Aborts the test when the padding is wrong. */
size_t oracle_decrypt(int algo, const uint8_t key[16], const uint8_t iv[16], const uint8_t *p,
                      size_t n, uint8_t *out);
void oracle_sha1(const uint8_t *p, size_t n, uint8_t out[20]);

/* With the private key of a PEM file; pieces of 100 bytes. */
size_t oracle_rsa_encrypt(const char *pem, const uint8_t *p, size_t n, uint8_t *out, size_t size);
size_t oracle_rsa_decrypt(const char *pem, const uint8_t *p, size_t n, uint8_t *out, size_t size);

#endif
