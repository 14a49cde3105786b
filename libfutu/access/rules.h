/* rules.h - what may stand in the members of a key; shared by keys.json and the command line.
 *
 * Each check takes the text of one value, may bring it into its stored form (never a longer one),
 * and otherwise says in `why` what is wrong with it, with the nearest known word.
 * Threads: none; no state.
 * Tests:   test/unit/access/file_test.c
 */
#ifndef ACCESS_RULES_H
#define ACCESS_RULES_H

#include "access/file.h"
#include "base/clock.h"

#define RULE_WHY 192                /* enough for any text in `why` */
typedef bool rule_check(char *text, char *why, size_t size);

/* A list of words in a key. */
struct rule_list {
    const char *member;
    size_t off, off_n;          /* of `char **` and `size_t` in struct key_rules */
    rule_check *check;
};
extern const struct rule_list rule_lists[];
extern const size_t rule_n_lists;

/* Appends a copy of the checked word; one that is there already is left out. FUTU_ENOMEM,
 * FUTU_ELIMIT (KEY_LIST_MAX). */
futu_err rule_list_add(const struct rule_list *l, struct key_rules *k, const char *word);
futu_err rule_acc_id_add(struct key_rules *k, uint64_t acc_id);     /* likewise */
char ***rule_list_of(const struct rule_list *l, struct key_rules *k, size_t **n);

/* Bit of a scope or an alias; 0: unknown, why says more. */
uint32_t rule_scope(futu_str name, char *why, size_t size);
/* Name of the i-th scope and its bit; NULL behind the last. */
const char *rule_scope_at(size_t i, uint32_t *bit);
/* "BUY" ... of a Trd_Common.TrdSide; NULL: no such side. */
const char *rule_side_name(int32_t side);

/* A bit for each known market and side, 0: not known. Markets in any case. */
uint32_t rule_market_bit(const char *name);
uint32_t rule_side_bit(int32_t side);

bool rule_utf8(futu_str text);
bool rule_id(futu_str id);                  /* UTF-8, 1 to KEY_ID_MAX visible bytes without " \ < */
/* "HH:MM-HH:MM"; the end may be 24:00. */
bool rule_hours(futu_str text, uint16_t *from, uint16_t *to);
void rule_hours_text(uint16_t from, uint16_t to, char out[12]);
/* RFC 3339, 1970 to 9999; what is finer than milliseconds is cut off. */
bool rule_time(futu_str text, int64_t *ms);
void rule_time_text(int64_t ms, char out[RFC3339_SIZE]);

/* The known word that is nearest to `word`, NULL: none is near. names[n - 1] is the last. */
const char *rule_nearest(futu_str word, const char *const *names, size_t n);
/* A word with fewer changes than this is near. */
unsigned rule_near_enough(futu_str word);
/* Text for a message: at most 40 bytes, control characters as '?'. */
#define RULE_SHOWN 44
const char *rule_shown(futu_str text, char out[RULE_SHOWN]);

#endif
