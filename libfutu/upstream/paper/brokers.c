/* brokers.c - the broker queue of a Hong Kong book: who stands at each level. The orders of a
 * level are given to invented brokers by a hash of security, price and place, so that the queue is
 * stable while the level is, and agrees with its number of orders.
 */
#include "base/mem.h"
#include "upstream/paper/exchange.h"
#include "upstream/paper/rng.h"

#define QUEUE_MAX 40            /* entries a side, as the exchange shows */

static const char *const names[] = {
    "Paper Harbour Securities", "Paper Victoria Brokers", "Paper Peak Capital",
    "Paper Kowloon Securities", "Paper Lantau Trading",   "Paper Lion Rock",
    "Paper Star Ferry",         "Paper Nathan Road",      "Paper Jade Securities",
    "Paper Bauhinia",           "Paper Dragon Brokers",   "Paper Junk Bay",
    "Paper Pearl River",        "Paper Tai Mo Shan",      "Paper Stanley Finance",
    "Paper Sai Kung",           "Paper Central Trust",    "Paper Admiralty",
    "Paper Wan Chai",           "Paper Causeway",         "Paper Repulse Bay",
    "Paper Aberdeen",           "Paper Quarry Bay",       "Paper Sha Tin",
    "Paper Tsuen Wan",          "Paper Yuen Long",        "Paper Mong Kok",
    "Paper Jordan Brokers",     "Paper Peng Chau",        "Paper Cheung Chau",
    "Paper Tung Chung",         "Paper Discovery",
};

futu_err exchange_brokers(struct exchange *x, const struct security *s, bool ask, struct arena *a,
                          const struct queue_broker **out, size_t *n)
{
    struct px_level levels[2][BOOK_LEVELS];
    size_t count[2], k = 0;
    *n = 0;
    *out = NULL;
    futu_err err = exchange_book(x, s, levels[0], &count[0], levels[1], &count[1]);
    if (err || s->market != MARKET_HK || count[ask] == 0)
        return err;
    struct queue_broker *q = arena_array(a, QUEUE_MAX, sizeof(*q));
    if (!q)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < count[ask]; i++) {
        const struct px_level *l = &levels[ask][i];
        for (int32_t j = 0; j < l->orders && k < QUEUE_MAX; j++) {
            uint64_t r = rng_at(s->id ^ (uint64_t)l->px << 20, (uint64_t)j * 2 + ask);
            size_t who = r % ARRAY_LEN(names);
            q[k++] = (struct queue_broker){ 9001 + (int32_t)who * 2 + (int32_t)(r >> 40 & 1),
                                            (int32_t)i + 1, names[who] };
        }
    }
    *out = q;
    *n = k;
    return FUTU_OK;
}
