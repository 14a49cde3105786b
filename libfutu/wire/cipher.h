/* cipher.h - body encryption of a connection after InitConnect (the spec's sections 2.2 to 2.6).
 *
 * Each frame starts anew with the connection's IV. Key and IV are the 16 ASCII bytes themselves.
 */
#ifndef WIRE_CIPHER_H
#define WIRE_CIPHER_H

#include "base/buf.h"
#include "crypt/aes.h"

enum cipher_algo { CIPHER_NONE = -1, CIPHER_FTAES_ECB = 0, CIPHER_AES_ECB = 1, CIPHER_AES_CBC = 2 };

struct cipher {
    int algo;                   /* enum cipher_algo, the numbers of packetEncAlgo */
    struct aes aes;
    uint8_t iv[16];
};

/* iv is read for AES_CBC only. FUTU_EINVAL: unknown algorithm. */
futu_err cipher_init(struct cipher *c, int algo, const uint8_t key[16], const uint8_t iv[16]);
void cipher_wipe(struct cipher *c);
size_t cipher_len(const struct cipher *c, size_t plain_len);     /* bytes on the wire */
/* Appends to out. FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err cipher_encrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out);
/* Appends to out. Also FUTU_EFORMAT: length or padding is wrong; close the connection. */
futu_err cipher_decrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out);

#endif
