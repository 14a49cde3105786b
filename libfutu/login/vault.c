/* vault.c - see vault.h. */
#include "login/vault.h"

#include <stdio.h>
#include <unistd.h>

#include "crypt/box.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "login/state.h"

#define MAGIC "FUTUBOX1"
#define MAGIC_N 8
#define PURPOSE "futu-opend keychain file: "
#define PURPOSE_MAX 256
#define HEAD (MAGIC_N + BOX_SALT + BOX_NONCE)

_Static_assert(VAULT_FILE_MAX == HEAD + BOX_MAC + VAULT_MAX, "the layout of vault.h");

void vault_name(const char *entry, char out[VAULT_NAME])
{
    uint8_t hash[16];
    char hex[33];
    md5(entry, strlen(entry), hash);
    hex_lower(hash, sizeof(hash), hex);
    snprintf(out, VAULT_NAME, "keychain-%.16s.box", hex);
}

/* One entry's file can't stand in for another's: the entry is a part of the key. */
static futu_err make_key(const char *machine_id, const uint8_t *salt, const char *entry,
                         uint8_t key[BOX_KEY])
{
    char purpose[PURPOSE_MAX];
    int n = snprintf(purpose, sizeof(purpose), PURPOSE "%s", entry);
    if (n >= (int)sizeof(purpose))
        return FUTU_EINVAL;
    box_key(str_c(machine_id), salt, (futu_str){ purpose, (size_t)n }, key);
    return FUTU_OK;
}

futu_err vault_seal(const char *machine_id, const char *entry, futu_str password, uint8_t *out,
                    size_t *n)
{
    uint8_t key[BOX_KEY], *salt = out + MAGIC_N, *nonce = salt + BOX_SALT;
    if (password.n > VAULT_MAX)
        return FUTU_ELIMIT;
    memcpy(out, MAGIC, MAGIC_N);
    random_bytes(salt, BOX_SALT + BOX_NONCE);
    futu_err err = make_key(machine_id, salt, entry, key);
    if (err)
        return err;
    box_seal(key, nonce, password.p, password.n, out + HEAD);
    wipe(key, sizeof(key));
    *n = HEAD + BOX_MAC + password.n;
    return FUTU_OK;
}

futu_err vault_open(const char *machine_id, const char *entry, futu_str file, struct secret *out)
{
    const uint8_t *p = (const uint8_t *)file.p, *salt = p + MAGIC_N, *nonce = salt + BOX_SALT;
    uint8_t key[BOX_KEY];
    struct secret plain = SECRET_NULL;
    if (file.n < HEAD + BOX_MAC || file.n > VAULT_FILE_MAX || memcmp(p, MAGIC, MAGIC_N) != 0)
        return FUTU_EFORMAT;
    futu_err err = secret_room(&plain, file.n - HEAD - BOX_MAC);
    if (!err)
        err = make_key(machine_id, salt, entry, key);
    if (!err && !box_open(key, nonce, p + HEAD, file.n - HEAD, plain.p))
        err = FUTU_EAUTH;
    wipe(key, sizeof(key));
    if (err) {
        secret_wipe(&plain);
        return err;
    }
    secret_wipe(out);
    *out = plain;
    return FUTU_OK;
}

/* ---- on disk ---- */

/* Who only looks must not make the folder. */
static futu_err find(struct state *s, const char *dir, char *why, size_t size)
{
    *s = (struct state)STATE_NULL;
    if (access(dir, F_OK) == 0)
        return state_open(s, dir, why, size);
    snprintf(why, size, "there is no keychain file: %s is not there", dir);
    return FUTU_ENOTFOUND;
}

static bool bound(const char *machine_id, char *why, size_t size)
{
    if (machine_id && *machine_id)
        return true;
    snprintf(why, size, "this machine has no id (/etc/machine-id) that a keychain file could be "
                        "bound to");
    return false;
}

futu_err vault_read(const char *dir, const char *machine_id, const char *entry, struct secret *out,
                    char *why, size_t size)
{
    struct state s;
    struct secret file = SECRET_NULL;
    char name[VAULT_NAME];
    vault_name(entry, name);
    futu_err err = find(&s, dir, why, size);
    if (!err)
        err = state_read(&s, name, &file, why, size);
    if (!err && !bound(machine_id, why, size)) {
        err = FUTU_ENOTSUP;
    } else if (!err) {
        err = vault_open(machine_id, entry, (futu_str){ (const char *)file.p, file.n }, out);
        if (err)
            snprintf(why, size, "the keychain file %s/%s: %s", dir, name,
                     err == FUTU_EAUTH ? "it was made on another machine, or was changed"
                     : err == FUTU_EFORMAT ? "it is damaged"
                                           : futu_strerror(err));
    }
    secret_wipe(&file);
    state_close(&s);
    return err;
}

futu_err vault_write(const char *dir, const char *machine_id, const char *entry, futu_str password,
                     char *why, size_t size)
{
    struct state s;
    uint8_t file[VAULT_FILE_MAX];
    char name[VAULT_NAME];
    size_t n = 0;
    vault_name(entry, name);
    if (!bound(machine_id, why, size))
        return FUTU_ENOTSUP;
    futu_err err = state_open(&s, dir, why, size);
    if (!err) {
        err = vault_seal(machine_id, entry, password, file, &n);
        if (err)
            snprintf(why, size, "the password is longer than %d bytes", VAULT_MAX);
    }
    if (!err)
        err = state_write(&s, name, file, n, why, size);
    state_close(&s);
    return err;
}

futu_err vault_remove(const char *dir, const char *entry, char *why, size_t size)
{
    struct state s;
    char name[VAULT_NAME];
    vault_name(entry, name);
    futu_err err = find(&s, dir, why, size);
    if (!err)
        err = state_remove(&s, name, why, size);
    state_close(&s);
    return err;
}
