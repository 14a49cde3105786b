/* relay_push.c - how many pushes a hop carries in a second: from blast, which has as many as the
 * socket takes, to 1 client and to 10.
 *
 * The hop has a core for itself; blast and the clients share the other. Without a hop blast has the
 * first core. Each measurement starts its own servers.
 */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"

#define SECURITIES 100
#define MAX_CLIENTS 10
#define WARM_S 0.5
#define RUN_S 3.0
#define DRAIN_S 0.1
#define DRAINS 50
#define AIM_PER_S 300e3

static struct conn conns[MAX_CLIENTS];

/* What one measurement found. */
struct flow {
    double sent, delivered;     /* pushes per second */
    double arrived;             /* of those meant for a client, percent; after all had time to */
    double cpu;                 /* processor seconds of the hop per second */
};

static void open_clients(size_t n, int port, const char *what)
{
    static const int basic[] = { 1 };
    static char text[SECURITIES][12];
    static uint8_t request[8000];
    const char *codes[SECURITIES];
    for (size_t i = 0; i < SECURITIES; i++) {
        snprintf(text[i], sizeof(text[i]), "HK.%05zu", i + 1);
        codes[i] = text[i];
    }
    for (size_t i = 0; i < n; i++) {
        futu_open(&conns[i], port, what);
        futu_ask(&conns[i], request,
                 futu_sub(request, sizeof(request), codes, SECURITIES, basic, 1, true), what);
    }
}

static uint64_t count(size_t n, double seconds)
{
    return fanout_count(&proto_futu, conns, n, seconds, NULL, NULL);
}

/* Only a relay sends one push of its upstream to many. */
static void run_flow(struct server *blast, const struct hop *h, size_t n, bool relay,
                     struct flow *f)
{
    uint64_t all, rest = 1;
    blast_go(blast);
    all = count(n, WARM_S);
    double cpu = server_cpu_s(&h->s), start = now_s();
    uint64_t in_time = count(n, RUN_S);
    double took = now_s() - start;
    f->cpu = (server_cpu_s(&h->s) - cpu) / took;
    f->delivered = (double)in_time / took;
    all += in_time;
    uint64_t sent = blast_end(blast);
    for (int i = 0; i < DRAINS && rest > 0; i++)
        all += rest = count(n, DRAIN_S);
    double meant = (double)sent * (relay ? (double)n : 1);
    f->arrived = 100 * (double)all / meant;
    f->sent = (double)sent / (WARM_S + took);
}

static bool measure(enum hop_kind kind, size_t n, const char *bin, struct flow *f)
{
    struct server blast;
    struct hop h;
    if (!blast_start(&blast))
        die("starting blast");
    server_pin(&blast, kind == HOP_NONE ? core_server : core_load);
    bool up = hop_start(&h, kind, blast.port, bin);
    if (up) {
        open_clients(n, h.s.port, hop_names[kind]);
        run_flow(&blast, &h, n, kind == HOP_RELAY, f);
        for (size_t i = 0; i < n; i++)
            conn_close(&conns[i]);
    }
    hop_stop(&h);
    server_stop(&blast);
    return up;
}

static void row(const char *what, const double v[N_HOPS], const char *format)
{
    printf("  %-34s", what);
    for (int k = 0; k < N_HOPS; k++)
        if (isnan(v[k]))
            printf(" %10s", "-");
        else
            printf(format, v[k]);
    printf("\n");
    fflush(stdout);
}

static void compare_flow(size_t n, const char *bin)
{
    double sent[N_HOPS], delivered[N_HOPS], arrived[N_HOPS], cpu[N_HOPS], each[N_HOPS];
    char what[60];
    for (int k = 0; k < N_HOPS; k++) {
        struct flow f = { NAN, NAN, NAN, NAN };
        measure((enum hop_kind)k, n, bin, &f);
        sent[k] = f.sent;
        delivered[k] = f.delivered;
        arrived[k] = f.arrived;
        cpu[k] = k == HOP_NONE ? NAN : f.cpu;
        each[k] = k == HOP_NONE ? NAN : f.delivered / f.cpu;
    }
    snprintf(what, sizeof(what), "%zu client%s: delivered/s", n, n == 1 ? "" : "s");
    row(what, delivered, " %10.0f");
    row("  sent by the upstream/s", sent, " %10.0f");
    row("  arrived, percent", arrived, " %10.2f");
    row("  processor of the hop, s/s", cpu, " %10.2f");
    row("  delivered per processor second", each, " %10.0f");
    if (!isnan(sent[HOP_RELAY]))
        printf("  aim: at least %.0f pushes/s through the relay: %.0f, %s\n", AIM_PER_S,
               delivered[HOP_RELAY] / (double)n,
               delivered[HOP_RELAY] / (double)n >= AIM_PER_S ? "met" : "missed");
}

void compare_pushes(const char *bin)
{
    printf("\n%-36s", "A hop: pushes");
    for (int k = 0; k < N_HOPS; k++)
        printf(" %10s", hop_names[k]);
    printf("\n  %d securities; a relay has one upstream for all clients, the others one for each\n",
           SECURITIES);
    fflush(stdout);
    compare_flow(1, bin);
    compare_flow(MAX_CLIENTS, bin);
}
