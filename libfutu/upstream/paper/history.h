/* history.h - bars of every period, from today's events, kept days and made ones. */
#ifndef UPSTREAM_PAPER_HISTORY_H
#define UPSTREAM_PAPER_HISTORY_H

#include "upstream/paper/live.h"

/* Where the bars of one security come from. */
struct history {
    struct fair fair;
    const struct live *live;        /* NULL: nobody looks at it, and `today` is not reached */
    int32_t today;                  /* trading date */
    int64_t now;
    struct minute *scratch;         /* DAY_MINUTES_MAX of them, borrowed */
};

struct bars_wish {
    int32_t kl_type;
    int64_t from, to;
    size_t max;
    bool newest;
};

/* As exchange_bars(). FUTU_ENOMEM. */
futu_err history_bars(const struct history *h, const struct bars_wish *w, struct arena *a,
                      const struct bar **out, size_t *n);
/* Bar of one trading day; false: today without a trade yet. */
bool history_day(const struct history *h, int32_t date, struct bar *out);
/* Highest and lowest price of the days from `from` (yyyymmdd) to the one before `today`; 0 and
 * INT64_MAX when there are none. */
void history_extremes(const struct history *h, int32_t from, int64_t *high, int64_t *low);
/* Minutes of a period up to 240, 0: longer or unknown. */
int32_t kl_minutes(int32_t kl_type);

#endif
