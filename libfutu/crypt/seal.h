/* seal.h - "AES-CBC-MD5", the cipher of the broker's tickets, keys and channel bodies, and the
 * cipher that leaves bytes as they are, behind one interface.
 *
 * Known:   AES in CBC form with keys of 16, 24 or 32 bytes, used whole; a wrong key shows mostly as
 *          a number of bytes in the last block above 15.
 * Form:    what is not public is an argument (struct seal_form): the broker's dialect fills it in.
 *          Sealed are the data, filled with zeros to whole blocks, then, if the form has one, the
 *          MD5 of the data, then a block of zeros whose last byte is the number of bytes used in
 *          the last block of the data, 0 for all of them.
 * Errors:  FUTU_EFORMAT says the same for a wrong key, length or digest; FUTU_ENOMEM; FUTU_ELIMIT.
 * Threads: none; a struct seal may be copied, but then every copy is to be wiped.
 * Tests:   test/unit/crypt/seal_test.c, test/fuzz/fuzz_seal.c
 */
#ifndef CRYPT_SEAL_H
#define CRYPT_SEAL_H

#include <nettle/aes.h>

#include "base/buf.h"

struct seal_form {
    uint8_t iv[16];
    bool digest;
};

struct seal_keys;

struct seal {
    const struct seal_form *form;       /* NULL: bytes stay as they are */
    const struct seal_keys *kind;       /* by the length of the key */
    union {
        struct aes128_ctx k128;
        struct aes192_ctx k192;
        struct aes256_ctx k256;
    } enc, dec;
};

void seal_none(struct seal *s);
/* form is borrowed. FUTU_EINVAL: n is not 16, 24 or 32; then the seal is none. */
futu_err seal_init(struct seal *s, const struct seal_form *form, const void *key, size_t n);
void seal_wipe(struct seal *s);                     /* leaves none; a zeroed one is fine */
static inline bool seal_is_none(const struct seal *s)
{
    return s->form == NULL;
}

size_t seal_size(const struct seal *s, size_t n);   /* bytes that n become */
/* Both append to out, which p must not lie in; a failed call leaves it as it was. */
futu_err seal_close(const struct seal *s, const void *p, size_t n, struct buf *out);
futu_err seal_open(const struct seal *s, const void *p, size_t n, struct buf *out);

#endif
