/* mcp_names.c - what arguments and their values are called; see mcp_tools.h. */
#include <ctype.h>
#include <strings.h>

#include "surface/mcp_tools.h"

/* What an argument is called where the protocol has another name. proto 0: wherever there is such a
 * field. The first row of a field is the name that is listed, the others are taken too. */
static const struct {
    uint32_t proto;
    const char *field, *name;
} names[] = {
    /* One symbol where the tool is about one. */
    { PROTO_QOT_GET_BASIC_QOT, "securityList", "symbol" },
    { PROTO_TRD_GET_POSITION_LIST, "codeList", "symbol" },
    { PROTO_TRD_GET_ORDER_LIST, "codeList", "symbol" },
    { PROTO_TRD_GET_ORDER_FILL_LIST, "codeList", "symbol" },
    { PROTO_TRD_GET_HISTORY_ORDER_LIST, "codeList", "symbol" },
    { PROTO_TRD_GET_HISTORY_ORDER_FILL_LIST, "codeList", "symbol" },
    { 0, "securityList", "symbols" },       { 0, "securityList", "stocks" },
    { 0, "securityList", "codes" },         { 0, "securityList", "code_list" },
    { 0, "securityList", "symbol" },        { 0, "securityList", "code" },
    { 0, "codeList", "symbols" },           { 0, "codeList", "codes" },
    { 0, "codeList", "code_list" },         { 0, "codeList", "code" },
    { 0, "security", "symbol" },            { 0, "security", "code" },
    { 0, "owner", "symbol" },               { 0, "owner", "code" },
    { PROTO_TRD_PLACE_ORDER, "code", "symbol" },
    { PROTO_TRD_GET_MAX_TRD_QTYS, "code", "symbol" },
    { PROTO_TRD_PLACE_ORDER, "code", "code" },
    { PROTO_TRD_GET_MAX_TRD_QTYS, "code", "code" },
    { 0, "plate", "plate" },                { 0, "plate", "plate_code" },
    { 0, "trdEnv", "env" },                 { 0, "trdEnv", "trd_env" },
    { 0, "trdMarket", "market" },           { 0, "trdMarket", "trd_market" },
    { 0, "trdSide", "side" },               { 0, "trdSide", "trd_side" },
    { 0, "klType", "kl_type" },             { 0, "klType", "ktype" },
    { 0, "rehabType", "rehab_type" },       { 0, "rehabType", "autype" },
    { 0, "beginTime", "start" },            { 0, "beginTime", "begin_time" },
    { 0, "beginTime", "begin" },
    { 0, "endTime", "end" },                { 0, "endTime", "end_time" },
    { 0, "reqNum", "num" },                 { 0, "reqNum", "count" },
    { 0, "reqNum", "req_num" },
    { 0, "maxRetNum", "num" },              { 0, "maxRetNum", "count" },
    { 0, "maxRetNum", "req_num" },          { 0, "maxRetNum", "max_ret_num" },
    { 0, "num", "num" },                    { 0, "num", "count" },
    { 0, "num", "req_num" },
    { 0, "maxAckKLNum", "max_count" },      { 0, "maxAckKLNum", "max_ack_kl_num" },
    { 0, "subTypeList", "sub_types" },      { 0, "subTypeList", "subtype_list" },
    { 0, "subTypeList", "sub_type_list" },
    { 0, "filterStatusList", "status" },    { 0, "filterStatusList", "filter_status_list" },
    { 0, "refreshCache", "refresh" },       { 0, "refreshCache", "refresh_cache" },
    { 0, "orderIDExList", "order_id_ex" },  { 0, "orderIDExList", "order_id_ex_list" },
    { 0, "accIDList", "acc_ids" },          { 0, "accIDList", "acc_id_list" },
    { PROTO_QOT_GET_USER_SECURITY, "groupName", "group" },
    { PROTO_QOT_GET_USER_SECURITY, "groupName", "group_name" },
    { PROTO_QOT_MODIFY_USER_SECURITY, "groupName", "group" },
    { PROTO_QOT_MODIFY_USER_SECURITY, "groupName", "group_name" },
    { PROTO_QOT_SET_PRICE_REMINDER, "type", "reminder_type" },
    { PROTO_QOT_SET_PRICE_REMINDER, "reminderSessionList", "sessions" },
    { PROTO_QOT_GET_OPTION_CHAIN, "type", "option_type" },
    { PROTO_QOT_GET_OPTION_CHAIN, "condition", "cond" },
    { PROTO_QOT_REQUEST_HISTORY_KL_QUOTA, "bGetDetail", "detail" },
    { PROTO_QOT_REQUEST_HISTORY_KL_QUOTA, "bGetDetail", "b_get_detail" },
    { PROTO_QOT_GET_SUB_INFO, "isReqAllConn", "all_conn" },
    { PROTO_QOT_GET_SUB_INFO, "isReqAllConn", "is_req_all_conn" },
    { PROTO_QOT_SUB, "isUnsubAll", "all" },
    { PROTO_QOT_SUB, "isRegOrUnRegPush", "push" },
    { PROTO_QOT_GET_CODE_CHANGE, "typeList", "types" },
    { PROTO_TRD_FLOW_SUMMARY, "clearingDate", "date" },
    { PROTO_TRD_FLOW_SUMMARY, "clearingDate", "clearing_date" },
    { PROTO_TRD_FLOW_SUMMARY, "cashFlowDirection", "direction" },
    { PROTO_TRD_FLOW_SUMMARY, "cashFlowDirection", "cash_flow_direction" },
    { PROTO_TRD_GET_ORDER_FEE, "orderIdExList", "order_ids" },
    { PROTO_TRD_GET_ORDER_FEE, "orderIdExList", "order_id_ex_list" },
    { PROTO_TRD_MODIFY_ORDER, "modifyOrderOp", "op" },
    { PROTO_TRD_MODIFY_ORDER, "modifyOrderOp", "modify_order_op" },
    { PROTO_TRD_RECONFIRM_ORDER, "reconfirmReason", "reason" },
    { PROTO_TRD_RECONFIRM_ORDER, "reconfirmReason", "reconfirm_reason" },
    { PROTO_QOT_GET_PLATE_SET, "plateSetType", "plate_set" },
    { PROTO_QOT_GET_PLATE_SET, "plateSetType", "plate_set_type" },
    { PROTO_GET_DELAY_STATISTICS, "qotPushStage", "push_stage" },
    { PROTO_GET_DELAY_STATISTICS, "qotPushStage", "qot_push_stage" },
    { PROTO_GET_DELAY_STATISTICS, "segmentList", "segments" },
    { PROTO_GET_DELAY_STATISTICS, "segmentList", "segment_list" },
};

