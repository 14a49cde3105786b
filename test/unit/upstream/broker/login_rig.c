/* login_rig.c - see login_rig.h. */
#include "login_rig.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/url.h"

#define CALLS_MAX 64

struct rig rig;

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
    auth_emu_handle(rig.emu, &ask, &say);
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

bool rig_step(void)
{
    if (head == tail)
        return false;
    struct queued *q = &queue[head++ % CALLS_MAX];
    if (q->done)
        answer(q);
    q->used = false;
    return true;
}

void rig_pump(void)
{
    while (rig_step())
        ;
}

void rig_break(futu_err err, enum https_stage stage, const char *why)
{
    broken = (struct https_reply){ .err = err, .stage = stage, .why = why };
}

/* ---- events ---- */

static void on_ask(void *arg, const struct flow_ask *ask)
{
    (void)arg;
    rig.asks++;
    rig.ask = *ask;
    str_copy(rig.phone, sizeof(rig.phone), str_c(ask->phone));
}

static void on_ready(void *arg)
{
    (void)arg;
    rig.readies++;
}

static void on_failed(void *arg, const struct flow_failure *f)
{
    (void)arg;
    rig.failures++;
    rig.failure = *f;
}

static void on_renewed(void *arg)
{
    (void)arg;
    rig.renewals++;
}

static void on_broker(void *arg, int32_t id)
{
    (void)arg;
    (void)id;
    rig.brokers++;
}

static void on_sms(void *arg, const char *account, const char *code)
{
    (void)arg;
    (void)account;
    (void)code;
    rig.sms++;
}

static bool no_terminal(void *arg)
{
    (void)arg;
    return false;
}

static void keep_log(int level, const char *line, void *arg)
{
    size_t n = strlen(rig.log);
    (void)level;
    (void)arg;
    snprintf(rig.log + n, sizeof(rig.log) - n, "%s\n", line);
}

/* ---- a run ---- */

void rig_begin(const char *scenario)
{
    memset(&rig, 0, sizeof(rig));
    memset(&broken, 0, sizeof(broken));
    head = tail = 0;
    calls[0] = '\0';
    futu_set_log(keep_log, FUTU_LOG_DEBUG, NULL);
    snprintf(rig.dir, sizeof(rig.dir), "/tmp/login_rig.XXXXXX");
    ck_assert(mkdtemp(rig.dir) != NULL);
    snprintf(server, sizeof(server), "http://127.0.0.1:19998");
    rig.now.wall_ns = INT64_C(1795510800) * NS_PER_S;
    rig.now.mono_ns = NS_PER_S;
    rig.terminal = (struct terminal){ .present = no_terminal };
    ck_assert_msg(scenario_parse(&rig.scenario, scenario, "test"), "%s", rig.scenario.why);
    rig.emu = auth_emu_new(&rig.scenario, &(struct auth_emu_opts){ clock_fake(&rig.now), on_sms,
                                                                   NULL });
    ck_assert_msg(rig.emu != NULL, "%s", rig.scenario.why);
}

void rig_stop(void)
{
    flow_free(rig.flow);
    rig.flow = NULL;
    login_close(&rig.login);
}

static void remove_dir(void)
{
    char path[400];
    struct dirent *d;
    DIR *dir = opendir(rig.dir);
    while (dir && (d = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", rig.dir, d->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(rig.dir);
}

void rig_end(void)
{
    if (rig.flow)
        rig_stop();
    auth_emu_free(rig.emu);
    scenario_free(&rig.scenario);
    remove_dir();
    futu_set_log(NULL, 0, NULL);
}

void rig_login(futu_login_opts opts)
{
    char why[400];
    opts.size = sizeof(opts);
    opts.account = opts.account ? opts.account : "12345678";
    opts.pwd = opts.pwd || opts.pwd_md5 ? opts.pwd : "secret";
    opts.auth_server = !opts.auth_server ? server : *opts.auth_server ? opts.auth_server : NULL;
    opts.state_dir = rig.dir;
    opts.keychain = "off";
    futu_err err = login_open(&rig.login, &opts, &rig.terminal, why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s", why);
    const struct flow_opts o = {
        .clock = clock_fake(&rig.now), .timers = &rig.timers,
        .http = { send_call, cancel_call, NULL }, .login = &rig.login,
        .events = { on_ask, on_ready, on_failed, on_renewed, on_broker, NULL },
    };
    ck_assert_int_eq(flow_new(&rig.flow, &o), FUTU_OK);
    rig.asks = rig.readies = rig.failures = 0;
    flow_start(rig.flow);
    if (!rig.hold)
        rig_pump();
}

void rig_wait(int64_t seconds)
{
    clock_fake_advance(&rig.now, seconds * NS_PER_S);
    timers_run(&rig.timers, rig.now.mono_ns);
    rig_pump();
}

void rig_code(const char *code)
{
    ck_assert_int_eq(flow_code(rig.flow, str_c(code), false), FUTU_OK);
    rig_pump();
}

const char *rig_calls(void)
{
    return calls;
}

unsigned rig_count(const char *path)
{
    return auth_emu_count(rig.emu, path);
}
