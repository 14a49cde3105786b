/* aes.h - AES-128 blocks with prepared keys.
 *
 * nettle's: with the CPU's AES instructions a frame of 300 bytes costs half to a fifth of what
 * mbedTLS takes, since whole runs of blocks stay inside one call.
 */
#ifndef CRYPT_AES_H
#define CRYPT_AES_H

#include <nettle/aes.h>

#include "base/base.h"

struct aes {
    struct aes128_ctx enc, dec;
};

void aes_init(struct aes *a, const uint8_t key[16]);
void aes_wipe(struct aes *a);
/* n is a multiple of 16; in == out is fine. */
void aes_ecb_encrypt(const struct aes *a, const uint8_t *in, size_t n, uint8_t *out);
void aes_ecb_decrypt(const struct aes *a, const uint8_t *in, size_t n, uint8_t *out);
void aes_cbc_encrypt(const struct aes *a, const uint8_t iv[16], const uint8_t *in, size_t n,
                     uint8_t *out);
void aes_cbc_decrypt(const struct aes *a, const uint8_t iv[16], const uint8_t *in, size_t n,
                     uint8_t *out);

#endif
