/* limits.h - how often a call may be made: at most n in 30 s, and a least distance of two.
 *
 * The figures are the registry's; a call counts for the whole gateway or for one account, as its
 * row says. Refused calls do not count.
 * Bound:   LIMITS_ACCOUNTS accounts that were used within the last 30 s; one more is refused.
 */
#ifndef GATEWAY_LIMITS_H
#define GATEWAY_LIMITS_H

#include "base/list.h"
#include "base/map.h"
#include "codec/registry.h"

#define LIMITS_ACCOUNTS 4096

struct limits {
    struct limit_row *rows;     /* one per registry row */
    struct list windows;        /* all, for the sweep */
    size_t n_accounts;
};

futu_err limits_init(struct limits *l);         /* FUTU_ENOMEM */
void limits_free(struct limits *l);
/* A refusal: in the vendor's words, and after how many seconds the call will be let through. */
struct limits_no {
    char text[256];
    uint32_t retry_s;
};
/* Counts one call at `now`. FUTU_ELIMIT: refused, *no says it; FUTU_ENOMEM: not counted. acc_id is
 * read for rows that count by account. */
futu_err limits_take(struct limits *l, const struct proto_row *row, uint64_t acc_id, int64_t now,
                     struct limits_no *no);

#endif
