/* aes.c - see aes.h. */
#include "crypt/aes.h"

#include <nettle/cbc.h>

#include "crypt/secret.h"

void aes_init(struct aes *a, const uint8_t key[16])
{
    aes128_set_encrypt_key(&a->enc, key);
    aes128_invert_key(&a->dec, &a->enc);
}

void aes_wipe(struct aes *a)
{
    wipe(a, sizeof(*a));
}

void aes_ecb_encrypt(const struct aes *a, const uint8_t *in, size_t n, uint8_t *out)
{
    aes128_encrypt(&a->enc, n, out, in);
}

void aes_ecb_decrypt(const struct aes *a, const uint8_t *in, size_t n, uint8_t *out)
{
    aes128_decrypt(&a->dec, n, out, in);
}

void aes_cbc_encrypt(const struct aes *a, const uint8_t iv[16], const uint8_t *in, size_t n,
                     uint8_t *out)
{
    uint8_t chain[AES_BLOCK_SIZE];      /* nettle advances it */
    memcpy(chain, iv, sizeof(chain));
    cbc_aes128_encrypt(&a->enc, chain, n, out, in);
}

void aes_cbc_decrypt(const struct aes *a, const uint8_t iv[16], const uint8_t *in, size_t n,
                     uint8_t *out)
{
    uint8_t chain[AES_BLOCK_SIZE];
    memcpy(chain, iv, sizeof(chain));
    cbc_decrypt(&a->dec, (nettle_cipher_func *)aes128_decrypt, AES_BLOCK_SIZE, chain, n, out, in);
}
