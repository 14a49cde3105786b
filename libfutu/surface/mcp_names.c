/* mcp_names.c - what arguments and their values are called; see mcp_tools.h. */
#include <ctype.h>
#include <strings.h>

#include "codec/json_name.h"
#include "surface/mcp_tools.h"

enum { UNLOCK_TRADE = 2005 };

/* Names of the tools that the protocol spells otherwise, the one to show first. proto 0: wherever
 * there is such a field. */
static const struct {
    uint32_t proto;
    const char *name, *field;
} aliases[] = {
    { 3213, "group", "groupName" },     { 3214, "group", "groupName" },
    { 3220, "reminder_type", "type" },  { 3220, "sessions", "reminderSessionList" },
    { 3209, "option_type", "type" },    { 3209, "cond", "condition" },
    { 3104, "detail", "bGetDetail" },   { 3003, "all_conn", "isReqAllConn" },
    { 3001, "all", "isUnsubAll" },      { 3001, "push", "isRegOrUnRegPush" },
    { 3216, "types", "typeList" },
    { 2226, "date", "clearingDate" },   { 2226, "direction", "cashFlowDirection" },
    { 2225, "order_ids", "orderIdExList" }, { 2205, "op", "modifyOrderOp" },
    { 2237, "reason", "reconfirmReason" },  { 3204, "plate_set", "plateSetType" },
    { 3004, "symbol", "securityList" }, { 2202, "symbol", "code" },
    { 2111, "symbol", "code" },
    { 0, "symbols", "securityList" },   { 0, "symbols", "codeList" },
    { 0, "symbol", "securityList" },    { 0, "symbol", "codeList" },
    { 0, "code", "securityList" },      { 0, "code", "codeList" },
    { 0, "codes", "securityList" },     { 0, "code_list", "securityList" },
    { 0, "stocks", "securityList" },
    { 0, "symbol", "security" },        { 0, "code", "security" },
    { 0, "symbol", "owner" },           { 0, "code", "owner" },
    { 0, "env", "trdEnv" },             { 0, "market", "trdMarket" },
    { 0, "side", "trdSide" },           { 0, "kl_type", "klType" },
    { 0, "ktype", "klType" },           { 0, "autype", "rehabType" },
    { 0, "start", "beginTime" },        { 0, "begin", "beginTime" },
    { 0, "end", "endTime" },            { 0, "num", "reqNum" },
    { 0, "count", "reqNum" },           { 0, "req_num", "reqNum" },
    { 0, "num", "maxRetNum" },          { 0, "count", "maxRetNum" },
    { 0, "count", "num" },              { 0, "max_count", "maxAckKLNum" },
    { 0, "sub_types", "subTypeList" },  { 0, "subtype_list", "subTypeList" },
    { 0, "status", "filterStatusList" }, { 0, "refresh", "refreshCache" },
    { 0, "order_id_ex", "orderIDExList" }, { 0, "acc_ids", "accIDList" },
};

static bool about(const struct mcp_shape *s, size_t i)
{
    return aliases[i].proto == 0 || aliases[i].proto == s->row->id;
}

void mcp_shape(struct mcp_shape *s, const struct mcp_tool *t)
{
    *s = (struct mcp_shape){ .tool = t, .row = proto_find(t->proto) };
    body_shape(s->row, &s->s);
    s->filter = codec_field(s->s.c2s, STR("filterConditions"));
}

static struct mcp_field declared(const struct mcp_shape *s, const char *name)
{
    const struct {
        enum mcp_place place;
        const futu_msg *m;
    } at[] = { { MCP_AT_C2S, s->s.c2s }, { MCP_AT_HEAD, s->s.head },
               { MCP_AT_FILTER, s->filter ? s->filter->sub : NULL } };
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        const struct pb_field *f = at[i].m ? codec_field(at[i].m, str_c(name)) : NULL;
        if (f)
            return (struct mcp_field){ at[i].place, at[i].m, f };
    }
    return (struct mcp_field){ MCP_AT_NONE, NULL, NULL };
}

