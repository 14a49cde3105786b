/* states.c - what the platform tells of its markets (command 6823): asked for in pieces, merged by
 * market id, and of public markets the state that promises least.
 *
 * Unknown: what was not told is 0; a loss of the platform forgets all, since nothing that was told
 *          before it may pass for the present.
 * Tests:   test/unit/upstream/broker/states_test.c
 */
#include "base/log.h"
#include "upstream/broker/state.h"

/* Markets that an answer does not name keep what another has told. */
static void take_state(struct broker *b, int32_t id, int32_t state)
{
    size_t i = 0;
    while (i < b->n_states && b->states[i].id != id)
        i++;
    if (i == MARKET_STATES)
        return;
    b->states[i].id = id;
    b->states[i].state = state;
    b->n_states = MAX(b->n_states, i + 1);
}

static void on_states(struct channel_ask *q, const struct channel_reply *r)
{
    struct broker *b = container_of(q, struct state_ask, ask)->b;
    struct bk_states_rsp s;
    arena_reset(&b->arena);
    if (r->err || codec_decode(&bk_states_rsp_msg, &b->arena, r->body, r->n, &s, NULL, NULL) ||
        s.ret_code != 0)
        return;
    for (size_t i = 0; i < s.n_states; i++)
        take_state(b, s.states[i].market_id, s.states[i].state);
}

/* The reply lists over 100 markets, whatever was asked, but asked for Hong Kong it leaves out
 * futures: so each kind of market is asked for, by its number in the header. */
void states_ask(struct broker *b)
{
    static const uint8_t kinds[STATE_ASKS] = { 1, 6, 8, 13, 16 };   /* HK; futures HK, US, SG, JP */
    static const int32_t ids[STATE_ASKS] = { 1, 110, 60, 160, 185 };
    for (size_t i = 0; i < STATE_ASKS; i++) {
        struct state_ask *x = &b->states_asks[i];
        struct bk_states_req q = { 0 };
        if (x->ask.channel)
            continue;
        SET(&q, market_id, ids[i]);
        x->b = b;
        x->ask.market = kinds[i];
        x->ask.done = on_states;
        futu_err err = job_ask(&x->ask, b->platform, CMD_STATES, &bk_states_req_msg, &q);
        if (err && err != FUTU_ENOTCONN)
            log_warn("%s: market states: %s", b->platform_name, futu_strerror(err));
    }
}

void states_forget(struct broker *b)
{
    b->n_states = 0;
}

/* ---- of public markets ---- */

static bool is_open(int32_t state)
{
    static const int32_t open[] = {
        Qot_Common_QotMarketState_Auction, Qot_Common_QotMarketState_Morning,
        Qot_Common_QotMarketState_Afternoon, Qot_Common_QotMarketState_PreMarketBegin,
        Qot_Common_QotMarketState_AfterHoursBegin, Qot_Common_QotMarketState_NightOpen,
        Qot_Common_QotMarketState_FutureDayOpen, Qot_Common_QotMarketState_HkCas,
        Qot_Common_QotMarketState_FutureOpen, Qot_Common_QotMarketState_FutureBreakOver,
        Qot_Common_QotMarketState_AShareAfterHoursBegin, Qot_Common_QotMarketState_CLOSE_AUCTION,
        Qot_Common_QotMarketState_NIGHT, Qot_Common_QotMarketState_OVERNIGHT_BEGIN,
        Qot_Common_QotMarketState_TRADE_AT_LAST, Qot_Common_QotMarketState_TRADE_AUCTION,
        Qot_Common_QotMarketState_OVERNIGHT,
    };
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        if (open[i] == state)
            return true;
    return false;
}

/* How little a state promises: closed beats any other pause, that beats open, and all beat none. */
static int strictness(int32_t state)
{
    if (state == Qot_Common_QotMarketState_None)
        return 0;
    return is_open(state) ? 1 : state == Qot_Common_QotMarketState_Closed ? 3 : 2;
}

/* Of futures with a session at night an active state wins over one that is not. */
static bool better(int32_t a, int32_t b, bool futures)
{
    if (futures && a && b && is_open(a) != is_open(b))
        return is_open(a);
    return strictness(a) > strictness(b);
}

static int32_t of_ids(const struct broker *b, int32_t from, int32_t to, bool futures)
{
    int32_t state = 0;
    for (size_t i = 0; i < b->n_states; i++)
        if (b->states[i].id >= from && b->states[i].id <= to &&
            better(b->states[i].state, state, futures))
            state = b->states[i].state;
    return state;
}

int32_t market_state_of(const struct broker *b, int32_t qot_market)
{
    int32_t from, to;
    return bk_state_ids(qot_market, &from, &to) ? of_ids(b, from, to, false) : 0;
}

int32_t futures_state_of(const struct broker *b, int32_t from, int32_t to)
{
    return of_ids(b, from, to, true);
}

/* That of its own market id, when it was told. */
int32_t stock_state_of(const struct broker *b, const struct stock *s)
{
    for (size_t i = 0; s->market_id && i < b->n_states; i++)
        if (b->states[i].id == s->market_id && b->states[i].state)
            return b->states[i].state;
    return market_state_of(b, s->market);
}
