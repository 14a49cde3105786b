/* watcher.h - a client that remembers every ticker, one-minute candle and gap event it was pushed.
 *
 * What it remembers is judged afterwards: tickers of a security have consecutive numbers within a
 * trading day, so a number that is missing is a hole, and a gap event must tell of each.
 * Errors: abort the test.
 */
#ifndef TEST_INTEGRATION_WATCHER_H
#define TEST_INTEGRATION_WATCHER_H

#include "base/map.h"
#include "futu/futu.h"
#include "opend.h"

#define SUB_TYPES 24            /* Qot_Common.SubType is below */

struct seen_tick {
    int64_t seq, volume, at_ms;         /* at_ms: when it came, UTC */
    double price;
};

struct seen_bar {
    double time, close;
    int64_t volume;
};

struct seen_loss {              /* of one security, from a gap event */
    int64_t after, before;      /* sequences; meant only with `tickers`; 0: unknown */
    int64_t begin_ms, end_ms;
    bool tickers, failed;       /* failed: it could not be restored */
};

struct watched {
    char code[24];              /* "HK.00700" */
    struct seen_tick *ticks;
    struct seen_bar *bars;
    struct seen_loss *losses;
    size_t n_ticks, n_bars, n_losses;
    size_t backwards;           /* tickers with a number at or below one that came before */
    uint64_t pushes[SUB_TYPES]; /* since the last watcher_reset() */
};

struct watcher {
    futu_client *c;
    struct watched *s;
    size_t n;
    struct map by_code;         /* of the code without its market */
    uint64_t began, over;       /* gap events of quote links with these states */
    uint64_t failed;            /* securities that an event called not restored */
    int64_t last_began_ms, last_over_ms;    /* monotonic */
    char last_error[256];
};

/* Connects to a gateway on this port, on this loop. */
void watcher_start(struct watcher *w, futu_loop *loop, int port);
void watcher_subscribe(struct watcher *w, const char *const *codes, size_t n, const int32_t *types,
                       size_t n_types);
void watcher_stop(struct watcher *w);
void watcher_reset(struct watcher *w);              /* counts of pushes: all 0 */
/* Every stream of these types has been pushed; `missing` (or NULL) names one that has not. */
bool watcher_all_pushed(const struct watcher *w, const int32_t *types, size_t n_types,
                        char missing[64]);

/* Aborts the test on a ticker that came twice or out of order, or is missing without a gap event;
 * returns how many are missing. */
size_t watcher_check_tickers(const struct watcher *w);
/* What both have seen of the same ticker is the same; `truth` has missed none. */
void watcher_compare(const struct watcher *w, const struct watcher *truth);
/* The last value that came of each one-minute candle, except the newest two, is the one that
 * `truth` saw; *n: how many were compared. False: `why` names the first that is not, or not yet. */
bool watcher_bars_agree(const struct watcher *w, const struct watcher *truth, size_t *n,
                        char why[128]);

#endif
