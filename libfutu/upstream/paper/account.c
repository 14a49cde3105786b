/* account.c - money and positions; see account.h.
 *
 * Tests: test/unit/upstream/paper/trd_account_test.c, trd_property_test.c
 */
#include "upstream/paper/account.h"

#include "base/mem.h"
#include "futu/proto.h"

#define HK Trd_Common_TrdMarket_HK
#define US Trd_Common_TrdMarket_US
#define CN Trd_Common_TrdMarket_CN
#define HKCC Trd_Common_TrdMarket_HKCC

#define POSITION_BASE UINT64_C(800000000000)    /* a million ids an account */

/* The simulated ones name no firm, so that a client of any firm sees them. */
const struct account_def account_defs[ACCOUNTS] = {
    { .id = UINT64_C(281756455983234), .card = "PAPER-REAL-0001", .uni_card = "PAPER-UNI-0001",
      .env = Trd_Common_TrdEnv_Real, .type = Trd_Common_TrdAccType_Margin,
      .firm = Trd_Common_SecurityFirm_FutuSecurities, .currency = Trd_Common_Currency_HKD,
      .n_markets = 3, .markets = { HK, US, HKCC }, .margin = true,
      .cash = { 0, 1000000, 100000, 100000 } },
    { .id = 9100001, .card = "PAPER-SIM-HK", .uni_card = "PAPER-SIM-HK",
      .env = Trd_Common_TrdEnv_Simulate, .type = Trd_Common_TrdAccType_Cash,
      .sim_type = Trd_Common_SimAccType_Stock, .currency = Trd_Common_Currency_HKD,
      .n_markets = 1, .markets = { HK }, .cash = { 0, 1000000 } },
    { .id = 9100002, .card = "PAPER-SIM-US", .uni_card = "PAPER-SIM-US",
      .env = Trd_Common_TrdEnv_Simulate, .type = Trd_Common_TrdAccType_Margin,
      .sim_type = Trd_Common_SimAccType_StockAndOption, .currency = Trd_Common_Currency_USD,
      .n_markets = 1, .markets = { US }, .margin = true, .cash = { 0, 0, 1000000 } },
    { .id = 9100003, .card = "PAPER-SIM-CN", .uni_card = "PAPER-SIM-CN",
      .env = Trd_Common_TrdEnv_Simulate, .type = Trd_Common_TrdAccType_Cash,
      .sim_type = Trd_Common_SimAccType_Stock, .currency = Trd_Common_Currency_CNH,
      .n_markets = 1, .markets = { CN }, .cash = { 0, 0, 0, 1000000 } },
};

/* Value of one unit in HKD, 1/1,000,000. */
static const struct {
    const char *name;
    int64_t hkd;
} currencies[CURRENCIES] = {
    { NULL, 0 },           { "HKD", 1000000 },  { "USD", 7800000 }, { "CNH", 1080000 },
    { "JPY", 52000 },      { "SGD", 6000000 },  { "AUD", 5100000 }, { "CAD", 5600000 },
    { "MYR", 1850000 },    { "NZD", 4600000 },
};

const char *currency_name(int32_t currency)
{
    return currency > 0 && currency < CURRENCIES ? currencies[currency].name : NULL;
}

int32_t currency_of(const struct security *sec)
{
    for (int32_t i = 1; i < CURRENCIES; i++) {
        if (strcmp(currencies[i].name, sec->currency) == 0)
            return i;
    }
    return sec->market == MARKET_US ? Trd_Common_Currency_USD : Trd_Common_Currency_HKD;
}

int64_t fx_convert(int64_t v, int32_t from, int32_t to)
{
    if (from == to || v == 0)
        return v;
    return (int64_t)((__int128)v * currencies[from].hkd / currencies[to].hkd);
}

int market_slot(int32_t qot_market)
{
    return qot_market == MARKET_HK ? 0 : qot_market == MARKET_US ? 1 : 2;
}

void account_init(struct account *a, const struct account_def *def)
{
    memset(a, 0, sizeof(*a));
    a->def = def;
    for (size_t i = 0; i < ARRAY_LEN(def->cash); i++)
        a->cash[i] = def->cash[i] * PX_ONE;
}

void account_free(struct account *a)
{
    for (size_t i = 0; i < a->n_pos; i++)
        mem_free(a->pos[i]);
    mem_free(a->pos);
    memset(a, 0, sizeof(*a));
}

bool account_sim(const struct account *a)
{
    return a->def->env == Trd_Common_TrdEnv_Simulate;
}

bool account_has_market(const struct account *a, int32_t trd_market)
{
    for (size_t i = 0; i < a->def->n_markets; i++) {
        int32_t m = a->def->markets[i];
        if (m == trd_market || (m == HKCC && trd_market == CN))
            return true;
    }
    return false;
}