/* Arguments that are no fields. */
static const struct {
    enum mcp_place place;
    const char *name;
} extras[] = {
    { MCP_AT_CARD, "card_num" }, { MCP_AT_CONFIRM, "confirm_token" }, { MCP_AT_KEY, "api_key" },
};

void mcp_shape(struct mcp_shape *s, const struct mcp_tool *t)
{
    *s = (struct mcp_shape){ .tool = t, .row = proto_find(t->proto) };
    if (t->flags & MCP_RAW)
        s->s = (struct body_shape){ .proto = t->proto, .c2s = mcp_raw_args(t->proto),
                                    .head = &Trd_Common_TrdHeader_msg };
    else
        body_shape(s->row, &s->s);
    s->filter = codec_field(s->s.c2s, STR("filterConditions"));
}

static bool has_extra(const struct mcp_shape *s, enum mcp_place place)
{
    switch (place) {
    case MCP_AT_CARD:
        return s->s.head != NULL;
    case MCP_AT_CONFIRM:
        return s->tool->flags & MCP_ORDER;
    default:
        return true;
    }
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
    /* Passwords are not for a model; REST has the full set of filters. */
    static const char *const hidden[] = {
        "packetID", "header", "userID", "pwdMD5", "otp", "nextReqKey", "placeHolder",
        "filterConditions", "needKLFieldsFlag", "patternFilterList", "customIndicatorFilterList",
        "regPushRehabTypeList", "isSubOrderBookDetail",
    };
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
        if (strcmp(f->name, hidden[i]) == 0)
            return true;
    if (s->tool->flags & MCP_RAW &&
        (strcmp(f->name, "trdMarket") == 0 || strcmp(f->name, "jpAccType") == 0))
        return true;
    return quoted_in(s->tool->fixed, f);
}

static bool about(const struct mcp_shape *s, size_t i, const struct pb_field *f)
{
    return (names[i].proto == 0 || names[i].proto == s->row->id) &&
           strcmp(names[i].field, f->name) == 0;
}

const char *mcp_name(const struct mcp_shape *s, const struct pb_field *f)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (about(s, i, f))
            return names[i].name;
    return f->snake;
}

const char *mcp_arg_name(const struct mcp_shape *s, const struct mcp_field *f)
{
    for (size_t i = 0; !f->f && i < ARRAY_LEN(extras); i++)
        if (extras[i].place == f->place)
            return extras[i].name;
    return f->f ? mcp_name(s, f->f) : "";
}

