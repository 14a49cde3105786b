/* flow_broker.c - one-time codes against the brokers' signatures, for all brokers at a time. One
 * that fails keeps nobody from starting: it is told with its reason.
 */
#include "upstream/broker/flow_in.h"

#include <stdio.h>

#include "base/log.h"
#include "codec/base64.h"

static struct auth_broker *result_of(struct flow_broker *b)
{
    return &b->flow->result.broker[b - b->flow->broker];
}

/* ---- the codes ---- */

static struct flow_broker *find(struct flow *f, int32_t id)
{
    for (size_t i = 0; i < f->result.n_brokers; i++)
        if (f->result.broker[i].broker_id == id)
            return &f->broker[i];
    return NULL;
}

/* A broker that the renewed list lacks stays: its channel may be up. */
void flow_brokers_take(struct flow *f, struct auth_answer *a)
{
    for (size_t i = 0; i < a->n_codes; i++) {
        struct auth_code_entry *e = &a->codes[i];
        const struct dialect_broker *known = dialect_broker(e->broker_id);
        struct flow_broker *b = find(f, e->broker_id);
        if (!known || !known->host || (!b && f->result.n_brokers == AUTH_BROKERS_MAX)) {
            log_debug("login: broker %d is passed over", e->broker_id);
            continue;
        }
        if (!b) {
            b = &f->broker[f->result.n_brokers++];
            *result_of(b) = (struct auth_broker){ .broker_id = e->broker_id,
                                                  .err = FUTU_ENOTCONN, .why = "not asked yet" };
        }
        secret_wipe(&b->code);
        b->code = e->code;
        e->code = SECRET_NULL;
        b->code_until_s = dialect_code_end(e->invalid_s, flow_now(f), f->result.server_ahead_s);
    }
}

/* ---- one exchange ---- */

static void ask(struct flow_broker *b);

static bool all_over(const struct flow *f)
{
    for (size_t i = 0; i < f->result.n_brokers; i++)
        if (f->broker[i].busy)
            return false;
    return true;
}

static void over(struct flow_broker *b, futu_err err, const char *why)
{
    struct flow *f = b->flow;
    struct auth_broker *r = result_of(b);
    bool again = b->again;
    r->err = err;
    snprintf(r->why, sizeof(r->why), "%s", err ? why : "");
    if (err)
        log_warn("login: broker %d (%s): %s", r->broker_id, dialect_broker(r->broker_id)->name,
                 r->why);
    b->busy = b->again = b->pulled = false;
    if (again)
        f->o.events.on_broker(f->o.events.arg, r->broker_id);
    else if (f->state == FLOW_BROKERS && all_over(f))
        flow_go(f, FE_OK);
}

/* What was noted as the login's failure is this broker's alone. */
static void over_noted(struct flow_broker *b)
{
    const struct flow_failure fail = b->flow->failure;
    b->flow->failure = (struct flow_failure){ 0 };
    over(b, fail.err ? fail.err : FUTU_EPROTO, fail.why);
}

static bool decode(const struct secret *text, struct secret *out, futu_err *err)
{
    struct secret raw = SECRET_NULL;
    size_t n = 0;
    *err = secret_room(&raw, text->n);
    if (!*err && !base64_read(raw.p, (const char *)text->p, text->n, &n))
        *err = FUTU_EFORMAT;
    if (!*err)
        *err = secret_set(out, raw.p, n);
    secret_wipe(&raw);
    return !*err;
}

static void take_signature(struct flow_broker *b, const struct auth_answer *a)
{
    struct flow *f = b->flow;
    struct auth_broker *r = result_of(b);
    futu_err err;
    if (!a->customer_id || !a->broker_sig.n || !a->broker_key.n) {
        over(b, FUTU_EPROTO, "auth: the answer lacks customer id, signature or key");
        return;
    }
    if (decode(&a->broker_sig, &r->client_sig, &err))
        err = flow_unseal(&f->rand_key, &a->broker_key, &r->client_key);
    if (!err) {
        uint64_t life = a->sig_life_s && a->sig_life_s < INT32_MAX ? a->sig_life_s
                                                                   : DIALECT_BROKER_SIG_S;
        r->customer_id = a->customer_id;
        r->until_s = flow_now(f) + (int64_t)life;
    }
    over(b, err, err == FUTU_ENOMEM ? futu_strerror(err)
                                    : "auth: the broker's key can't be decrypted");
}

