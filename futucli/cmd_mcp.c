/* cmd_mcp.c - `futucli mcp`: an MCP server on standard input and output, in front of a gateway.
 *
 * How:     a thread reads lines and posts them to the loop, where a gateway with a relay to
 *          --gateway answers them. Standard output has one JSON text a line and nothing else.
 * End:     of the input: what is under way is answered, for at most --timeout.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define WAITING_MAX 16          /* lines that are read ahead */

struct server {
    futu_loop *loop;
    futu_gateway *gateway;
    futu_mcp *mcp;
    pthread_mutex_t lock;
    pthread_cond_t room;
    unsigned waiting;
    bool ended;
};

struct line {
    struct server *s;
    char *text;                 /* NULL: the input has ended */
    size_t n;
};

static const struct cmd_opt opts[] = {
    { "keys-file", "FILE", NULL, "API keys; without it nothing may trade" },
    { "audit-log", "PATH", NULL, "file or folder of the audit trail" },
    { "mcp-tools", "GROUPS", NULL,
      "core,subscribe,quote,plate,derivative,watchlist,account,trade,push; default all" },
    { "mcp-direct-orders", NULL, NULL,
      "send orders of real accounts without a preview to confirm" },
    { NULL, NULL, NULL, NULL },
};

static void on_text(futu_str text, void *arg)
{
    (void)arg;
    fwrite(text.p, 1, text.n, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

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
    while (s->waiting >= WAITING_MAX)
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

static int open_gateway(struct cli *c, const struct args *a, struct server *s)
{
    futu_gateway_opts o = FUTU_GATEWAY_OPTS_INIT;
    futu_mcp_opts m = FUTU_MCP_OPTS_INIT;
    char why[400];
    o.loop = s->loop;
    o.upstream = FUTU_UPSTREAM_RELAY;
    o.upstream_host = c->host;
    o.upstream_port = c->port;
    o.upstream_rsa_key = c->rsa_key;
    o.frequency_limits_off = 1;         /* those of the gateway behind hold */
    o.rest_keys_file = arg(a, "keys-file");
    o.audit_log = arg(a, "audit-log");
    o.mcp_tools = arg(a, "mcp-tools");
    o.mcp_direct_orders = arg_given(a, "mcp-direct-orders");
    o.mcp_trade_pwd = getenv("FUTU_TRADE_PWD");
    if (futu_gateway_new(&s->gateway, &o, why, sizeof(why)) != FUTU_OK)
        return failure("%s", why);
    m.api_key = getenv("FUTU_MCP_API_KEY");
    m.peer = "stdio";
    m.on_text = on_text;
    futu_err err = futu_mcp_new(s->gateway, &s->mcp, &m);
    return err ? failure("%s", futu_strerror(err)) : CLI_OK;
}

static void on_log(int level, const char *line, void *arg)
{
    (void)level, (void)arg;
    fprintf(stderr, "futucli mcp: %s\n", line);
}

static int run_mcp(struct cli *c, const struct args *a)
{
    struct server s = { .lock = PTHREAD_MUTEX_INITIALIZER, .room = PTHREAD_COND_INITIALIZER };
    pthread_t thread;
    futu_set_log(on_log, FUTU_LOG_WARN, NULL);
    if (futu_loop_new(&s.loop) != FUTU_OK)
        return failure("out of memory");
    int code = open_gateway(c, a, &s);
    if (code == CLI_OK && pthread_create(&thread, NULL, reader, &s) != 0)
        code = failure("no thread can be made");
    else if (code == CLI_OK) {
        serve(c, &s);
        pthread_join(thread, NULL);
    }
    futu_mcp_free(s.mcp);
    futu_gateway_free(s.gateway);
    futu_loop_free(s.loop);
    return code;
}

const struct cmd cmds_mcp[] = {
    { "mcp", run_mcp, 0, 0, "", "MCP server on standard input and output, for LLM clients", opts,
      "LLM clients" },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
