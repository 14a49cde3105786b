/* cmd_mcp.c - `futucli mcp`: an MCP server on standard input and output, in front of a gateway.
 *
 * How:     a thread reads lines and posts them to the loop, where a gateway with a relay to
 *          --gateway answers them. Standard output has one JSON text a line and nothing else;
 *          another thread writes it, so that a client which does not read holds nothing up.
 * Behind:  with OUT_PUSHES bytes of output no push is taken, so that quotes give way to newer ones;
 *          with OUT_LINES no line is read.
 * End:     of the input: what is under way is answered, for at most --timeout.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mcp_conf.h"

#define WAITING_MAX 16          /* lines that are read ahead */
#define OUT_PUSHES (256u << 10)
#define STATE_FOLDERS 32
#define SETTLE_MS 3000
#define OUT_LINES (8u << 20)

struct out_line {
    struct out_line *next;
    size_t n;
    char text[];
};

struct server {
    futu_loop *loop;
    futu_gateway *gateway;
    futu_mcp *mcp;
    bool ended;
    pthread_mutex_t lock;       /* of what follows */
    pthread_cond_t room;        /* for a line of input */
    pthread_cond_t out;         /* there is output, or no more will be */
    pthread_cond_t written;     /* all of it */
    unsigned waiting;
    struct out_line *first, **last;
    size_t bytes;               /* of output that is not written yet */
    bool behind;                /* pushes wait in the gateway for the output */
    bool closed, broken;        /* no more output comes; nobody takes it */
};

struct line {
    struct server *s;
    char *text;                 /* NULL: the input has ended */
    size_t n;
};

/* ---- output ---- */

/* Without memory the text is lost, which the client sees as a request without an answer. */
static void on_text(futu_str text, void *arg)
{
    struct server *s = arg;
    struct out_line *l = malloc(sizeof(*l) + text.n + 1);
    if (!l) {
        fprintf(stderr, "futucli mcp: out of memory: an answer is lost\n");
        return;
    }
    l->next = NULL;
    l->n = text.n + 1;
    memcpy(l->text, text.p, text.n);
    l->text[text.n] = '\n';
    pthread_mutex_lock(&s->lock);
    if (s->broken) {
        free(l);
    } else {
        *s->last = l;
        s->last = &l->next;
        s->bytes += l->n;
        pthread_cond_signal(&s->out);
    }
    pthread_mutex_unlock(&s->lock);
}

/* On the loop: pushes, as many as may wait here. */
static void on_push(void *arg)
{
    struct server *s = arg;
    bool room = true;
    do {
        pthread_mutex_lock(&s->lock);
        room = s->bytes < OUT_PUSHES;
        s->behind = !room;
        pthread_mutex_unlock(&s->lock);
    } while (room && futu_mcp_take(s->mcp));
}

static void drop_all(struct server *s)
{
    while (s->first) {
        struct out_line *l = s->first;
        s->first = l->next;
        free(l);
    }
    s->last = &s->first;
    s->bytes = 0;
}

/* One line is out; the lock is held. */
static void wrote(struct server *s, struct out_line *l, bool fine)
{
    s->first = l->next;
    if (!s->first)
        s->last = &s->first;
    s->bytes -= l->n;
    free(l);
    if (!fine) {
        s->broken = true;
        drop_all(s);
    }
    if (s->behind && s->bytes < OUT_PUSHES / 2) {
        s->behind = false;
        futu_loop_post(s->loop, on_push, s);
    }
    pthread_cond_signal(&s->room);
    if (!s->first)
        pthread_cond_signal(&s->written);
}

