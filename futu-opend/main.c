/* main.c - futu-opend: reads the options, makes a gateway, opens the listeners, runs until a
 * signal.
 *
 * Exit: 0 after SIGINT or SIGTERM, 1 when it can't start, 2 on wrong usage.
 */
#include <futu/futu.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"
#include "options.h"
#include "tls.h"

#define EXIT_USAGE 2

struct daemon {
    struct opend_conf conf;
    futu_loop *loop;
    futu_gateway *gateway;
    struct listener tcp, websocket;
    uv_signal_t sigint, sigterm;
    bool stop;                  /* a signal came */
    char why[512];
};

/* Secrets pass through this process: no core file; thousands of sockets: all that the system
 * grants. */
static void set_limits(void)
{
    struct rlimit none = { 0, 0 }, files;
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    umask(077);
    signal(SIGPIPE, SIG_IGN);
}

static bool make_gateway(struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    futu_gateway_opts o = FUTU_GATEWAY_OPTS_INIT;
    o.loop = d->loop;
    o.upstream = c->paper ? FUTU_UPSTREAM_PAPER : FUTU_UPSTREAM_RELAY;
    o.upstream_host = c->upstream_host;
    o.upstream_port = (uint32_t)c->upstream_port;
    o.upstream_rsa_key = c->upstream_rsa_key;
    o.upstream_cache_s = (uint32_t)c->upstream_cache_s;
    o.state_dir = c->state_dir;
    o.rsa_private_key = c->rsa_private_key;
    o.websocket_key_md5 = c->websocket_key_md5;
    o.paper_clock = c->paper_clock;
    o.paper_seed = c->paper_seed;
    o.paper_trade_pwd = c->paper_trade_pwd;
    o.frequency_limits_off = strcmp(c->frequency_limits, "off") == 0;
    o.push_proto_fmt = (uint32_t)c->push_proto_type;
    o.push_interval_ms = (uint32_t)c->push_interval_ms;
    o.keep_alive_s = (uint32_t)c->keep_alive_s;
    o.max_connections = (uint32_t)c->max_connections;
    o.sub_quota = (uint32_t)c->sub_quota;
    return futu_gateway_new(&d->gateway, &o, d->why, sizeof(d->why)) == FUTU_OK;
}

/* Waits until it is known whether the upstream can be reached. What a later attempt may mend does
 * not keep the gateway from starting; a wrong name, key or port does. */
static bool meet_upstream(struct daemon *d)
{
    futu_err err;
    while ((err = futu_gateway_upstream_state(d->gateway, d->why, sizeof(d->why))) == FUTU_EAGAIN &&
           !d->stop)
        futu_loop_poll(d->loop, 100);
    if (err == FUTU_ENOTCONN || d->stop) {
        d->why[0] = '\0';
        err = FUTU_OK;
    }
    return err == FUTU_OK;
}

static bool make_listeners(struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    uv_loop_t *uv = futu_loop_uv(d->loop);
    const char *ws_ip = c->websocket_ip ? c->websocket_ip : c->ip;
    if (c->websocket_cert) {
        d->websocket.tls = tls_server_new(c->websocket_cert, c->websocket_private_key, d->why,
                                          sizeof(d->why));
        if (!d->websocket.tls)
            return false;
    }
    d->tcp.encrypted = c->rsa_private_key != NULL;
    d->websocket.encrypted = d->websocket.tls != NULL;
    if (!listener_start(&d->tcp, uv, &listener_tcp, d->gateway, c->ip, (int)c->port, d->why,
                        sizeof(d->why)))
        return false;
    return !c->websocket_port ||
           listener_start(&d->websocket, uv, &listener_websocket, d->gateway, ws_ip,
                          (int)c->websocket_port, d->why, sizeof(d->why));
}

static void on_signal(uv_signal_t *h, int signum)
{
    struct daemon *d = h->data;
    (void)signum;
    d->stop = true;
    futu_loop_stop(d->loop);
}

