/* login_rig.c - see login_rig.h. */
#include "login_rig.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/url.h"

#define CALLS_MAX 64

struct lrig lrig;

struct queued {
    bool used;
    https_done *done;
    void *arg;
    char method[8], host[256], path[512], query[9000], type[8], version[8];
    char body[48 << 10];
    size_t n_body;
};
static struct queued queue[CALLS_MAX];
static size_t head, tail;
static char calls[16 << 10];
static struct https_reply broken;
static char server[64];

/* ---- the transport ---- */

static void copy_header(const struct https_request *rq, const char *name, char *out, size_t size)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (strcmp(rq->headers[i].name, name) == 0)
            str_copy(out, size, str_c(rq->headers[i].value));
}

static futu_err send_call(void *arg, void **call, const struct https_request *rq, https_done *done,
                          void *done_arg)
{
    struct url u;
    struct queued *q = &queue[tail % CALLS_MAX];
    (void)arg;
    ck_assert(!q->used);
    if (mem_refused())
        return FUTU_ENOMEM;
    tail++;
    *q = (struct queued){ .used = true, .done = done, .arg = done_arg, .n_body = rq->body.n };
    ck_assert_ptr_null(url_parse(&u, rq->url));
    str_copy(q->method, sizeof(q->method), str_c(rq->method));
    str_copy(q->host, sizeof(q->host), str_c(u.host));
    const char *mark = memchr(rq->target.p, '?', rq->target.n);
    size_t n_path = mark ? (size_t)(mark - rq->target.p) : rq->target.n;
    str_copy(q->path, sizeof(q->path), (futu_str){ rq->target.p, n_path });
    if (mark)
        str_copy(q->query, sizeof(q->query), (futu_str){ mark + 1, rq->target.n - n_path - 1 });
    ck_assert_uint_lt(rq->body.n, sizeof(q->body));
    if (rq->body.n)
        memcpy(q->body, rq->body.p, rq->body.n);
    copy_header(rq, "X-Futu-Client-Type", q->type, sizeof(q->type));
    copy_header(rq, "X-Futu-Client-Version", q->version, sizeof(q->version));
    size_t at = strlen(calls);
    snprintf(calls + at, sizeof(calls) - at, "%s %s %s\n", q->method, q->host, q->path);
    *call = q;
    return FUTU_OK;
}

static void cancel_call(void *arg, void *call)
{
    (void)arg;
    ((struct queued *)call)->done = NULL;
}

static enum auth_side side_of(const char *host)
{
    if (strcmp(host, "auth.futunn.com") == 0)
        return AUTH_SIDE_FUTUNN;
    return strcmp(host, "auth.moomoo.com") == 0 ? AUTH_SIDE_MOOMOO : AUTH_SIDE_ANY;
}

static void answer(const struct queued *q)
{
    struct auth_say say;
    const struct auth_ask ask = {
        .side = side_of(q->host), .method = str_c(q->method), .path = str_c(q->path),
        .query = str_c(q->query), .body = { q->body, q->n_body }, .client_type = str_c(q->type),
        .client_version = str_c(q->version),
    };
    if (broken.err) {
        q->done(q->arg, &broken);
        return;
    }
    auth_emu_handle(lrig.emu, &ask, &say);
    if (say.drop || say.silent)
        q->done(q->arg, &(struct https_reply){ .err = say.drop ? FUTU_EPROTO : FUTU_ETIMEDOUT,
                                               .stage = HTTPS_HTTP,
                                               .why = say.drop ? "http: closed without an answer"
                                                               : "http: no answer in time" });
    else
        q->done(q->arg, &(struct https_reply){ .stage = HTTPS_HTTP, .status = say.status,
                                               .body = buf_str(&say.body), .why = "" });
    buf_free(&say.body);
}

bool lrig_step(void)
{
    if (head == tail)
        return false;
    struct queued *q = &queue[head++ % CALLS_MAX];
    if (q->done)
        answer(q);
    q->used = false;
    return true;
}

void lrig_pump(void)
{
    while (lrig_step())
        ;
}

void lrig_break(futu_err err, enum https_stage stage, const char *why)
{
    broken = (struct https_reply){ .err = err, .stage = stage, .why = why };
}

/* ---- events ---- */

static void on_ask(void *arg, const struct flow_ask *ask)
{
    (void)arg;
    lrig.asks++;
    lrig.ask = *ask;
    str_copy(lrig.phone, sizeof(lrig.phone), str_c(ask->phone));
}

static void on_ready(void *arg)
{
    (void)arg;
    lrig.readies++;
}

static void on_failed(void *arg, const struct flow_failure *f)
{
    (void)arg;
    lrig.failures++;
    lrig.failure = *f;
}

static void on_renewed(void *arg, futu_err err, const char *why)
{
    (void)arg;
    (void)why;
    lrig.renewals += !err;
}

static void on_broker(void *arg, int32_t id)
{
    (void)arg;
    (void)id;
    lrig.brokers++;
}

static void on_sms(void *arg, const char *account, const char *code)
{
    (void)arg;
    (void)account;
    (void)code;
    lrig.sms++;
}

static bool no_terminal(void *arg)
{
    (void)arg;
    return false;
}

