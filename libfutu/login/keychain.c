/* keychain.c - see keychain.h. */
#include "login/keychain.h"

#include <stdio.h>

#include "base/log.h"
#include "login/service.h"
#include "login/vault.h"

#define SERVICE "the Secret Service"
#define FILE_ "the keychain file"

static const char *const kinds[] = {
    [KEYCHAIN_AUTO] = "auto",
    [KEYCHAIN_SERVICE_ONLY] = "secret-service",
    [KEYCHAIN_FILE] = "file",
    [KEYCHAIN_OFF] = "off",
};

bool keychain_kind_read(const char *text, enum keychain_kind *out)
{
    *out = KEYCHAIN_AUTO;
    for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i], text) == 0) {
            *out = (enum keychain_kind)i;
            return true;
        }
    return !text;
}

void keychain_entry(enum keychain_what what, const char *account, char out[KEYCHAIN_ENTRY_MAX + 1])
{
    snprintf(out, KEYCHAIN_ENTRY_MAX + 1, "%s%s%s",
             what == KEYCHAIN_LOGIN ? "login-password" : "trade-password", account ? "." : "",
             account ? account : "");
}

/* ---- the two places ---- */

static bool uses_service(const struct keychain *k)
{
    return k->kind == KEYCHAIN_AUTO || k->kind == KEYCHAIN_SERVICE_ONLY;
}

static bool uses_file(const struct keychain *k)
{
    return k->kind == KEYCHAIN_AUTO || k->kind == KEYCHAIN_FILE;
}

static futu_err ask_service(const struct keychain *k, enum service_what what, const char *entry,
                            futu_str password, struct secret *out, char *why, size_t size)
{
    const struct service_question q = {
        .what = what, .service = KEYCHAIN_SERVICE, .entry = entry, .password = password,
        .timeout_ms = k->timeout_ms > 0 ? k->timeout_ms : KEYCHAIN_TIMEOUT_MS,
    };
    if (!uses_service(k))
        return FUTU_ENOTSUP;
    const struct secret_lib *lib = k->lib;
    if (!lib && service_bus(why, size))
        lib = service_load(why, size);
    return lib ? service_ask(lib, &q, out, why, size) : FUTU_ENOTSUP;
}

static futu_err ask_file(const struct keychain *k, const char *entry, struct secret *out, char *why,
                         size_t size)
{
    if (uses_file(k) && k->dir)
        return vault_read(k->dir, k->machine_id, entry, out, why, size);
    snprintf(why, size, "there is no folder for a keychain file");
    return FUTU_ENOTFOUND;
}

static futu_err is_off(char *why, size_t size)
{
    snprintf(why, size, "the keychain is off");
    return FUTU_ENOTSUP;
}

/* ---- reading ---- */

futu_err keychain_get(const struct keychain *k, const char *entry, struct secret *out,
                      const char **where, char *why, size_t size)
{
    char reason[320] = "";
    if (k->kind == KEYCHAIN_OFF)
        return is_off(why, size);
    *where = SERVICE;
    futu_err err = ask_service(k, SERVICE_LOOKUP, entry, (futu_str){ NULL, 0 }, out, why, size);
    if (!err || !uses_file(k))
        return err;
    futu_err file = ask_file(k, entry, out, reason, sizeof(reason));
    if (!file)
        *where = FILE_;
    /* That there is no such file is no news to who never asked for one. */
    if (k->kind == KEYCHAIN_FILE || file != FUTU_ENOTFOUND) {
        err = file;
        snprintf(why, size, "%s", reason);
    }
    return err;
}

futu_err keychain_password(const struct keychain *k, enum keychain_what what,
                           const struct account *a, struct secret *out, const char **where,
                           char *why, size_t size)
{
    char entry[KEYCHAIN_ENTRY_MAX + 1];
    keychain_entry(what, a->typed, entry);
    futu_err err = keychain_get(k, entry, out, where, why, size);
    /* ENOTSUP: there is no service, and no file of that entry. */
    if ((err != FUTU_ENOTFOUND && err != FUTU_ENOTSUP) || strcmp(a->typed, a->name) == 0)
        return err;
    keychain_entry(what, a->name, entry);
    return keychain_get(k, entry, out, where, why, size);
}

/* ---- writing ---- */

futu_err keychain_set(const struct keychain *k, const char *entry, futu_str password,
                      const char **where, char *why, size_t size)
{
    char reason[320] = "";
    if (k->kind == KEYCHAIN_OFF)
        return is_off(why, size);
    if (k->kind == KEYCHAIN_FILE) {
        *where = FILE_;
        if (k->dir)
            return vault_write(k->dir, k->machine_id, entry, password, why, size);
        snprintf(why, size, "there is no folder for a keychain file");
        return FUTU_ENOTSUP;
    }
    *where = SERVICE;
    futu_err err = ask_service(k, SERVICE_STORE, entry, password, NULL, reason, sizeof(reason));
    if (err)
        snprintf(why, size, "%s%s", reason,
                 k->kind == KEYCHAIN_AUTO ? "; --keychain file keeps passwords in a file that is "
                                            "encrypted for this machine" : "");
    return err;
}

futu_err keychain_clear(const struct keychain *k, const char *entry, char *why, size_t size)
{
    char reason[320] = "";
    futu_err file = FUTU_ENOTFOUND;
    if (k->kind == KEYCHAIN_OFF)
        return is_off(why, size);
    futu_err err = ask_service(k, SERVICE_CLEAR, entry, (futu_str){ NULL, 0 }, NULL, why, size);
    if (uses_file(k) && k->dir)
        file = vault_remove(k->dir, entry, reason, sizeof(reason));
    if (k->kind == KEYCHAIN_FILE || (file && file != FUTU_ENOTFOUND)) {
        snprintf(why, size, "%s", reason);
        return file;
    }
    /* Gone from the file; a service that is not there has none. */
    return !file && (err == FUTU_ENOTFOUND || err == FUTU_ENOTSUP) ? FUTU_OK : err;
}
