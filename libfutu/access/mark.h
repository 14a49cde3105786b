/* mark.h - marks in the remarks of orders, by which an order is found again in a list.
 *
 * Form:    "~" and 17 characters of a to z and 2 to 7 at the end of the remark, behind a blank when
 *          there is other text: 12 that stand for the order's key, 5 that only who knows the
 *          journal's secret can make. So a gateway tells its own marks from others without a table.
 * Threads: none; no state.
 */
#ifndef ACCESS_MARK_H
#define ACCESS_MARK_H

#include "base/str.h"

#define MARK_LEN 18

/* `secret` is of JOURNAL_SECRET characters. */
void mark_make(const char *secret, const char *key, char out[MARK_LEN + 1]);
/* The mark at the end of a remark, whoever made it; p NULL: none. */
futu_str mark_in(futu_str remark);
bool mark_is_own(const char *secret, futu_str mark);
/* The remark with the key's mark behind it, when there is room for one in REMARK_MAX. A mark of
 * somebody else stays in its place, since who made it looks for it; one of our own can only have
 * been copied from another order. False: the remark itself is too long. */
#define REMARK_MAX 64
bool mark_put(const char *secret, const char *key, futu_str remark, char out[REMARK_MAX + 1]);
/* The remark without the mark and its blank. */
futu_str mark_less(futu_str remark);

#endif
