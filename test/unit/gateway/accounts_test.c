/* accounts_test.c - whose trade pushes a connection wants, while the upstream takes its time. */
#include "rig.h"

#define ORDER "080012001800 2204 0a020800"

static struct rig r;
static struct peer a, b;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_open(&b, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    peer_init(&b, CIPHER_NONE, 0, false);
    r.fake.slow = true;
}

static void teardown(void)
{
    if (a.c)
        peer_close(&a);
    if (b.c)
        peer_close(&b);
    rig_free(&r);
}

/* Ids are single digits: "12" is accounts 1 and 2. */
static void ask(struct peer *p, const char *ids)
{
    uint64_t list[16];
    Trd_SubAccPush_C2S c2s = { .accIDList = list };
    Trd_SubAccPush_Request rq = { &c2s };
    for (; *ids; ids++)
        list[c2s.n_accIDList++] = (uint64_t)(*ids - '0');
    ck_assert_int_eq(peer_send_msg(p, 8, 2008, &rq), FUTU_OK);
}

/* Ends the oldest watch(), which must be for these accounts in any order. */
static void watched(const char *ids, futu_err err)
{
    rig_watched(&r, err, err ? "not these" : NULL);
    ck_assert_uint_eq(r.fake.n_watched, strlen(ids));
    for (; *ids; ids++) {
        bool found = false;
        for (size_t i = 0; i < r.fake.n_watched; i++)
            found |= r.fake.watched[i] == (uint64_t)(*ids - '0');
        ck_assert_msg(found, "account %c is not watched", *ids);
    }
}

static void begin(struct peer *p, const char *ids)
{
    r.fake.slow = false;
    ask(p, ids);
    peer_ok(p, 2008, 8);
    r.fake.slow = true;
}

/* A push of each account reaches those who are to get it, and nobody else. */
static void pushes_reach(struct peer *p, const char *ids)
{
    uint8_t bytes[64];
    size_t n = unhex(ORDER, bytes, sizeof(bytes));
    for (char id = '0'; id <= '9'; id++) {
        r.events.trade(r.events.arg, (uint64_t)(id - '0'), 2208, bytes, n);
        if (strchr(ids, id))
            peer_expect(p, 2208, 0, 0, ORDER);
        peer_nothing(p);
    }
    struct peer *other = p == &a ? &b : &a;
    struct frame f;
    while (other->c && peer_next(other, &f))
        continue;
}

START_TEST(the_reply_waits_for_the_upstream)
{
    ask(&a, "1");
    peer_nothing(&a);
    pushes_reach(&a, "");
    watched("1", FUTU_OK);
    peer_expect(&a, 2008, 0, 8, HEX_EMPTY);
    pushes_reach(&a, "1");
}
END_TEST

START_TEST(the_upstream_is_told_the_union_when_it_grows)
{
    ask(&a, "12");
    watched("12", FUTU_OK);
    peer_ok(&a, 2008, 8);
    ask(&b, "232");                                 /* one twice */
    watched("123", FUTU_OK);
    peer_ok(&b, 2008, 8);
    ask(&a, "3");                                   /* it shrinks: nobody need know */
    peer_ok(&a, 2008, 8);
    ask(&b, "32");
    peer_ok(&b, 2008, 8);
    ask(&b, "");
    peer_ok(&b, 2008, 8);
    ck_assert_uint_eq(r.fake.n_watches, 0);
    pushes_reach(&a, "3");
    pushes_reach(&b, "");
    ask(&b, "4");                                   /* now it is told that 1 and 2 are gone too */
    watched("34", FUTU_OK);
    peer_ok(&b, 2008, 8);
    ask(&a, "1");                                   /* 3 is still wanted until the answer */
    watched("134", FUTU_OK);
    peer_ok(&a, 2008, 8);
}
END_TEST

START_TEST(a_refusal_leaves_the_old_list)
{
    begin(&a, "1");
    ask(&a, "23");
    watched("123", FUTU_EAUTH);
    peer_refused(&a, 2008, 8, -1, "not these");
    pushes_reach(&a, "1");
    ask(&b, "2");                                   /* it was not had: it is asked for again */
    watched("12", FUTU_OK);
    peer_ok(&b, 2008, 8);
    ask(&a, "4");
    rig_watched(&r, FUTU_ENOTCONN, NULL);
    peer_refused(&a, 2008, 8, -1, futu_strerror(FUTU_ENOTCONN));
}
END_TEST

