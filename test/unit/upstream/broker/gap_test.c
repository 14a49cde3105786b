/* gap_test.c - what clients hear of losses. */
#include "broker_world.h"

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    (void)o, (void)why;
    ck_assert_int_eq(err, FUTU_OK);
}

static void open_two(struct bw *w)
{
    static struct stream_want wants[2];
    static struct upstream_open o;
    wants[0] = (struct stream_want){ .key = { MARKET_HK, 1, 0, "00700" } };
    wants[1] = (struct stream_want){ .key = { MARKET_US, 4, 0, "AAPL" } };
    o = (struct upstream_open){ .wants = wants, .n = 2, .done = on_open };
    w->up->ops->open(w->up, &o);
    rig_pass(&w->rig, 10 * NS_PER_S);
}

/* The newest gap event. */
static Gateway_UpdateGap_S2C *gap(struct bw *w)
{
    Gateway_UpdateGap_Response *r = bw_last(w, PROTO_GAP);
    ck_assert_ptr_nonnull(r);
    return r->s2c;
}

START_TEST(a_loss_of_quotes_begins_and_ends_a_gap_that_names_what_was_lost)
{
    struct bw w;
    bw_prepare(&w);
    w.o.boot_id = 77;
    bw_start(&w);
    open_two(&w);
    emu_drop(w.rig.emu, 1);
    rig_pump(&w.rig);
    const Gateway_UpdateGap_S2C *g = gap(&w);
    ck_assert_int_eq(g->state, Gateway_UpdateGap_GapState_Began);
    ck_assert_str_eq(g->link.p, "quote");
    ck_assert_uint_eq(g->bootID, 77);
    ck_assert_uint_eq(g->seq, 1);
    ck_assert_str_eq(g->desc.p, "quote: platform is not connected (waiting: connection: closed by "
                                "the peer)");
    rig_pass(&w.rig, 3 * NS_PER_S);
    g = gap(&w);
    ck_assert_int_eq(g->state, Gateway_UpdateGap_GapState_Over);
    ck_assert_uint_eq(g->n_lostList, 2);
    ck_assert_str_eq(g->lostList[0].security->code.p, "00700");
    ck_assert(!g->lostList[0].tickersLost);
    ck_assert(g->lostList[1].tickersLost);
    ck_assert_int_gt(g->lostList[1].sequenceAfter, 0);
    ck_assert_int_ge(g->endMs - g->beginMs, 2900);
    ck_assert_uint_eq(bw_count(&w, PROTO_GAP), 2);
    bw_free(&w);
}
END_TEST

START_TEST(without_streams_there_is_no_gap_of_quotes)
{
    struct bw w;
    bw_init(&w);
    emu_drop(w.rig.emu, 1);
    rig_pass(&w.rig, 5 * NS_PER_S);
    ck_assert_uint_eq(bw_count(&w, PROTO_GAP), 0);
    bw_free(&w);
}
END_TEST

START_TEST(a_loss_of_a_broker_is_over_when_its_orders_were_read_again)
{
    struct bw w;
    bw_init(&w);
    emu_drop(w.rig.emu, 1007);
    rig_pump(&w.rig);
    const Gateway_UpdateGap_S2C *g = gap(&w);
    ck_assert_int_eq(g->state, Gateway_UpdateGap_GapState_Began);
    ck_assert_str_eq(g->link.p, "trade");
    rig_pass(&w.rig, 4 * NS_PER_S);
    g = gap(&w);
    ck_assert_int_eq(g->state, Gateway_UpdateGap_GapState_Over);
    ck_assert_uint_eq(g->n_accIDList, 1);
    ck_assert_uint_eq(g->accIDList[0], US_ACC);
    bw_free(&w);
}
END_TEST

START_TEST(states_are_told_when_they_change)
{
    struct bw w;
    bw_init(&w);
    open_two(&w);
    size_t before = bw_count(&w, PROTO_NOTIFY);
    emu_kick(w.rig.emu, 1);
    rig_pump(&w.rig);
    const Notify_Response *n = bw_last(&w, PROTO_NOTIFY);
    ck_assert_int_eq(n->s2c->type, Notify_NotifyType_ConnStatus);
    ck_assert(!n->s2c->connectStatus->qotLogined && n->s2c->connectStatus->trdLogined);
    ck_assert_uint_eq(bw_count(&w, PROTO_NOTIFY), before + 2);      /* and the gap, for people */
    broker_relogin(w.up);
    rig_pass(&w.rig, NS_PER_S);
    n = bw_last(&w, PROTO_NOTIFY);
    ck_assert(n->s2c->connectStatus->qotLogined);
    bw_free(&w);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_loss_of_quotes_begins_and_ends_a_gap_that_names_what_was_lost);
    tcase_add_test(tc, without_streams_there_is_no_gap_of_quotes);
    tcase_add_test(tc, a_loss_of_a_broker_is_over_when_its_orders_were_read_again);
    tcase_add_test(tc, states_are_told_when_they_change);
}

int main(void)
{
    return run_tcase("broker gaps", add);
}
