/* direct.c - see direct.h. */
#include "api/direct.h"

#include <stdio.h>

#include "api/login_code.h"
#include "api/opts.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json_text.h"
#include "crypt/random.h"
#include "io/https.h"
#include "surface/console.h"
#include "surface/rest.h"
#include "upstream/broker/broker.h"
#include "upstream/broker/conf_pull.h"
#include "upstream/broker/flow.h"
#include "upstream/broker/net_io.h"
#include "upstream/broker/tables.h"

_Static_assert(RENEW_PAUSES == FLOW_PAUSES, "the same pauses");

#define RENEWS 24
#define PAUSE_MIN (3 * NS_PER_S)
#define PAUSE_MAX (60 * NS_PER_S)

struct direct {
    futu_loop *loop;
    struct login login;
    struct https *https;
    struct flow *flow;
    struct net net;
    struct upstream *up;
    struct conf_pull conf;
    bool only_addrs;                    /* what the configuration says would not be used */
    bool renew_refused;
    int64_t pauses_ms[RENEW_PAUSES];    /* between renewals; zeros: the usual ones */
    futu_login_report report;
    futu_err err;                       /* of the last try */
    char why[FLOW_WHY_MAX];
    char renew_why[FLOW_WHY_MAX];       /* of the last renewal; "": it went well */
    struct login_code code;
    bool over, ready;                   /* over: the first try; ready: there was a login */
    int64_t pause;
    struct timer again;
    /* What channels have asked for; err: known at once and told by the timer. */
    struct {
        struct broker_renew *q;
        futu_err err;
    } renews[RENEWS];
    struct timer tell;
};

/* ---- the login ---- */

static void on_ask(void *arg, const struct flow_ask *ask)
{
    struct direct *d = arg;
    d->code.stay = d->over;             /* nobody looks at the terminal of a running gateway */
    if (d->over || d->code.file[0] || d->code.by_call) {
        snprintf(d->why, sizeof(d->why), "code: the login waits for the code of %s%s",
                 ask->third ? "a token" : ask->phone[0] ? "the SMS to " : "the SMS", ask->phone);
        d->err = FUTU_ENOTCONN;
        d->over = true;
        log_warn("login: %s", d->why);
    }
    login_code_ask(&d->code, ask);
}

static void take(struct direct *d)
{
    futu_err err = broker_login(d->up, flow_result(d->flow));
    if (err)
        log_error("login: the channels can't take it: %s", futu_strerror(err));
}

static void on_conf(void *arg, const struct remote_conf *c)
{
    struct direct *d = arg;
    futu_err err = broker_conf(d->up, c);
    if (err)
        log_warn("configuration: %s", futu_strerror(err));
}

/* The channels know all of their addresses that will be known for now. */
static void on_conf_first(void *arg)
{
    take(arg);
}

static void on_ready(void *arg)
{
    struct direct *d = arg;
    const struct auth_result *r = flow_result(d->flow);
    d->report.user_id = r->user_id;
    d->report.attribution = (uint32_t)r->attribution;
    d->over = d->ready = true;
    d->err = FUTU_OK;
    d->pause = 0;
    d->why[0] = d->renew_why[0] = '\0';
    log_info("login: user %llu", (unsigned long long)r->user_id);
    conf_pull_start(&d->conf, r->server_ahead_s);
}

/* Whether time alone may cure it. */
static bool may_pass(futu_err err)
{
    return err == FUTU_ENOTFOUND || err == FUTU_ETIMEDOUT || err == FUTU_EREFUSED ||
           err == FUTU_ENOTCONN || err == FUTU_EIO || err == FUTU_ELIMIT || err == FUTU_EPROTO ||
           err == FUTU_ENOMEM;
}

static bool in_network(const struct flow_failure *f)
{
    static const char *const stages[] = { "dns", "tcp", "tls", "http", "auth" };
    for (size_t i = 0; i < ARRAY_LEN(stages); i++)
        if (strcmp(f->stage, stages[i]) == 0)
            return true;
    return false;
}

static void try_later(struct direct *d, int64_t until_s)
{
    int64_t wall = clock_wall(loop_clock(d->loop));
    d->pause = d->pause ? MIN(d->pause * 2, PAUSE_MAX) : PAUSE_MIN;
    int64_t wait = MAX(d->pause, until_s ? until_s * NS_PER_S - wall : 0);
    timer_set(loop_timers(d->loop), &d->again, loop_now(d->loop) + wait);
}

