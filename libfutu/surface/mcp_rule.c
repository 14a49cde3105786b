/* mcp_rule.c - see mcp_rule.h. Types come from the descriptor; what it can't say is in the
 * table. */
#include "surface/mcp_rule.h"

#include <ctype.h>
#include <math.h>

#include "market/market.h"

#define NONE NAN
#define FROM(field, least) { 0, field, least, NONE, false, 0, 0, NULL }
#define TEXT(proto, field, text) { proto, field, NONE, NONE, false, 0, 0, text }
#define LIST(proto, field, max) { proto, field, NONE, NONE, false, max, 0, NULL }

/* The first row that fits counts. proto 0: wherever there is such a field. */
static const struct row {
    uint32_t proto;
    const char *field;
    double least, most;
    bool above;
    unsigned max_items, max_chars;
    const char *text;
} rows[] = {
    /* Documented limits of the calls. */
    { PROTO_QOT_GET_KL, "reqNum", 1, 1000, false, 0, 0, "How many candles." },
    { PROTO_QOT_GET_TICKER, "maxRetNum", 1, 1000, false, 0, 0, "How many trades." },
    { PROTO_QOT_GET_ORDER_BOOK, "num", 1, 1000, false, 0, 0,
      "Levels on each side; what comes is bounded by the quote right, 10 by default." },
    { PROTO_QOT_REQUEST_HISTORY_KL, "maxAckKLNum", 1, 5000, false, 0, 0,
      "Most candles that come." },
    { PROTO_QOT_STOCK_FILTER, "num", 1, 200, false, 0, 0, "Rows of the answer." },
    { PROTO_QOT_GET_WARRANT, "num", 1, 200, false, 0, 0, "Rows of the answer." },
    LIST(PROTO_QOT_SUB, "securityList", 400),
    LIST(PROTO_QOT_SUB, "subTypeList", 32),
    LIST(PROTO_QOT_GET_STATIC_INFO, "securityList", 200),
    LIST(PROTO_QOT_GET_SECURITY_SNAPSHOT, "securityList", 400),
    LIST(PROTO_QOT_GET_MARKET_STATE, "securityList", 400),
    LIST(PROTO_QOT_GET_OWNER_PLATE, "securityList", 200),
    LIST(PROTO_QOT_GET_FUTURE_INFO, "securityList", 200),
    LIST(PROTO_TRD_GET_ORDER_FEE, "orderIdExList", 400),
    { PROTO_QOT_SET_PRICE_REMINDER, "note", NONE, NONE, false, 0, 20, "The user's note." },
    { PROTO_TRD_PLACE_ORDER, "remark", NONE, NONE, false, 0, 64,
      "The client's note, at most 64 bytes of UTF-8." },
    { PROTO_TRD_PLACE_ORDER, "idempotencyKey", NONE, NONE, false, 0, 64,
      "A repeat with the same key places no second order." },
    { PROTO_TRD_PLACE_ORDER, "qty", 0, NONE, true, 0, 0, "Shares or contracts." },
    { PROTO_TRD_PLACE_ORDER, "price", NONE, NONE, false, 0, 0,
      "Limit price in the market's currency; not for market orders." },
    { PROTO_TRD_MODIFY_ORDER, "qty", 0, NONE, false, 0, 0, "New total quantity, not the change." },
    { PROTO_TRD_MODIFY_ORDER, "price", NONE, NONE, false, 0, 0,
      "New price in the market's currency." },
    TEXT(PROTO_TRD_GET_MAX_TRD_QTYS, "price",
         "Price in the market's currency; for types without one the last price."),
    TEXT(PROTO_TRD_MODIFY_ORDER, "orderIDEx", "The order by its server id, instead of order_id."),
    TEXT(PROTO_TRD_GET_MAX_TRD_QTYS, "orderIDEx",
         "The order by its server id, instead of order_id."),
    TEXT(PROTO_TRD_MODIFY_ORDER, "orderID", "The order: order_id_str of futu_get_orders."),
    TEXT(PROTO_TRD_RECONFIRM_ORDER, "orderID", "The order: order_id_str of futu_get_orders."),
    { PROTO_TRD_RECONFIRM_ORDER, "reconfirmReason", 0, INT32_MAX, false, 0, 0,
      "What is confirmed: the number that the broker's refusal named." },
    TEXT(PROTO_QOT_SUB, "isRegOrUnRegPush", "What changes comes as log messages of this session."),
    TEXT(PROTO_QOT_SUB, "isFirstPush", "With push: what is known now comes at once."),
    { 0, "accIDList", 0, NONE, true, 64, 0, "Which accounts; absent: all that the API key may." },
    TEXT(PROTO_QOT_SUB, "isUnsubAll",
         "Everything that this key has subscribed; the rest is ignored."),
    { PROTO_GET_USER_INFO, "flag", 0, 4095, false, 0, 0,
      "Which parts, added up: 1 name, 2 quotas, 4 quote rights, 8 disclaimer, 16 update, 2048 web "
      "key. Absent: all." },
    { PROTO_GET_DELAY_STATISTICS, "segmentList", -1, INT32_MAX, false, 0, 0, NULL },
    TEXT(PROTO_TRD_GET_CASH_LOG, "begin_time", "Not before, UTC seconds since 1970."),
    TEXT(PROTO_TRD_GET_CASH_LOG, "end_time", "Not after, UTC seconds since 1970."),
    { PROTO_TRD_GET_CASH_LOG, "in_out", 0, 2, false, 0, 0, "0 all, 1 in, 2 out." },
    TEXT(PROTO_TRD_GET_CASH_LOG, "log_id", "To go on: next_log_id of the last answer."),
    { PROTO_TRD_GET_CASH_LOG, "max_cnt", 1, 1000, false, 0, 0, "Most records that come." },
    TEXT(PROTO_TRD_GET_CASH_LOG, "symbol", "Only of this security."),
    TEXT(0, "inner", "Members of the query, as the gateway behind this one knows them."),
    /* By name, wherever they are. */
    TEXT(0, "trdEnv", "SIMULATE is play money, REAL is real money."),
    TEXT(0, "accID", "The account, acc_id_str of futu_list_accounts. Absent, as card_num: the only "
                     "account of that env and market."),
    TEXT(0, "jpAccType", "Japan only."),
    { 0, "days", 1, INT32_MAX, false, 0, 0, "Over the last so many days." },
    { 0, "consecutivePeriod", 1, 12, false, 0, 0, NULL },
    FROM("begin", 0),
    TEXT(0, "clearingDate", "The day, yyyy-mm-dd."),
    TEXT(0, "codeList", "Only this one."),
    TEXT(0, "filterMarket", "Only of this market."),
    TEXT(0, "idList", "Only these: orders, fills or positions, by what is listed."),
    TEXT(0, "orderIDExList", "Only these orders, by their server ids."),
};

