/* limits.c - what a key may do: scopes, whitelists, hours, values and rates.
 *
 * Counting: a value is held from the check until its order is settled, and counts meanwhile, so
 *           that orders under way together can't pass a cap. The rate is counted by the monotonic
 *           clock, the day's value by the wall clock in UTC, hours in the local time of the
 *           process. Orders of a key without a cap are counted too: a reload may bring one.
 * Tests:    test/unit/access/limits_test.c
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "access/rules.h"
#include "access/state.h"
#include "base/mem.h"

#define WINDOW_S 60
#define DAY_S 86400
#define MICRO 1e6
#define OPEN_SCOPES (SCOPE_QOT_READ | SCOPE_ACC_READ | SCOPE_METRICS_READ)

bool access_scope(const struct api_key *k, uint32_t scopes)
{
    return scopes == 0 || ((k ? k->rules->scopes : OPEN_SCOPES) & scopes) != 0;
}

/* Account 0 is nobody's: it stands in the list when no card could be resolved. */
bool access_account(const struct api_key *k, uint64_t acc_id)
{
    if (!k || k->n_acc_ids == 0)
        return true;
    for (size_t i = 0; i < k->n_acc_ids; i++)
        if (k->acc_ids[i] == acc_id)
            return acc_id != 0;
    return false;
}

bool access_market(const struct api_key *k, const char *market)
{
    return !k || !k->markets || !market || !*market || (k->markets & rule_market_bit(market));
}

/* HK.700 is HK.00700. */
static futu_str bare_code(futu_str symbol)
{
    if (symbol.n < 3 || strncasecmp(symbol.p, "HK.", 3) != 0)
        return symbol;
    futu_str code = { symbol.p + 3, symbol.n - 3 };
    while (code.n > 1 && code.p[0] == '0') {
        code.p++;
        code.n--;
    }
    return code;
}

