/* channel_find_test.c - how a channel finds a server, and what it does with one that is none. */
#include "channel_world.h"

START_TEST(the_name_is_asked_only_when_what_is_known_has_failed)
{
    static const char *const found[] = { "10.5.5.5" };
    struct world w;
    prepare(&w, 2);
    w.book.name = "conn.example";
    rig_name(&w.rig, "conn.example", found, 1);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_uint_eq(w.rig.lookups, 0);
    rig_host(&w.rig, hosts[0], RIG_REFUSES);
    rig_host(&w.rig, hosts[1], RIG_REFUSES);
    emu_drop(w.rig.emu, 0);
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_uint_eq(w.rig.lookups, 1);
    ck_assert_str_eq(w.book.good.host, "10.5.5.5");
    end(&w);
}
END_TEST

START_TEST(a_name_server_that_is_silent_costs_three_seconds)
{
    static const char *const pool[] = { "10.6.6.6", NULL };
    struct world w;
    prepare(&w, 0);
    w.book.name = "conn.example";
    w.book.pool = pool;
    rig_name(&w.rig, "conn.example", NULL, 0);
    w.rig.slow_name = true;
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    channel_start(w.c);
    rig_pass(&w.rig, DIALECT_LOOKUP_NS - NS_PER_MS);
    ck_assert(is(&w, CHANNEL_CONNECTING));
    ck_assert_uint_eq(w.rig.n_dialled, 0);
    rig_pass(&w.rig, NS_PER_MS);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_str_eq(w.book.good.host, "10.6.6.6");
    end(&w);
}
END_TEST

START_TEST(without_any_address_the_stage_is_named)
{
    struct world w;
    begin(&w, 1, 0);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_str_eq(why(&w), "connect: no address is known");
    end(&w);
}
END_TEST

START_TEST(reconnects_begin_further_on_in_the_list)
{
    struct world w;
    begin(&w, 1, 5);
    w.rig.n_dialled = 0;
    emu_drop(w.rig.emu, 0);
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_uint_eq(w.rig.n_dialled, 3);
    ck_assert_str_eq(w.rig.dialled[0].host, hosts[3]);
    ck_assert_str_eq(w.rig.dialled[1].host, hosts[4]);
    ck_assert_str_eq(w.rig.dialled[2].host, hosts[0]);
    end(&w);
}
END_TEST

START_TEST(a_server_that_never_answers_the_login_is_left)
{
    struct world w;
    prepare(&w, 1);
    rig_host(&w.rig, hosts[0], RIG_MUTE);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    channel_start(w.c);
    rig_pass(&w.rig, dialect_timeout_ns - NS_PER_MS);
    ck_assert(is(&w, CHANNEL_LOGIN));
    rig_pass(&w.rig, NS_PER_MS);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_str_eq(why(&w), "login: no answer in time");
    end(&w);
}
END_TEST