static void catch_signals(struct daemon *d)
{
    uv_loop_t *uv = futu_loop_uv(d->loop);
    d->sigint.data = d->sigterm.data = d;
    uv_signal_init(uv, &d->sigint);
    uv_signal_init(uv, &d->sigterm);
    uv_signal_start(&d->sigint, on_signal, SIGINT);
    uv_signal_start(&d->sigterm, on_signal, SIGTERM);
}

static void print_upstream(const struct daemon *d)
{
    char why[512];
    bool up = futu_gateway_upstream_state(d->gateway, why, sizeof(why)) == FUTU_OK;
    printf("futu-opend %s, relay: all data and all orders are those of %s\n",
           futu_version(), d->conf.upstream);
    printf("  upstream    %s%s%s\n", d->conf.upstream,
           d->conf.upstream_rsa_key ? ", encrypted" : "",
           up ? ", connected" : ", NOT connected; it is tried again and again");
    if (!up)
        printf("              %s\n", why);
    printf("  orders      journal in %s\n", d->conf.state_dir);
}

static void print_banner(const struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    futu_gateway_stats st = { .size = sizeof(st) };
    futu_gateway_stats_get(d->gateway, &st);
    if (c->paper) {
        printf("futu-opend %s, PAPER exchange: no broker, no real money\n", futu_version());
        printf("  securities  %llu, clock %s, seed %llu\n", (unsigned long long)st.securities,
               c->paper_clock, (unsigned long long)c->paper_seed);
    } else {
        print_upstream(d);
    }
    printf("  FTAPI       %s:%d%s\n", c->ip, d->tcp.port,
           c->rsa_private_key ? " (RSA key required)" : "");
    if (c->websocket_port)
        printf("  WebSocket   %s://%s:%d%s\n", d->websocket.tls ? "wss" : "ws",
               c->websocket_ip ? c->websocket_ip : c->ip, d->websocket.port,
               c->websocket_key_md5 ? " (key required)" : "");
    if ((!d->tcp.loopback && !d->tcp.encrypted) ||
        (c->websocket_port && !d->websocket.loopback && !d->websocket.encrypted))
        printf("  no trade calls on ports beyond loopback without encryption: see "
               "--rsa-private-key\n");
    printf("ready; Ctrl-C ends\n");
    fflush(stdout);
}

static void stop(struct daemon *d)
{
    listener_stop(&d->tcp);
    listener_stop(&d->websocket);
    if (d->sigint.data) {
        uv_close((uv_handle_t *)&d->sigint, NULL);
        uv_close((uv_handle_t *)&d->sigterm, NULL);
    }
    /* Closing takes one turn of the loop; the streams free their connections in it. */
    while (d->tcp.streams || d->websocket.streams)
        futu_loop_poll(d->loop, 10);
    futu_loop_poll(d->loop, 0);
    futu_gateway_free(d->gateway);
    futu_loop_free(d->loop);
    tls_server_free(d->websocket.tls);
}

static int run(struct daemon *d)
{
    bool up = futu_loop_new(&d->loop) == FUTU_OK && make_gateway(d);
    if (up)
        catch_signals(d);
    up = up && meet_upstream(d) && make_listeners(d);
    if (up) {
        print_banner(d);
        futu_loop_run(d->loop);
    } else {
        fprintf(stderr, "futu-opend: %s\n", d->why[0] ? d->why : "can't start");
    }
    stop(d);
    return up ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct daemon d;
    if (options_parse(&d.conf, argc, argv, d.why, sizeof(d.why)) != OPTIONS_OK) {
        fprintf(stderr, "futu-opend: %s\n", d.why);
        return EXIT_USAGE;
    }
    if (d.conf.help) {
        options_help(stdout);
        return EXIT_SUCCESS;
    }
    if (d.conf.version) {
        printf("futu-opend %s\n", futu_version());
        return EXIT_SUCCESS;
    }
    if (!log_zone(d.conf.tz, d.why, sizeof(d.why))) {
        fprintf(stderr, "futu-opend: %s\n", d.why);
        return EXIT_USAGE;
    }
    log_start(options_log_level(&d.conf), d.conf.json_log);
    set_limits();
    return run(&d);
}
