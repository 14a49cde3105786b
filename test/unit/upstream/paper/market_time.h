/* market_time.h - what the exchange's tests share: times as text, and a clock that stands still. */
#ifndef TEST_MARKET_TIME_H
#define TEST_MARKET_TIME_H

#include "../../support.h"

#include "upstream/paper/exchange.h"
#include "upstream/paper/universe.h"

#define SECOND NS_PER_S
#define MINUTE (60 * NS_PER_S)
#define HOUR (3600 * NS_PER_S)

/* A check that costs nothing when it holds, for loops over many. */
#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond))                                                                               \
            ck_abort_msg("line %d: %s", __LINE__, #cond);                                          \
    } while (0)

static inline int64_t at(int32_t market, const char *text)
{
    int64_t t;
    ck_assert_int_eq(market_parse_time(market, str_c(text), &t), FUTU_OK);
    return t;
}

static inline const struct security *sec(int32_t market, const char *code)
{
    const struct security *s = universe_find(market, str_c(code));
    ck_assert_ptr_nonnull(s);
    return s;
}

/* An exchange whose clock stands at a time of Hong Kong until it is moved. */
struct world {
    struct clock_fake fake;
    struct clock sys;
    struct exchange *x;
    struct arena arena;
};

static inline void world_open(struct world *w, const char *hk_time, const char *clock,
                              uint64_t seed)
{
    char why[160];
    memset(w, 0, sizeof(*w));
    w->fake.wall_ns = at(MARKET_HK, hk_time);
    w->sys = clock_fake(&w->fake);
    struct exchange_opts o = { .clock = clock, .seed = seed, .sys = &w->sys };
    ck_assert_int_eq(exchange_new(&w->x, &o, why, sizeof(why)), FUTU_OK);
}

static inline void world_close(struct world *w)
{
    exchange_free(w->x);
    arena_free(&w->arena);
}

static inline void world_go(struct world *w, int64_t ns)
{
    clock_fake_advance(&w->fake, ns);
}

static inline struct quote quote_of(struct world *w, const struct security *s)
{
    struct quote q;
    ck_assert_int_eq(exchange_quote(w->x, s, &q), FUTU_OK);
    return q;
}

static inline size_t bars_of(struct world *w, const struct security *s, int32_t kl_type,
                             const char *from, const char *to, const struct bar **out)
{
    size_t n;
    ck_assert_int_eq(exchange_bars(w->x, s, kl_type, at(s->market, from), at(s->market, to),
                                   BARS_MAX, false, &w->arena, out, &n),
                     FUTU_OK);
    return n;
}

#endif
