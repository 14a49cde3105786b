/* blast_answer.c - what blast answers, and the pushes that it repeats. */
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "blast.h"
#include "codec/registry.h"

#define OK "\"retType\":0,\"retMsg\":\"\",\"errCode\":0"
#define SUB_TYPE_BASIC 1
#define PUSH_BASIC 3005

/* %llu: the connection's id in InitConnect, the time in the others. */
static const struct {
    const char *name, *json;
} answers[] = {
    { "InitConnect", "{" OK ",\"s2c\":{\"serverVer\":1002,\"loginUserID\":\"1\",\"connID\":"
                     "\"%llu\",\"connAESKey\":\"0123456789abcdef\",\"keepAliveInterval\":10}}" },
    { "KeepAlive", "{" OK ",\"s2c\":{\"time\":\"%llu\"}}" },
    { "GetGlobalState",
      "{" OK ",\"s2c\":{\"marketHK\":3,\"marketUS\":3,\"marketSH\":3,\"marketSZ\":3,"
      "\"marketHKFuture\":3,\"qotLogined\":true,\"trdLogined\":true,\"serverVer\":1002,"
      "\"serverBuildNo\":1,\"time\":\"%llu\",\"programStatus\":{\"type\":10}}}" },
    { "Trd_GetAccList", "{" OK ",\"s2c\":{\"accList\":[{\"trdEnv\":0,\"accID\":\"1\","
                        "\"trdMarketAuthList\":[1,2],\"accType\":1,\"securityFirm\":1}]}}" },
    { "Qot_GetSubInfo", "{" OK ",\"s2c\":{\"totalUsedQuota\":0,\"remainQuota\":100000}}" },
};

/* Success without a result, where the protocol allows for that. */
static futu_err put_other(const struct proto_row *row, struct buf *body)
{
    static const uint8_t success[] = { 8, 0, 18, 0, 24, 0, 34, 0 };
    if (row->response &&
        codec_check(row->response, success, sizeof(success), NULL, NULL) == FUTU_OK)
        return buf_put(body, success, sizeof(success));
    return codec_failure(body, RET_FAILED, 0, STR("not served by this gateway of the bench"));
}

static futu_err put_answer(const struct blast_conn *c, const struct proto_row *row,
                           struct buf *body)
{
    char json[1000];
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        if (strcmp(answers[i].name, row->name) != 0)
            continue;
        uint64_t number = i == 0 ? c->id : (uint64_t)time(NULL);
        snprintf(json, sizeof(json), answers[i].json, (unsigned long long)number);
        return codec_from_json(row->response, str_c(json), CODEC_DECLARED, body, NULL, NULL);
    }
    return put_other(row, body);
}

static void set_prices(Qot_Common_BasicQot *q, unsigned version)
{
    SET(q, isSuspended, false);
    SET(q, priceSpread, 0.2);
    SET(q, highPrice, 1000);
    SET(q, openPrice, 500);
    SET(q, lowPrice, 498.2);
    SET(q, curPrice, 505 + version * 0.2);
    SET(q, lastClosePrice, 499);
    SET(q, volume, 12345678 + version);
    SET(q, turnover, 6.2e9 + version);
    SET(q, turnoverRate, 0.13);
    SET(q, amplitude, 2.4);
    SET(q, secStatus, 1);
    SET(q, listTimestamp, 1087315200);
    SET(q, updateTimestamp, 1775008800.5 + version);
    SET(q, hpVolume, 12345678.0 + version);
}

static void set_before_hours(Qot_Common_PreAfterMarketData *d)
{
    SET(d, price, 499.4);
    SET(d, highPrice, 499.8);
    SET(d, lowPrice, 498.6);
    SET(d, volume, 123456);
    SET(d, turnover, 61.6e6);
    SET(d, changeVal, 0.4);
}

