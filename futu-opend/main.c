/* main.c - futu-opend: reads the options, makes a gateway, opens the listeners, runs until a
 * signal.
 *
 * Exit: 0 after SIGINT or SIGTERM, 1 when it can't start, 2 on wrong usage or configuration; of a
 *       login see setup.h.
 */
#include <errno.h>
#include <futu/futu.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dry_run.h"
#include "listener.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "setup.h"
#include "tls.h"
#include "zone.h"

#define EXIT_USAGE 2
#define DRAIN_MS 5000

struct daemon {
    struct opend_conf conf;
    futu_loop *loop;
    futu_gateway *gateway;
    struct listener tcp, websocket, rest, grpc, console;
    struct turns turns;         /* of all TLS handshakes */
    unsigned connections;       /* of all listeners */
    uv_signal_t sigint, sigterm, sighup;
    struct notify notify;
    bool stop;                  /* a signal came */
    int status;                 /* of a start that has told why it failed */
    char again[4096];           /* the command that goes on with the code of an SMS */
    char why[512];
};

/* Secrets pass through this process: no core file, and no look into it by others of this user. */
static void keep_secrets(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/* Thousands of sockets: all that the system grants. */
static void set_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    umask(077);
    signal(SIGPIPE, SIG_IGN);
}

static void end(void *arg)
{
    struct daemon *d = arg;
    d->stop = true;
    futu_loop_stop(d->loop);
}

/* FUTU_TRADE_PWD, else the keychain when an account is named; NULL: there is none. */
static const char *find_trade_pwd(struct daemon *d, char *room, size_t size, bool *fine)
{
    const struct opend_conf *c = &d->conf;
    const char *env = getenv("FUTU_TRADE_PWD"), *where;
    futu_keychain_opts o = FUTU_KEYCHAIN_OPTS_INIT;
    char why[400];
    o.keychain = c->keychain;
    o.state_dir = c->state_dir;
    *fine = true;
    if ((env && *env) || !c->trade_pwd_account)
        return env;
    if (futu_keychain_get(FUTU_PASSWORD_TRADE, c->trade_pwd_account, room, size, &o, &where, why,
                          sizeof(why)) == FUTU_OK)
        return room;
    snprintf(d->why, sizeof(d->why), "--trade-pwd-account: %s; store it with: futucli "
                                     "set-trade-pwd --account %s", why, c->trade_pwd_account);
    *fine = false;
    return NULL;
}

static bool make_gateway(struct daemon *d)
{
    char trade_pwd[1025] = "";
    bool fine;
    futu_gateway_opts o = options_gateway(&d->conf);
    futu_login_opts login = options_login(&d->conf);
    o.loop = d->loop;
    o.login = d->conf.login_account ? &login : NULL;
    o.mcp_trade_pwd = find_trade_pwd(d, trade_pwd, sizeof(trade_pwd), &fine);
    o.on_shutdown = end;
    o.on_shutdown_arg = d;
    fine = fine && futu_gateway_new(&d->gateway, &o, d->why, sizeof(d->why)) == FUTU_OK;
    explicit_bzero(trade_pwd, sizeof(trade_pwd));
    return fine;
}

/* The gateway has copies of what it needs, in locked memory. */
static void forget_secrets(struct daemon *d)
{
    char *trade_pwd = getenv("FUTU_TRADE_PWD");
    if (trade_pwd)
        explicit_bzero(trade_pwd, strlen(trade_pwd));
    options_forget(&d->conf);
}

/* What may pass by itself: the gateway starts offline, and goes on trying. */
static bool may_pass(futu_err err)
{
    static const futu_err all[] = { FUTU_ENOTFOUND, FUTU_ETIMEDOUT, FUTU_EREFUSED, FUTU_ENOTCONN,
                                    FUTU_EPROTO, FUTU_EIO };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (err == all[i])
            return true;
    return false;
}

