/* flow_call.c - what the states of a login send, and what the answers mean for its course. */
#include "upstream/broker/flow_in.h"

#include <stdio.h>

#include "base/log.h"
#include "upstream/broker/auth_log.h"

static futu_err send_over(void *arg, void **call, const struct https_request *rq, https_done *done,
                          void *done_arg)
{
    struct https_call *c;
    futu_err err = https_send(arg, &c, rq, done, done_arg);
    *call = c;
    return err;
}

static void cancel_over(void *arg, void *call)
{
    (void)arg;
    https_cancel(call);
}

struct flow_http flow_http_over(struct https *h)
{
    return (struct flow_http){ send_over, cancel_over, h };
}

/* ---- sending ---- */

void flow_values(const struct flow *f, struct auth_values *v)
{
    const struct login *l = f->o.login;
    const struct cred *c = &l->cred;
    const bool mainland = l->account.kind == ACCOUNT_PHONE && strcmp(l->account.region, "86") == 0;
    const bool saved = f->state == FLOW_RESUME || f->state == FLOW_RENEW;
#define S(s) { (const char *)(s).p, (s).n }
    *v = (struct auth_values){
        .text = {
            [AV_ACCOUNT] = str_c(l->account.name), [AV_REGION] = str_c(l->account.region),
            [AV_LOGIN_REGION] = str_c(mainland && !saved ? l->region : ""),
            [AV_TICKET] = S(f->ticket), [AV_DEVICE_ID] = str_c(l->device_id),
            [AV_VERIFY_SIG] = S(c->device_verify_sig), [AV_CODE_SIG] = S(c->device_code_sig),
            [AV_CODE] = S(f->code), [AV_THIRD_SIG] = S(f->third_sig), [AV_WEB_SIG] = S(c->web_sig),
            [AV_ALIAS] = str_c(dialect_alias), [AV_DEVICE_TYPE] = str_c(dialect_device_type),
            [AV_OS_VER] = str_c(dialect_os_ver),
        },
        .uid = f->uid,
        .phone = l->account.kind == ACCOUNT_PHONE && !saved,
    };
    if (saved)
        v->text[AV_DEVICE_SIG] = (futu_str)S(c->device_sig);
#undef S
}

static void say_sent(const struct auth_request *rq, const char *url)
{
    char head[400];
    snprintf(head, sizeof(head), "%s %s", rq->method, url);
    auth_log_debug(head, buf_str(&rq->target));
    if (rq->body.n) {
        snprintf(head, sizeof(head), "%s raw", rq->method);
        auth_log_debug(head, buf_str(&rq->body));
    }
}

futu_err flow_post(struct flow *f, void **at, const char *url, enum auth_call call,
                   const struct auth_values *v, https_done *done, void *arg)
{
    const struct https_header headers[] = {
        { "Content-Type", "application/json" },
        { "Accept", "application/json" },
        { "User-Agent", dialect_user_agent },
        { "X-Futu-Client-Version", DIALECT_AUTH_VERSION },
        { "X-Futu-Client-Type", dialect_client_types[f->o.login->server.platform] },
    };
    struct auth_request rq;
    *at = NULL;
    futu_err err = auth_request_build(&rq, call, v);
    if (err) {
        flow_fail(f, err, "auth", "%s: %s", dialect_calls[call].path,
                  err == FUTU_EINVAL ? "a part of the request is missing" : futu_strerror(err));
        return err;
    }
    say_sent(&rq, url);
    const struct https_request h = {
        .method = rq.method, .url = str_c(url), .target = buf_str(&rq.target), .headers = headers,
        .n_headers = ARRAY_LEN(headers), .body = rq.body.n ? buf_str(&rq.body) : STR_NULL,
        .max_body = AUTH_ANSWER_MAX,
    };
    err = f->o.http.send(f->o.http.arg, at, &h, done, arg);
    auth_request_free(&rq);
    if (err)
        flow_fail(f, err, "http", "%s: %s", url, futu_strerror(err));
    return err;
}

/* ---- answers ---- */

static void limit(struct flow *f)
{
    char until[RFC3339_SIZE];
    size_t n = strlen(f->failure.why);
    f->limited_s = f->failure.until_s = flow_now(f) + AUTH_LIMITED_S;
    rfc3339_ms(f->limited_s * NS_PER_S, until);
    snprintf(f->failure.why + n, sizeof(f->failure.why) - n, "; rate limited until %s", until);
}

/* The reason without the stage in front, which flow_fail() puts there itself. */
static const char *reason(const struct https_reply *r, const char *stage)
{
    size_t n = strlen(stage);
    bool named = strncmp(r->why, stage, n) == 0 && strncmp(r->why + n, ": ", 2) == 0;
    return r->why + (named ? n + 2 : 0);
}

