/* push_health_test.c - pushes that can't be read, that repeat, or that tell of lost rights. */
#include "broker_world.h"

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    (void)o, (void)why;
    ck_assert_int_eq(err, FUTU_OK);
}

static void open_one(struct bw *w)
{
    static struct stream_want want;
    static struct upstream_open o;
    want = (struct stream_want){ .key = { MARKET_HK, 1, 0, "00700" } };
    o = (struct upstream_open){ .wants = &want, .n = 1, .done = on_open };
    w->up->ops->open(w->up, &o);
    rig_pass(&w->rig, 2 * NS_PER_S);
}

static const struct stock *stock_of(struct bw *w)
{
    return stock_find(w->b, MARKET_HK, STR("00700"));
}

/* A push of one entry; `good` decides whether its payload is a quote. */
static void push_one(struct bw *w, bool good, int64_t price)
{
    struct buf payload = BUF_INIT, body = BUF_INIT;
    struct bk_quote q = { .has_price = true, .price = price };
    if (good)
        codec_encode(&bk_quote_msg, &q, &payload, NULL);
    else
        buf_puts(&payload, "\x0a\xff\xff");
    struct bk_push_entry e = { .payload = buf_str(&payload) };
    const struct bk_push p = { .n_entries = 1, .entries = &e };
    SET(&e, stock_id, stock_of(w)->id);
    SET(&e, bit, BIT_PRICE);
    ck_assert_int_eq(codec_encode(&bk_push_msg, &p, &body, NULL), FUTU_OK);
    quote_push(w->b, body.p, body.n);
    buf_free(&payload);
    buf_free(&body);
    clock_fake_advance(&w->rig.time, 6 * NS_PER_S);     /* or it would be a repeat */
    w->b->last_push = broker_now(w->b);
}

static int32_t gap_state(struct bw *w)
{
    const Gateway_UpdateGap_Response *r = bw_last(w, PROTO_GAP);
    return r ? r->s2c->state : -1;
}

START_TEST(too_many_pushes_that_can_not_be_read_are_a_loss)
{
    struct bw w;
    bw_init(&w);
    open_one(&w);
    emu_scene(w.rig.emu)->no_quotes = true;
    for (int i = 0; i < 19; i++)
        push_one(&w, false, 0);
    ck_assert_int_eq(gap_state(&w), -1);
    push_one(&w, false, 0);
    ck_assert_int_eq(gap_state(&w), Gateway_UpdateGap_GapState_Began);
    unsigned asked = emu_asked(w.rig.emu, CMD_SUB);
    rig_pass(&w.rig, 31 * NS_PER_S);
    ck_assert_uint_gt(emu_asked(w.rig.emu, CMD_SUB), asked);    /* subscribed again */
    ck_assert_int_eq(gap_state(&w), Gateway_UpdateGap_GapState_Began);
    push_one(&w, true, 400 * INT64_C(1000000000));
    ck_assert_int_eq(gap_state(&w), Gateway_UpdateGap_GapState_Over);
    bw_free(&w);
}
END_TEST

START_TEST(one_that_can_be_read_begins_the_count_anew)
{
    struct bw w;
    bw_init(&w);
    open_one(&w);
    emu_scene(w.rig.emu)->no_quotes = true;
    for (int i = 0; i < 60; i++)
        push_one(&w, i % 15 == 14, (400 + i) * INT64_C(1000000000));
    ck_assert_int_eq(gap_state(&w), -1);
    static const uint8_t no_push[] = { 0x0a, 0xff };
    for (int i = 0; i < 20; i++)
        quote_push(w.b, no_push, sizeof(no_push));
    ck_assert_int_eq(gap_state(&w), Gateway_UpdateGap_GapState_Began);
    emu_drop(w.rig.emu, 1);             /* a new connection begins with a clean slate */
    rig_pass(&w.rig, 5 * NS_PER_S);
    ck_assert_int_eq(gap_state(&w), Gateway_UpdateGap_GapState_Over);
    bw_free(&w);
}
END_TEST

START_TEST(lowered_rights_are_told_to_clients_and_none_are_made_up)
{
    struct bw w;
    bw_init(&w);
    size_t before = bw_count(&w, PROTO_NOTIFY);
    ck_assert(emu_say(w.rig.emu, 1, CMD_RIGHTS_CHANGE));
    rig_pump(&w.rig);
    ck_assert_uint_eq(bw_count(&w, PROTO_NOTIFY), before + 1);
    const Notify_Response *r = bw_last(&w, PROTO_NOTIFY);
    ck_assert_int_eq(r->s2c->type, Notify_NotifyType_GtwEvent);
    ck_assert_ptr_nonnull(strstr(r->s2c->event->desc.p, "changed the quote rights"));
    ck_assert_ptr_null(r->s2c->qotRight);
    bw_free(&w);
}
END_TEST

START_TEST(changed_broker_addresses_are_asked_for_again)
{
    struct bw w;
    bw_init(&w);
    unsigned before = emu_asked(w.rig.emu, CMD_CONN_IP);
    ck_assert(emu_say(w.rig.emu, 1, CMD_ADDR_CHANGE));
    rig_pump(&w.rig);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_CONN_IP), before + 1);
    bw_free(&w);
}
END_TEST

START_TEST(a_broker_that_is_gone_from_the_list_closes_its_channel)
{
    struct bw w;
    struct broker_channel c[4];
    bw_init(&w);
    emu_scene(w.rig.emu)->gone_broker = 1007;
    ck_assert(emu_say(w.rig.emu, 1, CMD_FIRM_CHANGE));
    rig_pass(&w.rig, 30 * NS_PER_S);
    broker_channels(w.up, c, 4);
    ck_assert_int_eq(c[1].info.state, CHANNEL_UP);
    ck_assert_int_eq(c[2].info.state, CHANNEL_OFF);
    ck_assert_str_eq(c[2].info.why, "the user has no account there any more");
    bw_free(&w);
}
END_TEST

START_TEST(a_failing_list_is_asked_for_after_0_1_3_and_9_seconds_then_left_a_minute)
{
    static const struct {
        int64_t pass_ms;
        unsigned asked;
    } rows[] = { { 100, 2 }, { 700, 2 }, { 500, 3 }, { 2500, 3 }, { 800, 4 }, { 8000, 4 },
                 { 1500, 5 }, { 55000, 5 }, { 6000, 8 } };
    struct bw w;
    bw_init(&w);
    unsigned before = emu_asked(w.rig.emu, dialect_order_list);
    emu_scene(w.rig.emu)->fail_lists = 100;
    notice_look(account_by_id(w.b, HK_ACC));
    rig_pump(&w.rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rig_pass(&w.rig, rows[i].pass_ms * NS_PER_MS);
        unsigned asked = emu_asked(w.rig.emu, dialect_order_list) - before;
        ck_assert_msg(asked == rows[i].asked, "%zu: %u", i, asked);
    }
    bw_free(&w);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, too_many_pushes_that_can_not_be_read_are_a_loss);
    tcase_add_test(tc, one_that_can_be_read_begins_the_count_anew);
    tcase_add_test(tc, lowered_rights_are_told_to_clients_and_none_are_made_up);
    tcase_add_test(tc, changed_broker_addresses_are_asked_for_again);
    tcase_add_test(tc, a_failing_list_is_asked_for_after_0_1_3_and_9_seconds_then_left_a_minute);
    tcase_add_test(tc, a_broker_that_is_gone_from_the_list_closes_its_channel);
}

int main(void)
{
    return run_tcase("broker push health", add);
}
