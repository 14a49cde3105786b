/* state.h - the inside of struct access. For access/ alone.
 *
 * Threads: the loop's.
 */
#ifndef ACCESS_STATE_H
#define ACCESS_STATE_H

#include "access/access.h"
#include "base/arena.h"

#define FEW_ACC_IDS 4

struct entry {
    uint8_t hash[32];           /* key of its map */
    struct api_key key;         /* rules is &rules, acc_ids is few_acc_ids or more_acc_ids */
    uint64_t few_acc_ids[FEW_ACC_IDS];
    struct key_rules rules;
    uint64_t *more_acc_ids;     /* owned; NULL: they are few */
    bool committed;             /* known before the reload that is under way */
    /* What the reload under way will make of it; staged NULL: gone from its file. */
    struct key_rules *staged;
    struct key_count *next_count;
    uint64_t *next_acc_ids;
    size_t n_next_acc_ids;
};

/* An entry of by_hash stays when its key goes, so that who holds it learns of that. */
struct keys_file {
    char *path;
    struct map by_hash;
    /* The reload under way. */
    struct key_list list;
    struct map next;
};

/* One UTC day of a key id. A slot that is used anew gets another epoch. */
struct day_sum {
    int32_t day;                /* yyyymmdd, 0: free */
    uint32_t epoch;
    int64_t used, held;         /* millionths */
    int64_t filed;              /* what of `used` came from the file */
};

/* Two days: an order may be under way over midnight, and a clock may be set back over it. */
#define COUNT_DAYS 2
#define COUNT_FEW 8

/* Sums stop here, far from where int64 ends; a cap is never that high. */
#define COUNT_SUM_MAX INT64_C(4000000000000000000)

struct key_count {
    /* Monotonic times of the last orders, oldest at `head`; `few` at first, grows to KEY_RATE_MAX
     * as needed. */
    int64_t *ring;
    uint32_t cap, head, n;
    uint32_t epoch;
    uint32_t last_day;          /* index of the slot that was used last */
    struct day_sum days[COUNT_DAYS];
    int64_t few[COUNT_FEW];
    char id[KEY_ID_MAX + 1];
};

struct access {
    struct clock clock;
    char *raw_machine_id;       /* NULL: not known */
    struct keys_file **files;
    size_t n_files;
    struct keys_file *of[IFACES];       /* NULL: open mode */
    struct map counts;          /* by id */
    struct arena card_mem;
    struct access_card *cards;
    size_t n_cards;
    bool cards_known;
    /* The last minute and day that were asked for. */
    int64_t minute_no, day_no;
    int local_minute;
    int32_t day;
};

/* Counters of that id, made at first; NULL: no memory. */
struct key_count *count_of(struct access *a, const char *id);
void count_free(struct key_count *c);
/* The slot of that day; the one that was used longest ago becomes it when there is none. */
struct day_sum *count_day(struct key_count *c, int32_t day);

/* Accounts that the rules allow, cards resolved with the list that is known; *out NULL: any. */
futu_err cards_resolve(const struct access *a, const struct key_rules *k, uint64_t **out,
                       size_t *n);
bool machine_allowed(const struct access *a, const struct key_rules *k);

int32_t access_today(struct access *a);         /* UTC, yyyymmdd */

#endif
