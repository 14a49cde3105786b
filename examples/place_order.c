/* place_order.c - buys with a simulated account, follows the order by pushes, cancels what is left.
 *
 *   cc -o place_order place_order.c $(pkg-config --cflags --libs libfutu)
 *   ./place_order [-h HOST] [-p PORT] CODE [QTY [PRICE]]
 *
 * Needs a gateway, such as: futu-opend --paper --paper-clock always-open
 * Only US and HK codes; QTY defaults to one lot, PRICE to the best ask. What is not filled after
 * five seconds is cancelled. Real accounts work in the same way after futu_unlock_trade().
 */
#include <futu/futu.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    char id[64];                /* orderIDEx, once the gateway has taken the order */
    int32_t status;
    double filled;
    bool over;
} order;

static const char *status_name(int32_t status)
{
    switch (status) {
    case Trd_Common_OrderStatus_WaitingSubmit:
        return "waiting";
    case Trd_Common_OrderStatus_Submitting:
        return "submitting";
    case Trd_Common_OrderStatus_Submitted:
        return "in the market";
    case Trd_Common_OrderStatus_Filled_Part:
        return "partly filled";
    case Trd_Common_OrderStatus_Filled_All:
        return "filled";
    case Trd_Common_OrderStatus_Cancelled_Part:
    case Trd_Common_OrderStatus_Cancelled_All:
        return "cancelled";
    case Trd_Common_OrderStatus_SubmitFailed:
    case Trd_Common_OrderStatus_Failed:
        return "refused";
    default:
        return "changing";
    }
}

static bool is_final(int32_t status)
{
    return status == Trd_Common_OrderStatus_Filled_All ||
           status == Trd_Common_OrderStatus_Cancelled_Part ||
           status == Trd_Common_OrderStatus_Cancelled_All ||
           status == Trd_Common_OrderStatus_SubmitFailed ||
           status == Trd_Common_OrderStatus_Failed;
}

/* Every change of an order, with the whole order in it. */
static void note_order(const Trd_Common_Order *o)
{
    if (order.id[0] && strcmp(order.id, o->orderIDEx.p) != 0)
        return;                 /* another one of this account */
    order.status = o->orderStatus;
    order.filled = o->fillQty;
    order.over = is_final(o->orderStatus);
    printf("order %s: %s, %g of %g filled at %g %s\n", o->orderIDEx.p, status_name(o->orderStatus),
           o->fillQty, o->qty, o->fillAvgPrice, o->lastErrMsg.p ? o->lastErrMsg.p : "");
}

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    (void)c, (void)body, (void)len, (void)arg;
    if (proto == 2208)
        note_order(((const Trd_UpdateOrder_Response *)msg)->s2c->order);
}

/* Ends the program with the reason of the last failure. */
static void check(futu_client *c, futu_err err, const char *what)
{
    if (!err)
        return;
    const char *why = futu_client_error(c);
    fprintf(stderr, "place_order: %s: %s\n", what, *why ? why : futu_strerror(err));
    exit(1);
}

static futu_account find_account(futu_client *c, int32_t market)
{
    futu_account acc;
    futu_reply *r;
    check(c, futu_get_accounts_sync(c, &r), "accounts");
    if (futu_account_pick(r, Trd_Common_TrdEnv_Simulate, market, &acc)) {
        fprintf(stderr, "place_order: no simulated account for this market\n");
        exit(1);
    }
    futu_reply_free(r);
    check(c, futu_sub_acc_push_sync(c, &acc.id, 1, &r), "order pushes");
    futu_reply_free(r);
    return acc;
}

/* Lot size and best ask come from one snapshot. */
static void fill_in(futu_client *c, futu_order *o)
{
    futu_reply *r;
    check(c, futu_get_snapshots_sync(c, &o->code, 1, &r), "snapshot");
    const Qot_GetSecuritySnapshot_Response *m = futu_reply_msg(r);
    const Qot_GetSecuritySnapshot_SnapshotBasicData *b = m->s2c->snapshotList[0].basic;
    if (o->qty <= 0)
        o->qty = b->lotSize;
    if (o->price <= 0)
        o->price = b->askPrice > 0 ? b->askPrice : b->curPrice;
    futu_reply_free(r);
}

static void place(futu_client *c, const futu_account *acc, const futu_order *o)
{
    futu_reply *r;
    printf("buying %g %s at %g with simulated account %llu\n", o->qty, o->code, o->price,
           (unsigned long long)acc->id);
    check(c, futu_place_order_sync(c, acc, o, &r), "order");
    const Trd_PlaceOrder_Response *m = futu_reply_msg(r);
    snprintf(order.id, sizeof(order.id), "%s", m->s2c->orderIDEx.p);
    futu_reply_free(r);
}

static void on_time(void *arg)
{
    *(bool *)arg = true;
}

/* Pushes are handled while the loop runs; true when the order is over. */
static bool follow(futu_client *c, uint64_t ms)
{
    futu_timer *timer;
    bool late = false;
    check(c, futu_timer_new(futu_client_loop(c), &timer, ms, 0, on_time, &late), "timer");
    while (!order.over && !late)
        futu_loop_poll(futu_client_loop(c), 1000);
    futu_timer_free(timer);
    return order.over;
}

/* The list is the truth, whatever pushes have come. */
static void print_outcome(futu_client *c, const futu_account *acc)
{
    futu_reply *r;
    check(c, futu_get_orders_sync(c, acc, order.id, false, &r), "orders");
    const Trd_GetOrderList_Response *m = futu_reply_msg(r);
    for (size_t i = 0; i < m->s2c->n_orderList; i++)
        printf("in the end: %s, %g filled\n", status_name(m->s2c->orderList[i].orderStatus),
               m->s2c->orderList[i].fillQty);
    futu_reply_free(r);
}

int main(int argc, char **argv)
{
    futu_client_opts opts = FUTU_CLIENT_OPTS_INIT;
    futu_order o = FUTU_ORDER_INIT;
    futu_client *c;
    futu_reply *r;
    int opt;
    while ((opt = getopt(argc, argv, "h:p:")) != -1) {
        if (opt == 'h')
            opts.host = optarg;
        else if (opt == 'p')
            opts.port = (uint32_t)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (optind == argc) {
        fprintf(stderr, "usage: place_order [-h HOST] [-p PORT] CODE [QTY [PRICE]]\n");
        return 2;
    }
    o.code = argv[optind];
    o.qty = optind + 1 < argc ? strtod(argv[optind + 1], NULL) : 0;
    o.price = optind + 2 < argc ? strtod(argv[optind + 2], NULL) : 0;
    o.side = Trd_Common_TrdSide_Buy;
    o.remark = "place_order.c";
    opts.on_push = on_push;
    if (futu_client_new(&c, &opts))     /* with a loop of its own */
        return 1;
    check(c, futu_client_connect(c), "connect");
    int32_t market = strncmp(o.code, "US.", 3) == 0 ? Trd_Common_TrdMarket_US
                                                    : Trd_Common_TrdMarket_HK;
    futu_account acc = find_account(c, market);
    fill_in(c, &o);
    place(c, &acc, &o);
    if (!follow(c, 5000)) {
        printf("cancelling the rest\n");
        check(c, futu_cancel_order_sync(c, &acc, order.id, &r), "cancel");
        futu_reply_free(r);
        follow(c, 5000);
    }
    print_outcome(c, &acc);
    futu_client_free(c);
    return order.over ? 0 : 1;
}
