/* route_test.c - paths to calls; the table against the registry. */
#include "surface/route.h"

#include <stdio.h>

#include "../support.h"

static struct route room;

static const struct route *find(const char *path)
{
    return route_find(str_c(path), &room);
}

START_TEST(paths_are_sorted_and_each_is_found)
{
    size_t n;
    const struct route *r = routes(&n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(i == 0 || strcmp(r[i - 1].path, r[i].path) < 0, "%s", r[i].path);
        ck_assert_ptr_eq(find(r[i].path), &r[i]);
        ck_assert_ptr_nonnull(r[i].summary);
        ck_assert_uint_ne(r[i].methods, 0);
    }
    ck_assert_uint_eq(n, 66 + 6 + 12);
}
END_TEST

/* System calls, which other surfaces give to any key, are reads of quotes over REST. */
static uint32_t rest_scopes(const struct proto_row *row)
{
    return row->scopes ? row->scopes : SCOPE_QOT_READ;
}

START_TEST(the_registry_s_paths_are_there_with_its_scopes)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].rest)
            continue;
        const struct route *r = find(rows[i].rest);
        ck_assert_msg(r && r != &room, "%s", rows[i].rest);
        ck_assert_uint_eq(r->proto, rows[i].id);
    }
    const struct route *r = routes(&n);
    for (size_t i = 0; i < n; i++) {
        if (r[i].kind != ROUTE_CALL)
            continue;
        const struct proto_row *row = proto_find(r[i].proto);
        ck_assert_msg(row && rest_scopes(row) == r[i].scopes, "%s", r[i].path);
        ck_assert_msg(!row->write || (r[i].closed && r[i].methods == METHOD_POST), "%s", r[i].path);
        ck_assert(!r[i].open);
    }
}
END_TEST

START_TEST(open_mode_refuses_what_writes_or_rules)
{
    static const char *const closed[] = {
        "/api/order", "/api/modify-order", "/api/cancel-order", "/api/cancel-all-order",
        "/api/unlock-trade", "/api/reconfirm-order", "/api/admin/status", "/api/admin/reload",
        "/api/admin/shutdown", "/api/admin/relogin", "/api/admin/verify-code",
        "/api/sub-acc-push",
    };
    size_t n, count = 0;
    const struct route *r = routes(&n);
    for (size_t i = 0; i < ARRAY_LEN(closed); i++)
        ck_assert_msg(find(closed[i])->closed, "%s", closed[i]);
    for (size_t i = 0; i < n; i++)
        count += r[i].closed;
    ck_assert_uint_eq(count, ARRAY_LEN(closed));
    ck_assert(find("/api/call/trd_placeorder")->closed);
    ck_assert(find("/api/call/Trd_PlaceComboOrder")->closed);
    ck_assert(find("/api/trd/unlock_trade")->closed);
    ck_assert(find("/api/trd/sub_acc_push")->closed);
    ck_assert(find("/api/qot/test_cmd")->closed);
    ck_assert(!find("/api/trd/get_funds")->closed);
}
END_TEST

START_TEST(only_the_two_probes_are_open)
{
    size_t n, count = 0;
    const struct route *r = routes(&n);
    for (size_t i = 0; i < n; i++)
        count += r[i].open;
    ck_assert_uint_eq(count, 2);
    ck_assert(find("/health")->open && find("/readyz")->open);
}
END_TEST

static void is(const char *path, uint32_t proto, unsigned methods)
{
    const struct route *r = find(path);
    ck_assert_msg(r != NULL, "%s", path);
    ck_assert_ptr_eq(r, &room);
    ck_assert_int_eq(r->kind, ROUTE_CALL);
    ck_assert_uint_eq(r->proto, proto);
    ck_assert_uint_eq(r->methods, methods);
    ck_assert_uint_eq(r->scopes, rest_scopes(proto_find(proto)));
    ck_assert_ptr_null(r->preset);
}

