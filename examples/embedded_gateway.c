/* embedded_gateway.c - a whole gateway inside the program, and a client without any socket.
 *
 *   cc -o embedded_gateway embedded_gateway.c $(pkg-config --cflags --libs libfutu)
 *   ./embedded_gateway [CODE [PUSHES]]
 *
 * Runs by itself: the paper exchange, open at any hour, sixty times as fast as the clock. Handy for
 * tests of a strategy: the same seed and clock give the same prices again.
 */
#include <futu/futu.h>

#include <stdio.h>
#include <stdlib.h>

struct count {
    long seen, wanted;
    double last;
};

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    struct count *n = arg;
    (void)body, (void)len;
    if (proto != 3005)
        return;
    const Qot_UpdateBasicQot_Response *m = msg;
    n->last = m->s2c->basicQotList[0].curPrice;
    printf("%s %s %g\n", m->s2c->basicQotList[0].updateTime.p,
           m->s2c->basicQotList[0].security->code.p, n->last);
    if (++n->seen == n->wanted)
        futu_loop_stop(futu_client_loop(c));
}

static void on_time(void *loop)
{
    fprintf(stderr, "embedded_gateway: too few pushes\n");
    futu_loop_stop(loop);
}

/* The last candles of the same security: they agree with the pushes. */
static futu_err print_candles(futu_client *c, const char *code)
{
    futu_reply *r;
    futu_err err = futu_get_klines_sync(c, code, Qot_Common_KLType_1Min, Qot_Common_RehabType_None,
                                        5, &r);
    if (!err) {
        const Qot_GetKL_Response *m = futu_reply_msg(r);
        for (size_t i = 0; i < m->s2c->n_klList; i++)
            printf("candle %s open %g high %g low %g close %g\n", m->s2c->klList[i].time.p,
                   m->s2c->klList[i].openPrice, m->s2c->klList[i].highPrice,
                   m->s2c->klList[i].lowPrice, m->s2c->klList[i].closePrice);
    }
    futu_reply_free(r);
    return err;
}

static futu_err stream(futu_client *c, const char *code)
{
    const int32_t types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_KL_1Min };
    futu_loop *loop = futu_client_loop(c);
    futu_timer *limit;
    futu_reply *r;
    futu_err err = futu_client_connect(c);
    if (err)
        return err;
    err = futu_subscribe_sync(c, &code, 1, types, 2, FUTU_SUB_PUSH, &r);
    futu_reply_free(r);
    if (!err)
        err = futu_timer_new(loop, &limit, 30000, 0, on_time, loop);
    if (err)
        return err;
    futu_loop_run(loop);        /* gateway and client both live on this loop */
    futu_timer_free(limit);
    return print_candles(c, code);
}

int main(int argc, char **argv)
{
    futu_gateway_opts gw = FUTU_GATEWAY_OPTS_INIT;
    futu_client_opts cl = FUTU_CLIENT_OPTS_INIT;
    struct count n = { 0, argc > 2 ? strtol(argv[2], NULL, 10) : 10, 0 };
    futu_loop *loop = NULL;
    futu_gateway *g = NULL;
    futu_client *c = NULL;
    char why[200] = "out of memory";
    futu_err err = futu_loop_new(&loop);
    gw.loop = loop;
    gw.upstream = FUTU_UPSTREAM_PAPER;          /* never chosen silently */
    gw.paper_clock = "always-open,x60";
    gw.paper_seed = 7;
    if (!err)
        err = futu_gateway_new(&g, &gw, why, sizeof(why));
    cl.gateway = g;                             /* instead of host and port */
    cl.on_push = on_push;
    cl.arg = &n;
    if (!err)
        err = futu_client_new(&c, &cl);
    if (!err) {
        err = stream(c, argc > 1 ? argv[1] : "HK.00700");
        snprintf(why, sizeof(why), "%s", futu_client_error(c));
    }
    if (err)
        fprintf(stderr, "embedded_gateway: %s: %s\n", futu_strerror(err), why);
    futu_client_free(c);                        /* client, gateway, loop: in this order */
    futu_gateway_free(g);
    futu_loop_free(loop);
    return err || n.seen < n.wanted ? 1 : 0;
}
