/* keychain.h - passwords that outlive the process: in the Secret Service of the session, and, where
 * there is none, in an encrypted file for who asks for it.
 *
 * Service: libsecret, loaded when it is first needed and only when there is a session bus; service
 *          and entry names are those of futu-opend-rs. A call waits `timeout_ms` at most, also for
 *          the dialog that unlocks a keychain.
 * File:    vault.h. It is only written with KEYCHAIN_FILE; KEYCHAIN_AUTO reads it when it is there.
 * Errors:  FUTU_ENOTFOUND (no such entry), FUTU_ENOTSUP (no keychain here), FUTU_ETIMEDOUT,
 *          FUTU_EREFUSED (locked, or the dialog was closed), FUTU_EIO, FUTU_EFORMAT (vault),
 *          FUTU_ENOMEM. `why` holds one line without a secret.
 * Threads: one at a time uses a keychain. The service is asked on a thread of its own.
 * Tests:   test/unit/login/keychain_test.c (a libsecret of its own), keyring_test.c (a real
 *          gnome-keyring), test/integration/passwords.py
 */
#ifndef LOGIN_KEYCHAIN_H
#define LOGIN_KEYCHAIN_H

#include "crypt/secret.h"
#include "login/account.h"

struct secret_lib;

#define KEYCHAIN_SERVICE "futu-opend-rs"
#define KEYCHAIN_WORDS "auto secret-service file off"
#define KEYCHAIN_TIMEOUT_MS 30000
#define KEYCHAIN_ENTRY_MAX (ACCOUNT_MAX + 16)

enum keychain_kind { KEYCHAIN_AUTO, KEYCHAIN_SERVICE_ONLY, KEYCHAIN_FILE, KEYCHAIN_OFF };

struct keychain {
    enum keychain_kind kind;
    const char *dir;            /* of the vault: the state folder; NULL: no vault */
    const char *machine_id;     /* binds the vault; NULL: this machine has none */
    int timeout_ms;             /* 0: KEYCHAIN_TIMEOUT_MS */
    const struct secret_lib *lib;       /* tests bring their own; NULL: libsecret */
};

/* One of KEYCHAIN_WORDS; NULL is auto. */
bool keychain_kind_read(const char *text, enum keychain_kind *out);

enum keychain_what { KEYCHAIN_LOGIN, KEYCHAIN_TRADE };
/* "login-password.ACCOUNT", "trade-password.ACCOUNT"; of the trade password without an account the
 * older "trade-password". */
void keychain_entry(enum keychain_what what, const char *account, char out[KEYCHAIN_ENTRY_MAX + 1]);

/* `where` names what held it: "the Secret Service", "the keychain file". Static. */
futu_err keychain_get(const struct keychain *k, const char *entry, struct secret *out,
                      const char **where, char *why, size_t size);
/* Replaces an entry. With KEYCHAIN_AUTO into the Secret Service alone: `why` then names what else
 * there is. */
futu_err keychain_set(const struct keychain *k, const char *entry, futu_str password,
                      const char **where, char *why, size_t size);
/* From all that the kind covers. FUTU_ENOTFOUND: there was none. */
futu_err keychain_clear(const struct keychain *k, const char *entry, char *why, size_t size);

/* The password of an account: as typed, then by its normalised name. */
futu_err keychain_password(const struct keychain *k, enum keychain_what what,
                           const struct account *a, struct secret *out, const char **where,
                           char *why, size_t size);

#endif
