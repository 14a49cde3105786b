/* orders_store_test.c - orders with keys and a store: on disk before they are sent, and after a
 * restart neither lost nor sent twice. */
#include "orders_rig.h"

#include <stdio.h>

#define SECRET "0123456789abcdef0123456789abcdef"

/* A disk that writes when it is told to. */
static struct {
    struct buf text;
    struct {
        void (*done)(void *arg, futu_err err);
        void *arg;
    } waits[64];
    size_t n;
    futu_err refuse;            /* of the next append() */
    bool deaf;                  /* no memory is taken */
    unsigned begun;             /* that the file began anew */
} disk;

static struct journal journal;

static futu_err append(void *arg, const void *p, size_t n, void (*done)(void *arg, futu_err err),
                       void *done_arg)
{
    ck_assert_ptr_eq(arg, &disk);
    futu_err err = disk.refuse;
    disk.refuse = FUTU_OK;
    if (err)
        return err;
    ck_assert_uint_lt(disk.n, ARRAY_LEN(disk.waits));
    if (!disk.deaf)
        ck_assert_int_eq(buf_put(&disk.text, p, n), FUTU_OK);
    disk.waits[disk.n].done = done;
    disk.waits[disk.n++].arg = done_arg;
    return FUTU_OK;
}

static futu_err rewrite(void *arg, const void *p, size_t n)
{
    ck_assert_ptr_eq(arg, &disk);
    disk.begun++;
    disk.text.n = 0;
    return buf_put(&disk.text, p, n);
}

/* Ends the oldest write. */
static void stored(futu_err err)
{
    ck_assert_uint_gt(disk.n, 0);
    void (*done)(void *arg, futu_err err) = disk.waits[0].done;
    void *arg = disk.waits[0].arg;
    memmove(disk.waits, disk.waits + 1, --disk.n * sizeof(disk.waits[0]));
    done(arg, err);
}

static void stored_all(void)
{
    while (disk.n > 0)
        stored(FUTU_OK);
}

static void start(void)
{
    struct hub_opts o = { .frequency_limits_off = true, .journal = &journal,
                          .store = { append, &disk, rewrite } };
    open_both(&o);
}

static void setup(void)
{
    memset(&disk, 0, sizeof(disk));
    journal_init(&journal, SECRET);
    ck_assert_int_eq(journal_write_head(&journal, &disk.text), FUTU_OK);
    start();
}

static void teardown(void)
{
    close_both();
    journal_free(&journal);
    buf_free(&disk.text);
}

/* The process ends; another one begins with what is on disk. */
static void restart(void)
{
    size_t line;
    close_both();
    journal_free(&journal);
    disk.n = 0;
    journal_init(&journal, SECRET);
    ck_assert_int_eq(journal_read(&journal, buf_str(&disk.text), &line), FUTU_OK);
    start();
}

/* Nothing waits upstream. */
static void none_waits(void)
{
    ck_assert_uint_eq(rig_waiting(&r, 2202), 0);
}

static const struct order k1 = { "k1", .number = 1 }, again = { "k1", .number = 2 };

START_TEST(nothing_is_sent_before_it_is_on_disk)
{
    place(&a, 1, &k1);
    ck_assert_uint_eq(disk.n, 1);
    none_waits();
    place(&b, 2, &k1);                                      /* follows the one being stored */
    ck_assert_uint_eq(disk.n, 1);
    stored(FUTU_OK);
    ck_assert_str_eq(waiting()->key, "k1");
    ck_assert(!waiting()->resumed);
    answer(PLACED);
    placed(&a, 1);
    placed(&b, 2);
    ck_assert_uint_eq(disk.n, 1);                           /* its answer */
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

START_TEST(orders_without_a_key_do_not_wait_for_the_disk)
{
    place(&a, 1, &(struct order){ NULL, .number = 1 });
    answer(PLACED);
    placed(&a, 1);
    ck_assert_uint_eq(disk.n, 0);
    r.fake.up.forwards = true;                              /* then each one has a key */
    place(&a, 2, &(struct order){ NULL, .number = 2 });
    none_waits();
    stored(FUTU_OK);
    answer(PLACED);
    placed(&a, 2);
}
END_TEST

START_TEST(what_can_not_be_stored_is_not_sent)
{
    if (_i)
        disk.refuse = FUTU_EIO;
    place(&a, 1, &k1);
    if (!_i) {
        place(&b, 2, &k1);
        stored(FUTU_EIO);
        peer_refused(&b, 2202, 2, -1, "the order was not sent");
    }
    peer_refused(&a, 2202, 1, -1, "the order was not sent");
    ck_assert_uint_eq(r.fake.requests, 0);
    stored_all();
    place(&a, 3, &(struct order){ "k1", .number = 1, .qty = 7 });   /* key and number are free */
    stored(FUTU_OK);
    ck_assert(!waiting()->resumed);
    answer(PLACED);
    placed(&a, 3);
}
END_TEST

START_TEST(after_a_restart_a_repeat_gets_the_answer)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    answer(PLACED);
    placed(&a, 1);
    restart();
    place(&a, 2, &again);
    placed(&a, 2);
    place(&a, 3, &(struct order){ "k1", .number = 2, .qty = 7 });
    peer_refused(&a, 2202, 3, -1, "another request");
    ck_assert_uint_eq(r.fake.requests, 0);
    ck_assert_uint_eq(disk.n, 0);
}
END_TEST