/* Waits until it is known how the login ends; false: the daemon ends with d->status. */
static bool meet_broker(struct daemon *d)
{
    futu_login_report r = FUTU_LOGIN_REPORT_INIT;
    futu_err err;
    char why[800];
    while ((err = futu_gateway_login(d->gateway, &r, why, sizeof(why))) == FUTU_EAGAIN && !d->stop)
        futu_loop_poll(d->loop, 100);
    if (err == FUTU_OK || d->stop)
        return true;
    if (!r.code_sent && may_pass(err)) {
        fprintf(stderr, "futu-opend: %s; %sthe gateway is offline until then\n", why,
                strncmp(why, "code:", 5) == 0 ? "" : "it is tried again, and ");
        return true;
    }
    d->status = setup_failed(&d->conf, &r, err, why, d->again);
    return false;
}

/* Waits until it is known whether the upstream can be reached. What a later attempt may mend does
 * not keep the gateway from starting; a wrong name, key or port does. */
static bool meet_upstream(struct daemon *d)
{
    futu_err err;
    if (d->conf.login_account && !meet_broker(d))
        return false;
    if (d->conf.login_account && futu_gateway_login(d->gateway, NULL, NULL, 0) != FUTU_OK)
        return true;
    while ((err = futu_gateway_upstream_state(d->gateway, d->why, sizeof(d->why))) == FUTU_EAGAIN &&
           !d->stop)
        futu_loop_poll(d->loop, 100);
    if (err == FUTU_ENOTCONN || d->conf.login_account || d->stop) {
        d->why[0] = '\0';
        err = FUTU_OK;
    }
    return err == FUTU_OK;
}

static bool load_tls(struct daemon *d, struct listener *l, const char *cert, const char *key)
{
    if (cert)
        l->tls = tls_server_new(cert, key, d->why, sizeof(d->why));
    l->encrypted = l->tls != NULL;
    l->turns = &d->turns;
    return !cert || l->tls;
}

/* In the log as well: who starts several gateways may look there alone. */
static bool cannot_open(const struct daemon *d)
{
    if (FUTU_LOG_WARN <= options_log_level(&d->conf))
        log_line(FUTU_LOG_WARN, d->why, NULL);
    return false;
}

static bool make_listeners(struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    const struct {
        struct listener *l;
        const struct listener_kind *kind;
        const char *ip;
        uint64_t port;
        bool open;
    } all[] = {
        { &d->tcp, &listener_tcp, c->ip, c->port, !c->tcp_closed },
        { &d->websocket, &listener_websocket, c->websocket_ip, c->websocket_port,
          c->websocket_port != 0 },
        { &d->rest, &listener_http, c->rest_ip, c->rest_port, c->rest_port != 0 },
        { &d->grpc, &listener_grpc, c->grpc_ip, c->grpc_port, c->grpc_port != 0 },
        { &d->console, &listener_console, c->telnet_ip, c->management_port,
          c->management_port != 0 },
    };
    turns_open(&d->turns, futu_loop_uv(d->loop));
    if (!load_tls(d, &d->websocket, c->websocket_cert, c->websocket_private_key) ||
        !load_tls(d, &d->rest, c->rest_tls_cert, c->rest_tls_key) ||
        !load_tls(d, &d->grpc, c->grpc_tls_cert, c->grpc_tls_key))
        return false;
    if (d->grpc.tls)
        tls_server_http2(d->grpc.tls);
    d->grpc.max_age_ms = 1000 * c->grpc_max_age_s;
    d->tcp.encrypted = c->rsa_private_key != NULL;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        all[i].l->count = &d->connections;
        all[i].l->count_max = (unsigned)c->max_connections;
        if (all[i].open &&
            !listener_start(all[i].l, futu_loop_uv(d->loop), all[i].kind, d->gateway,
                            all[i].ip ? all[i].ip : c->ip, (int)all[i].port, d->why,
                            sizeof(d->why)))
            return cannot_open(d);
    }
    return true;
}

static void on_signal(uv_signal_t *h, int signum)
{
    (void)signum;
    end(h->data);
}

