/* file.h - keys.json: read strictly, written whole.
 *
 * Both spellings in the field are read: limits flat beside `scopes`, or nested in `limits`; a hash
 * as "sha256:" and 64 hex digits, or the digits alone. Written: flat, with "sha256:".
 * Errors:  name the key and the member; an unknown member or scope is one, with the nearest known
 *          name.
 * Threads: none; no state.
 * Tests:   test/unit/access/file_test.c, test/fuzz/fuzz_keys.c
 */
#ifndef ACCESS_FILE_H
#define ACCESS_FILE_H

#include "base/buf.h"
#include "base/str.h"

#define KEY_ID_MAX 64
#define KEY_NOTE_MAX 256
#define KEYS_FILE_MAX (16u << 20)       /* bytes; larger files are refused before memory is taken */
#define KEY_LIST_MAX 1000               /* entries of one list */
#define KEY_WORD_MAX 80                 /* bytes of a market, symbol, side, card, fingerprint */
#define KEY_RATE_MAX 60000u             /* max_orders_per_minute */
#define KEY_VALUE_MAX 1e12              /* max_order_value, max_daily_value */

struct key_rules {
    /* What every request looks at stands first, near together. */
    uint32_t scopes;                    /* SCOPE_* bits */
    uint32_t max_orders_per_minute;
    int64_t created_ms, expires_ms;     /* UTC; 0: not known, never */
    double max_order_value, max_daily_value;
    /* Minutes of the local day, without the end (1440 at most); from > to crosses midnight. */
    uint16_t hours_from, hours_to;
    bool has_order_value, has_daily_value, has_rate, has_hours;
    bool has_machines;                  /* with n_machines 0: frozen */
    /* Lists: NULL with n 0 when the member is absent or null, so that anything is allowed. */
    char **symbols;
    size_t n_symbols, n_markets, n_sides, n_cards, n_machines, n_acc_ids;
    char **markets;
    char **sides;
    char **cards;
    char **machines;                    /* fingerprints */
    uint64_t *acc_ids;
    uint8_t hash[32];                   /* SHA-256 of the plain key */
    char id[KEY_ID_MAX + 1];
    char note[KEY_NOTE_MAX + 1];
};

struct key_list {
    struct key_rules *keys;             /* owned, with all that is in them */
    size_t n;
};

/* `why` holds one line without the file's name. FUTU_EFORMAT, FUTU_ELIMIT, FUTU_ENOMEM; *out is
 * then empty. */
futu_err keys_parse(futu_str text, struct key_list *out, char *why, size_t size);
futu_err keys_write(const struct key_list *l, struct buf *out);
void keys_free(struct key_list *l);
void key_rules_free(struct key_rules *k);       /* what it owns; then it is zeroed */

/* Reads and parses PATH; FUTU_EIO too. `why` names the file. A file that others can read is only
 * warned of. */
futu_err keys_load(const char *path, struct key_list *out, char *why, size_t size);
/* Waits until nobody else edits that file, and keeps others waiting until keys_unlock(): reading,
 * changing and saving it belong between. Makes folders as keys_save() does, and PATH.lock, which
 * keys_unlock() removes. FUTU_EIO with the reason; *fd is then -1. */
futu_err keys_lock(const char *path, int *fd, char *why, size_t size);
/* -1: there is nothing to do. */
void keys_unlock(const char *path, int fd);
/* Writes PATH at once, 0600, with fsync of file and folder; folders that are missing are made 0700.
 * A file that is there keeps its owner and its group's right to read. FUTU_EIO with the reason. */
futu_err keys_save(const char *path, const struct key_list *l, char *why, size_t size);

#endif