static const struct row *row_of(uint32_t proto, const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((rows[i].proto == 0 || rows[i].proto == proto) && strcmp(rows[i].field, field) == 0)
            return &rows[i];
    return NULL;
}

/* ---- kinds ---- */

static bool ends(const struct pb_field *f, const char *tail)
{
    size_t n = strlen(tail);
    return f->n_name >= n && memcmp(f->name + f->n_name - n, tail, n) == 0;
}

static bool starts(const struct pb_field *f, const char *head)
{
    size_t n = strlen(head);
    return f->n_name >= n && memcmp(f->name, head, n) == 0;
}

static enum mcp_kind kind_of_text(const struct pb_field *f)
{
    if (strcmp(f->name, "code") == 0 || strcmp(f->name, "codeList") == 0)
        return MCP_CODE;
    return ends(f, "Time") || ends(f, "Date") || starts(f, "maturityTime") ? MCP_TIME : MCP_TEXT;
}

static enum mcp_kind kind_of(const struct pb_field *f, const struct proto_enum *numbers)
{
    if (f->sub == &Qot_Common_Security_msg)
        return MCP_SYMBOL;
    if (numbers)
        return MCP_ENUM;
    switch ((enum pb_type)f->type) {
    case PB_MESSAGE:
        return MCP_OBJECT;
    case PB_STRING:
        return kind_of_text(f);
    case PB_BYTES:
        return MCP_ANY;
    case PB_BOOL:
        return MCP_BOOL;
    case PB_FLOAT:
    case PB_DOUBLE:
        return MCP_NUMBER;
    case PB_INT64:
    case PB_UINT64:
        return MCP_ID;
    default:
        return MCP_INTEGER;
    }
}

static void describe(uint32_t proto, const futu_msg *m, const struct pb_field *f,
                     struct mcp_rule *r)
{
    const struct proto_field_doc *doc = proto_field_doc(m, f);
    const struct row *row = row_of(proto, f->name);
    *r = (struct mcp_rule){ .least = NONE, .most = NONE, .list = f->label == PB_REPEATED };
    r->numbers = doc ? doc->numbers : NULL;
    r->kind = kind_of(f, r->numbers);
    r->sub = r->kind == MCP_OBJECT ? f->sub : NULL;
    r->text = doc ? doc->text : NULL;
    if (r->kind == MCP_INTEGER) {
        r->least = 0;
        r->most = INT32_MAX;
    }
    if (!row)
        return;
    r->least = isnan(row->least) ? r->least : row->least;
    r->most = isnan(row->most) ? r->most : row->most;
    r->above = row->above;
    r->max_items = row->max_items;
    r->max_chars = row->max_chars;
    r->text = row->text ? row->text : r->text;
}