static void on_failed(void *arg, const struct flow_failure *f)
{
    struct direct *d = arg;
    d->err = f->err;
    d->report.server_code = f->code;
    d->report.retry_s = f->until_s;
    snprintf(d->why, sizeof(d->why), "%s", f->why);
    snprintf(d->report.hint, sizeof(d->report.hint), "%s",
             d->report.code_sent ? login_code_hint : f->hint);
    if (d->over)
        log_warn("login: %s", f->why);
    d->over = true;
    if (in_network(f) && may_pass(f->err))
        try_later(d, f->until_s);
}

static void on_again(struct timer *t, int64_t now)
{
    struct direct *d = container_of(t, struct direct, again);
    (void)now;
    d->err = FUTU_EAGAIN;
    flow_start(d->flow);
}

/* ---- renewal ---- */

static void answer(struct direct *d, int32_t broker_id, futu_err err, const char *why)
{
    for (size_t i = 0; i < RENEWS; i++) {
        struct broker_renew *q = d->renews[i].q;
        if (!q || d->renews[i].err || q->broker_id != broker_id)
            continue;
        d->renews[i].q = NULL;
        q->done(q, err, why, err ? NULL : flow_result(d->flow));
        return;
    }
}

static void on_renewed(void *arg, futu_err err, const char *why)
{
    struct direct *d = arg;
    snprintf(d->renew_why, sizeof(d->renew_why), "%s", err ? why : "");
    if (!err)
        take(d);
    answer(d, 0, err, why);
}

static void on_broker(void *arg, int32_t id)
{
    struct direct *d = arg;
    const struct auth_result *r = flow_result(d->flow);
    for (size_t i = 0; r && i < r->n_brokers; i++)
        if (r->broker[i].broker_id == id) {
            answer(d, id, r->broker[i].err, r->broker[i].why);
            return;
        }
    answer(d, id, FUTU_ENOTFOUND, "the login no longer names this broker");
}

static void on_tell(struct timer *t, int64_t now)
{
    struct direct *d = container_of(t, struct direct, tell);
    (void)now;
    for (size_t i = 0; i < RENEWS; i++) {
        struct broker_renew *q = d->renews[i].q;
        futu_err err = d->renews[i].err;
        if (!q || !err)
            continue;
        d->renews[i].q = NULL;
        q->done(q, err, futu_strerror(err), NULL);
    }
}

static void renew(void *arg, struct broker_renew *q)
{
    struct direct *d = arg;
    size_t i = 0;
    while (i < RENEWS - 1 && d->renews[i].q)
        i++;
    d->renews[i].q = q;
    d->renews[i].err = q->broker_id ? flow_broker_again(d->flow, q->broker_id)
                                    : flow_renew(d->flow);
    if (d->renews[i].err)
        timer_set(loop_timers(d->loop), &d->tell, loop_now(d->loop));
}

static void renew_cancel(void *arg, struct broker_renew *q)
{
    struct direct *d = arg;
    for (size_t i = 0; i < RENEWS; i++)
        if (d->renews[i].q == q)
            d->renews[i].q = NULL;
}

/* ---- making it ---- */