START_TEST(after_a_restart_what_was_under_way_is_asked)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    restart();
    place(&a, 2, &again);
    ck_assert(waiting()->resumed);                          /* at once: it is on disk already */
    ck_assert_uint_eq(disk.n, 0);
    place(&b, 3, &again);
    answer(PLACED);
    placed(&a, 2);
    placed(&b, 3);
    stored_all();
    restart();
    place(&a, 4, &again);
    placed(&a, 4);
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

START_TEST(after_a_restart_a_packet_id_is_still_a_key)
{
    uint64_t first = a.id;
    r.fake.up.forwards = true;
    place(&a, 1, &(struct order){ NULL, .number = 7 });
    stored(FUTU_OK);
    restart();
    r.fake.up.forwards = true;
    place(&a, 2, &(struct order){ NULL, .number = 7, .conn_id = first });
    ck_assert(waiting()->resumed);
    answer(PLACED);
    placed(&a, 2);
}
END_TEST

START_TEST(the_file_begins_anew_while_orders_come)
{
    char key[24];
    journal.file.most = 10000;
    for (uint32_t i = 1; disk.begun < 2; i++) {
        snprintf(key, sizeof(key), "order-%u", i);
        place(&a, i, &(struct order){ key, .number = i });
        stored(FUTU_OK);
        answer(i % 5 ? REFUSED : PLACED);
        if (i % 5)
            peer_expect(&a, 2202, 0, i, REFUSED);
        else
            placed(&a, i);
        stored_all();
        journal.file.most = MIN(journal.file.most, journal.file.size + 10000);
        ck_assert_uint_lt(i, 1000);
    }
    ck_assert_uint_lt(disk.text.n, 20000);
    place(&a, 2000, &(struct order){ "under way", .number = 2000 });
    stored(FUTU_OK);
    restart();
    place(&a, 1, &(struct order){ "order-5", .number = 1 });        /* the first that was placed */
    placed(&a, 1);
    place(&a, 2, &(struct order){ "order-1", .number = 2 });        /* it was refused: a new one */
    stored(FUTU_OK);
    ck_assert(!waiting()->resumed);
    answer(REFUSED);
    place(&a, 3, &(struct order){ "under way", .number = 3 });
    ck_assert(waiting()->resumed);
    answer(PLACED);
}
END_TEST

START_TEST(a_refused_order_is_struck_off)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    answer(REFUSED);
    peer_refused(&a, 2202, 1, -1, "no!");
    ck_assert_uint_eq(disk.n, 1);
    restart();
    place(&a, 2, &(struct order){ "k1", .number = 1, .qty = 7 });
    none_waits();
    stored(FUTU_OK);
    ck_assert(!waiting()->resumed);
}
END_TEST

START_TEST(what_nobody_knows_stays_on_disk)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    answer(DISCONNECTED);
    peer_refused(&a, 2202, 1, -200, "");
    ck_assert_uint_eq(disk.n, 0);
    restart();
    place(&a, 2, &again);
    ck_assert(waiting()->resumed);
    answer(REFUSED);                                        /* it had not arrived */
    peer_refused(&a, 2202, 2, -1, "no!");
    restart();
    place(&a, 3, &again);
    none_waits();
    ck_assert_uint_eq(disk.n, 1);
}
END_TEST

START_TEST(what_was_not_sent_is_struck_off)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    waiting()->unsent = true;
    answer(DISCONNECTED);
    peer_refused(&a, 2202, 1, -200, "");
    restart();
    place(&a, 2, &k1);
    none_waits();
    stored(FUTU_OK);
    ck_assert(!waiting()->resumed);
}
END_TEST

