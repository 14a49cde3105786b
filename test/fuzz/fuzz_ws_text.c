/* fuzz_ws_text.c - a client of /ws, with a key or without one: texts of any kind, pushes between
 * them. What it is told is JSON, and each text is answered. The first byte says whether there are
 * keys and how bodies are wanted; texts are separated by line breaks, `!` begins what the upstream
 * does. */
#include "rest_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static futu_conn *client;
static unsigned said, answers;
static bool ended;

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    (void)c, (void)err, (void)reason, (void)arg;
    ended = true;
}

static void no_answer(const futu_http_answer *a, void *arg)
{
    (void)a, (void)arg;
    abort();
}

/* Takes what was sent, message by message. */
static size_t message(const uint8_t *p, size_t n)
{
    check(n >= 2 && p[0] == 0x81);
    size_t len = p[1], head = 2;
    if (len == 126) {
        check(n >= 4);
        len = (size_t)(p[2] << 8 | p[3]);
        head = 4;
    } else if (len == 127) {
        check(n >= 10);
        len = 0;
        for (size_t i = 2; i < 10; i++)
            len = len << 8 | p[i];
        head = 10;
    }
    check(n >= head + len);
    futu_str text = { (const char *)p + head, len };
    check(is_json(text));
    answers += memmem(text.p, MIN(text.n, 20u), "\"reply\"", 7) != NULL ||
               memmem(text.p, MIN(text.n, 20u), "\"error\"", 7) != NULL ||
               memmem(text.p, MIN(text.n, 20u), "\"pong\"", 6) != NULL;
    return head + len;
}

static void take(void)
{
    struct iovec iov[8];
    size_t n;
    while ((n = hub_conn_output(client, iov, ARRAY_LEN(iov))) > 0) {
        size_t all = 0;
        for (size_t i = 0; i < n; i++) {
            check(message(iov[i].iov_base, iov[i].iov_len) == iov[i].iov_len);
            all += iov[i].iov_len;
        }
        hub_conn_sent(client, all);
    }
}

static void upstream_does(const uint8_t *p, size_t n)
{
    struct upstream_push push = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .body = p, .len = n,
                                  .made_ns = w.time.mono_ns };
    if (n == 0)
        pass(NS_PER_S);
    else if (p[0] % 3 == 0)
        w.events.push(w.events.arg, &push);
    else if (p[0] % 3 == 1)
        w.events.trade(w.events.arg, 1001, 2208, p, n);
    else
        w.events.notify(w.events.arg, p[0] % 2 ? 1003 : 60002, p, n);
}

static void line(const uint8_t *p, size_t n)
{
    if (n > 0 && p[0] == '!') {
        upstream_does(p + 1, n - 1);
    } else if (!ended) {
        said++;
        hub_conn_feed(client, p, n);
    }
}

static void open_client(bool keyed, bool decoded)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    o.on_close = on_close;
    rq.method = STR("GET");
    rq.target = decoded ? STR("/ws?format=json") : STR("/ws");
    if (keyed)
        rq.authorization = STR("Bearer k0");
    check(rest_upgrade(w.rest, &rq, &o, &client, no_answer, NULL) == FUTU_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool keyed = data[0] & 1;
    world_open(keyed);
    said = answers = 0;
    ended = false;
    open_client(keyed, data[0] & 2);
    data++;
    size--;
    while (size > 0) {
        const uint8_t *nl = memchr(data, '\n', size);
        size_t n = nl ? (size_t)(nl - data) : size;
        line(data, n);
        take();
        n += nl != NULL;
        data += n;
        size -= n;
    }
    pass(15 * NS_PER_S);
    take();
    check(ended || answers == said);
    hub_conn_free(client);
    world_close();
    return 0;
}