static void on_hangup(uv_signal_t *h, int signum)
{
    struct daemon *d = h->data;
    char why[512], line[600];
    futu_err err = futu_gateway_reload(d->gateway, why, sizeof(why));
    int level = err && err != FUTU_ENOTFOUND ? FUTU_LOG_ERROR : FUTU_LOG_INFO;
    (void)signum;
    if (err == FUTU_ENOTFOUND)
        snprintf(line, sizeof(line), "SIGHUP: there is no keys file to read again");
    else if (err)
        snprintf(line, sizeof(line), "SIGHUP: the old keys stay: %s", why);
    else
        snprintf(line, sizeof(line), "SIGHUP: the keys files were read again");
    if (level <= options_log_level(&d->conf))
        log_line(level, line, NULL);
}

static void catch_signals(struct daemon *d)
{
    uv_loop_t *uv = futu_loop_uv(d->loop);
    d->sigint.data = d->sigterm.data = d->sighup.data = d;
    uv_signal_init(uv, &d->sigint);
    uv_signal_init(uv, &d->sigterm);
    uv_signal_start(&d->sigint, on_signal, SIGINT);
    uv_signal_start(&d->sigterm, on_signal, SIGTERM);
    uv_signal_init(uv, &d->sighup);
    uv_signal_start(&d->sighup, on_hangup, SIGHUP);
}

/* The service manager hears that the ports are open. */
static void say_ready(struct daemon *d)
{
    char line[256];
    notify_watch(&d->notify, futu_loop_uv(d->loop));
    if (notify_say(NOTIFY_READY) || options_log_level(&d->conf) < FUTU_LOG_WARN)
        return;
    snprintf(line, sizeof(line), "NOTIFY_SOCKET: the service manager can't be told that the "
                                 "gateway is ready: %s", strerror(errno));
    log_line(FUTU_LOG_WARN, line, NULL);
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

static void print_broker(const struct daemon *d)
{
    char why[512];
    bool up = futu_gateway_upstream_state(d->gateway, why, sizeof(why)) == FUTU_OK;
    printf("futu-opend %s, direct login of %s\n", futu_version(), d->conf.login_account);
    printf("  upstream    broker, %s\n",
           up ? "connected" : "NOT connected; it is tried again and again");
    if (!up)
        printf("              %s\n", why);
    printf("  orders      journal in %s\n", d->conf.state_dir);
}

static void print_mode(const char *keys_file)
{
    if (keys_file)
        printf("(keys: %s)\n", keys_file);
    else
        printf("(open mode: reads without a key, writes refused)\n");
}

static void print_rest(const struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    printf("  REST        %s://%s:%d ", d->rest.tls ? "https" : "http",
           c->rest_ip ? c->rest_ip : c->ip, d->rest.port);
    print_mode(c->rest_keys_file);
}

static void print_grpc(const struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    printf("  gRPC        %s:%d%s ", c->grpc_ip ? c->grpc_ip : c->ip, d->grpc.port,
           d->grpc.tls ? ", TLS" : "");
    print_mode(c->grpc_keys_file);
}

static void print_console(const struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    printf("  console     %s:%d (%s)\n", c->telnet_ip, d->console.port,
           c->rest_keys_file || c->grpc_keys_file || c->ws_keys_file
               ? "first: auth KEY" : "open: who reaches it may do everything");
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
    } else if (c->login_account) {
        print_broker(d);
    } else {
        print_upstream(d);
    }
    if (c->config || c->config_found)
        printf("  config      %s%s\n", c->config ? c->config : c->config_found,
               c->config ? "" : " (found without --config)");
    if (d->tcp.kind)
        printf("  FTAPI       %s:%d%s\n", c->ip, d->tcp.port,
               c->rsa_private_key ? " (RSA key required)" : "");
    if (c->websocket_port)
        printf("  WebSocket   %s://%s:%d%s\n", d->websocket.tls ? "wss" : "ws",
               c->websocket_ip ? c->websocket_ip : c->ip, d->websocket.port,
               c->websocket_key_md5 ? " (key required)" : "");
    if (d->rest.kind)
        print_rest(d);
    if (d->grpc.kind)
        print_grpc(d);
    if (d->console.kind)
        print_console(d);
    if ((d->tcp.kind && !d->tcp.loopback && !d->tcp.encrypted) ||
        (c->websocket_port && !d->websocket.loopback && !d->websocket.encrypted))
        printf("  no trade calls on ports beyond loopback without encryption: see "
               "--rsa-private-key\n");
    printf("ready; Ctrl-C ends\n");
    fflush(stdout);
}

