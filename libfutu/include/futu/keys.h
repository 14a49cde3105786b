/* futu/keys.h - API keys in a keys.json, as the surfaces of a gateway ask for them.
 *
 * A plain key is shown once, when it is made; the file holds its SHA-256. Every change is written
 * at once, 0600, and programs that change one file at a time wait for each other (FILE.lock). A
 * running gateway picks a change up by itself.
 * In `why` (size bytes, never NULL) stands one line for the user after an error; it begins with the
 * file, or with the field of futu_key_spec that is wrong and a colon.
 *
 * Threads: [any thread]; a futu_keys by one at a time.
 */
#ifndef FUTU_KEYS_H
#define FUTU_KEYS_H

#include "futu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FUTU_KEY_ID_SIZE 65         /* with the NUL */
#define FUTU_KEY_PLAIN_SIZE 36      /* "fc_" and 32 hex digits */
#define FUTU_FINGERPRINT_SIZE 65    /* 64 hex digits */

/* futu/keys.json in $XDG_CONFIG_HOME, else in ~/.config. FUTU_ENOTFOUND: there is no home;
 * FUTU_ELIMIT: `size` is too small. */
FUTU_API futu_err futu_keys_default_path(char *out, size_t size);

/* ---- what there is ---- */

typedef struct futu_keys futu_keys;

/* Reads a file. *out is the caller's to free; NULL on error: FUTU_EIO, FUTU_EFORMAT, FUTU_ELIMIT
 * (16 MiB), FUTU_ENOMEM. */
FUTU_API futu_err futu_keys_open(futu_keys **out, const char *path, char *why, size_t size);
FUTU_API void futu_keys_free(futu_keys *k);         /* NULL is fine */
FUTU_API size_t futu_keys_count(const futu_keys *k);

/* One key; everything is borrowed from the futu_keys. A list without entries limits nothing. */
typedef struct futu_key_info {
    size_t size;                    /* from FUTU_KEY_INFO_INIT; fields are only appended */
    const char *id, *note;          /* note "": none */
    const char *scopes;             /* "qot:read,acc:read" */
    const char *hours_window;       /* "09:30-16:00", local time; NULL: any hour */
    const char *const *markets, *const *symbols, *const *sides, *const *cards;
    const char *const *machines;    /* fingerprints, see `bound` */
    const uint64_t *acc_ids;
    size_t n_markets, n_symbols, n_sides, n_cards, n_machines, n_acc_ids;
    double max_order_value;         /* in the order's currency; negative: no cap */
    double max_daily_value;         /* a UTC day; negative: no cap */
    int64_t max_orders_per_minute;  /* negative: no cap */
    int64_t created_ms, expires_ms; /* UTC; 0: not known, never */
    uint32_t bound;                 /* 1: to `machines`; with none of them the key is frozen */
    uint32_t expired;               /* 1: by now */
} futu_key_info;
#define FUTU_KEY_INFO_INIT FUTU_SIZED_INIT(futu_key_info)

/* Key number i, in the file's order. FUTU_ENOTFOUND: behind the last; FUTU_EINVAL (out->size). */
FUTU_API futu_err futu_keys_get(const futu_keys *k, size_t i, futu_key_info *out);

/* ---- changes ---- */

/* A key to be made, as a user writes it: lists with commas between. NULL: any, or none; an empty
 * list is an error. */
typedef struct futu_key_spec {
    size_t size;                    /* from FUTU_KEY_SPEC_INIT; fields are only appended */
    const char *id;                 /* NULL: "key-" and 8 hex digits that are not taken */
    /* Needed: qot:read acc:read trade:simulate trade:real trade:unlock admin metrics:read; quote is
     * qot:read, trade:read is acc:read. */
    const char *scopes;
    const char *allowed_markets;    /* HK,US,CN ... (the markets of trading), any case */
    const char *allowed_symbols;    /* HK.00700,US.AAPL */
    const char *allowed_trd_sides;  /* BUY,SELL,SELL_SHORT,BUY_BACK, any case */
    const char *allowed_acc_ids;
    const char *allowed_card_nums;  /* whole numbers, or their last four digits */
    const char *allowed_machines;   /* fingerprints; they need an id */
    const char *max_order_value, *max_daily_value;      /* 0 to 1e12 */
    const char *max_orders_per_minute;                  /* 0 to 60000 */
    const char *hours_window;       /* HH:MM-HH:MM, may cross midnight, the end is not part of it */
    const char *expires;            /* 30d, 12h, 90m from now, or RFC 3339 */
    const char *note;               /* 256 bytes at most */
    uint32_t bind_this_machine;     /* 1: only this one, with those of allowed_machines */
    uint32_t reserved;
} futu_key_spec;
#define FUTU_KEY_SPEC_INIT FUTU_SIZED_INIT(futu_key_spec)

typedef struct futu_new_key {
    char id[FUTU_KEY_ID_SIZE];
    char plain[FUTU_KEY_PLAIN_SIZE];    /* tell it and wipe it */
} futu_new_key;

/* Makes a key and adds it to the file, which is made when it is missing. FUTU_EINVAL: the spec,
 * `why` begins with its field; FUTU_EEXIST: the id is taken; FUTU_ENOTFOUND: this machine has no
 * id; FUTU_EIO, FUTU_EFORMAT, FUTU_ELIMIT, FUTU_ENOMEM. */
FUTU_API futu_err futu_keys_add(const char *path, const futu_key_spec *spec, futu_new_key *out,
                                char *why, size_t size);

/* Takes the key out of the file. FUTU_ENOTFOUND: no such key, `why` names the nearest; FUTU_EIO,
 * FUTU_EFORMAT, FUTU_ELIMIT, FUTU_ENOMEM. */
FUTU_API futu_err futu_keys_revoke(const char *path, const char *id, char *why, size_t size);

/* ADD: those too; an unbound or frozen key is then bound to them alone. REPLACE: only those.
 * CLEAR: any machine. FREEZE: no machine. */
enum { FUTU_BIND_ADD, FUTU_BIND_REPLACE, FUTU_BIND_CLEAR, FUTU_BIND_FREEZE };

/* Changes the machines of a key; its plain key stays. `machines`: fingerprints with commas between,
 * or NULL. ADD and REPLACE need some, CLEAR and FREEZE take none: FUTU_EINVAL. FUTU_ENOTFOUND: no
 * such key, or this machine has no id; FUTU_EIO, FUTU_EFORMAT, FUTU_ELIMIT, FUTU_ENOMEM. */
FUTU_API futu_err futu_keys_bind(const char *path, const char *id, int how, const char *machines,
                                 bool this_machine, char *why, size_t size);

/* ---- machines ---- */

/* /etc/machine-id, else that of D-Bus. FUTU_ENOTFOUND: neither can be read; FUTU_ELIMIT: `size` is
 * too small (256 is enough). */
FUTU_API futu_err futu_machine_id(char *out, size_t size);

/* What stands for this machine in the key of that id: another text for each id. FUTU_EINVAL: no id;
 * FUTU_ENOTFOUND as above. */
FUTU_API futu_err futu_machine_fingerprint(const char *key_id, char out[FUTU_FINGERPRINT_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