/* The fields of an argument object, in the order in which they are listed. */
static const futu_msg *message_at(const struct mcp_shape *s, enum mcp_place place)
{
    return place == MCP_AT_HEAD     ? s->s.head
           : place == MCP_AT_C2S    ? s->s.c2s
           : place == MCP_AT_FILTER && s->filter ? s->filter->sub : NULL;
}

static bool is_argument(const struct mcp_shape *s, enum mcp_place place, const struct pb_field *f)
{
    bool again = place == MCP_AT_C2S && s->s.head && codec_field(s->s.head, str_c(f->name));
    return !again && !mcp_hidden(s, f);
}

/* The next field of the messages; false: they are over. */
static bool next_field(const struct mcp_shape *s, struct mcp_field *f)
{
    for (; f->place <= MCP_AT_FILTER; f->place++, f->f = NULL) {
        const futu_msg *m = f->m = message_at(s, f->place);
        if (!m || m->n_fields == 0)
            continue;
        for (f->f = f->f ? f->f + 1 : m->fields; f->f < m->fields + m->n_fields; f->f++)
            if (is_argument(s, f->place, f->f))
                return true;
    }
    f->place = MCP_AT_FILTER;
    return false;
}

bool mcp_next(const struct mcp_shape *s, struct mcp_field *f)
{
    if (f->place == MCP_AT_NONE)
        *f = (struct mcp_field){ MCP_AT_HEAD, NULL, NULL };
    if (f->place <= MCP_AT_FILTER && next_field(s, f))
        return true;
    f->m = NULL;
    do
        f->place++;
    while (f->place < MCP_AT_END && !has_extra(s, f->place));
    return f->place < MCP_AT_END;
}

/* The argument that is this field. */
static struct mcp_field declared(const struct mcp_shape *s, const char *name)
{
    for (enum mcp_place at = MCP_AT_HEAD; at <= MCP_AT_FILTER; at++) {
        const futu_msg *m = message_at(s, at);
        const struct pb_field *f = m ? codec_field(m, str_c(name)) : NULL;
        if (f && is_argument(s, at, f))
            return (struct mcp_field){ at, m, f };
    }
    return (struct mcp_field){ MCP_AT_NONE, NULL, NULL };
}

/* A field that has no name of its own here. */
static struct mcp_field by_snake(const struct mcp_shape *s, futu_str name)
{
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    while (mcp_next(s, &f) && f.f)
        if (str_eq(name, (futu_str){ f.f->snake, f.f->n_snake }) && mcp_name(s, f.f) == f.f->snake)
            return f;
    return (struct mcp_field){ MCP_AT_NONE, NULL, NULL };
}

struct mcp_field mcp_find(const struct mcp_shape *s, futu_str name)
{
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    for (size_t i = 0; i < ARRAY_LEN(extras); i++)
        if (str_is(name, extras[i].name) && has_extra(s, extras[i].place))
            return (struct mcp_field){ extras[i].place, NULL, NULL };
    for (size_t i = 0; i < ARRAY_LEN(names) && f.place == MCP_AT_NONE; i++)
        if ((names[i].proto == 0 || names[i].proto == s->row->id) && str_is(name, names[i].name))
            f = declared(s, names[i].field);
    return f.place == MCP_AT_NONE ? by_snake(s, name) : f;
}

