/* relay.c - what one hop costs: a request and its answer, and an order's tick, straight from a
 * paper gateway and through each kind of hop.
 *
 * The hops stand side by side in front of one gateway and take turns, so that a slow second of the
 * machine hits all of them. All servers share a core, the load has the other: in a closed loop only
 * one of them runs at a time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define TURNS 50
#define PER_TURN 100            /* requests */
#define EVENTS_PER_TURN 8       /* orders; even, since they buy and sell in turn */
#define MAX_SUBSCRIBERS 100
#define SETTLE_S 50e-6
#define AIM_US 30.0

static struct server paper;
static struct hop hops[N_HOPS];
static uint8_t request[4000];
/* A security for each hop: the ticks of one are not carried by the others. */
static const char *const codes[N_HOPS] = { BENCH_QUIET, BENCH_QUIET_2, BENCH_QUIET_3,
                                           BENCH_QUIET_4 };

static void head(const char *title, const char *unit)
{
    printf("\n%-36s", title);
    for (int k = 0; k < N_HOPS; k++)
        printf(" %10s", hop_names[k]);
    printf(" %12s\n  %s\n", "relay-plain", unit);
}

/* The plain hop is the better one of the two. */
static double over_plain(const double v[N_HOPS])
{
    return v[HOP_RELAY] - fmin(v[HOP_SOCAT], v[HOP_HAPROXY]);
}

static void row(const char *what, const double v[N_HOPS])
{
    printf("  %-34s", what);
    for (int k = 0; k < N_HOPS; k++)
        if (isnan(v[k]))
            printf(" %10s", "-");
        else
            printf(" %10.1f", v[k]);
    if (hops[HOP_RELAY].up)
        printf(" %+12.1f", over_plain(v));
    printf("\n");
    fflush(stdout);
}

static void aim(const char *what, const double p50[N_HOPS])
{
    if (!hops[HOP_RELAY].up)
        return;
    double over = over_plain(p50);
    printf("  aim: relay p50 at most %.0f us above the plain hop; %s: %+.1f us, %s\n", AIM_US, what,
           over, over <= AIM_US ? "met" : "missed");
}

struct ask {
    const char *name;
    size_t (*write)(uint8_t *out, size_t size);
};

static size_t write_quote(uint8_t *out, size_t size)
{
    return futu_basic_qot(out, size, BENCH_QUIET);
}

static size_t write_accounts(uint8_t *out, size_t size)
{
    return futu_call_json(out, size, "Trd_GetAccList", "{\"c2s\":{\"userID\":\"0\"}}");
}

struct answers {
    float seconds[TURNS * PER_TURN];
    size_t n;
    double upstream_s, hop_s;   /* processor time */
};

static void one_turn(struct conn *c, const struct hop *h, size_t len, struct answers *a)
{
    double upstream = server_cpu_s(&paper), hop = server_cpu_s(&h->s);
    for (int i = 0; i < PER_TURN; i++) {
        double start = now_s();
        futu_ask(c, request, len, "a request");
        a->seconds[a->n++] = (float)(now_s() - start);
    }
    a->upstream_s += server_cpu_s(&paper) - upstream;
    a->hop_s += server_cpu_s(&h->s) - hop;
}

static void open_quote_conn(struct conn *c, int k)
{
    static const int basic[] = { 1 };
    static const char *const code[] = { BENCH_QUIET };
    futu_open(c, hops[k].s.port, hop_names[k]);
    futu_ask(c, request, futu_sub(request, sizeof(request), code, 1, basic, 1, false),
             hop_names[k]);
}

static void print_answers(const char *name, struct answers a[N_HOPS])
{
    double p50[N_HOPS], p99[N_HOPS], upstream[N_HOPS], hop[N_HOPS];
    char what[60];
    for (int k = 0; k < N_HOPS; k++) {
        struct load_result r;
        double n = a[k].n ? (double)a[k].n : NAN;
        load_percentiles(a[k].seconds, a[k].n, &r);
        p50[k] = hops[k].up ? r.p50_us : NAN;
        p99[k] = hops[k].up ? r.p99_us : NAN;
        upstream[k] = a[k].upstream_s / n * 1e6;
        hop[k] = k == HOP_NONE ? NAN : a[k].hop_s / n * 1e6;
    }
    snprintf(what, sizeof(what), "%s, p50", name);
    row(what, p50);
    row("  p99", p99);
    row("  processor time of the upstream", upstream);
    row("  processor time of the hop", hop);
    aim(name, p50);
}

