/* calls_qot.c - the quote calls of futu/calls.h. */
#include "api/calls.h"

enum { MAX_COUNT = 1000000 };       /* far above every limit of a gateway; fits an int32 */

static int32_t count_of(uint32_t n)
{
    return (int32_t)MIN(n, (uint32_t)MAX_COUNT);
}

/* Many codes as securities in the arena. */
static futu_err securities(futu_client *c, struct arena *a, const char *const *codes, size_t n,
                           Qot_Common_Security **out)
{
    *out = ARENA_ARRAY(a, Qot_Common_Security, n);
    futu_err err = *out ? FUTU_OK : FUTU_ENOMEM;
    if (n && !codes)
        return call_refuse(c, FUTU_EINVAL, "the list of codes is NULL");
    for (size_t i = 0; !err && i < n; i++)
        err = read_code(c, codes[i], &(*out)[i]);
    return err;
}

/* ---- subscriptions ---- */

static futu_err run_sub(futu_client *c, Qot_Sub_C2S *q, const char *const *codes, size_t n,
                        const int32_t *types, size_t n_types, struct call_form form)
{
    const Qot_Sub_Request request = { .c2s = q };
    struct arena a = ARENA_INIT;
    futu_err err = securities(c, &a, codes, n, &q->securityList);
    q->n_securityList = n;
    q->n_subTypeList = n_types;
    q->subTypeList = (int32_t *)types;      /* only read */
    if (!err)
        err = call_run(c, 3001, &request, form);
    arena_free(&a);
    return err;
}

static futu_err call_subscribe(futu_client *c, const char *const *codes, size_t n,
                               const int32_t *types, size_t n_types, uint32_t flags,
                               struct call_form form)
{
    Qot_Sub_C2S q = { 0 };
    if (flags &
        ~(uint32_t)(FUTU_SUB_PUSH | FUTU_SUB_NO_FIRST | FUTU_SUB_EXTENDED | FUTU_SUB_DETAIL))
        return call_refuse(c, FUTU_EINVAL, "subscribe: unknown flags %#x", flags);
    SET(&q, isSubOrUnSub, true);
    if (flags & FUTU_SUB_PUSH)
        SET(&q, isRegOrUnRegPush, true);
    SET(&q, isFirstPush, !(flags & FUTU_SUB_NO_FIRST));
    SET(&q, extendedTime, (flags & FUTU_SUB_EXTENDED) != 0);
    SET(&q, isSubOrderBookDetail, (flags & FUTU_SUB_DETAIL) != 0);
    return run_sub(c, &q, codes, n, types, n_types, form);
}
CALL(subscribe, (const char *const *codes, size_t n, const int32_t *sub_types, size_t n_types,
                 uint32_t flags), (codes, n, sub_types, n_types, flags))

static futu_err call_unsubscribe(futu_client *c, const char *const *codes, size_t n,
                                 const int32_t *types, size_t n_types, struct call_form form)
{
    Qot_Sub_C2S q = { 0 };
    SET(&q, isSubOrUnSub, false);
    return run_sub(c, &q, codes, n, types, n_types, form);
}
CALL(unsubscribe, (const char *const *codes, size_t n, const int32_t *sub_types, size_t n_types),
     (codes, n, sub_types, n_types))

static futu_err call_unsubscribe_all(futu_client *c, struct call_form form)
{
    Qot_Sub_C2S q = { 0 };
    SET(&q, isSubOrUnSub, false);
    SET(&q, isUnsubAll, true);
    return run_sub(c, &q, NULL, 0, NULL, 0, form);
}
CALL_PLAIN(unsubscribe_all)

static futu_err call_get_subscriptions(futu_client *c, bool all, struct call_form form)
{
    Qot_GetSubInfo_C2S q = { 0 };
    const Qot_GetSubInfo_Request request = { .c2s = &q };
    SET(&q, isReqAllConn, all);
    return call_run(c, 3003, &request, form);
}
CALL(get_subscriptions, (bool all_connections), (all_connections))

/* ---- reads of many securities ---- */

static futu_err call_get_quotes(futu_client *c, const char *const *codes, size_t n,
                                struct call_form form)
{
    Qot_GetBasicQot_C2S q = { .n_securityList = n };
    const Qot_GetBasicQot_Request request = { .c2s = &q };
    struct arena a = ARENA_INIT;
    futu_err err = securities(c, &a, codes, n, &q.securityList);
    if (!err)
        err = call_run(c, 3004, &request, form);
    arena_free(&a);
    return err;
}
CALL(get_quotes, (const char *const *codes, size_t n), (codes, n))

static futu_err call_get_snapshots(futu_client *c, const char *const *codes, size_t n,
                                   struct call_form form)
{
    Qot_GetSecuritySnapshot_C2S q = { .n_securityList = n };
    const Qot_GetSecuritySnapshot_Request request = { .c2s = &q };
    struct arena a = ARENA_INIT;
    futu_err err = securities(c, &a, codes, n, &q.securityList);
    if (!err)
        err = call_run(c, 3203, &request, form);
    arena_free(&a);
    return err;
}
CALL(get_snapshots, (const char *const *codes, size_t n), (codes, n))