bool mcp_optional(const struct mcp_shape *s, const struct mcp_field *f)
{
    const struct pb_field *is = f->f;
    if (!is || f->place == MCP_AT_FILTER || strcmp(is->name, "accID") == 0)
        return true;
    if (strcmp(is->name, "securityList") == 0)
        return !(s->tool->flags & MCP_SYMBOLS);
    if (strcmp(is->name, "subTypeList") == 0)
        return !(s->tool->flags & MCP_KINDS);
    if (is->label != PB_REQUIRED || quoted_in(s->tool->preset, is))
        return true;
    if (strcmp(is->name, "trdMarket") == 0)     /* the symbol's prefix says it */
        return codec_field(s->s.c2s, STR("secMarket")) != NULL;
    return strcmp(is->name, "orderID") == 0 && codec_field(s->s.c2s, STR("orderIDEx"));
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
    { "Qot_Common.SubType", "ORDER_BOOK", 2 },      { "Qot_Common.SubType", "K_10M", 18 },
    { "Qot_Common.SubType", "K_120M", 19 },         { "Qot_Common.SubType", "K_180M", 20 },
    { "Qot_Common.SubType", "K_240M", 21 },
    { "Qot_Common.KLType", "K_1M", 1 },             { "Qot_Common.KLType", "K_3M", 10 },
    { "Qot_Common.KLType", "K_5M", 6 },             { "Qot_Common.KLType", "K_15M", 7 },
    { "Qot_Common.KLType", "K_30M", 8 },            { "Qot_Common.KLType", "K_60M", 9 },
    { "Qot_Common.KLType", "K_DAY", 2 },            { "Qot_Common.KLType", "K_WEEK", 3 },
    { "Qot_Common.KLType", "K_MON", 4 },            { "Qot_Common.KLType", "K_QUARTER", 11 },
    { "Qot_Common.KLType", "K_YEAR", 5 },           { "Qot_Common.KLType", "K_10M", 12 },
    { "Qot_Common.KLType", "K_120M", 13 },          { "Qot_Common.KLType", "K_180M", 14 },
    { "Qot_Common.KLType", "K_240M", 15 },
    { "Qot_Common.RehabType", "QFQ", 1 },           { "Qot_Common.RehabType", "HFQ", 2 },
    { "Trd_Common.SecurityFirm", "FUTUHK", 1 },     { "Trd_Common.SecurityFirm", "HK", 1 },
    { "Trd_Common.SecurityFirm", "FUTUUS", 2 },     { "Trd_Common.SecurityFirm", "US", 2 },
    { "Trd_Common.SecurityFirm", "SG", 3 },         { "Trd_Common.SecurityFirm", "AU", 4 },
    { "Trd_Common.SecurityFirm", "CA", 5 },         { "Trd_Common.SecurityFirm", "MY", 6 },
    { "Trd_Common.SecurityFirm", "JP", 7 },
    { "Qot_Common.OptionType", "ALL", 0 },
    { "Qot_Common.PriceReminderFreq", "ONCE_A_DAY", 2 },
    { "Qot_Common.PriceReminderMarketStatus", "US_PRE", 2 },
    { "Qot_Common.PriceReminderMarketStatus", "US_AFTER", 3 },
    { "Qot_Common.PriceReminderMarketStatus", "US_OVERNIGHT", 4 },
    { "Qot_GetOptionChain.OptionCondType", "IN_THE_MONEY", 1 },
    { "Qot_GetOptionChain.OptionCondType", "OUT_OF_THE_MONEY", 2 },
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

/* A value that stands for nothing: not known, none of all kinds. */
static bool means_nothing(const struct proto_enum *e, size_t i)
{
    const char *name = e->values[i].name;
    return strncasecmp(name, "unk", 3) == 0 ||          /* it is spelled in four ways */
           (strcmp(name, "None") == 0 && strcmp(e->name, "Qot_Common.SubType") == 0);
}

static const char *short_name(const struct proto_enum *e, int32_t number)
{
    for (size_t k = 0; k < ARRAY_LEN(values); k++)
        if (values[k].number == number && strcmp(values[k].of, e->name) == 0)
            return values[k].name;
    return NULL;
}

static bool is_shown(const struct proto_enum *e, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (e->values[k].number == e->values[i].number)
            return false;
    return !means_nothing(e, i) || short_name(e, e->values[i].number);
}

bool mcp_number(const struct proto_enum *e, futu_str name, int32_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (strcmp(values[i].of, e->name) == 0 && alike(name, values[i].name)) {
            *out = values[i].number;
            return true;
        }
    for (size_t i = 0; i < e->n; i++)
        if (!means_nothing(e, i) && alike(name, e->values[i].name)) {
            *out = e->values[i].number;
            return true;
        }
    return false;
}

bool mcp_number_known(const struct proto_enum *e, int64_t number)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->values[i].number == number)
            return is_shown(e, i);
    return false;
}

/* CurPrice -> CUR_PRICE */
static const char *spaced(const char *from, char room[64])
{
    size_t n = 0;
    for (size_t k = 0; from[k] && n < 62; k++) {
        if (k > 0 && isupper((unsigned char)from[k]) && islower((unsigned char)from[k - 1]))
            room[n++] = '_';
        room[n++] = (char)toupper((unsigned char)from[k]);
    }
    room[n] = '\0';
    return room;
}

const char *mcp_value_name(const struct proto_enum *e, size_t i, char room[64])
{
    if (!is_shown(e, i))
        return NULL;
    const char *name = short_name(e, e->values[i].number);
    return name ? name : spaced(e->values[i].name, room);
}
