/* vault.h - one password in an encrypted file of the state folder, for machines without a keychain.
 *
 * File:    keychain-HASH.box, 0600; HASH is of the entry's name. Magic, 16 bytes of salt, 24 of
 *          nonce, then libsodium's secretbox. The key is BLAKE2b of the salt and the entry, keyed
 *          with the machine's id.
 * Worth:   a copy of the file (a backup, a volume, a stolen folder) is of no use without the id of
 *          this machine, which every program on it may read. So it protects against copies, not
 *          against this user's other programs, root, or an image of the whole disk.
 * Errors:  FUTU_ENOTFOUND (no file), FUTU_EAUTH (another machine's, or changed), FUTU_EFORMAT,
 *          FUTU_EIO, FUTU_EBUSY, FUTU_ELIMIT (over VAULT_MAX), FUTU_ENOMEM.
 * Threads: none.
 * Tests:   test/unit/login/vault_test.c, test/fuzz/fuzz_vault.c
 */
#ifndef LOGIN_VAULT_H
#define LOGIN_VAULT_H

#include "base/str.h"
#include "crypt/secret.h"

#define VAULT_MAX 1024          /* bytes of a password */
#define VAULT_FILE_MAX (8 + 16 + 24 + 16 + VAULT_MAX)
#define VAULT_NAME 32

void vault_name(const char *entry, char out[VAULT_NAME]);

/* Whole files in memory. `out` has VAULT_FILE_MAX bytes. */
futu_err vault_seal(const char *machine_id, const char *entry, futu_str password, uint8_t *out,
                    size_t *n);
futu_err vault_open(const char *machine_id, const char *entry, futu_str file, struct secret *out);

futu_err vault_read(const char *dir, const char *machine_id, const char *entry, struct secret *out,
                    char *why, size_t size);
futu_err vault_write(const char *dir, const char *machine_id, const char *entry, futu_str password,
                     char *why, size_t size);
futu_err vault_remove(const char *dir, const char *entry, char *why, size_t size);

#endif