START_TEST(what_another_waits_for_is_not_there_yet)
{
    ask(&a, "1");
    ask(&b, "1");
    peer_nothing(&b);
    watched("1", FUTU_EAUTH);
    peer_refused(&a, 2008, 8, -1, "not these");
    peer_nothing(&b);
    watched("1", FUTU_OK);
    peer_ok(&b, 2008, 8);
    pushes_reach(&a, "");
    pushes_reach(&b, "1");
    ck_assert_uint_eq(r.fake.n_watches, 0);
}
END_TEST

START_TEST(lists_on_their_way_are_in_the_union)
{
    ask(&a, "1");
    ask(&b, "2");
    watched("1", FUTU_OK);
    peer_ok(&a, 2008, 8);
    peer_nothing(&b);
    watched("12", FUTU_OK);
    peer_ok(&b, 2008, 8);
    pushes_reach(&a, "1");
    pushes_reach(&b, "2");
}
END_TEST

START_TEST(the_newest_of_two_lists_counts)
{
    ask(&a, "1");
    ask(&a, "2");
    watched("1", FUTU_OK);
    peer_ok(&a, 2008, 8);
    pushes_reach(&a, "1");
    watched("12", FUTU_OK);
    peer_ok(&a, 2008, 8);
    pushes_reach(&a, "2");
}
END_TEST

START_TEST(the_client_goes_meanwhile)
{
    ask(&a, "1");
    peer_close(&a);
    watched("1", FUTU_OK);
    pushes_reach(&b, "");
    ask(&b, "2");
    watched("2", FUTU_OK);
    peer_ok(&b, 2008, 8);
    pushes_reach(&b, "2");
}
END_TEST

START_TEST(after_ten_seconds_the_old_list_stays)
{
    begin(&a, "1");
    ask(&a, "2");
    rig_pass(&r, 10 * NS_PER_S - 1);
    peer_nothing(&a);
    rig_pass(&r, 1);
    peer_refused(&a, 2008, 8, -100, "业务处理超时没返回");
    watched("12", _i ? FUTU_OK : FUTU_EIO);
    peer_nothing(&a);
    pushes_reach(&a, "1");
}
END_TEST

START_TEST(the_gateway_ends_with_lists_under_way)
{
    begin(&a, "1");
    ask(&a, "2");
    ask(&b, "3");
    ck_assert_uint_eq(r.fake.n_watches, 2);
}
END_TEST

/* Allocates nothing itself. */
static void feed(struct peer *p, const char *hex)
{
    static uint8_t room[256];
    uint8_t bytes[64];
    struct buf out = { room, 0, sizeof(room), sizeof(room) };
    size_t n = unhex(hex, bytes, sizeof(bytes));
    ck_assert_int_eq(frame_write(&out, 2008, 0, 8, bytes, n, NULL), FUTU_OK);
    hub_conn_feed(p->c, out.p, out.n);
}

START_TEST(every_failed_allocation_is_clean)
{
    long n = 0;
    bool failed;
    do {
        teardown();
        setup();
        begin(&a, "1");
        mem_fail_at(n++);
        feed(&a, "0a0408010802");
        feed(&b, "0a0408020803");
        while (r.fake.n_watches > 0)
            rig_watched(&r, FUTU_OK, NULL);
        failed = mem_failed();
        mem_fail_at(-1);
        for (int i = 0; i < 2; i++) {
            struct frame f;
            struct peer *p = i ? &b : &a;
            ck_assert(peer_next(p, &f) || p->closes == 1);
            peer_nothing(p);
        }
    } while (failed);
    ck_assert_int_gt(n, 4);
    pushes_reach(&a, "12");
    pushes_reach(&b, "23");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_reply_waits_for_the_upstream);
    tcase_add_test(tc, the_upstream_is_told_the_union_when_it_grows);
    tcase_add_test(tc, a_refusal_leaves_the_old_list);
    tcase_add_test(tc, what_another_waits_for_is_not_there_yet);
    tcase_add_test(tc, lists_on_their_way_are_in_the_union);
    tcase_add_test(tc, the_newest_of_two_lists_counts);
    tcase_add_test(tc, the_client_goes_meanwhile);
    tcase_add_loop_test(tc, after_ten_seconds_the_old_list_stays, 0, 2);
    tcase_add_test(tc, the_gateway_ends_with_lists_under_way);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("accounts", add);
}