static futu_err read_addrs(struct broker_opts *o, futu_str text, char *why, size_t size)
{
    bool more = text.n && text.p[0] == '+';
    text = (futu_str){ text.p + more, text.n - more };
    o->only_addrs = text.n > 0 && !more;
    while (text.n) {
        const char *end = memchr(text.p, ';', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (!broker_read_addrs(o, (futu_str){ text.p, n })) {
            snprintf(why, size, "broker-addr: IDENTITY=HOST:PORT[,HOST:PORT...], separated by "
                                "semicolons, not " STR_FMT, (int)MIN(n, 60), text.p);
            return FUTU_EINVAL;
        }
        n += end != NULL;
        text = (futu_str){ text.p + n, text.n - n };
    }
    return FUTU_OK;
}

static futu_err make_upstream(struct direct *d, struct upstream **up, const struct direct_opts *o,
                              char *why, size_t size)
{
    struct broker_opts b = {
        .clock = *loop_clock(o->loop),
        .timers = loop_timers(o->loop),
        .net = &d->net,
        .events = o->events,
        .renewer = { renew, renew_cancel, d },
        .random = random_bytes,
        .boot_id = o->boot_id,
        .secret = o->secret,
    };
    futu_err err = read_addrs(&b, str_c(o->addrs), why, size);
    d->only_addrs = b.only_addrs;
    memcpy(b.renew_pauses_ms, d->pauses_ms, sizeof(d->pauses_ms));
    b.renew_reactive = d->renew_refused;
    if (!err)
        err = broker_new(up, &b);
    d->up = err ? NULL : *up;
    return err;
}

static futu_err make_conf(struct direct *d, const char *key, char *why, size_t size)
{
    d->conf = (struct conf_pull){
        .clock = *loop_clock(d->loop), .timers = loop_timers(d->loop),
        .http = flow_http_over(d->https), .server = &d->login.server,
        .changed = on_conf, .first = on_conf_first, .arg = d,
    };
    key = key ? key : dialect_conf_key;
    futu_err err = key[0] && !d->only_addrs ? conf_key_read(&d->conf.key, str_c(key)) : FUTU_OK;
    if (err == FUTU_EINVAL)
        snprintf(why, size, "conf-key: 1 to %d bytes of text, or hex: and pairs of digits",
                 DIALECT_CONF_KEY_MAX);
    return err;
}

static futu_err make_flow(struct direct *d, const futu_login_opts *l, char *why, size_t size)
{
    futu_err err = login_code_init(&d->code, l->verify_code_file, why, size);
    if (!err)
        err = https_new(&d->https, d->loop, l->auth_ca);
    if (!err)
        err = make_conf(d, l->conf_key, why, size);
    if (err)
        return err;
    struct flow_opts f = {
        .clock = *loop_clock(d->loop), .timers = loop_timers(d->loop),
        .http = flow_http_over(d->https), .login = &d->login,
        .events = { on_ask, on_ready, on_failed, on_renewed, on_broker, d },
        .renew_signature = l->renew_signature != 0,
    };
    memcpy(f.pauses_ms, d->pauses_ms, sizeof(d->pauses_ms));
    err = flow_new(&d->flow, &f);
    d->code.by_call = l->code_by_call != 0;
    d->code.login = &d->login;
    d->code.flow = d->flow;
    d->code.loop = d->loop;
    d->code.report = &d->report;
    if (!err)                           /* from the loop, with everything in its place */
        timer_set(loop_timers(d->loop), &d->again, loop_now(d->loop));
    return err;
}

futu_err direct_new(struct direct **out, struct upstream **up, const struct direct_opts *o,
                    char *why, size_t size)
{
    struct direct *d = *out = mem_zalloc(sizeof(*d));
    futu_login_opts l = { 0 };
    if (!d)
        return FUTU_ENOMEM;
    if (opts_copy(&l, sizeof(l), OPTS_END(futu_login_opts, setup_only), o->login))
        return FUTU_EINVAL;
    d->loop = o->loop;
    d->report = (futu_login_report)FUTU_LOGIN_REPORT_INIT;
    d->err = FUTU_EAGAIN;
    d->again.fn = on_again;
    d->tell.fn = on_tell;
    d->net = net_io(o->loop);
    d->renew_refused = l.renew_refused != 0;
    if (l.renew_pauses && !broker_read_pauses(d->pauses_ms, str_c(l.renew_pauses))) {
        snprintf(why, size, "qot-relogin-backoff-ms: four numbers of milliseconds, none 0, with "
                            "commas between, not %.60s", l.renew_pauses);
        return FUTU_EINVAL;
    }
    futu_err err = login_open(&d->login, &l, &terminal_system, why, size);
    if (!err)
        err = make_upstream(d, up, o, why, size);
    return err ? err : make_flow(d, &l, why, size);
}

void direct_stop(struct direct *d)
{
    if (!d)
        return;
    timer_stop(loop_timers(d->loop), &d->again);
    timer_stop(loop_timers(d->loop), &d->tell);
    login_code_stop(&d->code);
    conf_pull_stop(&d->conf);
    flow_free(d->flow);
    d->flow = NULL;
}

void direct_free(struct direct *d)
{
    if (!d)
        return;
    direct_stop(d);
    https_free(d->https);
    login_close(&d->login);
    mem_free(d);
}

futu_err direct_code(struct direct *d, const char *code)
{
    return flow_code(d->flow, str_c(code), false);
}

void direct_renewals(const struct direct *d, struct rest_renewals *out)
{
    struct flow_health h;
    flow_health(d->flow, &h);
    *out = (struct rest_renewals){ h.failures, h.tries, h.next_s, h.circuit_s };
}

futu_err direct_again(struct direct *d)
{
    enum flow_state at = flow_state(d->flow);
    futu_err err = FUTU_OK;
    if (at == FLOW_FAILED || at == FLOW_IDLE) {
        timer_stop(loop_timers(d->loop), &d->again);
        d->err = FUTU_EAGAIN;
        flow_start(d->flow);
    } else {
        bool asked = at == FLOW_WAIT_CODE || at == FLOW_WAIT_THIRD;
        err = d->ready || asked ? flow_renew(d->flow) : FUTU_EBUSY;
    }
    if (d->ready)
        broker_relogin(d->up);
    return err;
}

/* What channels have asked of the flow ends with what it does. */
static void drop_renews(struct direct *d)
{
    for (size_t i = 0; i < RENEWS; i++)
        if (d->renews[i].q && !d->renews[i].err)
            d->renews[i].err = FUTU_ECANCELED;
    timer_set(loop_timers(d->loop), &d->tell, loop_now(d->loop));
}

futu_err direct_restart(struct direct *d, const struct secret *md5)
{
    if (!flow_may_restart(d->flow))
        return FUTU_EBUSY;
    futu_err err = login_set_password(&d->login, md5);
    if (err)
        return err;
    drop_renews(d);
    timer_stop(loop_timers(d->loop), &d->again);
    d->err = FUTU_EAGAIN;
    flow_restart(d->flow);
    return FUTU_OK;
}

/* What waits on disk for the code of an older SMS is gone on with, but for a newer one. */
static futu_err start_for_code(struct direct *d)
{
    futu_err err = direct_again(d);
    return err || flow_state(d->flow) != FLOW_WAIT_CODE ? err : flow_resend(d->flow);
}

futu_err direct_send_code(struct direct *d)
{
    switch (flow_state(d->flow)) {
    case FLOW_WAIT_CODE:
        return flow_resend(d->flow);
    case FLOW_WAIT_THIRD:
        return FUTU_ENOTSUP;
    case FLOW_READY:
        return FUTU_EEXIST;
    case FLOW_IDLE:
    case FLOW_FAILED:
        return start_for_code(d);
    default:
        return FUTU_EBUSY;
    }
}

void direct_console(const struct direct *d, struct console_login *out)
{
    static const uint8_t phases[FLOW_STATES] = {
        [FLOW_WAIT_CODE] = PHASE_CODE, [FLOW_WAIT_THIRD] = PHASE_TOKEN,
        [FLOW_READY] = PHASE_READY, [FLOW_FAILED] = PHASE_FAILED,
    };
    *out = (struct console_login){ .at = phases[flow_state(d->flow)] };
    if (out->at == PHASE_READY)
        out->user_id = d->report.user_id;
    if (out->at != PHASE_BUSY)
        snprintf(out->why, sizeof(out->why), "%s",
                 out->at == PHASE_READY ? d->renew_why : d->why);
    if (out->at == PHASE_FAILED)
        snprintf(out->hint, sizeof(out->hint), "%s", d->report.hint);
}

static futu_err put_broker(const struct broker_channel *c, bool first, struct buf *out)
{
    const struct bk_firm *firm = bk_firm(c->identity);
    const char *state = channel_state_name(c->info.state);
    futu_err err = buf_printf(out, "%s{\"broker_id\":%d,\"name\":\"%s\",\"status\":\"%s\","
                              "\"addr\":\"%s\",\"keep_alive_secs\":%u,\"accounts\":%zu,"
                              "\"unlocked\":%zu,\"message\":", first ? "" : ",", c->identity,
                              firm ? firm->name : "", state, c->info.addr, c->info.keep_alive_s,
                              c->accounts, c->unlocked);
    if (!err)
        err = json_put_string(out, str_c(c->info.why));
    return err ? err : buf_byte(out, '}');
}

futu_err direct_brokers(const struct direct *d, struct buf *out)
{
    struct broker_channel all[AUTH_BROKERS_MAX + 1];
    size_t n = broker_channels(d->up, all, ARRAY_LEN(all));
    futu_err err = FUTU_OK;
    for (size_t i = 1; i < n && !err; i++)      /* the first is the platform's */
        err = put_broker(&all[i], i == 1, out);
    return err;
}

futu_err direct_state(const struct direct *d, futu_login_report *report, char *why, size_t size)
{
    if (report) {
        size_t known = report->size;
        *report = d->report;
        report->size = known;
    }
    if (size)
        snprintf(why, size, "%s", d->why);
    return d->ready ? FUTU_OK : d->err;
}
