/* login_setup.c - a login that ends when it is saved: futu_login_setup(). */
#include <stdio.h>

#include "api/login_code.h"
#include "api/opts.h"
#include "futu/login.h"
#include "io/https.h"
#include "upstream/broker/flow.h"

struct setup {
    struct login login;
    futu_loop *loop;
    struct https *https;
    struct flow *flow;
    futu_login_report report;
    struct login_code code;
    bool over;
    futu_err err;
    char *why;
    size_t size;
};

static void on_ask(void *arg, const struct flow_ask *ask)
{
    struct setup *s = arg;
    login_code_ask(&s->code, ask);
}

/* ---- the end ---- */

static void on_ready(void *arg)
{
    struct setup *s = arg;
    const struct auth_result *r = flow_result(s->flow);
    s->report.user_id = r->user_id;
    s->report.attribution = (uint32_t)r->attribution;
    s->over = true;
}

static void on_failed(void *arg, const struct flow_failure *f)
{
    struct setup *s = arg;
    s->err = f->err;
    s->report.server_code = f->code;
    s->report.retry_s = f->until_s;
    snprintf(s->why, s->size, "%s", f->why);
    snprintf(s->report.hint, sizeof(s->report.hint), "%s",
             s->report.code_sent ? login_code_hint : f->hint);
    s->over = true;
}

static void on_renewed(void *arg, futu_err err, const char *why)
{
    (void)arg;
    (void)err;
    (void)why;
}

static void on_broker(void *arg, int32_t id)
{
    (void)arg;
    (void)id;
}

static futu_err run(struct setup *s, const futu_login_opts *o)
{
    futu_err err = futu_loop_new(&s->loop);
    if (!err)
        err = https_new(&s->https, s->loop, o->auth_ca);
    if (err) {
        snprintf(s->why, s->size, "%s", futu_strerror(err));
        return err;
    }
    const struct flow_opts f = {
        .clock = *loop_clock(s->loop), .timers = loop_timers(s->loop),
        .http = flow_http_over(s->https), .login = &s->login,
        .events = { on_ask, on_ready, on_failed, on_renewed, on_broker, s },
    };
    err = login_code_init(&s->code, o->verify_code_file, s->why, s->size);
    if (!err)
        err = flow_new(&s->flow, &f);
    if (err)
        return err;
    s->code.login = &s->login;
    s->code.flow = s->flow;
    s->code.loop = s->loop;
    s->code.report = &s->report;
    flow_start(s->flow);
    err = loop_run_until(s->loop, &s->over);
    return err ? err : s->err;
}

futu_err futu_login_setup(const futu_login_opts *opts, futu_login_report *report, char *why,
                          size_t size)
{
    struct setup s = { .report = FUTU_LOGIN_REPORT_INIT, .why = why, .size = size };
    futu_login_opts o = { 0 };
    if (!opts || !report || report->size < sizeof(*report) ||
        opts_copy(&o, sizeof(o), OPTS_END(futu_login_opts, setup_only), opts)) {
        snprintf(why, size, "futu_login_opts or futu_login_report is not set up");
        return FUTU_EINVAL;
    }
    why[0] = '\0';
    o.setup_only = 1;
    futu_err err = login_open(&s.login, &o, &terminal_system, why, size);
    if (!err)
        err = run(&s, &o);
    login_code_stop(&s.code);
    flow_free(s.flow);
    https_free(s.https);
    futu_loop_free(s.loop);
    login_close(&s.login);
    size_t known = report->size;
    *report = s.report;
    report->size = known;
    return err;
}
