/* cipher.h - body encryption of a connection after InitConnect.
 *
 * Each frame starts anew with the connection's IV. Key and IV are the 16 ASCII bytes themselves.
 * FTAES_ECB fills the last block with zeros and appends a clear block whose last byte is the number
 * of bytes used in it (0: all); the other two pad as PKCS#7.
 * Threads: none; a struct cipher may be copied.
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

/* iv is read for AES_CBC only, key not for NONE. FUTU_EINVAL: unknown algorithm. */
futu_err cipher_init(struct cipher *c, int algo, const uint8_t key[16], const uint8_t iv[16]);
void cipher_wipe(struct cipher *c);                              /* leaves NONE */
size_t cipher_len(const struct cipher *c, size_t plain_len);     /* bytes on the wire */
/* Both append to out, which p must not lie in; a failed call leaves it as it was.
 * FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err cipher_encrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out);
/* Also FUTU_EFORMAT: length or padding is wrong; close the connection. */
futu_err cipher_decrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out);

#endif
