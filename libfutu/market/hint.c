/* hint.c - see hint.h. */
#include "market/hint.h"

#include <stdio.h>
#include <strings.h>

#include "market/calendar_data.h"
#include "market/rules.h"

#define GENERIC_MAX 200         /* bytes; who writes more has something to say */

/* ---- texts that name no cause ---- */

/* What one clause may say. A text is generic when all of its clauses are. "Please" in front of a
 * clause is taken off before. */
static const char *const generic[] = {
    "retry later", "try again later", "try later", "retry", "try again", "retry after a while",
    "request timeout", "request timed out", "request time out", "timeout", "timed out", "time out",
    "network timeout", "network error", "network exception", "network abnormal",
    "server timeout", "server error", "server busy", "server is busy", "the server is busy",
    "system error", "system busy", "system is busy", "the system is busy", "system exception",
    "service busy", "service is busy", "service unavailable", "service is unavailable",
    "service temporarily unavailable", "internal error", "internal server error",
    "unknown error", "unknown", "error", "failed", "failure", "operation failed",
    "request failed", "request error", "submission failed", "submit failed", "order failed",
    "place order failed", "failed to place order", "failed to place the order",
    "modify order failed", "failed to modify order", "failed to modify the order",
    "no response", "no reply", "no answer in time", "sorry",
    "稍后重试", "稍后再试", "稍候重试", "稍候再试", "重试", "再试一次",
    "请求超时", "超时", "网络超时", "网络错误", "网络异常", "网络繁忙", "服务器超时",
    "服务器繁忙", "服务器错误", "服务器异常", "服务繁忙", "服务异常", "服务不可用",
    "系统繁忙", "系统错误", "系统异常", "内部错误", "未知错误", "操作失败", "请求失败",
    "提交失败", "下单失败", "改单失败", "订单提交失败", "失败", "错误", "抱歉",
    "稍後重試", "稍後再試", "稍候重試", "稍候再試", "重試", "再試一次",
    "請求超時", "超時", "逾時", "請求逾時", "網絡超時", "網絡錯誤", "網絡異常", "網絡繁忙",
    "網路逾時", "網路錯誤", "網路異常", "伺服器超時", "伺服器繁忙", "伺服器錯誤",
    "服務器繁忙", "服務器錯誤", "服務繁忙", "服務異常", "系統繁忙", "系統錯誤", "系統異常",
    "內部錯誤", "未知錯誤", "操作失敗", "請求失敗", "提交失敗", "下單失敗", "改單失敗",
    "訂單提交失敗", "失敗", "錯誤",
};

static const char *const polite[] = { "please", "请您", "请", "請您", "請" };
static const char *const marks[] = { ".", ",", ";", "!", ":", "。", "，", "；", "！", "：", "\n" };

static bool starts(futu_str s, const char *word)
{
    size_t n = strlen(word);
    return s.n >= n && strncasecmp(s.p, word, n) == 0;
}

static futu_str skip(futu_str s, size_t n)
{
    return (futu_str){ s.p + n, s.n - n };
}

static futu_str trim(futu_str s)
{
    while (s.n && strchr(" \t\r", s.p[0]) && s.p[0])
        s = skip(s, 1);
    while (s.n && strchr(" \t\r", s.p[s.n - 1]) && s.p[s.n - 1])
        s.n--;
    return s;
}

static size_t mark_at(futu_str s)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (starts(s, marks[i]))
            return strlen(marks[i]);
    return 0;
}

/* "[err_code=-1]", "(backend_code=7)": numbers in front, which the gateway itself puts there. */
static futu_str skip_codes(futu_str s)
{
    for (s = trim(s); starts(s, "[err_code=") || starts(s, "(backend_code="); s = trim(s)) {
        const char *end = memchr(s.p, s.p[0] == '[' ? ']' : ')', s.n);
        if (!end)
            break;
        s = skip(s, (size_t)(end - s.p) + 1);
    }
    return s;
}

static bool listed(futu_str s)
{
    for (size_t i = 0; i < ARRAY_LEN(generic); i++)
        if (strlen(generic[i]) == s.n && strncasecmp(s.p, generic[i], s.n) == 0)
            return true;
    return s.n == 0;
}

static bool clause_generic(futu_str s)
{
    s = trim(s);
    if (listed(s))              /* first: the word for "request" begins with that for "please" */
        return true;
    for (size_t i = 0; i < ARRAY_LEN(polite); i++)
        if (starts(s, polite[i]) && listed(trim(skip(s, strlen(polite[i])))))
            return true;
    return false;
}

