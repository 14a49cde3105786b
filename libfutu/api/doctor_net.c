/* doctor_net.c - what futu_doctor() asks of the network, one thing after the other on a loop of its
 * own: the auth server stage by stage, the clock by its answer, the connection points; or another
 * gateway.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "api/doctor.h"
#include "futu/calls.h"
#include "futu/client.h"
#include "futu/proto.h"
#include "io/https.h"
#include "io/sock.h"
#include "io/tls_client.h"

#define STANDARD_TIMEOUT_MS 10000
#define SKEW_WARN_S 30          /* an SMS code lives for a minute */
#define SKEW_FAIL_S 300         /* tickets carry times */

enum { OK = FUTU_FINDING_OK, SKIP = FUTU_FINDING_SKIP, WARN = FUTU_FINDING_WARN,
       FAIL = FUTU_FINDING_FAIL };

static int64_t timeout_ns(const struct doctor *d)
{
    return (d->o->timeout_ms ? d->o->timeout_ms : STANDARD_TIMEOUT_MS) * NS_PER_MS;
}

/* ---- the clock ---- */

/* n digits at `at`, -1: others. */
static int digits(const char *at, int n)
{
    int v = 0;
    for (; n > 0; n--, at++) {
        if (*at < '0' || *at > '9')
            return -1;
        v = v * 10 + *at - '0';
    }
    return v;
}

/* RFC 9110's first form of a date, "Sun, 06 Nov 1994 08:49:37 GMT", in seconds; -1: another. */
static int64_t read_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "";
    if (strlen(text) != 29)
        return -1;
    memcpy(month, text + 8, 3);
    const char *at = strstr(months, month);
    struct tm tm = { .tm_mday = digits(text + 5, 2), .tm_year = digits(text + 12, 4),
                     .tm_hour = digits(text + 17, 2), .tm_min = digits(text + 20, 2),
                     .tm_sec = digits(text + 23, 2) };
    if (!at || (at - months) % 3 || tm.tm_mday < 1 || tm.tm_year < 1970 || tm.tm_hour < 0 ||
        tm.tm_min < 0 || tm.tm_sec < 0)
        return -1;
    tm.tm_mon = (int)(at - months) / 3;
    tm.tm_year -= 1900;
    return (int64_t)timegm(&tm);
}

static void look_at_clock(const struct doctor *d, const char *date)
{
    int64_t theirs = read_date(date), off = (int64_t)time(NULL) - theirs;
    if (theirs < 0) {
        doctor_say(d, "clock", SKIP, NULL, "the server does not tell the time");
        return;
    }
    int64_t by = off < 0 ? -off : off;
    doctor_say(d, "clock", by >= SKEW_FAIL_S ? FAIL : by >= SKEW_WARN_S ? WARN : OK,
               by >= SKEW_WARN_S ? "timedatectl set-ntp true, or another time service" : NULL,
               "%lld s %s the server's", (long long)by, off < 0 ? "behind" : "ahead of");
}

/* ---- trust ---- */

static futu_err look_at_roots(const struct doctor *d)
{
    struct tls_roots *r;
    char why[400];
    futu_err err = tls_roots_load(&r, d->o->ca_file, why, sizeof(why));
    if (err == FUTU_ENOMEM)
        return err;
    doctor_say(d, "tls roots", err ? FAIL : OK,
               err ? "install the package ca-certificates: no server can be trusted without" : NULL,
               "%s", err ? why : "they are there");
    if (!err)
        tls_roots_free(r);
    return FUTU_OK;
}

/* ---- the auth server ---- */

struct asked {
    const struct doctor *d;
    bool done;
};

static const char *const checks[] = { "auth: dns", "auth: tcp", "auth: tls", "auth: http" };
static const char *const remedies[] = {
    "look at /etc/resolv.conf; --auth-server http://HOST:PORT goes through a proxy of yours",
    "a firewall or the provider is in the way: try another network or a VPN",
    "install ca-certificates, set the clock; a proxy that reads along must be named with "
    "--auth-server http://...",
    "look at what answers there; --auth-server may name the wrong port",
};

static bool has_stage(const struct doctor *d, int stage)
{
    return stage != HTTPS_TLS || d->server.tls;
}

static void on_answer(void *arg, const struct https_reply *r)
{
    struct asked *a = arg;
    const struct doctor *d = a->d;
    int last = r->err ? (int)r->stage : HTTPS_HTTP + 1;
    a->done = true;
    for (int i = HTTPS_DNS; i <= HTTPS_HTTP; i++) {
        if (!has_stage(d, i))
            continue;
        if (i < last && i < HTTPS_HTTP)
            doctor_say(d, checks[i], OK, NULL, "%s", d->server.host);
        else if (i < last)
            doctor_say(d, checks[i], OK, NULL, "%s answers (%d)", d->server.url, r->status);
        else if (i == last)
            doctor_say(d, checks[i], FAIL, remedies[i], "%s: %s", d->server.url, r->why);
        else
            doctor_say(d, checks[i], SKIP, NULL, "not reached");
    }
    if (!r->err)
        look_at_clock(d, r->date);
}

static futu_err ask_auth(const struct doctor *d, futu_loop *l)
{
    struct asked a = { .d = d };
    struct https *h;
    struct https_call *call;
    const struct https_request rq = { .method = "GET", .url = str_c(d->server.url),
                                      .target = STR("/"), .timeout_ns = timeout_ns(d) };
    futu_err err = https_new(&h, l, d->o->ca_file);
    if (err)
        return err;
    err = https_send(h, &call, &rq, on_answer, &a);
    if (!err)
        err = loop_run_until(l, &a.done);
    https_free(h);
    return err;
}