START_TEST(an_alias_names_a_request_of_the_registry)
{
    is("/api/call/Qot_GetBasicQot", 3004, METHOD_GET | METHOD_POST);
    is("/api/call/qot_getbasicqot", 3004, METHOD_GET | METHOD_POST);
    is("/api/call/GETGLOBALSTATE", 1002, METHOD_GET | METHOD_POST);
    is("/api/call/Gateway_GetInfo", 60001, METHOD_GET | METHOD_POST);
    is("/api/call/Trd_PlaceOrder", 2202, METHOD_POST);
    is("/api/call/Qot_RegQotPush", 3002, METHOD_POST);
    is("/api/qot/get_global_state", 1002, METHOD_GET | METHOD_POST);
    is("/api/qot/get_basic_qot", 3004, METHOD_GET | METHOD_POST);
    is("/api/qot/qot_get_basic_qot", 3004, METHOD_GET | METHOD_POST);
    is("/api/qot/get_us_pre_market_rank", 3410, METHOD_GET | METHOD_POST);
    is("/api/qot/request_history_kl_quota", 3104, METHOD_GET | METHOD_POST);
    is("/api/qot/get_high_dividend_soe_rank", 3417, METHOD_GET | METHOD_POST);
    is("/api/qot/sub", 3001, METHOD_POST);
    is("/api/trd/place_order", 2202, METHOD_POST);
    is("/api/trd/trd_get_acc_list", 2001, METHOD_GET | METHOD_POST);
    is("/api/trd/get_cash_log", 22701, METHOD_GET | METHOD_POST);
}
END_TEST

START_TEST(every_request_has_its_alias)
{
    size_t n, found = 0;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        char path[128];
        snprintf(path, sizeof(path), "/api/call/%s", rows[i].name);
        bool callable = rows[i].kind == PROTO_REQUEST && rows[i].id != 1001;
        ck_assert_msg((find(path) != NULL) == callable, "%s", path);
        found += callable;
    }
    ck_assert_uint_gt(found, 100);
}
END_TEST

START_TEST(what_is_no_path_is_not_found)
{
    static const char *const none[] = {
        "", "/", "/api", "/api/", "/api/orders/", "/API/ORDER", "/api/call/", "/api/call/Nope",
        "/api/call/Qot_UpdateKL", "/api/call/InitConnect", "/api/qot/", "/api/qot/getbasicqot",
        "/api/qot/get__basic_qot", "/api/qot/get_basic_qot_", "/api/qot/Get_Basic_Qot",
        "/api/qot/_get_basic_qot", "/api/qot/place_order", "/api/trd/get_basic_qot",
        "/api/trd/get_global_state", "/api/qot/update_kl", "/healthz", "/health/",
        "/api/qot/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        ck_assert_msg(find(none[i]) == NULL, "%s", none[i]);
    ck_assert_ptr_null(route_find(STR_NULL, &room));
    ck_assert_ptr_null(route_find((futu_str){ "/health\0", 8 }, &room));
}
END_TEST

START_TEST(the_nearest_path_is_offered)
{
    ck_assert_str_eq(route_nearest(STR("/api/quotes")), "/api/quote");
    ck_assert_str_eq(route_nearest(STR("/api/order-book")), "/api/orderbook");
    ck_assert_str_eq(route_nearest(STR("/api/cancel-all-orders")), "/api/cancel-all-order");
    ck_assert_str_eq(route_nearest(STR("/healthz")), "/health");
    ck_assert_ptr_null(route_nearest(STR("/api/something-else-entirely")));
    ck_assert_ptr_null(route_nearest(STR("")));
}
END_TEST

START_TEST(routes_beside_the_registry_carry_their_preset)
{
    ck_assert_str_eq(find("/api/unsubscribe")->preset, "\"isSubOrUnSub\":false");
    ck_assert_uint_eq(find("/api/unsubscribe")->proto, 3001);
    ck_assert_uint_eq(find("/api/cancel-all-order")->proto, 2205);
    ck_assert_uint_eq(find("/api/trade-date")->proto, 3219);
    ck_assert_uint_eq(find("/api/quote-rights")->proto, 1005);
    ck_assert_int_eq(find("/metrics")->scopes, SCOPE_METRICS_READ);
    ck_assert_int_eq(find("/ws")->kind, ROUTE_WS);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, paths_are_sorted_and_each_is_found);
    tcase_add_test(tc, the_registry_s_paths_are_there_with_its_scopes);
    tcase_add_test(tc, open_mode_refuses_what_writes_or_rules);
    tcase_add_test(tc, only_the_two_probes_are_open);
    tcase_add_test(tc, an_alias_names_a_request_of_the_registry);
    tcase_add_test(tc, every_request_has_its_alias);
    tcase_add_test(tc, what_is_no_path_is_not_found);
    tcase_add_test(tc, the_nearest_path_is_offered);
    tcase_add_test(tc, routes_beside_the_registry_carry_their_preset);
}

int main(void)
{
    return run_tcase("route", add);
}