static void on_signature(void *arg, const struct https_reply *reply)
{
    struct flow_broker *b = arg;
    struct flow *f = b->flow;
    struct auth_answer a;
    b->call = NULL;
    if (flow_read(f, "client_auth", reply, &a)) {
        over_noted(b);
    } else if (a.code) {
        flow_refused(f, &a);
        over_noted(b);
    } else {
        take_signature(b, &a);
    }
    auth_answer_free(&a);
}

static void on_pulled(void *arg, const struct https_reply *reply)
{
    struct flow_broker *b = arg;
    struct flow *f = b->flow;
    struct auth_answer a;
    b->call = NULL;
    bool fine = !flow_read(f, "repull_auth_code", reply, &a);
    if (fine && a.code) {
        flow_refused(f, &a);
        fine = false;
    }
    if (fine && (!a.auth_code.n || a.broker_id != result_of(b)->broker_id)) {
        flow_fail(f, FUTU_EPROTO, "auth", "the answer has no code of this broker");
        fine = false;
    }
    if (fine) {
        secret_wipe(&b->code);
        b->code = a.auth_code;
        a.auth_code = SECRET_NULL;
        b->code_until_s = dialect_code_end(a.invalid_s, flow_now(f), f->result.server_ahead_s);
        b->pulled = true;
        ask(b);
    } else {
        over_noted(b);
    }
    auth_answer_free(&a);
}

static void pull(struct flow_broker *b)
{
    struct flow *f = b->flow;
    struct auth_values v;
    if (b->pulled || !f->o.login->cred.web_sig.n) {
        over(b, FUTU_EAUTH, b->pulled ? "auth: the renewed code has ended already"
                                      : "auth: the code is used up, and without a web_sig only a "
                                        "renewal of the login brings another");
        return;
    }
    flow_values(f, &v);
    v.broker_id = result_of(b)->broker_id;
    if (flow_post(f, &b->call, f->o.login->server.url, AUTH_REPULL, &v, on_pulled, b))
        over_noted(b);
}

/* A server of the user's own (--auth-server) stands for the brokers' too. */
static void broker_url(const struct flow_broker *b, char *out, size_t size)
{
    const struct auth_server *s = &b->flow->o.login->server;
    const char *host = dialect_broker(b->flow->result.broker[b - b->flow->broker].broker_id)->host;
    snprintf(out, size, "%s%s", s->standard ? "https://" : "", s->standard ? host : s->url);
}

/* A code is good once: it is given up before it is sent. */
static void ask(struct flow_broker *b)
{
    struct flow *f = b->flow;
    struct auth_values v;
    char url[AUTH_HOST_MAX + 32];
    bool ended = b->code_until_s && b->code_until_s <= flow_now(f);
    b->busy = true;
    if (!b->code.n || ended) {
        pull(b);
        return;
    }
    struct secret code = b->code;
    b->code = SECRET_NULL;
    flow_values(f, &v);
    v.broker_id = result_of(b)->broker_id;
    v.text[AV_AUTH_CODE] = (futu_str){ (const char *)code.p, code.n };
    broker_url(b, url, sizeof(url));
    futu_err err = flow_post(f, &b->call, url, AUTH_BROKER, &v, on_signature, b);
    secret_wipe(&code);
    if (err)
        over_noted(b);
}

void flow_brokers_begin(struct flow *f)
{
    for (size_t i = 0; i < f->result.n_brokers; i++)
        f->broker[i].busy = true;           /* none is the last while others have not begun */
    for (size_t i = 0; i < f->result.n_brokers && f->state == FLOW_BROKERS; i++)
        ask(&f->broker[i]);
    if (f->result.n_brokers == 0)
        flow_go(f, FE_OK);
}

futu_err flow_broker_again(struct flow *f, int32_t id)
{
    struct flow_broker *b = find(f, id);
    if (!f->ready)
        return FUTU_ENOTCONN;
    if (!b)
        return FUTU_ENOTFOUND;
    if (b->busy)
        return FUTU_EBUSY;
    b->again = true;
    ask(b);
    return FUTU_OK;
}

void flow_brokers_stop(struct flow *f)
{
    for (size_t i = 0; i < AUTH_BROKERS_MAX; i++) {
        struct flow_broker *b = &f->broker[i];
        if (b->call)
            f->o.http.cancel(f->o.http.arg, b->call);
        secret_wipe(&b->code);
        *b = (struct flow_broker){ .flow = f };
    }
}