/* ---- connection points ---- */

struct point {
    const struct doctor *d;
    bool done, up;
    char why[200];
};

static void on_point_up(void *arg)
{
    struct point *p = arg;
    p->done = p->up = true;
}

static void on_point_data(void *arg, const uint8_t *bytes, size_t n)
{
    (void)arg, (void)bytes, (void)n;
}

static void on_point_closed(void *arg, futu_err err, const char *why)
{
    struct point *p = arg;
    (void)err;
    p->done = true;
    snprintf(p->why, sizeof(p->why), "%s", why);
}

/* FUTU_OK with *up. */
static futu_err try_point(const struct doctor *d, futu_loop *l, const char *host, uint32_t port,
                          struct point *p)
{
    const struct sock_events ev = { on_point_up, on_point_data, on_point_closed, p };
    struct sock *s;
    *p = (struct point){ .d = d };
    futu_err err = sock_connect(&s, l, host, port, timeout_ns(d), &ev);
    if (err == FUTU_ENOMEM)
        return err;
    if (err) {
        snprintf(p->why, sizeof(p->why), "%s", futu_strerror(err));
        return FUTU_OK;
    }
    err = loop_run_until(l, &p->done);
    sock_close(s);
    return err;
}

static futu_err ask_named_points(const struct doctor *d, futu_loop *l)
{
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < d->o->n_conn && !err; i++) {
        char host[256];
        uint32_t port;
        struct point p;
        doctor_host_port(d->o->conn[i], NULL, host, &port);
        err = try_point(d, l, host, port, &p);
        if (!err)
            doctor_say(d, "connection point", p.up ? OK : FAIL,
                       p.up ? NULL : "start what should listen there, or open the firewall",
                       p.up ? "%s lets one in%s" : "%s: %s", d->o->conn[i], p.up ? "" : p.why);
    }
    return err;
}

/* 9595 is the usual port; where it is filtered 443 may be open. */
static futu_err ask_standard_point(const struct doctor *d, futu_loop *l,
                                   const struct attribution *at)
{
    struct point usual, other;
    futu_err err = try_point(d, l, at->conn_host, PLATFORM_CONN_PORT, &usual);
    if (err || usual.up) {
        if (!err)
            doctor_say(d, "connection point", OK, NULL, "%s:%d (%s) lets one in", at->conn_host,
                       PLATFORM_CONN_PORT, at->region);
        return err;
    }
    err = try_point(d, l, at->conn_host, PLATFORM_CONN_PORT_ALT, &other);
    if (!err)
        doctor_say(d, "connection point", WARN,
                   other.up ? "a firewall filters port 9595: have it opened"
                            : "if those of other regions answer, the provider is in the way: a VPN",
                   "%s:%d (%s): %s", at->conn_host, PLATFORM_CONN_PORT, at->region, usual.why);
    return err;
}

static futu_err ask_points(const struct doctor *d, futu_loop *l)
{
    futu_err err = FUTU_OK;
    if (d->o->n_conn > 0)
        return ask_named_points(d, l);
    if (!d->server.standard) {
        doctor_say(d, "connection point", SKIP, NULL,
                   "with an auth server of your own, name them with --conn");
        return FUTU_OK;
    }
    for (int n = 1; n <= UINT8_MAX && !err; n++) {
        const struct attribution *at = attribution_find((uint8_t)n);
        if (at && at->platform == d->server.platform)
            err = ask_standard_point(d, l, at);
    }
    return err;
}

/* ---- another gateway ---- */

static void judge_gateway(const struct doctor *d, const GetGlobalState_S2C *s)
{
    bool in = s->qotLogined && s->trdLogined;
    doctor_say(d, "upstream: state", in ? OK : WARN,
               in ? NULL : "log in there; quotes or orders will fail meanwhile",
               "version %d, quotes %s, trading %s", (int)s->serverVer,
               s->qotLogined ? "on" : "OFF", s->trdLogined ? "on" : "OFF");
}

static futu_err ask_gateway(const struct doctor *d, futu_loop *l)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    futu_client *c;
    futu_reply *r;
    char host[256];
    doctor_host_port(d->o->upstream, NULL, host, &o.port);
    o.loop = l;
    o.host = host;
    o.timeout_ms = (uint32_t)(timeout_ns(d) / NS_PER_MS);
    futu_err err = futu_client_new(&c, &o);
    if (err)
        return err;
    err = futu_client_connect(c);
    if (err) {
        doctor_say(d, "upstream", FAIL, "start the gateway there; its --port and --ip must match",
                   "%s: %s", d->o->upstream, futu_client_error(c));
    } else {
        doctor_say(d, "upstream", OK, NULL, "%s speaks FTAPI", d->o->upstream);
        if (futu_client_call_json_sync(c, "GetGlobalState", "{\"c2s\":{\"userID\":0}}", &r) ==
            FUTU_OK) {
            judge_gateway(d, ((const GetGlobalState_Response *)futu_reply_msg(r))->s2c);
            futu_reply_free(r);
        } else {
            doctor_say(d, "upstream: state", WARN, NULL, "it tells no state: %s",
                       futu_client_error(c));
        }
    }
    futu_client_free(c);
    return FUTU_OK;
}

futu_err doctor_network(const struct doctor *d)
{
    futu_loop *l;
    futu_err err = futu_loop_new(&l);
    if (err)
        return err;
    if (d->o->upstream) {
        err = ask_gateway(d, l);
    } else {
        err = look_at_roots(d);
        if (!err)
            err = ask_auth(d, l);
        if (!err)
            err = ask_points(d, l);
    }
    futu_loop_free(l);
    return err;
}