static bool same_symbol(futu_str a, futu_str b)
{
    bool hk = bare_code(a).p != a.p;
    if (hk != (bare_code(b).p != b.p))
        return false;
    a = bare_code(a);
    b = bare_code(b);
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static bool symbol_allowed(const struct key_rules *k, futu_str symbol)
{
    if (k->n_symbols == 0 || symbol.n == 0)
        return true;
    for (size_t i = 0; i < k->n_symbols; i++)
        if (same_symbol(str_c(k->symbols[i]), symbol))
            return true;
    return false;
}

/* ---- times ---- */

static int64_t floor_div(int64_t v, int64_t by)
{
    return v / by - (v % by < 0);
}

static int32_t day_of(struct access *a, int64_t wall)
{
    struct tm tm;
    int64_t no = floor_div(wall, DAY_S * NS_PER_S);
    if (no != a->day_no) {
        time_t t = (time_t)(no * DAY_S);
        gmtime_r(&t, &tm);
        a->day_no = no;
        a->day = (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
    }
    return a->day;
}

int32_t access_today(struct access *a)
{
    return day_of(a, clock_wall(&a->clock));
}

static int local_minute(struct access *a, int64_t wall)
{
    struct tm tm;
    int64_t no = floor_div(wall, 60 * NS_PER_S);
    if (no != a->minute_no) {
        time_t t = (time_t)(no * 60);
        localtime_r(&t, &tm);
        a->minute_no = no;
        a->local_minute = tm.tm_hour * 60 + tm.tm_min;
    }
    return a->local_minute;
}

/* Up to the next whole second, one at least. */
static uint32_t seconds(int64_t ns)
{
    return (uint32_t)MAX((ns + NS_PER_S - 1) / NS_PER_S, 1);
}

/* From now on until that minute of a local day, whichever clocks are changed before it. */
static uint32_t until_minute(int64_t wall, int minute)
{
    time_t now = (time_t)floor_div(wall, NS_PER_S), at;
    for (int day = 0; day < 3; day++) {
        struct tm tm;
        localtime_r(&now, &tm);
        tm.tm_mday += day;
        tm.tm_hour = minute / 60;
        tm.tm_min = minute % 60;
        tm.tm_sec = 0;
        tm.tm_isdst = -1;
        at = mktime(&tm);
        if (at > now)
            return (uint32_t)(at - now);
    }
    return DAY_S;
}

static uint32_t until_midnight(int64_t wall)
{
    int64_t now = floor_div(wall, NS_PER_S);
    return (uint32_t)(DAY_S - (now - floor_div(now, DAY_S) * DAY_S));
}

/* ---- counters ---- */

struct key_count *count_of(struct access *a, const char *id)
{
    struct key_count *c = map_get(&a->counts, str_c(id));
    if (c)
        return c;
    c = mem_zalloc(sizeof(*c));
    if (!c)
        return NULL;
    c->ring = c->few;
    c->cap = COUNT_FEW;
    str_copy(c->id, sizeof(c->id), str_c(id));
    if (map_put(&a->counts, str_c(c->id), c)) {
        mem_free(c);
        return NULL;
    }
    return c;
}

void count_free(struct key_count *c)
{
    if (c->ring != c->few)
        mem_free(c->ring);
    mem_free(c);
}

struct day_sum *count_day(struct key_count *c, int32_t day)
{
    for (uint32_t i = 0; i < COUNT_DAYS; i++)
        if (c->days[i].day == day) {
            c->last_day = i;
            return &c->days[i];
        }
    c->last_day = (c->last_day + 1) % COUNT_DAYS;
    struct day_sum *d = &c->days[c->last_day];
    *d = (struct day_sum){ .day = day, .epoch = ++c->epoch };
    return d;
}

static void forget_old(struct key_count *c, int64_t now)
{
    while (c->n > 0 && now - c->ring[c->head] >= WINDOW_S * NS_PER_S) {
        c->head = (c->head + 1) % c->cap;
        c->n--;
    }
}

static bool grow_ring(struct key_count *c)
{
    uint32_t cap = MIN(c->cap * 2, KEY_RATE_MAX);
    int64_t *ring = mem_array(cap, sizeof(*ring));
    if (!ring)
        return false;
    for (uint32_t i = 0; i < c->n; i++)
        ring[i] = c->ring[(c->head + i) % c->cap];
    if (c->ring != c->few)
        mem_free(c->ring);
    c->ring = ring;
    c->cap = cap;
    c->head = 0;
    return true;
}

/* Room for one more time. When none can be had the oldest goes, if nothing is limited by it. */
static bool ring_room(struct key_count *c, bool limited)
{
    if (c->n < c->cap || (c->cap < KEY_RATE_MAX && grow_ring(c)))
        return true;
    if (limited)
        return false;
    c->head = (c->head + 1) % c->cap;
    c->n--;
    return true;
}

static void ring_put(struct key_count *c, int64_t now)
{
    c->ring[(c->head + c->n) % c->cap] = now;
    c->n++;
}

/* ---- the check ---- */

struct check {
    struct access *a;
    struct api_key *key;
    const struct key_rules *k;
    const struct access_order *o;
    int64_t mono, wall;         /* now */
    struct day_sum *day;        /* set when the value is to be held */
    int64_t micros;
    uint32_t retry_s;
    char *reason;
    size_t size;
};

static enum deny check_account(struct check *c)
{
    if (!c->o->has_acc || access_account(c->key, c->o->acc_id))
        return DENY_NONE;
    snprintf(c->reason, c->size, "limit: account %llu is not allowed",
             (unsigned long long)c->o->acc_id);
    return DENY_ACCOUNT;
}

static enum deny check_market(struct check *c)
{
    if (access_market(c->key, c->o->market))
        return DENY_NONE;
    snprintf(c->reason, c->size, "limit: market %s is not allowed", c->o->market);
    return DENY_MARKET;
}

static enum deny check_symbol(struct check *c)
{
    char shown[RULE_SHOWN];
    if (symbol_allowed(c->k, c->o->symbol))
        return DENY_NONE;
    snprintf(c->reason, c->size, "limit: symbol %s is not allowed",
             rule_shown(c->o->symbol, shown));
    return DENY_SYMBOL;
}

static enum deny check_side(struct check *c)
{
    if (!c->key->sides || c->o->side == 0 || (c->key->sides & rule_side_bit(c->o->side)))
        return DENY_NONE;
    const char *name = rule_side_name(c->o->side);
    snprintf(c->reason, c->size, "limit: side %s is not allowed", name ? name : "unknown");
    return DENY_SIDE;
}

static enum deny check_hours(struct check *c)
{
    if (!c->k->has_hours)
        return DENY_NONE;
    int now = local_minute(c->a, c->wall), from = c->k->hours_from, to = c->k->hours_to;
    if (from < to ? now >= from && now < to : now >= from || now < to)
        return DENY_NONE;
    char window[12];
    rule_hours_text(c->k->hours_from, c->k->hours_to, window);
    snprintf(c->reason, c->size, "limit: %02d:%02d is outside hours window %s", now / 60, now % 60,
             window);
    c->retry_s = until_minute(c->wall, from);
    return DENY_HOURS;
}

static enum deny check_value(struct check *c)
{
    double v = c->o->value;
    if (!c->o->has_value)
        return DENY_NONE;
    if (!isfinite(v) || v < 0)
        snprintf(c->reason, c->size, "limit: order value %g is not a value", v);
    else if (c->k->has_order_value && v > c->k->max_order_value)
        snprintf(c->reason, c->size, "limit: order value exceeded: %.2f (cap %.2f)", v,
                 c->k->max_order_value);
    else
        return DENY_NONE;
    return DENY_PER_ORDER;
}

/* When the order that must leave the window is 60 s old. */
static uint32_t until_room(const struct key_count *n, uint32_t cap, int64_t mono)
{
    if (cap == 0)
        return 0;
    return seconds(n->ring[(n->head + n->n - cap) % n->cap] + WINDOW_S * NS_PER_S - mono);
}

static enum deny check_rate(struct check *c)
{
    struct key_count *n = c->key->count;
    forget_old(n, c->mono);
    uint32_t cap = c->k->max_orders_per_minute;
    bool full = c->k->has_rate && n->n >= cap;
    if (full)
        snprintf(c->reason, c->size, "limit: rate limit exceeded: %u in %ds (cap %u)", n->n + 1,
                 WINDOW_S, cap);
    else if (!ring_room(n, c->k->has_rate))
        snprintf(c->reason, c->size, "limit: rate can't be counted: out of memory");
    else
        return DENY_NONE;
    c->retry_s = full ? until_room(n, cap, c->mono) : 1;
    return DENY_RATE;
}

static int64_t to_micros(double v)
{
    return v > 0 ? MAX((int64_t)llround(v * MICRO), 1) : 0;
}

static enum deny check_daily(struct check *c)
{
    if (!c->o->has_value)
        return DENY_NONE;
    struct day_sum *d = count_day(c->key->count, day_of(c->a, c->wall));
    int64_t sum = d->used + d->held;
    bool huge = c->o->value > KEY_VALUE_MAX;
    int64_t micros = huge ? 0 : to_micros(c->o->value);
    if (c->k->has_daily_value && (huge || sum > to_micros(c->k->max_daily_value) - micros)) {
        snprintf(c->reason, c->size, "limit: daily value exceeded: %.2f + %.2f (cap %.2f)",
                 (double)sum / MICRO, c->o->value, c->k->max_daily_value);
        c->retry_s = until_midnight(c->wall);
        return DENY_DAILY;
    }
    if (huge || sum > COUNT_SUM_MAX)
        return DENY_NONE;
    c->day = d;
    c->micros = micros;
    return DENY_NONE;
}

/* Documented order; what counts comes last, and is counted when all have passed. */
static enum deny (*const checks[])(struct check *c) = {
    check_account, check_market, check_symbol, check_side,
    check_hours,   check_value,  check_rate,   check_daily,
};

enum deny access_check(struct access *a, struct api_key *k, const struct access_order *o,
                       struct access_hold *hold, char *reason, size_t size)
{
    *hold = (struct access_hold){ .count = NULL };
    reason[0] = '\0';
    if (!k)
        return DENY_NONE;
    struct check c = { .a = a, .key = k, .k = k->rules, .o = o, .mono = clock_mono(&a->clock),
                       .wall = clock_wall(&a->clock), .reason = reason, .size = size };
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        enum deny d = checks[i](&c);
        if (!d)
            continue;
        hold->retry_s = c.retry_s;
        return d;
    }
    ring_put(k->count, c.mono);
    if (c.day) {
        c.day->held += c.micros;
        *hold = (struct access_hold){ k->count, c.micros, c.day->day, c.day->epoch, 0 };
    }
    return DENY_NONE;
}

void access_settle(struct access *a, struct access_hold *h, bool accepted)
{
    (void)a;
    for (int i = 0; h->count && i < COUNT_DAYS; i++) {
        struct day_sum *d = &h->count->days[i];
        if (d->day != h->day || d->epoch != h->epoch)
            continue;
        d->held -= h->micros;
        if (accepted)
            d->used += h->micros;
    }
    *h = (struct access_hold){ .count = NULL };
}
