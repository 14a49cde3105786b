/* conf_pull.c - see conf_pull.h. */
#include "upstream/broker/conf_pull.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypt/digest.h"
#include "crypt/totp.h"
#include "upstream/broker/auth_call.h"
#include "upstream/broker/auth_log.h"

futu_err conf_key_read(struct secret *out, futu_str text)
{
    bool hex = text.n >= 4 && memcmp(text.p, "hex:", 4) == 0;
    futu_str rest = hex ? (futu_str){ text.p + 4, text.n - 4 } : text;
    if (!rest.n || rest.n > DIALECT_CONF_KEY_MAX)
        return FUTU_EINVAL;
    if (!hex)
        return secret_set(out, rest.p, rest.n);
    futu_err err = secret_room(out, rest.n / 2);
    if (!err && (rest.n % 2 || !hex_read(rest, out->p, out->n))) {
        secret_wipe(out);
        err = FUTU_EINVAL;
    }
    return err;
}

static void tell_first(struct conf_pull *p)
{
    if (p->told)
        return;
    p->told = true;
    p->first(p->arg);
}

static void again(struct conf_pull *p, int64_t s)
{
    timer_set(p->timers, &p->timer, clock_mono(&p->clock) + s * NS_PER_S);
}

static void failed(struct conf_pull *p, const char *why)
{
    if (p->failed)
        log_debug("configuration: %s", why);
    else
        log_info("configuration: %s; addresses are looked for without it", why);
    p->failed = true;
    again(p, CONF_AGAIN_MIN_S);
    tell_first(p);
}

/* On the heap: a configuration is larger than a stack should bear. */
static void take(struct conf_pull *p, futu_str body)
{
    char why[200];
    struct remote_conf *c = mem_alloc(sizeof(*c));
    if (!c) {
        failed(p, futu_strerror(FUTU_ENOMEM));
        return;
    }
    if (conf_parse(c, body, why, sizeof(why))) {
        failed(p, why);
    } else {
        p->failed = false;
        log_debug("configuration: %zu identities, again in %lld s", c->n, (long long)c->again_s);
        p->changed(p->arg, c);
        again(p, c->again_s);
        tell_first(p);
    }
    mem_free(c);
}

static void on_answer(void *arg, const struct https_reply *r)
{
    struct conf_pull *p = arg;
    char why[80];
    p->call = NULL;
    if (!r->err)
        auth_log_debug("configuration", r->body);
    if (r->err) {
        failed(p, r->why);
    } else if (r->status != 200) {
        snprintf(why, sizeof(why), "status %d", r->status);
        failed(p, why);
    } else {
        take(p, r->body);
    }
}

static void ask(struct conf_pull *p)
{
    const struct https_header headers[] = {
        { "Content-Type", "application/json" },
        { "Accept", "application/json" },
        { "User-Agent", dialect_user_agent },
        { "X-Futu-Client-Version", DIALECT_AUTH_VERSION },
        { "X-Futu-Client-Type", dialect_client_types[p->server->platform] },
    };
    char url[AUTH_HOST_MAX + 24], code[TOTP_DIGITS + 1];
    struct auth_values v = { .uid = 0 };
    struct auth_request rq;
    dialect_conf_url(p->server, url);
    totp(p->key.p, p->key.n, clock_wall(&p->clock) / NS_PER_S + p->ahead_s, code);
    v.text[AV_AUTH_TOKEN] = str_c(code);
    futu_err err = auth_request_build(&rq, AUTH_CONF, &v);
    if (!err) {
        const struct https_request h = {
            .method = rq.method, .url = str_c(url), .target = buf_str(&rq.target),
            .headers = headers, .n_headers = ARRAY_LEN(headers), .body = buf_str(&rq.body),
            .max_body = CONF_TEXT_MAX,
        };
        err = p->http.send(p->http.arg, &p->call, &h, on_answer, p);
        auth_request_free(&rq);
    }
    wipe(code, sizeof(code));
    if (err)
        failed(p, futu_strerror(err));
}

/* The first answer is late: the channels do not wait for it, and it may still come. */
static void on_timer(struct timer *t, int64_t now)
{
    struct conf_pull *p = container_of(t, struct conf_pull, timer);
    (void)now;
    if (p->call)
        tell_first(p);
    else
        ask(p);
}

void conf_pull_start(struct conf_pull *p, int64_t ahead_s)
{
    p->ahead_s = ahead_s;
    if (p->begun)
        return;
    p->begun = true;
    p->timer.fn = on_timer;
    if (!p->key.n) {
        log_info("configuration: no key for it is known, so it is not asked for");
        tell_first(p);
        return;
    }
    ask(p);
    if (!p->told)
        timer_set(p->timers, &p->timer, clock_mono(&p->clock) + CONF_FIRST_NS);
}

void conf_pull_stop(struct conf_pull *p)
{
    if (p->call)
        p->http.cancel(p->http.arg, p->call);
    p->call = NULL;
    if (p->timers)
        timer_stop(p->timers, &p->timer);
    secret_wipe(&p->key);
}