bool hint_generic(futu_str text)
{
    if (text.n > GENERIC_MAX)
        return false;
    text = skip_codes(text);
    futu_str clause = { text.p, 0 };
    while (text.n) {
        size_t mark = mark_at(text);
        if (mark && !clause_generic(clause))
            return false;
        text = skip(text, mark ? mark : 1);
        clause = mark ? (futu_str){ text.p, 0 } : (futu_str){ clause.p, clause.n + 1 };
    }
    return clause_generic(clause);
}

/* ---- when the market opens ---- */

#define LOOK_AHEAD 400          /* days; no market rests longer */

static int32_t clock_minute(const struct civil *c)
{
    return c->hour * 60 + c->minute;
}

int64_t market_next_open(int32_t market, int64_t utc_ns)
{
    int32_t date = market_date(market, utc_ns);
    struct session s[3];
    if (!market_rules(market))
        return 0;
    for (int i = 0; i < LOOK_AHEAD; i++, date = date_add(date, 1)) {
        size_t n = market_sessions(market, date, s);
        for (size_t k = 0; k < n; k++)
            if (s[k].from >= utc_ns)
                return s[k].from;
    }
    return 0;
}

/* ---- the hint ---- */

struct place {
    int32_t market;
    const char *name, *zone, *summer_zone;
};

static const struct place places[] = {
    { MARKET_HK, "Hong Kong", "HKT", NULL },   { MARKET_US, "US", "EST", "EDT" },
    { MARKET_SH, "Shanghai", "CST", NULL },    { MARKET_SZ, "Shenzhen", "CST", NULL },
    { MARKET_SG, "Singapore", "SGT", NULL },   { MARKET_JP, "Tokyo", "JST", NULL },
    { MARKET_AU, "Australian", "AEST", "AEDT" }, { MARKET_MY, "Malaysian", "MYT", NULL },
    { MARKET_CA, "Canadian", "EST", "EDT" },
};

static const struct place *place_of(int32_t market)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (places[i].market == market)
            return &places[i];
    return NULL;
}

static const char *zone_name(const struct market_rules *r, const struct place *p, int64_t utc_ns)
{
    return zone_offset(r->market, utc_ns) == r->offset ? p->zone : p->summer_zone;
}

static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
                                        "Friday", "Saturday" };

struct moment {
    const struct market_rules *r;
    struct civil c;
    int32_t date, minute, close, whole; /* close 0: no trading that day */
    int32_t state;
};

static struct moment moment_of(const struct market_rules *r, int64_t utc_ns)
{
    struct moment m = { .r = r, .c = market_civil(r->market, utc_ns) };
    m.date = market_date(r->market, utc_ns);
    m.minute = clock_minute(&m.c);
    m.close = market_close_minute(r, m.date);
    m.whole = market_whole_close(r, m.date);
    m.state = market_state(r->market, utc_ns);
    return m;
}

/* Orders reach the exchange: continuous trading, or an auction that takes them. */
static bool takes_orders(const struct moment *m)
{
    if (m->state == STATE_WAITING_OPEN)         /* its auction orders still count in Hong Kong */
        return m->r->calendar == CALENDAR_HK;
    return m->state == STATE_MORNING || m->state == STATE_AFTERNOON || m->state == STATE_AUCTION ||
           m->state == STATE_CLOSE_AUCTION || m->state == STATE_HK_CAS;
}

/* Why it is closed, as the rest of a sentence. */
static futu_err put_reason(struct buf *b, const struct moment *m)
{
    bool early = m->close > 0 && m->close < m->whole && m->minute >= m->close;
    if (m->state == STATE_PRE)
        return buf_puts(b, "it is pre-market, the regular session has not begun");
    if (m->state == STATE_OVERNIGHT)
        return buf_puts(b, "it is the overnight session, the regular one has not begun");
    if (m->close == 0 && (m->c.weekday == 0 || m->c.weekday == 6))
        return buf_printf(b, "it is the weekend (%s)", weekdays[m->c.weekday]);
    if (m->close == 0)
        return buf_puts(b, "it is an exchange holiday");
    if (m->state == STATE_REST)
        return buf_printf(b, "it is the lunch break until %02d:%02d", m->r->open[1] / 60,
                          m->r->open[1] % 60);
    if (m->state == STATE_WAITING_OPEN)
        return buf_puts(b, "the opening auction is over, trading has not begun");
    if (m->minute < m->r->open[0])
        return buf_puts(b, "it is before the open");
    if (early)
        return buf_printf(b, "trading ended early today, at %02d:%02d", m->close / 60,
                          m->close % 60);
    return buf_puts(b, m->state == STATE_AFTER ? "it is after hours, the regular session is over"
                                               : "it is after the close");
}