void mcp_rule_member(const futu_msg *m, const struct pb_field *f, struct mcp_rule *r)
{
    describe(0, m, f, r);
}

/* Arguments that are no fields. */
static void by_place(enum mcp_place place, struct mcp_rule *r)
{
    *r = (struct mcp_rule){ .kind = MCP_TEXT, .least = NONE, .most = NONE };
    switch (place) {
    case MCP_AT_CARD:
        r->max_chars = MCP_CARD_MAX;
        r->text = "The account by its card number, whole or the last four digits, in place of "
                  "acc_id.";
        break;
    case MCP_AT_KEY:
        r->max_chars = 256;
        r->text = "Another API key, for this call only.";
        break;
    default:
        r->max_chars = MCP_TOKEN_MAX;
        r->text = "Of the preview that the user has agreed to.";
    }
}

/* A list of which the tool takes one: its argument is `symbol`. */
static bool lone(const struct mcp_shape *s, const struct pb_field *f)
{
    return strcmp(mcp_name(s, f), "symbol") == 0;
}

void mcp_rule(const struct mcp_shape *s, const struct mcp_field *f, struct mcp_rule *r)
{
    if (!f->f) {
        by_place(f->place, r);
        return;
    }
    describe(s->row->id, f->m, f->f, r);
    if (r->list && lone(s, f->f))
        r->list = false;
}

/* ---- texts ---- */

/* "A Trd_Common.Currency for ..." -> "for ...": an article, a name with a dot or of the enum. */
static futu_str behind_enum(futu_str s, const struct proto_enum *e)
{
    const char *dot = strchr(e->name, '.'), *name = dot ? dot + 1 : e->name;
    const char *at = memmem(s.p, s.n, name, strlen(name));
    if (!at || at - s.p > 16)           /* "An ", and a package */
        return s;
    at += strlen(name);
    while (at < s.p + s.n && strchr(".;:, ", *at))
        at++;
    return (futu_str){ at, (size_t)(s.p + s.n - at) };
}

futu_str mcp_rule_text(const struct mcp_rule *r)
{
    futu_str s = str_c(r->text ? r->text : "");
    return r->numbers && s.n ? behind_enum(s, r->numbers) : s;
}

/* ---- patterns ---- */

#define DAY "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define CLOCK "[0-9]{2}:[0-9]{2}:[0-9]{2}"
#define SYMBOL_CHARS 31
#define CODE_CHARS 40

const char *mcp_pattern(enum mcp_kind kind)
{
    switch (kind) {
    case MCP_ID:
        return "^(0|[1-9][0-9]{0,19})$";
    case MCP_SYMBOL:
        return "^(HK|US|SH|SZ|SG|JP|AU|MY|CA)\\\\.[!-~]{1,31}$";
    case MCP_CODE:
        return "^[!-~]{1,40}$";
    case MCP_TIME:
        return "^" DAY "( " CLOCK ")?$";
    default:
        return NULL;
    }
}

/* `form`: 0 stands for a digit, anything else for itself. */
static bool has_form(futu_str text, const char *form)
{
    if (text.n != strlen(form))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)text.p[i]) : text.p[i] != form[i])
            return false;
    return true;
}

static bool digits(futu_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!isdigit((unsigned char)text.p[i]))
            return false;
    return text.n >= 1 && text.n <= 20;
}

bool mcp_matches(enum mcp_kind kind, futu_str text)
{
    int32_t market;
    futu_str code;
    switch (kind) {
    case MCP_ID:
        return digits(text);
    case MCP_SYMBOL:
        return !market_parse_code(text, &market, &code) && code.n <= SYMBOL_CHARS &&
               str_visible(code);
    case MCP_CODE:
        return text.n >= 1 && text.n <= CODE_CHARS && str_visible(text);
    case MCP_TIME:
        return has_form(text, "0000-00-00") || has_form(text, "0000-00-00 00:00:00");
    default:
        return true;
    }
}

futu_str mcp_default(const struct mcp_tool *t, const struct pb_field *f)
{
    char name[64];
    size_t n = f->n_name;
    if (!t->preset || n > sizeof(name) - 4)
        return STR_NULL;
    name[0] = '"';
    memcpy(name + 1, f->name, n);
    memcpy(name + n + 1, "\":", 3);
    const char *at = strstr(t->preset, name);
    if (!at)
        return STR_NULL;
    at += n + 3;
    return (futu_str){ at, strcspn(at, ",") };
}