/* A quote, 300 bytes with its header, of which each version differs from the one before. */
static futu_err put_push(struct buf *out, const struct blast_key *key, unsigned version)
{
    Qot_Common_PreAfterMarketData before = { 0 };
    Qot_Common_Security sec = { .code = str_c(key->code) };
    Qot_Common_BasicQot q = { .security = &sec,
                              .preMarket = &before,
                              .name = STR("A security of the bench"),
                              .listTime = STR("2004-06-16"),
                              .updateTime = STR("2026-04-01 10:00:00") };
    Qot_UpdateBasicQot_S2C s2c = { 1, &q };
    Qot_UpdateBasicQot_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    struct buf body = BUF_INIT;
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&sec, market, key->market);
    set_prices(&q, version);
    set_before_hours(&before);
    futu_err err = codec_encode(&Qot_UpdateBasicQot_Response_msg, &rsp, &body, NULL);
    if (!err)
        err = frame_write(out, PUSH_BASIC, FRAME_PROTOBUF, 0, body.p, body.n, NULL);
    buf_free(&body);
    return err;
}

/* So many versions that a lap fills a write, whatever the number of securities. */
static futu_err make_lap(struct blast_conn *c)
{
    futu_err err = FUTU_OK;
    c->lap.n = c->at = 0;
    if (c->n_keys == 0)
        return err;
    for (unsigned version = 0; !err && (version < 2 || c->lap.n < BLAST_WRITE); version++)
        for (size_t i = 0; i < c->n_keys && !err; i++)
            err = put_push(&c->lap, &c->keys[i], version);
    return err;
}

static void change_key(struct blast_conn *c, const Qot_Common_Security *sec, bool on)
{
    struct blast_key key = { .market = sec->market };
    size_t i = 0;
    if (!str_copy(key.code, sizeof(key.code), sec->code))
        return;
    while (i < c->n_keys &&
           (c->keys[i].market != key.market || strcmp(c->keys[i].code, key.code) != 0))
        i++;
    if (on && i == c->n_keys && i < BLAST_MAX_KEYS)
        c->keys[c->n_keys++] = key;
    else if (!on && i < c->n_keys)
        c->keys[i] = c->keys[--c->n_keys];
}

static futu_err change_keys(struct blast_conn *c, const Qot_Common_Security *list, size_t n,
                            const int32_t *types, size_t n_types, bool on)
{
    bool basic = false;
    for (size_t i = 0; i < n_types; i++)
        basic = basic || types[i] == SUB_TYPE_BASIC;
    for (size_t i = 0; i < n && basic; i++)
        change_key(c, &list[i], on);
    return make_lap(c);
}

static futu_err take_sub(struct blast_conn *c, struct arena *a, const struct frame *f)
{
    Qot_Sub_Request rq;
    futu_err err = codec_decode(&Qot_Sub_Request_msg, a, f->body, f->len, &rq, NULL, NULL);
    if (err)
        return err;
    const Qot_Sub_C2S *s = rq.c2s;
    if (s->isUnsubAll)
        c->n_keys = 0;
    else if (s->isSubOrUnSub && !s->isRegOrUnRegPush)
        return FUTU_OK;
    return change_keys(c, s->securityList, s->n_securityList, s->subTypeList, s->n_subTypeList,
                       s->isSubOrUnSub);
}

static futu_err take_reg(struct blast_conn *c, struct arena *a, const struct frame *f)
{
    Qot_RegQotPush_Request rq;
    futu_err err = codec_decode(&Qot_RegQotPush_Request_msg, a, f->body, f->len, &rq, NULL, NULL);
    if (err)
        return err;
    const Qot_RegQotPush_C2S *s = rq.c2s;
    return change_keys(c, s->securityList, s->n_securityList, s->subTypeList, s->n_subTypeList,
                       s->isRegOrUnReg);
}

bool blast_answer(struct blast_conn *c, const struct frame *f)
{
    const struct proto_row *row = proto_find(f->proto);
    struct arena a = ARENA_INIT;
    struct buf body = BUF_INIT;
    if (!row || row->kind != PROTO_REQUEST || f->fmt != FRAME_PROTOBUF)
        return false;
    futu_err err = put_answer(c, row, &body);
    if (!err && strcmp(row->name, "Qot_Sub") == 0)
        err = take_sub(c, &a, f);
    else if (!err && strcmp(row->name, "Qot_RegQotPush") == 0)
        err = take_reg(c, &a, f);
    if (!err)
        err = frame_write(&c->out, f->proto, f->fmt, f->serial, body.p, body.n, NULL);
    arena_free(&a);
    buf_free(&body);
    return err == FUTU_OK;
}
