/* push_test.c - pushes of the upstream on their way up: whose they are, and as which bytes. */
#include "bodies.h"

enum { ODD = Qot_Common_SubType_OrderBook_Odd, BROKER = Qot_Common_SubType_Broker };

static struct peer p;

START_TEST(a_push_goes_up_as_the_bytes_that_came)
{
    /* one quote of HK.00700 with fields that nobody knows, around it and in it */
    static const uint8_t body[] = { 8, 0, 0x22, 21, 0x0a, 15, 0x0a, 9, 8, 1, 0x12, 5, '0', '0', '7',
                                    '0', '0', 0xfa, 0x3e, 1, 'x', 0xf8, 1, 7, 0x90, 0x4e, 1 };
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    for (p.chunk = 0; p.chunk < 2; p.chunk++) {
        peer_push(&p, LANE_QUOTE, 3005, body, sizeof(body));
        const struct event *e = event_last(&p.pushes);
        ck_assert_uint_eq(e->proto, 3005);
        ck_assert_uint_eq(e->n, sizeof(body));
        ck_assert_mem_eq(e->body, body, e->n);
        ck_assert(e->sha1);                     /* it was right: see peer.c */
        ck_assert_str_eq(e->key.code, "00700");
        ck_assert(e->key.market == 1 && e->key.sub_type == BASIC && e->key.rehab == 0);
    }
    ck_assert_uint_eq(p.pushes.n, 2);
    peer_free(&p);
}
END_TEST

START_TEST(several_quotes_in_one_push_are_parted)
{
    static const char *const codes[] = { "00001", "00002", "00003", "00001" };
    static const char *const want[] = { "00001", "00003", "00001" };
    peer_init(&p);
    gate_hold(&p, "00001", BASIC, 0);
    gate_hold(&p, "00003", BASIC, 0);
    push_quotes(&p, codes, ARRAY_LEN(codes), 9.5);
    ck_assert_uint_eq(p.pushes.n, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct event *e = &p.pushes.all[i];
        const Qot_UpdateBasicQot_Response *r = event_msg(&p, e);
        ck_assert_str_eq(e->key.code, want[i]);
        ck_assert_uint_eq(r->s2c->n_basicQotList, 1);
        ck_assert(str_is(r->s2c->basicQotList[0].security->code, want[i]));
        ck_assert(r->s2c->basicQotList[0].curPrice == 9.5);
        ck_assert(!e->sha1);                    /* the digest was of other bytes */
    }
    peer_free(&p);
}
END_TEST

static void push_book(int32_t type)
{
    Qot_Common_Security s = { .code = STR("00700") };
    Qot_UpdateOrderBook_S2C s2c = { .security = &s };
    Qot_UpdateOrderBook_Response r = { .retMsg = STR(""), .s2c = &s2c };
    SET(&s, market, 1);
    SET(&r, retType, RET_OK);
    if (type)
        SET(&s2c, orderBookType, type);
    peer_push_msg(&p, LANE_QUOTE, 3013, &r);
}

START_TEST(odd_lots_have_a_book_of_their_own)
{
    peer_init(&p);
    gate_hold(&p, "00700", BOOK, 0);
    gate_hold(&p, "00700", ODD, 0);
    push_book(0);
    ck_assert_int_eq(event_last(&p.pushes)->key.sub_type, BOOK);
    push_book(Qot_Common_OrderBookType_Odd);
    ck_assert_int_eq(event_last(&p.pushes)->key.sub_type, ODD);
    gate_close(&p, "00700", ODD, 0);
    push_book(Qot_Common_OrderBookType_Odd);
    ck_assert_uint_eq(p.pushes.n, 2);
    peer_free(&p);
}
END_TEST

START_TEST(klines_go_by_their_type_and_rehab)
{
    static const struct {
        int32_t kl_type, sub_type;
    } kinds[] = { { 1, 11 }, { 2, 6 }, { 3, 12 }, { 4, 13 }, { 5, 16 }, { 6, 7 }, { 7, 8 },
                  { 8, 9 }, { 9, 10 }, { 10, 17 }, { 11, 15 } };
    peer_init(&p);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        gate_hold(&p, "00700", kinds[i].sub_type, 1);
    gate_hold(&p, "00700", DAY, 2);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        push_bars(&p, "00700", kinds[i].kl_type, 1, 1, 1);
        ck_assert_uint_eq(p.pushes.n, i + 1);
        ck_assert_int_eq(event_last(&p.pushes)->key.sub_type, kinds[i].sub_type);
        ck_assert_int_eq(event_last(&p.pushes)->key.rehab, 1);
    }
    push_bars(&p, "00700", 2, 2, 1, 1);
    ck_assert_int_eq(event_last(&p.pushes)->key.rehab, 2);
    unsigned n = p.pushes.n;
    push_bars(&p, "00700", 2, 0, 1, 1);         /* not registered */
    push_bars(&p, "00700", 2, 3, 1, 1);         /* no such rehab type */
    push_bars(&p, "00700", 2, -1, 1, 1);
    push_bars(&p, "00700", 99, 1, 1, 1);
    ck_assert_uint_eq(p.pushes.n, n);
    peer_free(&p);
}
END_TEST