START_TEST(a_slow_server_is_waited_for)
{
    struct world w;
    prepare(&w, 1);
    str_copy(emu_scene(w.rig.emu)->slow_host, 64, str_c(hosts[0]));
    emu_scene(w.rig.emu)->slow_ms = 4000;
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    channel_start(w.c);
    rig_pass(&w.rig, 3900 * NS_PER_MS);
    ck_assert(is(&w, CHANNEL_LOGIN));
    rig_pass(&w.rig, 200 * NS_PER_MS);
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

/* ---- what a wrong peer says ---- */

/* A frame from a server that the test plays. */
static void say(struct world *w, uint16_t command, uint32_t serial, uint8_t flags, const void *body,
                size_t n)
{
    struct bframe f = { .version = BFRAME_VERSION, .command = command, .serial = serial,
                        .flags = flags };
    struct buf out = BUF_INIT;
    ck_assert_int_eq(bframe_write(&out, &f, body, n), FUTU_OK);
    rig_say(&w->rig, out.p, out.n);
    buf_free(&out);
}

START_TEST(a_success_that_is_not_sealed_is_no_login)
{
    struct world w;
    struct bk_login_rsp r = { .has_ret_type = true };
    struct buf body = BUF_INIT;
    prepare(&w, 1);
    rig_host(&w.rig, hosts[0], RIG_MUTE);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert_int_eq(codec_encode(&bk_login_rsp_msg, &r, &body, NULL), FUTU_OK);
    say(&w, 6001, 1, 0, body.p, body.n);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_str_eq(why(&w), "login: the answer is not sealed with the login's key");
    buf_free(&body);
    end(&w);
}
END_TEST

START_TEST(what_is_not_the_protocol_ends_the_connection)
{
    struct world w;
    begin(&w, 1, 1);
    rig_say(&w.rig, "HTTP/1.1 400", 12);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_str_eq(why(&w), "receive: this is not the broker's protocol");
    end(&w);
}
END_TEST

START_TEST(twenty_spoilt_bodies_in_a_row_end_the_connection)
{
    struct world w;
    begin(&w, 1, 1);
    for (int i = 0; i < CHANNEL_SPOILT - 1; i++)
        say(&w, 9429, 0, BFRAME_PUSH, "no cipher text", 14);
    ck_assert(is(&w, CHANNEL_UP));
    say(&w, 6212, 0, BFRAME_PUSH, "", 0);      /* a good one starts the count anew */
    for (int i = 0; i < CHANNEL_SPOILT - 1; i++)
        say(&w, 9429, 0, BFRAME_PUSH, "no cipher text", 14);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_uint_eq(w.pushes, 1);
    say(&w, 9429, 0, BFRAME_PUSH, "no cipher text", 14);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_str_eq(why(&w), "receive: too many bodies can't be opened");
    end(&w);
}
END_TEST

START_TEST(replies_with_a_foreign_serial_or_command_are_dropped)
{
    struct world w;
    struct ask a;
    begin(&w, 1, 1);
    emu_scene(w.rig.emu)->mute_calls = 1;
    ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
    rig_pump(&w.rig);
    say(&w, CMD_STATES, a.q.serial + 1, 0, NULL, 0);
    say(&w, CMD_SUB, a.q.serial, 0, NULL, 0);
    say(&w, CMD_STATES, a.q.serial, BFRAME_PUSH, NULL, 0);      /* a push, whatever its serial */
    ck_assert_uint_eq(a.done, 0);
    ck_assert_uint_eq(w.pushes, 1);
    say(&w, CMD_STATES, a.q.serial, 0, NULL, 0);
    ck_assert_uint_eq(a.done, 1);
    end(&w);
}
END_TEST

START_TEST(packed_pushes_are_unpacked_and_broken_ones_dropped)
{
    static const uint8_t packed[] = { 0, 0, 0, 5, 0x50, 'h', 'e', 'l', 'l', 'o' };
    struct world w;
    begin(&w, 1, 1);
    say(&w, 6212, 0, BFRAME_PUSH | BFRAME_PACKED, packed, sizeof(packed));
    ck_assert_uint_eq(w.pushes, 1);
    say(&w, 6212, 0, BFRAME_PUSH | BFRAME_PACKED, packed, sizeof(packed) - 1);
    ck_assert_uint_eq(w.pushes, 1);
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

START_TEST(serials_skip_zero_and_keep_matching)
{
    struct world w;
    struct ask a, b;
    begin(&w, 1, 1);
    w.c->serial = UINT32_MAX - 1;
    ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
    ck_assert_int_eq(ask(&w, &b, CMD_STATES), FUTU_OK);
    ck_assert_uint_eq(a.q.serial, UINT32_MAX);
    ck_assert_uint_eq(b.q.serial, 1);
    rig_pump(&w.rig);
    ck_assert_uint_eq(a.done + b.done, 2);
    end(&w);
}
END_TEST

START_TEST(a_key_that_is_none_is_refused)
{
    struct world w;
    struct secret sig = SECRET_NULL, key = SECRET_NULL;
    prepare(&w, 1);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    ck_assert_int_eq(secret_set(&sig, "sig", 3), FUTU_OK);
    ck_assert_int_eq(secret_set(&key, "short", 5), FUTU_OK);
    ck_assert_int_eq(channel_set_login(w.c, 1, &sig, &key, 0), FUTU_EINVAL);
    secret_wipe(&sig);
    secret_wipe(&key);
    end(&w);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_name_is_asked_only_when_what_is_known_has_failed);
    tcase_add_test(tc, a_name_server_that_is_silent_costs_three_seconds);
    tcase_add_test(tc, without_any_address_the_stage_is_named);
    tcase_add_test(tc, reconnects_begin_further_on_in_the_list);
    tcase_add_test(tc, a_server_that_never_answers_the_login_is_left);
    tcase_add_test(tc, a_slow_server_is_waited_for);
    tcase_add_test(tc, a_success_that_is_not_sealed_is_no_login);
    tcase_add_test(tc, what_is_not_the_protocol_ends_the_connection);
    tcase_add_test(tc, twenty_spoilt_bodies_in_a_row_end_the_connection);
    tcase_add_test(tc, replies_with_a_foreign_serial_or_command_are_dropped);
    tcase_add_test(tc, packed_pushes_are_unpacked_and_broken_ones_dropped);
    tcase_add_test(tc, serials_skip_zero_and_keep_matching);
    tcase_add_test(tc, a_key_that_is_none_is_refused);
}

int main(void)
{
    return run_tcase("channel find", add);
}