START_TEST(the_client_goes_while_it_is_stored_or_under_way)
{
    place(&a, 1, &k1);
    if (_i)
        stored(FUTU_OK);
    peer_close(&a);
    if (!_i)
        stored(FUTU_OK);
    ck_assert_uint_eq(r.fake.cancelled, 0);
    answer(PLACED);
    place(&b, 2, &again);
    placed(&b, 2);
    restart();
    place(&b, 3, &again);
    placed(&b, 3);
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

START_TEST(the_client_goes_and_it_can_not_be_stored)
{
    place(&a, 1, &k1);
    place(&b, 2, &again);
    peer_close(&a);
    stored(FUTU_EIO);
    peer_refused(&b, 2202, 2, -1, "the order was not sent");
    stored_all();
    place(&b, 3, &again);
    stored(FUTU_OK);
    ck_assert(!waiting()->resumed);
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

START_TEST(the_time_limit_passes_before_the_disk_is_ready)
{
    place(&a, 1, &k1);
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 2202, 1, -100, "结果未知");
    stored(FUTU_OK);
    answer(PLACED);
    peer_nothing(&a);
    place(&a, 2, &k1);
    placed(&a, 2);
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

START_TEST(an_answer_that_can_not_be_stored_is_asked_after_a_restart)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    disk.refuse = FUTU_EIO;
    answer(PLACED);
    placed(&a, 1);
    place(&b, 2, &again);
    placed(&b, 2);                                          /* until then it is remembered */
    restart();
    place(&a, 3, &again);
    ck_assert(waiting()->resumed);
}
END_TEST

START_TEST(the_gateway_ends_while_orders_are_stored_and_under_way)
{
    place(&a, 1, &k1);
    stored(FUTU_OK);
    place(&a, 2, &(struct order){ "k2", .number = 2 });
    place(&b, 3, &(struct order){ "k2", .number = 3 });
    if (_i)
        peer_close(&a);
    close_both();
    ck_assert_uint_eq(r.fake.cancelled, 1);                 /* of k2 it has not heard */
    ck_assert_ptr_null(journal_find(&journal, STR("k1"))->call);
    ck_assert_ptr_null(journal_find(&journal, STR("k2"))->call);
    start();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    uint8_t one[512];
    size_t n_one = order_bytes(&a, &k1, one);
    long n = 0;
    bool failed;
    do {
        teardown();
        setup();
        disk.deaf = true;
        mem_fail_at(n++);
        feed_order(&a, one, n_one);
        bool before = r.fake.requests > 0;
        stored_all();
        bool sent = r.fake.requests > 0;
        if (sent)
            rig_answer(&r, 2202, PLACED);
        failed = mem_failed();
        mem_fail_at(-1);
        struct frame f;
        ck_assert(!before && (peer_next(&a, &f) || a.closes == 1));
        stored_all();
        place(&b, 6, &again);
        stored_all();
        ck_assert(sent || !waiting()->resumed);
        ck_assert_uint_le(r.fake.requests, 2);
    } while (failed);
    ck_assert_uint_eq(r.fake.requests, 1);
    ck_assert_int_gt(n, 6);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nothing_is_sent_before_it_is_on_disk);
    tcase_add_test(tc, orders_without_a_key_do_not_wait_for_the_disk);
    tcase_add_loop_test(tc, what_can_not_be_stored_is_not_sent, 0, 2);
    tcase_add_test(tc, after_a_restart_a_repeat_gets_the_answer);
    tcase_add_test(tc, after_a_restart_what_was_under_way_is_asked);
    tcase_add_test(tc, after_a_restart_a_packet_id_is_still_a_key);
    tcase_add_test(tc, the_file_begins_anew_while_orders_come);
    tcase_add_test(tc, a_refused_order_is_struck_off);
    tcase_add_test(tc, what_nobody_knows_stays_on_disk);
    tcase_add_test(tc, what_was_not_sent_is_struck_off);
    tcase_add_loop_test(tc, the_client_goes_while_it_is_stored_or_under_way, 0, 2);
    tcase_add_test(tc, the_client_goes_and_it_can_not_be_stored);
    tcase_add_test(tc, the_time_limit_passes_before_the_disk_is_ready);
    tcase_add_test(tc, an_answer_that_can_not_be_stored_is_asked_after_a_restart);
    tcase_add_loop_test(tc, the_gateway_ends_while_orders_are_stored_and_under_way, 0, 2);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("orders_store", add);
}
