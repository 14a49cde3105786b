/* fuzz_vault.c - any bytes as a keychain file: only what was sealed opens; and any bytes as a
 * password: it comes back as it was. */
#include <stdlib.h>

#include "login/vault.h"

#define MACHINE "0123456789abcdef0123456789abcdef"
#define ENTRY "login-password.12345678"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[VAULT_FILE_MAX];
    struct secret out = SECRET_NULL;
    futu_str text = { (const char *)data, size };
    size_t n = 0;
    futu_err err = vault_open(MACHINE, ENTRY, text, &out);
    check((err == FUTU_EFORMAT || err == FUTU_EAUTH) && !out.p);
    err = vault_seal(MACHINE, ENTRY, text, file, &n);
    check(err == (size > VAULT_MAX ? FUTU_ELIMIT : FUTU_OK));
    if (err)
        return 0;
    check(vault_open(MACHINE, ENTRY, (futu_str){ (char *)file, n }, &out) == FUTU_OK);
    check(out.n == size && (size == 0 || memcmp(out.p, data, size) == 0));
    if (size > 0) {
        file[data[0] % n] ^= 1;
        check(vault_open(MACHINE, ENTRY, (futu_str){ (char *)file, n }, &out) != FUTU_OK);
    }
    secret_wipe(&out);
    return 0;
}