static void compare_ask(const struct ask *ask)
{
    static struct answers a[N_HOPS];
    struct conn c[N_HOPS];
    for (int k = 0; k < N_HOPS; k++) {
        a[k].n = 0;
        a[k].upstream_s = a[k].hop_s = 0;
        if (hops[k].up)
            open_quote_conn(&c[k], k);
    }
    size_t len = ask->write(request, sizeof(request));
    for (int turn = 0; turn < TURNS; turn++)
        for (int k = 0; k < N_HOPS; k++)
            if (hops[k].up)
                one_turn(&c[k], &hops[k], len, &a[k]);
    for (int k = 0; k < N_HOPS; k++)
        if (hops[k].up)
            conn_close(&c[k]);
    print_answers(ask->name, a);
}

/* Orders go straight to the exchange; only the tick takes the hop. */
struct trader {
    struct conn conn;
    uint64_t conn_id;
    unsigned serial;
    const char *code;
};

static void open_trader(struct trader *t)
{
    static uint8_t answer[4000];
    t->serial = 0;
    if (!conn_open(&t->conn, paper.port) ||
        !conn_write(&t->conn, request, futu_init_connect(request, sizeof(request))))
        die("connecting");
    t->conn_id = futu_conn_id(answer, conn_read(&t->conn, &proto_futu, answer, sizeof(answer)));
}

static bool fire_order(void *arg)
{
    struct trader *t = arg;
    size_t len = futu_order(request, sizeof(request), t->conn_id, t->serial++, t->code);
    return conn_write(&t->conn, request, len);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Short and busy, since a processor that went to sleep would be measured too. Ticks of others that
 * come in are dropped. */
static void settle(struct trader *t, struct conn *conns, size_t n)
{
    futu_await(&t->conn, request, t->code);
    fanout_count(&proto_futu, conns, n, SETTLE_S, nothing, NULL);
}

static void one_event_turn(struct trader *t, struct conn *conns, size_t n, float *seconds)
{
    for (int i = 0; i < EVENTS_PER_TURN; i++) {
        struct load_result r;
        bool told = fanout_latency(&proto_futu, conns, n, 1, fire_order, t, &r);
        settle(t, conns, n);        /* an order that was refused is named here */
        if (!told)
            die(t->code);
        seconds[i] = (float)(r.p50_us / 1e6);
    }
}

static void open_subscribers(struct conn *conns, size_t n, int k)
{
    static const int ticks[] = { 4 };
    for (size_t i = 0; i < n; i++) {
        futu_open(&conns[i], hops[k].s.port, hop_names[k]);
        futu_ask(&conns[i], request,
                 futu_sub(request, sizeof(request), &codes[k], 1, ticks, 1, true), hop_names[k]);
    }
}

static void print_events(float seconds[N_HOPS][TURNS * EVENTS_PER_TURN], size_t n)
{
    double p50[N_HOPS], p99[N_HOPS];
    char what[40];
    for (int k = 0; k < N_HOPS; k++) {
        struct load_result r;
        load_percentiles(seconds[k], TURNS * EVENTS_PER_TURN, &r);
        p50[k] = hops[k].up ? r.p50_us : NAN;
        p99[k] = hops[k].up ? r.p99_us : NAN;
    }
    snprintf(what, sizeof(what), "%zu subscriber%s, p50", n, n == 1 ? "" : "s");
    row(what, p50);
    row("  p99", p99);
    if (n == 1)
        aim("a tick", p50);
}

static void compare_ticks(size_t n)
{
    static struct conn conns[N_HOPS][MAX_SUBSCRIBERS];
    static float seconds[N_HOPS][TURNS * EVENTS_PER_TURN];
    struct trader t;
    open_trader(&t);
    for (int k = 0; k < N_HOPS; k++)
        if (hops[k].up)
            open_subscribers(conns[k], n, k);
    for (int turn = 0; turn < TURNS; turn++)
        for (int k = 0; k < N_HOPS; k++) {
            t.code = codes[k];
            if (hops[k].up)
                one_event_turn(&t, conns[k], n, seconds[k] + turn * EVENTS_PER_TURN);
        }
    for (int k = 0; k < N_HOPS; k++)
        for (size_t i = 0; hops[k].up && i < n; i++)
            conn_close(&conns[k][i]);
    conn_close(&t.conn);
    print_events(seconds, n);
}

void compare_answers(const char *bin)
{
    static const struct ask asks[] = { { "Qot_GetBasicQot", write_quote },
                                       { "Trd_GetAccList", write_accounts } };
    printf("\n");
    if (!server_start_futu(&paper, bin, "always-open"))
        die("starting futu-opend");
    for (int k = 0; k < N_HOPS; k++)
        hop_start(&hops[k], (enum hop_kind)k, paper.port, bin);
    head("A hop: request and answer", "us; 1 connection, the next request when the answer is here");
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
        compare_ask(&asks[i]);
    head("A hop: an order's tick",
         "us from the order, which goes straight, to its tick read by the last");
    compare_ticks(1);
    compare_ticks(MAX_SUBSCRIBERS);
    for (int k = 0; k < N_HOPS; k++)
        hop_stop(&hops[k]);
    server_stop(&paper);
}