futu_err flow_read(struct flow *f, const char *what, const struct https_reply *r,
                   struct auth_answer *a)
{
    char why[200];
    *a = (struct auth_answer){ 0 };
    if (r->err) {
        const char *stage = https_stage_name(r->stage);
        flow_fail(f, r->err, stage, "%s: %s", what, reason(r, stage));
        return r->err;
    }
    auth_log_debug("answer", r->body);
    futu_err err = auth_answer_parse(a, r->body, why, sizeof(why));
    if (!err && (r->status == 200 || a->code))
        return FUTU_OK;
    if (err && r->status == 200)
        flow_fail(f, err, "http", "%s: %s", what, why);
    else
        flow_fail(f, FUTU_EPROTO, "http", "%s: status %d%s", what, r->status,
                  r->status / 100 == 3 ? ", and redirects are not followed" : "");
    if (r->status == 429)
        limit(f);
    return f->failure.err;
}

/* What a server's refusal means for the login as a whole. */
enum flow_event flow_refused(struct flow *f, const struct auth_answer *a)
{
    static const enum flow_event events[] = {
        [ARE_FINAL] = FE_FINAL, [ARE_RETRY_PASSWORD] = FE_REFUSED, [ARE_VERIFY] = FE_VERIFY,
        [ARE_WRONG_CODE] = FE_WRONG, [ARE_THIRD] = FE_THIRD, [ARE_LIMITED] = FE_FINAL,
        [ARE_NO_CUSTOMER] = FE_FINAL,
    };
    const struct auth_code_row *row = auth_error_row(a->code);
    log_debug("login: error_code=%lld: %s", (long long)a->code, a->msg);
    flow_fail(f, FUTU_EAUTH, "auth", "%s (error_code=%lld%s%s)", row->name, (long long)a->code,
              a->msg[0] ? ": " : "", a->msg);
    f->failure.code = a->code;
    auth_error_hint(a->code, &f->o.login->server, f->failure.hint, sizeof(f->failure.hint));
    if (row->reaction == ARE_LIMITED)
        limit(f);
    return events[row->reaction];
}

/* ---- the calls of the login itself ---- */

/* Another device id, twice at most: more in a short time lock the account. */
static enum flow_event rotate(struct flow *f)
{
    struct login *l = f->o.login;
    char why[320];
    if (f->state != FLOW_CHECK_CODE || f->code_only || f->rotations == FLOW_ROTATIONS)
        return FE_FINAL;
    futu_err err = device_rotate(&l->state, &l->account, l->device_id, why, sizeof(why));
    if (err)
        return flow_fail(f, err, "state", "%s", why);
    f->rotations++;
    f->asked_again = true;
    cred_wipe(&l->cred);            /* it was made for the other device */
    l->has_cred = false;
    log_warn("login: %s; once more with another device id (%u of %d)", f->failure.why,
             f->rotations, FLOW_ROTATIONS);
    return FE_WRONG;
}

static enum flow_event take_verify(struct flow *f, struct auth_answer *a)
{
    if (!a->verify_sig.n)
        return flow_fail(f, FUTU_EPROTO, "auth", "the server wants the device verified and does "
                                                 "not say how (no device_verify_sig)");
    if (f->state == FLOW_RENEW)
        return FE_VERIFY;
    log_warn("login: %s", f->failure.why);
    flow_keep_verify(f, a);
    return FE_VERIFY;
}

static enum flow_event take_third(struct flow *f, struct auth_answer *a)
{
    f->uid = a->uid ? a->uid : f->uid;
    if (!a->third_sig.n || !f->uid)
        return flow_fail(f, FUTU_EPROTO, "auth", "the server wants a third factor and does not say "
                                                 "which (no third_factor_verify_sig)");
    secret_wipe(&f->third_sig);
    f->third_sig = a->third_sig;
    a->third_sig = SECRET_NULL;
    return FE_THIRD;
}

static enum flow_event judge(struct flow *f, struct auth_answer *a)
{
    if (a->code == 0)
        return flow_accept(f, a);
    enum flow_event e = flow_refused(f, a);
    switch (e) {
    case FE_VERIFY:
        return take_verify(f, a);
    case FE_THIRD:
        return take_third(f, a);
    case FE_WRONG:
        return rotate(f);
    default:
        return e;
    }
}

static void on_answer(void *arg, const struct https_reply *r)
{
    struct flow *f = arg;
    struct auth_answer a;
    f->call = NULL;
    enum flow_event e = flow_read(f, f->o.login->server.url, r, &a) ? FE_FINAL : judge(f, &a);
    auth_answer_free(&a);
    flow_go(f, e);
}

void flow_send(struct flow *f, enum auth_call call)
{
    struct auth_values v;
    flow_values(f, &v);
    if (flow_post(f, &f->call, f->o.login->server.url, call, &v, on_answer, f))
        flow_go(f, FE_FINAL);
}
