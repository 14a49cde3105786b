/* fuzz_cipher.c - bodies under each cipher: what decrypts has the length it says, and any bytes
 * survive a round trip. The first byte chooses the algorithm. */
#include <stdlib.h>

#include "wire/cipher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void round_trip(const struct cipher *c, const uint8_t *p, size_t n)
{
    struct buf wire = BUF_INIT, back = BUF_INIT;
    check(cipher_encrypt(c, p, n, &wire) == FUTU_OK && wire.n == cipher_len(c, n));
    check(cipher_decrypt(c, wire.p, wire.n, &back) == FUTU_OK && back.n == n);
    check(n == 0 || memcmp(back.p, p, n) == 0);
    buf_free(&wire);
    buf_free(&back);
}

static void decrypt(const struct cipher *c, const uint8_t *p, size_t n)
{
    struct buf plain = BUF_INIT, wire = BUF_INIT;
    futu_err err = cipher_decrypt(c, p, n, &plain);
    check(err == FUTU_OK || err == FUTU_EFORMAT);
    if (err) {
        check(plain.n == 0);
    } else {
        check(cipher_len(c, plain.n) == n);
        check(cipher_encrypt(c, plain.p, plain.n, &wire) == FUTU_OK && wire.n == n);
        /* PKCS#7 has one form; FTAES_ECB's filler is not looked at. */
        check(c->algo == CIPHER_FTAES_ECB || n == 0 || memcmp(wire.p, p, n) == 0);
    }
    buf_free(&plain);
    buf_free(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[16] = "0123456789ABCDEF", iv[16] = "FEDCBA9876543210";
    struct cipher c;
    if (size < 1)
        return 0;
    check(cipher_init(&c, data[0] % 4 - 1, key, iv) == FUTU_OK);
    decrypt(&c, data + 1, size - 1);
    round_trip(&c, data + 1, size - 1);
    cipher_wipe(&c);
    return 0;
}