static bool all_answered(const struct daemon *d)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    return !d->gateway || futu_gateway_stats_get(d->gateway, &st) != FUTU_OK || st.waiting == 0;
}

/* Within DRAIN_MS; another signal ends the wait. */
static void drain(struct daemon *d)
{
    struct listener *all[] = { &d->tcp, &d->websocket, &d->rest, &d->grpc, &d->console };
    const size_t n = sizeof(all) / sizeof(all[0]);
    uint64_t end_ms = d->loop ? uv_now(futu_loop_uv(d->loop)) + DRAIN_MS : 0;
    d->stop = false;
    for (size_t i = 0; i < n; i++)
        listener_refuse(all[i]);
    while (!all_answered(d) && !d->stop && uv_now(futu_loop_uv(d->loop)) < end_ms)
        futu_loop_poll(d->loop, 10);
    for (size_t i = 0; i < n; i++)
        listener_drain(all[i]);
    while (d->connections && !d->stop && uv_now(futu_loop_uv(d->loop)) < end_ms)
        futu_loop_poll(d->loop, 10);
    for (size_t i = 0; i < n; i++)
        listener_stop(all[i]);
}

/* Answers what is under way, and ends. */
static void stop(struct daemon *d)
{
    drain(d);
    if (d->sigint.data) {
        uv_close((uv_handle_t *)&d->sigint, NULL);
        uv_close((uv_handle_t *)&d->sigterm, NULL);
        uv_close((uv_handle_t *)&d->sighup, NULL);
    }
    notify_close(&d->notify);
    turns_close(&d->turns);
    /* Closing takes one turn of the loop; the streams free their connections in it. */
    while (d->connections)
        futu_loop_poll(d->loop, 10);
    futu_loop_poll(d->loop, 0);
    futu_gateway_free(d->gateway);
    futu_loop_free(d->loop);
    tls_server_free(d->websocket.tls);
    tls_server_free(d->rest.tls);
    tls_server_free(d->grpc.tls);
}

static int run(struct daemon *d)
{
    bool up = futu_loop_new(&d->loop) == FUTU_OK && make_gateway(d);
    forget_secrets(d);
    if (up)
        catch_signals(d);
    up = up && meet_upstream(d) && make_listeners(d);
    if (up) {
        print_banner(d);
        say_ready(d);
        futu_loop_run(d->loop);
        notify_say(NOTIFY_STOPPING);
    } else if (!d->status) {
        fprintf(stderr, "futu-opend: %s\n", d->why[0] ? d->why : "can't start");
    }
    stop(d);
    return up ? EXIT_SUCCESS : d->status ? d->status : EXIT_FAILURE;
}

static int wrong_usage(struct daemon *d)
{
    fprintf(stderr, "futu-opend: %s\n", d->why);
    options_free(&d->conf);
    return EXIT_USAGE;
}

static int start(struct daemon *d)
{
    const struct opend_conf *c = &d->conf;
    zone_apply(c->tz);
    log_start(options_log_level(c), c->json_log);
    options_notes(c, log_line);
    if (c->calendar_file && futu_calendar_load(c->calendar_file, d->why, sizeof(d->why)) != FUTU_OK)
        return wrong_usage(d);
    if (!c->check_config && c->setup_only)
        return setup_run(c, d->again);
    if (!c->check_config) {
        set_limits();
        return run(d);
    }
    if (!check_files(c, d->why, sizeof(d->why)))
        return wrong_usage(d);
    printf("configuration is fine\n");
    options_report(c, stdout);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct daemon d;
    int status = EXIT_SUCCESS;
    keep_secrets();
    enum options_result parsed = options_parse(&d.conf, argc, argv, d.why, sizeof(d.why));
    setup_command(d.again, sizeof(d.again), argc, argv);
    options_hide(argc, argv, environ);
    if (parsed != OPTIONS_OK)
        return wrong_usage(&d);
    if (d.conf.help)
        options_help(stdout);
    else if (d.conf.version)
        printf("futu-opend %s\n", futu_version());
    else
        status = start(&d);
    options_free(&d.conf);
    return status;
}