int32_t account_market(const struct account *a, int32_t qot_market)
{
    static const int32_t want[] = { HK, US, CN };
    if (qot_market != MARKET_HK && qot_market != MARKET_US && qot_market != MARKET_SH &&
        qot_market != MARKET_SZ)
        return 0;
    int32_t m = want[market_slot(qot_market)];
    if (!account_has_market(a, m))
        return 0;
    return m == CN && !account_sim(a) ? HKCC : m;
}

struct position *account_position(const struct account *a, const struct security *sec)
{
    for (size_t i = 0; i < a->n_pos; i++) {
        if (a->pos[i]->sec == sec)
            return a->pos[i];
    }
    return NULL;
}

futu_err account_position_make(struct account *a, const struct security *sec,
                               struct position **out)
{
    *out = account_position(a, sec);
    if (*out)
        return FUTU_OK;
    if (a->n_pos == a->cap_pos) {
        size_t cap = a->cap_pos ? a->cap_pos * 2 : 16;
        struct position **p = mem_realloc(a->pos, cap * sizeof(struct position *));
        if (!p)
            return FUTU_ENOMEM;
        a->pos = p;
        a->cap_pos = cap;
    }
    struct position *p = mem_zalloc(sizeof(*p));
    if (!p)
        return FUTU_ENOMEM;
    p->sec = sec;
    p->currency = currency_of(sec);
    p->id = POSITION_BASE + (uint64_t)(a->def - account_defs) * 1000000 + a->n_pos + 1;
    a->pos[a->n_pos++] = p;
    *out = p;
    return FUTU_OK;
}

void position_roll(struct position *p, int32_t date)
{
    if (p->date == date)
        return;
    p->date = date;
    p->buy_qty = p->buy_val = p->sell_qty = p->sell_val = 0;
}

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

int64_t position_closable(const struct position *p, int32_t date)
{
    int64_t n = magnitude(p->qty) - p->pending_close;
    bool a_share = p->sec->market == MARKET_SH || p->sec->market == MARKET_SZ;
    if (a_share && p->qty > 0 && p->date == date)
        n -= p->buy_qty;        /* settles overnight before it may be sold */
    return MAX(n, 0);
}

void account_fill(struct account *a, struct position *p, bool buy, int64_t px, int64_t qty,
                  int64_t fee, int32_t date)
{
    int64_t signed_qty = buy ? qty : -qty, value = px * signed_qty;
    position_roll(p, date);
    if (p->qty == 0)
        p->cost = p->realized = 0;
    if (p->qty == 0 || (p->qty > 0) == buy) {
        p->cost += value;
    } else {
        assert(qty <= magnitude(p->qty));       /* orders never cross zero: order admission */
        int64_t part = (int64_t)((__int128)p->cost * qty / magnitude(p->qty));
        p->cost -= part;
        p->realized += -value - part;
    }
    p->qty += signed_qty;
    *(buy ? &p->buy_qty : &p->sell_qty) += qty;
    *(buy ? &p->buy_val : &p->sell_val) += px * qty;
    a->cash[p->currency] -= value + fee;
}

static futu_err add_position(const struct position *p, struct exchange *x, int32_t currency,
                             struct account_value *v)
{
    struct quote q;
    if (p->qty == 0 && p->realized == 0)
        return FUTU_OK;
    futu_err err = exchange_quote(x, p->sec, &q);
    if (err)
        return err;
    int64_t mv = fx_convert(q.last * p->qty, p->currency, currency);
    *(p->qty > 0 ? &v->long_mv : &v->short_mv) += magnitude(mv);
    v->mv[market_slot(p->sec->market)] += mv;
    v->unrealized += mv - fx_convert(p->cost, p->currency, currency);
    v->realized += fx_convert(p->realized, p->currency, currency);
    return FUTU_OK;
}

futu_err account_value(const struct account *a, struct exchange *x, int32_t currency,
                       struct account_value *out)
{
    memset(out, 0, sizeof(*out));
    for (int32_t c = 1; c < CURRENCIES; c++) {
        int64_t cash = fx_convert(a->cash[c], c, currency);
        out->cash += cash;
        out->debt += MAX(-cash, 0);
        out->frozen += fx_convert(a->frozen[c], c, currency);
    }
    for (size_t i = 0; i < a->n_pos; i++) {
        futu_err err = add_position(a->pos[i], x, currency, out);
        if (err)
            return err;
    }
    out->equity = out->cash + out->long_mv - out->short_mv;
    out->power = out->cash - out->frozen;
    if (a->def->margin)
        out->power = 2 * out->equity - out->long_mv - out->short_mv - out->frozen;
    return FUTU_OK;
}

futu_err account_power(const struct account *a, struct exchange *x, int32_t currency, int64_t *out)
{
    struct account_value v;
    if (!a->def->margin) {
        *out = a->cash[currency] - a->frozen[currency];
        return FUTU_OK;
    }
    futu_err err = account_value(a, x, currency, &v);
    *out = err ? 0 : v.power;
    return err;
}