static futu_err put_hours(struct buf *b, const struct moment *m, const char *zone)
{
    const struct market_rules *r = m->r;
    int32_t first = r->open[1] ? r->close[0] : m->whole;
    futu_err err = buf_printf(b, "Regular hours, Monday to Friday: %02d:%02d-%02d:%02d",
                              r->open[0] / 60, r->open[0] % 60, first / 60, first % 60);
    if (!err && r->open[1])
        err = buf_printf(b, " and %02d:%02d-%02d:%02d", r->open[1] / 60, r->open[1] % 60,
                         m->whole / 60, m->whole % 60);
    if (!err)
        err = buf_printf(b, " %s.", zone);
    if (!err && r->calendar == CALENDAR_HK)
        err = buf_puts(b, " AUCTION orders are taken in the auctions of a trading day alone "
                          "(09:00-09:30 and for ten minutes from the close), not days ahead.");
    if (!err && r->calendar == CALENDAR_CN)
        err = buf_puts(b, " Auctions of a trading day: 09:15-09:25 and 14:57-15:00; Stock Connect "
                          "also rests on days on which one of its two sides does.");
    return err ? err : buf_byte(b, '\n');
}

static futu_err put_next(struct buf *b, const struct moment *m, const struct place *p,
                         int64_t utc_ns)
{
    int64_t next = market_next_open(m->r->market, utc_ns);
    char local[24], day[11];
    if (next == 0)
        return buf_puts(b, "No later session is in this gateway's calendar.");
    struct civil c = market_civil(m->r->market, next);
    /* Hong Kong has no summer time, so that UTC is its own clock moved back. */
    struct civil u = market_civil(MARKET_HK, next - 8 * 3600 * NS_PER_S);
    market_time_text(m->r->market, next, false, local);
    date_text(u.year * 10000 + u.month * 100 + u.day, day);
    futu_err err = buf_printf(b, "It opens next on %s %.16s %s (%s %02d:%02d UTC)",
                              weekdays[c.weekday], local, zone_name(m->r, p, next), day, u.hour,
                              u.minute);
    if (!err && c.year > calendar_table(m->r->calendar)->last_year)
        err = buf_printf(b, ", unless that is a holiday: the calendar ends with %d",
                         calendar_table(m->r->calendar)->last_year);
    return err;
}

static futu_err put_hint(struct buf *b, const struct moment *m, const struct place *p,
                         int64_t utc_ns)
{
    futu_err err = buf_printf(b, "\n【hint】The %s market has no regular session now: ", p->name);
    if (!err)
        err = put_reason(b, m);
    if (!err)
        err = buf_puts(b, ".\nThe gateway sends an order on at once and keeps none for the next "
                          "session. fill_outside_rth and auction order types do not change that, "
                          "nor do stop or trailing orders.\n");
    if (!err)
        err = put_hours(b, m, zone_name(m->r, p, utc_ns));
    if (!err)
        err = put_next(b, m, p, utc_ns);
    if (!err && market_next_open(m->r->market, utc_ns))
        err = buf_puts(b, "; send the order again then.");
    return err ? err
               : buf_puts(b, " If it fails during the session too, look at the account's trading "
                             "rights, its buying power and the connection to the broker.");
}

futu_err hint_append(struct buf *out, int32_t market, int64_t utc_ns)
{
    const struct market_rules *r = market_rules(market);
    const struct place *p = place_of(market);
    size_t before = out->n;
    if (!r || !p)
        return FUTU_OK;
    struct moment m = moment_of(r, utc_ns);
    if (takes_orders(&m))
        return FUTU_OK;
    futu_err err = put_hint(out, &m, p, utc_ns);
    if (err)
        out->n = before;
    return err;
}

bool hint_open(int32_t market, int64_t utc_ns)
{
    const struct market_rules *r = market_rules(market);
    struct moment m;
    if (!r)
        return false;
    m = moment_of(r, utc_ns);
    return takes_orders(&m);
}

futu_err hint_closed(struct buf *out, int32_t market, int64_t utc_ns)
{
    const struct market_rules *r = market_rules(market);
    const struct place *p = place_of(market);
    if (!r || !p || hint_open(market, utc_ns))
        return FUTU_OK;
    struct moment m = moment_of(r, utc_ns);
    size_t before = out->n;
    futu_err err = buf_printf(out, "The %s market is closed now: ", p->name);
    if (!err)
        err = put_reason(out, &m);
    if (!err)
        err = buf_puts(out, ". ");
    if (!err)
        err = put_next(out, &m, p, utc_ns);
    if (!err)
        err = buf_puts(out, market_next_open(market, utc_ns) ? ".\n" : "\n");
    if (err)
        out->n = before;
    return err;
}
