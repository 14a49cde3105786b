/* guard_trail_test.c - what requests of keys leave in the trail and in the counts, and memory that
 * is out while they are judged. */
#include "keys_rig.h"

#include <stdio.h>

#define ALLOWED "futu_auth_events_total{iface=\"grpc\",outcome=\"allow\",key_id=\"key\"}"

START_TEST(reads_of_quotes_leave_one_line_a_minute_and_are_all_counted)
{
    begin();
    rails_key(&k, "key", "\"qot:read\",\"acc:read\"", "");
    open_all();
    k.r.fake.at_once = true;
    k.r.fake.answer = HEX_EMPTY;
    futu_conn *c = rails_caller(&k, IFACE_GRPC, "key");
    for (int i = 0; i < 5; i++)
        told_ask_bytes(&t, c, 3223, "\x0a\x00", 2);
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "\"scope\":\"qot:read\"", "\"INFO\""), 1);
    ck_assert_double_eq(metric(&k, ALLOWED), 5);
    rig_pass(&k.r, 60 * NS_PER_S);
    told_ask_bytes(&t, c, 3223, "\x0a\x00", 2);
    ck_assert_uint_eq(trail_count(&k, "\"allow\""), 2);
    for (int i = 0; i < 3; i++)
        told_ask_bytes(&t, c, 2001, "\x0a\x02\x08\x00", 4);
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "\"scope\":\"acc:read\""), 3);
    ck_assert_double_eq(metric(&k, ALLOWED), 9);
    told_ask_bytes(&t, rails_caller(&k, IFACE_REST, "key"), 3223, "\x0a\x00", 2);
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "\"rest\""), 1);
    stop();
}
END_TEST

START_TEST(refusals_are_told_short_and_written_down_long)
{
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    uint8_t body[512];
    futu_conn *c = rails_caller(&k, IFACE_GRPC, "key");
    told_ask_bytes(&t, c, 2101, body, rails_request(proto_find(2101), 5, body));
    ck_assert_str_eq(t.text, "forbidden");
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "the account is not of this key", "\"WARN\"",
                                  "\"endpoint\":\"/test\""), 1);
    ck_assert_double_eq(metric(&k, "futu_auth_events_total{iface=\"grpc\",outcome=\"reject\","
                                   "key_id=\"key\"}"), 1);
    ck_assert_double_eq(metric(&k, "futu_auth_limit_rejects_total{iface=\"grpc\","
                                   "reason=\"other\",key_id=\"key\"}"), 1);
    stop();
}
END_TEST

START_TEST(a_flood_of_strangers_is_folded)
{
    struct audit_event e = { .iface = IFACE_REST, .endpoint = "/api/order", .key_id = "<missing>",
                             .outcome = OUTCOME_REJECT, .reason = "who" };
    begin();
    rails_key(&k, "key", "\"qot:read\"", "");
    open_all();
    for (int i = 0; i < 1000; i++)
        hub_audit(k.r.hub, &e, DENY_MISSING);
    ck_assert_uint_eq(trail_count(&k, "<missing>"), 100);
    e.key_id = "key";
    hub_audit(k.r.hub, &e, DENY_SCOPE);         /* a key's refusals are all written */
    ck_assert_uint_eq(trail_count(&k, "\"key\""), 1);
    rig_pass(&k.r, NS_PER_S);
    hub_audit(k.r.hub, &e, DENY_SCOPE);
    ck_assert_uint_eq(trail_count(&k, "900 refusals more without a key in one second"), 1);
    stop();
}
END_TEST

START_TEST(the_trail_is_a_chain)
{
    struct audit_check check = { .lines = 0 };
    begin();
    rails_key(&k, "key", "\"acc:read\"", "");
    open_all();
    k.r.fake.at_once = true;
    k.r.fake.answer = HEX_EMPTY;
    for (int i = 0; i < 20; i++)
        told_ask_bytes(&t, rails_caller(&k, IFACE_GRPC, "key"), i % 2 ? 2001 : 3223,
                       "\x0a\x02\x08\x00", 4);
    ck_assert(audit_verify(&check, buf_str(&k.trail.text)));
    ck_assert_uint_eq(check.lines, 20);
    stop();
}
END_TEST

static void read_once(long n, bool *failed)
{
    uint8_t body[512];
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    k.trail.deaf = true;
    futu_conn *c = rails_caller(&k, IFACE_GRPC, "key");
    size_t len = rails_request(proto_find(2101), 5, body);
    mem_fail_at(n);
    told_ask_bytes(&t, c, 2101, body, len);
    *failed = mem_failed();
    mem_fail_at(-1);
    rig_turn(&k.r);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_uint_eq(rig_waiting(&k.r, 2101), 0);
    stop();
}

static void list_once(long n, bool *failed)
{
    static const uint64_t ids[] = { 1000, 1001, 1002 };
    uint64_t first;
    struct told *mine = &t;
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    told_ask_bytes(mine, rails_caller(&k, IFACE_GRPC, "key"), 2001, "\x0a\x02\x08\x00", 4);
    ck_assert_int_eq(buf_reserve(&mine->body, 4096), FUTU_OK);
    rails_accounts(&k, ids, 3, n);
    *failed = mem_failed();
    mem_fail_at(-1);
    rig_turn(&k.r);
    ck_assert_uint_eq(mine->times, 1);
    if (!mine->gone && mine->ret == 0) {
        ck_assert_uint_eq(accounts_told(&first), 1);
        ck_assert_uint_eq(first, 1001);
    }
    stop();
}

START_TEST(every_failed_allocation_refuses)
{
    bool failed = true;
    for (long n = 0; failed; n++)
        read_once(n, &failed);
    failed = true;
    for (long n = 0; failed; n++)
        list_once(n, &failed);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, reads_of_quotes_leave_one_line_a_minute_and_are_all_counted);
    tcase_add_test(tc, refusals_are_told_short_and_written_down_long);
    tcase_add_test(tc, a_flood_of_strangers_is_folded);
    tcase_add_test(tc, the_trail_is_a_chain);
    tcase_add_test(tc, every_failed_allocation_refuses);
}

int main(void)
{
    return run_tcase("guard_trail", add);
}
