/* quote_stream.c - subscribes to quotes and trades and prints what is pushed.
 *
 *   cc -o quote_stream quote_stream.c $(pkg-config --cflags --libs libfutu)
 *   ./quote_stream [-h HOST] [-p PORT] [-t SECONDS] [-n PUSHES] CODE...
 *
 * Needs a gateway, such as: futu-opend --paper --paper-clock always-open
 * Ends after SECONDS or PUSHES, whichever comes first; without either, by Ctrl-C. If the gateway
 * goes away, the client comes back to it and subscribes again by itself.
 */
#include <futu/futu.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static futu_loop *loop;
static long pushes, most;

static void on_signal(int sig)
{
    (void)sig;
    futu_loop_stop(loop);       /* allowed in a signal handler */
}

static void on_time(void *arg)
{
    futu_loop_stop(arg);
}

/* Text of a message is a futu_str: pointer and length, with a NUL behind. */
static void print_quote(const Qot_Common_BasicQot *q)
{
    printf("quote  %-8s %10.3f  high %.3f  low %.3f  volume %lld\n", q->security->code.p,
           q->curPrice, q->highPrice, q->lowPrice, (long long)q->volume);
}

static void print_tick(const char *code, const Qot_Common_Ticker *t)
{
    static const char *const side[] = { "?", "buy", "sell", "-" };
    printf("trade  %-8s %10.3f x %-8lld %s  %s\n", code, t->price, (long long)t->volume,
           t->dir >= 0 && t->dir <= 3 ? side[t->dir] : "?", t->time.p);
}

/* Every push comes here, decoded; `proto` says as what. */
static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    (void)c, (void)body, (void)len, (void)arg;
    if (proto == 3005) {
        const Qot_UpdateBasicQot_Response *m = msg;
        for (size_t i = 0; i < m->s2c->n_basicQotList; i++)
            print_quote(&m->s2c->basicQotList[i]);
    } else if (proto == 3011) {
        const Qot_UpdateTicker_Response *m = msg;
        for (size_t i = 0; i < m->s2c->n_tickerList; i++)
            print_tick(m->s2c->security->code.p, &m->s2c->tickerList[i]);
    } else {
        return;                 /* news of the gateway itself, and so on */
    }
    fflush(stdout);
    if (++pushes == most)
        futu_loop_stop(loop);
}

static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    (void)arg;
    if (state == FUTU_STATE_LOST)
        fprintf(stderr, "connection lost (%s), trying again\n", futu_client_error(c));
    else if (state == FUTU_STATE_READY)
        fprintf(stderr, "connected%s\n", err ? ", but not everything could be restored" : "");
}

static int run(futu_client *c, const char *const *codes, size_t n, long seconds)
{
    const int32_t types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_Ticker };
    futu_timer *end = NULL;
    futu_reply *r = NULL;
    futu_err err = futu_client_connect(c);
    if (!err)
        err = futu_subscribe_sync(c, codes, n, types, 2, FUTU_SUB_PUSH, &r);
    futu_reply_free(r);
    if (!err && seconds)
        err = futu_timer_new(loop, &end, (uint64_t)seconds * 1000, 0, on_time, loop);
    if (err) {
        const char *why = futu_client_error(c);
        fprintf(stderr, "quote_stream: %s\n", *why ? why : futu_strerror(err));
        return 1;
    }
    futu_loop_run(loop);        /* callbacks run in here */
    futu_timer_free(end);
    fprintf(stderr, "%ld pushes\n", pushes);
    return 0;
}

int main(int argc, char **argv)
{
    futu_client_opts opts = FUTU_CLIENT_OPTS_INIT;
    long seconds = 0;
    int opt, status = 1;
    while ((opt = getopt(argc, argv, "h:p:t:n:")) != -1) {
        if (opt == 'h')
            opts.host = optarg;
        else if (opt == 'p')
            opts.port = (uint32_t)strtoul(optarg, NULL, 10);
        else if (opt == 't')
            seconds = strtol(optarg, NULL, 10);
        else if (opt == 'n')
            most = strtol(optarg, NULL, 10);
        else
            return 2;
    }
    if (optind == argc) {
        fputs("usage: quote_stream [-h HOST] [-p PORT] [-t SECONDS] [-n PUSHES] CODE...\n", stderr);
        return 2;
    }
    if (futu_loop_new(&loop))
        return 1;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    opts.loop = loop;
    opts.on_push = on_push;
    opts.on_state = on_state;
    futu_client *c;
    futu_err err = futu_client_new(&c, &opts);
    if (err)
        fprintf(stderr, "quote_stream: %s\n", futu_strerror(err));
    else
        status = run(c, (const char *const *)argv + optind, (size_t)(argc - optind), seconds);
    futu_client_free(c);        /* first what lives on the loop, then the loop */
    futu_loop_free(loop);
    return status;
}
