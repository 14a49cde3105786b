/* mcp_raw.c - account queries 22701 to 22710: protocols without published messages, which only
 * another gateway can answer. They go up as JSON, as their REST paths do, and what comes back is
 * shown as it came.
 *
 * Tests:   test/unit/surface/mcp_tool_test.c
 */
#include <stdio.h>

#include "surface/mcp_state.h"
#include "wire/frame.h"

#define ANSWER_MAX (256u << 10)

/* Arguments as descriptors; nothing is ever coded by them. */
#define FIELD(tag, type, name) \
    { tag, type, PB_OPTIONAL, 0, 0, sizeof(name) - 1, sizeof(name) - 1, sizeof(name) - 1, name, \
      name, name, NULL, NULL }

static const struct pb_field inner_fields[] = { FIELD(1, PB_BYTES, "inner") };
static const uint16_t inner_names[] = { 0 };
static const futu_msg inner_query = { "Trd_Query", inner_fields, 1, 0, true, { { 0 } },
                                      inner_names };

static const struct pb_field log_fields[] = {
    FIELD(1, PB_UINT64, "begin_time"),      FIELD(2, PB_UINT64, "end_time"),
    FIELD(3, PB_UINT64, "biz_group_id"),    FIELD(4, PB_UINT64, "biz_sub_group_id"),
    FIELD(5, PB_INT32, "in_out"),           FIELD(6, PB_STRING, "keyword"),
    FIELD(7, PB_STRING, "symbol"),          FIELD(8, PB_UINT64, "stock_id"),
    FIELD(9, PB_STRING, "currency"),        FIELD(10, PB_STRING, "log_id"),
    FIELD(11, PB_INT32, "max_cnt"),
};
static const uint16_t log_names[] = { 0, 2, 3, 8, 1, 4, 5, 9, 10, 7, 6 };
static const futu_msg log_query = { "Trd_CashLog", log_fields, ARRAY_LEN(log_fields), 0, true,
                               { { 0 } }, log_names };

const futu_msg *mcp_raw_args(uint32_t proto)
{
    return proto == PROTO_TRD_GET_CASH_LOG ? &log_query : &inner_query;
}

int32_t mcp_raw_env(futu_str body)
{
    return str_is(mcp_member(body, "trdEnv"), "0") ? Trd_Common_TrdEnv_Simulate
                                                   : Trd_Common_TrdEnv_Real;
}

/* ---- what is sent ---- */

/* The members of the query: those of an object `inner`, or all but the account. */
static futu_err put_inner(struct buf *out, futu_str body)
{
    struct json_lex lx;
    char tmp[128];
    futu_str name, value, inner = mcp_member(body, "inner");
    if (inner.p)
        return buf_put(out, inner.p, inner.n);
    futu_err err = buf_byte(out, '{');
    bool first = true;
    if (mcp_enter(&lx, body, '{'))
        while (!err && mcp_next_member(&lx, tmp, &name, &value)) {
            if (str_is(name, "trdEnv") || str_is(name, "accID"))
                continue;
            err = buf_printf(out, "%s\"" STR_FMT "\":" STR_FMT, first ? "" : ",", STR_ARG(name),
                             STR_ARG(value));
            first = false;
        }
    return err ? err : buf_byte(out, '}');
}

static futu_err put_query(struct mcp_call *k, struct buf *out)
{
    futu_str body = buf_str(&k->body), id = mcp_member(body, "accID");
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)k->account);
    if (k->account)
        id = str_c(text);
    out->n = 0;
    futu_err err = buf_printf(out, "{\"c2s\":{\"acc_id\":" STR_FMT ",\"trd_env\":%d,\"inner\":",
                              STR_ARG(id), (int)mcp_raw_env(body));
    if (!err)
        err = put_inner(out, body);
    return err ? err : buf_puts(out, "}}");
}

/* ---- what comes back ---- */

static futu_str member(futu_str object, const char *name, const char *snake)
{
    futu_str value = mcp_member(object, name);
    return value.p ? value : mcp_member(object, snake);
}

/* What the other gateway says of a failure. */
static void refused(struct mcp_call *k, futu_str json)
{
    struct buf *b = &k->m->text;
    futu_err err = mcp_string(member(json, "retMsg", "ret_msg"), b);
    futu_str text = err || b->n == 0 ? STR("refused") : buf_str(b);
    mcp_call_fail(k, STR_FMT, (int)MIN(text.n, 400), text.p);
}

static void answer(struct mcp_call *k, futu_str json)
{
    futu_str s2c = mcp_member(json, "s2c");
    if (json.n > ANSWER_MAX)
        mcp_call_fail(k, "the answer has %zu bytes, too many to show; ask for less", json.n);
    else if (!mcp_json_valid(json) || !mcp_is_object(json))
        mcp_call_fail(k, "the other gateway's answer is no JSON");
    else if (!str_is(member(json, "retType", "ret_type"), "0"))
        refused(k, json);
    else
        mcp_call_finish(k, mcp_is_object(s2c) ? s2c : STR("{}"));
}

static void on_reply(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    if (h && h->deny == DENY_NONE && h->raw_json)
        answer(k, (futu_str){ (const char *)h->body, h->len });
    else if (mcp_call_well(k, h))
        mcp_call_fail(k, "the other gateway's answer is no JSON");
}

void mcp_raw(struct mcp_call *k)
{
    struct buf *b = &k->m->pb;
    if (!hub_knows(k->m->o.hub, k->row->id)) {
        mcp_call_fail(k, "%s is not offered by this gateway's upstream: protocol %u has no "
                         "published form, so only a relay to a gateway that knows it can answer",
                      k->tool->name, (unsigned)k->row->id);
        return;
    }
    if (k->key && k->key->n_acc_ids > 0) {
        mcp_call_fail(k, "unauthorized: an API key that is limited to accounts can't ask %s, whose "
                         "account this gateway can't check", k->tool->name);
        return;
    }
    futu_err err = put_query(k, b);
    if (err) {
        mcp_call_fail(k, "%s", futu_strerror(err));
        return;
    }
    k->call.fmt = FRAME_JSON;
    mcp_call_ask(k, k->row->id, buf_str(b), on_reply);
}
