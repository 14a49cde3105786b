/* trade.c - the trade part of the paper upstream: its table of handlers, start, slices and end.
 *
 * Owns:    the accounts, the ledger with all orders, and the queue of pushes.
 * Tests: test/unit/upstream/paper/trd_*_test.c
 */
#include "base/mem.h"
#include "crypt/digest.h"
#include "upstream/paper/trd.h"

const struct handler trd_handlers[] = {
    { 2001, trd_get_acc_list },
    { 2005, trd_unlock },
    { 2101, trd_get_funds },
    { 2102, trd_get_positions },
    { 2111, trd_get_max_qtys },
    { 2112, trd_unsupported },
    { 2201, trd_get_orders },
    { 2202, trd_place },
    { 2205, trd_modify },
    { 2211, trd_get_fills },
    { 2221, trd_get_history_orders },
    { 2222, trd_get_history_fills },
    { 2223, trd_get_margin_ratio },
    { 2225, trd_get_order_fee },
    { 2226, trd_get_flow },
    { 2227, trd_unsupported },
    { 2237, trd_unsupported },
};
const size_t trd_handlers_n = ARRAY_LEN(trd_handlers);

futu_err trade_new(struct trade **out, struct paper *p)
{
    uint8_t digest[16];
    char hex[33];
    *out = NULL;
    struct trade *t = mem_zalloc(sizeof(*t));
    if (!t)
        return FUTU_ENOMEM;
    t->p = p;
    t->x = p->exchange;
    t->started = exchange_now(p->exchange);
    for (size_t i = 0; i < ACCOUNTS; i++)
        account_init(&t->acc[i], &account_defs[i]);
    md5(p->trade_pwd, strlen(p->trade_pwd), digest);
    hex_lower(digest, sizeof(digest), hex);
    wipe(p->trade_pwd, sizeof(p->trade_pwd));   /* nobody needs the word any more */
    futu_err err = secret_set(&t->pwd_md5, hex, sizeof(hex) - 1);
    wipe(hex, sizeof(hex));
    wipe(digest, sizeof(digest));
    if (err)
        trade_free(t);
    else
        *out = t;
    return err;
}

void trade_free(struct trade *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->ledger.n_open; i++)
        exchange_order_remove(t->x, &t->ledger.open[i]->x);
    ledger_free(&t->ledger);
    for (size_t i = 0; i < ACCOUNTS; i++)
        account_free(&t->acc[i]);
    arena_free(&t->scratch);
    secret_wipe(&t->pwd_md5);
    mem_free(t->events);
    mem_free(t);
}

static bool is_open(const struct order *o)
{
    return order_may_change(o->s.status);
}

/* Ends what has expired, and brings to the market what has waited for it. */
static void run_order(struct trade *t, struct order *o, int64_t now)
{
    if (!is_open(o))
        return;
    if (now >= o->expires) {
        trade_end(t, o, EV_EXPIRE, "expired at the end of its time in force");
        return;
    }
    if (o->wait == WAIT_OPEN && exchange_is_trading(t->x, o->x.sec->market) && trade_begin(t, o))
        return;                 /* no memory: again in the next slice */
}

void trade_run(struct trade *t)
{
    int64_t now = exchange_now(t->x);
    for (size_t i = 0; i < t->ledger.n_open; i++)
        run_order(t, t->ledger.open[i], now);
    trade_triggers(t);
    ledger_sweep(&t->ledger);
    trade_flush(t);
}

bool trade_busy(const struct trade *t)
{
    bool busy = t->n_events > 0 || t->dirty;
    for (size_t i = 0; i < t->ledger.n_open && !busy; i++)
        busy = is_open(t->ledger.open[i]);
    return busy;
}