static void keep_log(int level, const char *line, void *arg)
{
    size_t n = strlen(lrig.log);
    (void)level;
    (void)arg;
    snprintf(lrig.log + n, sizeof(lrig.log) - n, "%s\n", line);
}

/* ---- a run ---- */

void lrig_begin(const char *scenario)
{
    memset(&lrig, 0, sizeof(lrig));
    memset(&broken, 0, sizeof(broken));
    head = tail = 0;
    calls[0] = '\0';
    futu_set_log(keep_log, FUTU_LOG_DEBUG, NULL);
    snprintf(lrig.dir, sizeof(lrig.dir), "/tmp/login_rig.XXXXXX");
    ck_assert(mkdtemp(lrig.dir) != NULL);
    snprintf(server, sizeof(server), "http://127.0.0.1:19998");
    lrig.now.wall_ns = INT64_C(1795510800) * NS_PER_S;
    lrig.now.mono_ns = NS_PER_S;
    lrig.terminal = (struct terminal){ .present = no_terminal };
    ck_assert_msg(scenario_parse(&lrig.scenario, scenario, "test"), "%s", lrig.scenario.why);
    lrig.emu = auth_emu_new(&lrig.scenario, &(struct auth_emu_opts){ clock_fake(&lrig.now), on_sms,
                                                                   NULL });
    ck_assert_msg(lrig.emu != NULL, "%s", lrig.scenario.why);
}

void lrig_stop(void)
{
    flow_free(lrig.flow);
    lrig.flow = NULL;
    login_close(&lrig.login);
}

static void remove_dir(void)
{
    char path[400];
    struct dirent *d;
    DIR *dir = opendir(lrig.dir);
    while (dir && (d = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", lrig.dir, d->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(lrig.dir);
}

void lrig_end(void)
{
    if (lrig.flow)
        lrig_stop();
    auth_emu_free(lrig.emu);
    scenario_free(&lrig.scenario);
    remove_dir();
    futu_set_log(NULL, 0, NULL);
}

void lrig_login(futu_login_opts opts)
{
    char why[400];
    opts.size = sizeof(opts);
    opts.account = opts.account ? opts.account : "12345678";
    opts.pwd = opts.pwd || opts.pwd_md5 ? opts.pwd : "secret";
    opts.auth_server = !opts.auth_server ? server : *opts.auth_server ? opts.auth_server : NULL;
    opts.state_dir = lrig.dir;
    opts.keychain = "off";
    futu_err err = login_open(&lrig.login, &opts, &lrig.terminal, why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s", why);
    const struct flow_opts o = {
        .clock = clock_fake(&lrig.now), .timers = &lrig.timers,
        .http = { send_call, cancel_call, NULL }, .login = &lrig.login,
        .events = { on_ask, on_ready, on_failed, on_renewed, on_broker, NULL },
        .renew_signature = lrig.renew_signature,
    };
    ck_assert_int_eq(flow_new(&lrig.flow, &o), FUTU_OK);
    lrig.asks = lrig.readies = lrig.failures = 0;
    flow_start(lrig.flow);
    if (!lrig.hold)
        lrig_pump();
}

void lrig_wait(int64_t seconds)
{
    clock_fake_advance(&lrig.now, seconds * NS_PER_S);
    timers_run(&lrig.timers, lrig.now.mono_ns);
    lrig_pump();
}

void lrig_code(const char *code)
{
    ck_assert_int_eq(flow_code(lrig.flow, str_c(code), false), FUTU_OK);
    lrig_pump();
}

const char *lrig_calls(void)
{
    return calls;
}

unsigned lrig_count(const char *path)
{
    return auth_emu_count(lrig.emu, path);
}

/* ---- what tests share ---- */

const struct auth_result *lrig_result(void)
{
    const struct auth_result *r = flow_result(lrig.flow);
    ck_assert_ptr_nonnull(r);
    return r;
}

void lrig_check_sig(const struct secret *sig, const struct secret *key, uint64_t user)
{
    struct auth_emu_session s;
    ck_assert(auth_emu_session(lrig.emu, sig->p, sig->n, &s));
    ck_assert_uint_eq(s.user, user);
    ck_assert_uint_eq(key->n, sizeof(s.key));
    ck_assert_mem_eq(key->p, s.key, sizeof(s.key));
}

void lrig_check_result(void)
{
    const struct auth_result *r = lrig_result();
    ck_assert_uint_eq(r->user_id, 9000001);
    lrig_check_sig(&r->client_sig, &r->client_key, 9000001);
    ck_assert_uint_eq(r->n_brokers, 2);
    for (size_t i = 0; i < r->n_brokers; i++) {
        ck_assert_msg(r->broker[i].err == FUTU_OK, "%s", r->broker[i].why);
        ck_assert_uint_eq(r->broker[i].customer_id, 90000010000 + (uint64_t)r->broker[i].broker_id);
        lrig_check_sig(&r->broker[i].client_sig, &r->broker[i].client_key,
                       r->broker[i].customer_id);
    }
}

void lrig_first_login(const char *scenario)
{
    lrig_begin(scenario);
    lrig_login((futu_login_opts){ 0 });
    lrig_code("123456");
    READY();
}