START_TEST(brokers_and_minutes_find_their_streams)
{
    static const uint8_t brokers[] = { 8, 0, 0x22, 11, 0x0a, 9, 8, 1, 0x12, 5, '0', '0', '7', '0',
                                       '0' };
    peer_init(&p);
    gate_hold(&p, "00700", BROKER, 0);
    gate_hold(&p, "00700", RT, 0);
    peer_push(&p, LANE_QUOTE, 3015, brokers, sizeof(brokers));
    ck_assert_int_eq(event_last(&p.pushes)->key.sub_type, BROKER);
    push_minutes(&p, "00700", 1, 1);
    ck_assert_int_eq(event_last(&p.pushes)->key.sub_type, RT);
    ck_assert_uint_eq(p.pushes.n, 2);
    peer_free(&p);
}
END_TEST

START_TEST(tickers_that_came_already_are_cut_from_what_is_cached)
{
    peer_init(&p);
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 5, 1);
    push_ticks(&p, "00700", 3, 3, 3);
    ck_assert_uint_eq(p.pushes.n, 1);           /* nothing new */
    push_ticks(&p, "00700", 4, 4, 3);
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "6 7");
    push_ticks(&p, "00700", 8, 1, 1);
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "8");
    peer_pass(&p, 4 * NS_PER_S);
    push_ticks(&p, "00700", 1, 1, 1);           /* live: a new count */
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "1");
    peer_free(&p);
}
END_TEST

START_TEST(what_makes_no_sense_is_dropped)
{
    static const char *const bodies[] = { "", "\x08", "\x22\x7f", "\x22\x02\x0a\x05", "\x22\x00",
                                          "\x22\x04\x0a\x02\x08\x01", "\xff\xff\xff",
                                          "\x22\x06\x0a\x04\x0a\x02\x08\x01" };
    static const uint32_t protos[] = { 3005, 3007, 3009, 3011, 3013, 3015 };
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    for (size_t i = 0; i < ARRAY_LEN(protos); i++)
        for (size_t k = 0; k < ARRAY_LEN(bodies); k++)
            peer_push(&p, LANE_QUOTE, protos[i], bodies[k], strlen(bodies[k]));
    ck_assert_uint_eq(p.pushes.n, 0);
    ck_assert(peer_up(&p, LANE_QUOTE));
    push_quote(&p, "00005", 1);                 /* nobody has asked for it */
    ck_assert_uint_eq(p.pushes.n, 0);
    push_quote(&p, "00700", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    peer_free(&p);
}
END_TEST

START_TEST(what_belongs_to_no_stream_goes_up_once)
{
    static const uint32_t protos[] = { 3019, 59998, PROTO_NOTIFY };
    peer_init(&p);
    for (size_t i = 0; i < ARRAY_LEN(protos); i++) {
        for (int lane = 0; lane < LANES; lane++)
            peer_push(&p, (enum lane_id)lane, protos[i], "\x08\x00\x22\x00", 4);
        ck_assert_uint_eq(p.notifies.n, i + 1);
        ck_assert_uint_eq(p.notifies.all[i].proto, protos[i]);
        ck_assert_mem_eq(p.notifies.all[i].body, "\x08\x00\x22\x00", 4);
    }
    peer_free(&p);
}
END_TEST

START_TEST(a_failed_allocation_loses_a_push_at_the_most)
{
    for (long n = 0; n < 8; n++) {
        static const char *const codes[] = { "00700", "00005" };
        peer_init(&p);
        gate_hold(&p, "00700", BASIC, 0);
        gate_hold(&p, "00005", BASIC, 0);
        gate_hold(&p, "00700", TICKER, 0);
        mem_fail_at(n);
        push_quotes(&p, codes, 2, 1);
        push_ticks(&p, "00700", 1, 60, 1);
        mem_fail_at(-1);
        peer_pass(&p, 6 * NS_PER_S);
        p.pushes.n = 0;
        push_quotes(&p, codes, 2, 2);
        push_ticks(&p, "00700", 61, 1, 1);
        ck_assert_uint_eq(p.pushes.n, 3);
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_push_goes_up_as_the_bytes_that_came);
    tcase_add_test(tc, several_quotes_in_one_push_are_parted);
    tcase_add_test(tc, odd_lots_have_a_book_of_their_own);
    tcase_add_test(tc, klines_go_by_their_type_and_rehab);
    tcase_add_test(tc, brokers_and_minutes_find_their_streams);
    tcase_add_test(tc, tickers_that_came_already_are_cut_from_what_is_cached);
    tcase_add_test(tc, what_makes_no_sense_is_dropped);
    tcase_add_test(tc, what_belongs_to_no_stream_goes_up_once);
    tcase_add_test(tc, a_failed_allocation_loses_a_push_at_the_most);
}

int main(void)
{
    return run_tcase("push", add);
}