static struct mcp_field spelled(const struct mcp_shape *s, futu_str name)
{
    struct body_name b = body_name(&s->s, name, 0);
    struct mcp_field none = { MCP_AT_NONE, NULL, NULL };
    if (b.place == BODY_C2S)
        return (struct mcp_field){ MCP_AT_C2S, s->s.c2s, &s->s.c2s->fields[b.i] };
    if (b.place == BODY_HEAD)
        return (struct mcp_field){ MCP_AT_HEAD, s->s.head, &s->s.head->fields[b.i] };
    if (b.place == BODY_ACC_IDS && s->row->id == UNLOCK_TRADE)
        return (struct mcp_field){ MCP_AT_ACC_IDS, NULL, NULL };
    if (!s->filter)
        return none;
    const futu_msg *m = s->filter->sub;
    size_t i = json_field(m, CODEC_REST, name, 0);
    return i < m->n_fields ? (struct mcp_field){ MCP_AT_FILTER, m, &m->fields[i] } : none;
}

struct mcp_field mcp_find(const struct mcp_shape *s, futu_str name)
{
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    if (str_is(name, "stock") || str_is(name, "stock_list"))
        return f;                               /* documented not to be an alias */
    for (size_t i = 0; i < ARRAY_LEN(aliases) && f.place == MCP_AT_NONE; i++)
        if (about(s, i) && str_is(name, aliases[i].name))
            f = declared(s, aliases[i].field);
    if (f.place == MCP_AT_NONE)
        f = spelled(s, name);
    if (f.f && mcp_hidden(s, f.f))
        f.place = MCP_AT_NONE;
    return f;
}

const char *mcp_name(const struct mcp_shape *s, const struct pb_field *f)
{
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (about(s, i) && strcmp(f->name, aliases[i].field) == 0)
            return aliases[i].name;
    return f->snake;
}

static bool quoted_in(const char *members, const struct pb_field *f)
{
    char quoted[64] = "\"";
    size_t n = f->n_name;
    if (!members || n > sizeof(quoted) - 3)
        return false;
    memcpy(quoted + 1, f->name, n);
    quoted[n + 1] = '"';
    quoted[n + 2] = '\0';
    return strstr(members, quoted) != NULL;
}

bool mcp_hidden(const struct mcp_shape *s, const struct pb_field *f)
{
    static const char *const names[] = { "packetID", "header", "userID", "pwdMD5", "nextReqKey",
                                         "placeHolder", "filterConditions" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(f->name, names[i]) == 0)
            return true;
    return quoted_in(s->tool->fixed, f);
}

bool mcp_optional(const struct mcp_shape *s, const struct pb_field *f)
{
    if (strcmp(f->name, "securityList") == 0)
        return !(s->tool->flags & MCP_SYMBOLS);
    if (f->label != PB_REQUIRED || quoted_in(s->tool->preset, f))
        return true;
    if (strcmp(f->name, "trdMarket") == 0)      /* the symbol's prefix says it */
        return codec_field(s->s.c2s, STR("secMarket")) != NULL;
    return strcmp(f->name, "orderID") == 0 && codec_field(s->s.c2s, STR("orderIDEx"));
}

static void each(struct doc *d, const struct mcp_shape *s, enum mcp_place place,
                 const futu_msg *m, mcp_each_fn *fn)
{
    for (size_t i = 0; m && i < m->n_fields; i++) {
        struct mcp_field f = { place, m, &m->fields[i] };
        bool again = place == MCP_AT_C2S && s->s.head && codec_field(s->s.head, str_c(f.f->name));
        if (!again && !mcp_hidden(s, f.f))
            fn(d, s, &f);
    }
}

void mcp_each(struct doc *d, const struct mcp_shape *s, mcp_each_fn *fn)
{
    each(d, s, MCP_AT_HEAD, s->s.head, fn);
    each(d, s, MCP_AT_C2S, s->s.c2s, fn);
    if (s->filter)
        each(d, s, MCP_AT_FILTER, s->filter->sub, fn);
}

/* ---- values ---- */