static void *writer(void *arg)
{
    struct server *s = arg;
    pthread_mutex_lock(&s->lock);
    while (s->first || !s->closed) {
        struct out_line *l = s->first;
        if (!l) {
            pthread_cond_wait(&s->out, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        bool fine = fwrite(l->text, 1, l->n, stdout) == l->n && fflush(stdout) == 0;
        pthread_mutex_lock(&s->lock);
        wrote(s, l, fine);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Waits for the output, but not for a client that takes none: then the process ends with its
 * writer in the midst of a line. */
static void finish_output(struct server *s, pthread_t thread, uint32_t ms)
{
    struct timespec until;
    int r = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000 + 1;
    pthread_mutex_lock(&s->lock);
    s->closed = true;
    pthread_cond_signal(&s->out);
    while (s->first && r == 0)
        r = pthread_cond_timedwait(&s->written, &s->lock, &until);
    bool all = !s->first;
    pthread_mutex_unlock(&s->lock);
    if (!all)
        _exit(failure("the client does not read"));
    pthread_join(thread, NULL);
}

/* ---- input ---- */

/* On the loop. */
static void take(void *arg)
{
    struct line *l = arg;
    struct server *s = l->s;
    if (!l->text)
        s->ended = true;
    else if (l->n > 0)
        futu_mcp_feed(s->mcp, (futu_str){ l->text, l->n });
    free(l->text);
    free(l);
    pthread_mutex_lock(&s->lock);
    s->waiting--;
    pthread_cond_signal(&s->room);
    pthread_mutex_unlock(&s->lock);
}

static bool post(struct server *s, char *text, size_t n)
{
    struct line *l = malloc(sizeof(*l));
    if (!l)
        return false;
    *l = (struct line){ s, text, n };
    pthread_mutex_lock(&s->lock);
    while (s->waiting >= WAITING_MAX || s->bytes > OUT_LINES)
        pthread_cond_wait(&s->room, &s->lock);
    s->waiting++;
    pthread_mutex_unlock(&s->lock);
    if (futu_loop_post(s->loop, take, l) == FUTU_OK)
        return true;
    free(l);
    return false;
}

/* The next line without its break. What is longer than a text may be is cut one byte behind that,
 * so that it is answered as too long. False: the end. */
static bool read_line(char **text, size_t *n)
{
    size_t cap = 0, len = 0;
    char *p = NULL;
    int c;
    while ((c = getchar()) != EOF && c != '\n') {
        if (len > FUTU_MCP_TEXT_MAX)
            continue;
        if (len == cap) {
            char *more = realloc(p, cap = cap ? 2 * cap : 4096);
            if (!more)
                break;
            p = more;
        }
        p[len++] = (char)c;
    }
    if (len > 0 && p[len - 1] == '\r')
        len--;
    *text = p ? p : strdup("");
    *n = len;
    return *text && (c != EOF || len > 0);
}

static void *reader(void *arg)
{
    struct server *s = arg;
    char *text;
    size_t n;
    while (read_line(&text, &n))
        if (!post(s, text, n))
            break;
    free(text);
    post(s, NULL, 0);
    return NULL;
}

static void on_deadline(void *arg)
{
    *(bool *)arg = true;
}

/* Until the input has ended and all is answered. */
static void serve(struct cli *c, struct server *s)
{
    futu_timer *timer = NULL;
    bool late = false;
    while (!s->ended)
        futu_loop_poll(s->loop, 1000);
    if (futu_timer_new(s->loop, &timer, c->timeout_ms, 0, on_deadline, &late) != FUTU_OK)
        return;
    while (futu_mcp_busy(s->mcp) && !late)
        futu_loop_poll(s->loop, 1000);
    futu_timer_free(timer);
}

/* ---- the gateway ---- */

/* The state folder: as it was told, or where the daemon has its own. False: there is none. */
static bool state_base(const struct mcp_conf *m, char *out, size_t size)
{
    const char *told = m->state_dir ? m->state_dir : getenv("FUTU_STATE_DIR");
    const char *home = getenv("HOME");
    bool is_told = told && told[0];
    if (!is_told && (!home || !home[0]))
        return false;
    int n = is_told ? snprintf(out, size, "%s", told) : snprintf(out, size, "%s/.futu-opend-rs",
                                                                 home);
    return n > 0 && (size_t)n < size;
}

/* Of several servers at once each has its own folder there; whoever takes one later finishes what
 * the last one left. */
static futu_err with_state(futu_gateway_opts *o, const struct mcp_conf *m, futu_gateway **out,
                           char *why, size_t size)
{
    char base[1024], dir[1040];
    futu_err err = FUTU_EBUSY;
    if (!state_base(m, base, sizeof(base)))
        return futu_gateway_new(out, o, why, size);     /* its journal is in memory */
    mkdir(base, 0700);
    for (int i = 1; i <= STATE_FOLDERS && err == FUTU_EBUSY; i++) {
        snprintf(dir, sizeof(dir), i == 1 ? "%s/mcp" : "%s/mcp-%d", base, i);
        o->state_dir = dir;
        err = futu_gateway_new(out, o, why, size);
    }
    return err;
}

/* An order does not wait for a connection that was not tried yet: first tries are waited for. */
static void await_upstream(struct server *s)
{
    futu_timer *timer = NULL;
    bool late = false;
    char why[400];
    if (futu_timer_new(s->loop, &timer, SETTLE_MS, 0, on_deadline, &late) != FUTU_OK)
        return;
    while (!late && futu_gateway_upstream_state(s->gateway, why, sizeof(why)) == FUTU_EAGAIN)
        futu_loop_poll(s->loop, SETTLE_MS);
    futu_timer_free(timer);
}

static int open_gateway(struct cli *c, const struct mcp_conf *conf, struct server *s)
{
    futu_gateway_opts o = FUTU_GATEWAY_OPTS_INIT;
    futu_mcp_opts m = FUTU_MCP_OPTS_INIT;
    char why[400];
    o.loop = s->loop;
    o.upstream = FUTU_UPSTREAM_RELAY;
    o.upstream_host = conf->host;
    o.upstream_port = conf->port;
    o.upstream_rsa_key = c->rsa_key;
    o.frequency_limits_off = 1;         /* those of the gateway behind hold */
    o.rest_keys_file = conf->keys_file;
    o.audit_log = conf->audit_log;
    o.mcp_tools = conf->tools;
    o.mcp_direct_orders = conf->direct_orders;
    o.mcp_no_output_schemas = conf->no_output_schemas;
    o.mcp_trade_pwd = conf->trade_pwd;
    o.mcp_open_trading = conf->allow_real_trading ? FUTU_MCP_REAL
                         : conf->enable_trading   ? FUTU_MCP_SIMULATE : 0;
    if (with_state(&o, conf, &s->gateway, why, sizeof(why)) != FUTU_OK)
        return failure("%s", why);
    await_upstream(s);
    m.api_key = conf->api_key;
    m.peer = "stdio";
    m.on_text = on_text;
    m.on_push = on_push;
    m.arg = s;
    futu_err err = futu_mcp_new(s->gateway, &s->mcp, &m);
    return err ? failure("%s", futu_strerror(err)) : CLI_OK;
}

static void on_log(int level, const char *line, void *arg)
{
    (void)level, (void)arg;
    fprintf(stderr, "futucli mcp: %s\n", line);
}

static int run_threads(struct cli *c, struct server *s)
{
    pthread_t in, out;
    if (pthread_create(&out, NULL, writer, s) != 0)
        return failure("no thread can be made");
    int code = pthread_create(&in, NULL, reader, s) ? failure("no thread can be made") : CLI_OK;
    if (code == CLI_OK) {
        serve(c, s);
        pthread_join(in, NULL);
    }
    finish_output(s, out, c->timeout_ms);
    return code;
}

static int run_mcp(struct cli *c, const struct args *a)
{
    struct server s = { .lock = PTHREAD_MUTEX_INITIALIZER, .room = PTHREAD_COND_INITIALIZER,
                        .out = PTHREAD_COND_INITIALIZER, .written = PTHREAD_COND_INITIALIZER };
    struct mcp_conf conf = { .port = 0 };
    s.last = &s.first;
    futu_set_log(on_log, FUTU_LOG_WARN, NULL);
    int code = mcp_conf_read(&conf, c, a);
    if (code == CLI_OK && futu_loop_new(&s.loop) != FUTU_OK)
        code = failure("out of memory");
    if (code == CLI_OK)
        code = open_gateway(c, &conf, &s);
    mcp_conf_free(&conf);
    if (code == CLI_OK)
        code = run_threads(c, &s);
    futu_mcp_free(s.mcp);
    futu_gateway_free(s.gateway);
    futu_loop_free(s.loop);
    return code;
}

const struct cmd cmds_mcp[] = {
    { "mcp", run_mcp, 0, 0, "", "MCP server on standard input and output, for LLM clients",
      mcp_opts, "LLM clients" },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