static futu_err call_get_static_info(futu_client *c, const char *const *codes, size_t n,
                                     struct call_form form)
{
    Qot_GetStaticInfo_C2S q = { .n_securityList = n };
    const Qot_GetStaticInfo_Request request = { .c2s = &q };
    struct arena a = ARENA_INIT;
    futu_err err = securities(c, &a, codes, n, &q.securityList);
    if (!err)
        err = call_run(c, 3202, &request, form);
    arena_free(&a);
    return err;
}
CALL(get_static_info, (const char *const *codes, size_t n), (codes, n))

/* ---- reads of one security ---- */

static futu_err call_get_klines(futu_client *c, const char *code, int32_t kl_type, int32_t rehab,
                                uint32_t count, struct call_form form)
{
    Qot_Common_Security s;
    Qot_GetKL_C2S q = { .security = &s };
    const Qot_GetKL_Request request = { .c2s = &q };
    futu_err err = read_code(c, code, &s);
    SET(&q, rehabType, rehab);
    SET(&q, klType, kl_type);
    SET(&q, reqNum, count_of(count));
    return err ? err : call_run(c, 3006, &request, form);
}
CALL(get_klines, (const char *code, int32_t kl_type, int32_t rehab, uint32_t count),
     (code, kl_type, rehab, count))

static futu_err call_get_ticks(futu_client *c, const char *code, uint32_t count,
                               struct call_form form)
{
    Qot_Common_Security s;
    Qot_GetTicker_C2S q = { .security = &s };
    const Qot_GetTicker_Request request = { .c2s = &q };
    futu_err err = read_code(c, code, &s);
    SET(&q, maxRetNum, count_of(count));
    return err ? err : call_run(c, 3010, &request, form);
}
CALL(get_ticks, (const char *code, uint32_t count), (code, count))

static futu_err call_get_rt(futu_client *c, const char *code, struct call_form form)
{
    Qot_Common_Security s;
    Qot_GetRT_C2S q = { .security = &s };
    const Qot_GetRT_Request request = { .c2s = &q };
    futu_err err = read_code(c, code, &s);
    return err ? err : call_run(c, 3008, &request, form);
}
CALL(get_rt, (const char *code), (code))

static futu_err call_get_order_book(futu_client *c, const char *code, uint32_t levels,
                                    struct call_form form)
{
    Qot_Common_Security s;
    Qot_GetOrderBook_C2S q = { .security = &s };
    const Qot_GetOrderBook_Request request = { .c2s = &q };
    futu_err err = read_code(c, code, &s);
    SET(&q, num, count_of(levels));
    return err ? err : call_run(c, 3012, &request, form);
}
CALL(get_order_book, (const char *code, uint32_t levels), (code, levels))

static futu_err call_get_brokers(futu_client *c, const char *code, struct call_form form)
{
    Qot_Common_Security s;
    Qot_GetBroker_C2S q = { .security = &s };
    const Qot_GetBroker_Request request = { .c2s = &q };
    futu_err err = read_code(c, code, &s);
    return err ? err : call_run(c, 3014, &request, form);
}
CALL(get_brokers, (const char *code), (code))

static futu_err call_request_history_klines(futu_client *c, const char *code, int32_t kl_type,
                                            int32_t rehab, const char *begin, const char *end,
                                            uint32_t max, const void *page_key, size_t page_len,
                                            struct call_form form)
{
    Qot_Common_Security s;
    Qot_RequestHistoryKL_C2S q = { .security = &s,
                                   .beginTime = str_c(begin),
                                   .endTime = str_c(end) };
    const Qot_RequestHistoryKL_Request request = { .c2s = &q };
    futu_err err = read_code(c, code, &s);
    SET(&q, rehabType, rehab);
    SET(&q, klType, kl_type);
    if (max)
        SET(&q, maxAckKLNum, count_of(max));
    if (page_key && page_len)
        q.nextReqKey = (futu_str){ page_key, page_len };
    return err ? err : call_run(c, 3103, &request, form);
}
CALL(request_history_klines, (const char *code, int32_t kl_type, int32_t rehab, const char *begin,
                              const char *end, uint32_t max, const void *page_key, size_t page_len),
     (code, kl_type, rehab, begin, end, max, page_key, page_len))

/* ---- others ---- */

static futu_err call_get_trading_days(futu_client *c, int32_t market, const char *begin,
                                      const char *end, struct call_form form)
{
    Qot_RequestTradeDate_C2S q = { .beginTime = str_c(begin), .endTime = str_c(end) };
    const Qot_RequestTradeDate_Request request = { .c2s = &q };
    SET(&q, market, market);
    return call_run(c, 3219, &request, form);
}
CALL(get_trading_days, (int32_t market, const char *begin, const char *end), (market, begin, end))

static futu_err call_get_global_state(futu_client *c, struct call_form form)
{
    GetGlobalState_C2S q = { 0 };
    const GetGlobalState_Request request = { .c2s = &q };
    SET(&q, userID, futu_client_user_id(c));
    return call_run(c, 1002, &request, form);
}
CALL_PLAIN(get_global_state)