/* Short names that the protocol has not, the one to show first. */
static const struct {
    const char *of, *name;
    int32_t number;
} values[] = {
    { "Qot_Common.QotMarket", "HK", 1 },            { "Qot_Common.QotMarket", "HK_FUTURE", 2 },
    { "Qot_Common.QotMarket", "US", 11 },           { "Qot_Common.QotMarket", "SH", 21 },
    { "Qot_Common.QotMarket", "SZ", 22 },           { "Qot_Common.QotMarket", "SG", 31 },
    { "Qot_Common.QotMarket", "JP", 41 },           { "Qot_Common.QotMarket", "AU", 51 },
    { "Qot_Common.QotMarket", "MY", 61 },           { "Qot_Common.QotMarket", "CA", 71 },
    { "Qot_Common.QotMarket", "FX", 81 },           { "Qot_Common.QotMarket", "CRYPTO", 91 },
    { "Qot_Common.SubType", "QUOTE", 1 },           { "Qot_Common.SubType", "K_1M", 11 },
    { "Qot_Common.SubType", "K_3M", 17 },           { "Qot_Common.SubType", "K_5M", 7 },
    { "Qot_Common.SubType", "K_15M", 8 },           { "Qot_Common.SubType", "K_30M", 9 },
    { "Qot_Common.SubType", "K_60M", 10 },          { "Qot_Common.SubType", "K_DAY", 6 },
    { "Qot_Common.SubType", "K_WEEK", 12 },         { "Qot_Common.SubType", "K_MON", 13 },
    { "Qot_Common.SubType", "K_QUARTER", 15 },      { "Qot_Common.SubType", "KL_QUARTER", 15 },
    { "Qot_Common.SubType", "K_YEAR", 16 },         { "Qot_Common.SubType", "RT_DATA", 5 },
    { "Qot_Common.SubType", "ORDER_BOOK", 2 },
    { "Qot_Common.KLType", "K_1M", 1 },             { "Qot_Common.KLType", "K_3M", 10 },
    { "Qot_Common.KLType", "K_5M", 6 },             { "Qot_Common.KLType", "K_15M", 7 },
    { "Qot_Common.KLType", "K_30M", 8 },            { "Qot_Common.KLType", "K_60M", 9 },
    { "Qot_Common.KLType", "K_DAY", 2 },            { "Qot_Common.KLType", "K_WEEK", 3 },
    { "Qot_Common.KLType", "K_MON", 4 },            { "Qot_Common.KLType", "K_QUARTER", 11 },
    { "Qot_Common.KLType", "K_YEAR", 5 },
    { "Qot_Common.RehabType", "QFQ", 1 },           { "Qot_Common.RehabType", "HFQ", 2 },
    { "Trd_Common.SecurityFirm", "FUTUHK", 1 },     { "Trd_Common.SecurityFirm", "HK", 1 },
    { "Trd_Common.SecurityFirm", "FUTUUS", 2 },     { "Trd_Common.SecurityFirm", "US", 2 },
    { "Trd_Common.SecurityFirm", "SG", 3 },         { "Trd_Common.SecurityFirm", "AU", 4 },
    { "Trd_Common.SecurityFirm", "CA", 5 },         { "Trd_Common.SecurityFirm", "MY", 6 },
    { "Trd_Common.SecurityFirm", "JP", 7 },
    { "Qot_Common.OptionType", "ALL", 0 },
};

/* The same letters and digits, in any case. */
static bool alike(futu_str a, const char *b)
{
    size_t i = 0;
    for (;;) {
        while (i < a.n && (a.p[i] == '_' || a.p[i] == '-' || a.p[i] == ' '))
            i++;
        while (*b == '_')
            b++;
        if (i == a.n || !*b)
            return i == a.n && !*b;
        if (tolower((unsigned char)a.p[i++]) != tolower((unsigned char)*b++))
            return false;
    }
}

bool mcp_number(const struct proto_enum *e, futu_str name, int32_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (strcmp(values[i].of, e->name) == 0 && alike(name, values[i].name)) {
            *out = values[i].number;
            return true;
        }
    for (size_t i = 0; i < e->n; i++)
        if (alike(name, e->values[i].name)) {
            *out = e->values[i].number;
            return true;
        }
    return false;
}

const char *mcp_value_name(const struct proto_enum *e, size_t i, char room[64])
{
    const char *from = e->values[i].name;
    size_t n = 0;
    if (strncasecmp(from, "unkno", 5) == 0 || strncasecmp(from, "unkonw", 6) == 0)
        return NULL;
    for (size_t k = 0; k < i; k++)
        if (e->values[k].number == e->values[i].number)
            return NULL;
    for (size_t k = 0; k < ARRAY_LEN(values); k++)
        if (values[k].number == e->values[i].number && strcmp(values[k].of, e->name) == 0)
            return values[k].name;
    for (size_t k = 0; from[k] && n < 62; k++) {
        if (k > 0 && isupper((unsigned char)from[k]) && islower((unsigned char)from[k - 1]))
            room[n++] = '_';
        room[n++] = (char)toupper((unsigned char)from[k]);
    }
    room[n] = '\0';
    return room;
}
