/* fuzz_mcp.c - lines of a session against a gateway: each is answered once, with JSON, and no
 * order goes up that the key does not allow; any text as arguments of any tool: what passes is a
 * body that the codec can read. The first byte chooses the tool, and whether there are keys. */
#include "base/shbuf.h"
#include "rest_world.h"
#include "surface/mcp.h"
#include "surface/mcp_tools.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES 16

static unsigned times[LINES];

static void on_out(enum mcp_out kind, futu_str text, void *arg)
{
    check(kind == MCP_NOTHING || kind == MCP_DROPPED || mcp_json_valid(text));
    check(!memchr(text.p, '\n', text.n));
    *(unsigned *)arg += kind != MCP_NOTE;
    check(*(unsigned *)arg <= 1);
}

static void answer(size_t n)
{
    static const uint8_t ok[] = { 8, 0, 18, 0, 24, 0, 34, 0 };
    static const uint8_t no[] = { 8, 1, 18, 0, 24, 0 };
    written(n % 4 == 3);
    answer_one(n % 2 ? no : ok, n % 2 ? sizeof(no) : sizeof(ok));
    pass(n % 3 ? 1 : NS_PER_S);
}

/* What waits of the session's pushes, at times. */
static void take(struct mcp_session *s)
{
    for (struct shbuf *b; mcp_session_waits(s); shbuf_unref(b)) {
        b = mcp_session_take(s);
        check(b && mcp_json_valid((futu_str){ (const char *)b->p, b->n }));
    }
    check(!mcp_session_take(s));
}

/* The line's own bytes as the body of an order's or a quote's push. */
static void happen(const char *p, size_t n)
{
    struct upstream_push q = { .proto = 3005, .key = { 1, 1, 0, "00700" },
                               .body = (const uint8_t *)p, .len = n, .made_ns = w.time.mono_ns };
    if (n % 2)
        w.events.trade(w.events.arg, 1001, n % 4 == 1 ? 2208 : 2218, q.body, n);
    else
        w.events.push(w.events.arg, &q);
    hub_flush(w.hub);
}

static void lines(futu_str text, bool keyed)
{
    struct mcp *m;
    struct mcp_session *s;
    world_open(keyed);
    struct mcp_opts o = { .hub = w.hub, .access = w.access, .clock = clock_fake(&w.time),
                          .timers = &w.timers, .api_key = "k0",
                          .trade_pwd_md5 = "0123456789abcdef0123456789abcdef" };
    check(mcp_new(&m, &o) == FUTU_OK);
    check(mcp_session_new(m, &s, NULL) == FUTU_OK);
    memset(times, 0, sizeof(times));
    for (size_t i = 0; i < LINES && text.n > 0; i++) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        mcp_session_text(s, (futu_str){ text.p, n }, STR_NULL, on_out, &times[i]);
        answer(n);
        happen(text.p, n);
        if (n % 5 == 0)
            take(s);
        text.p += n + (end != NULL);
        text.n -= n + (end != NULL);
    }
    mcp_free(m);
    world_close();
}

static void arguments(const struct mcp_tool *t, futu_str text)
{
    struct buf json = BUF_INIT, pb = BUF_INIT;
    struct mcp_args extra;
    struct body_extra more;
    struct body_error e = { "", "" };
    struct body_fill fill = { 1, 2, str_c(t->preset ? t->preset : ""), false };
    const struct proto_row *row = proto_find(t->proto);
    if (!mcp_json_valid(text) || !mcp_is_object(text))
        return;
    futu_err err = mcp_body(t, text, 1767605400 * NS_PER_S, &json, &extra, &e);
    check(!err == !e.text[0]);
    check(err || mcp_json_valid(buf_str(&json)));
    if (!err && row->request && body_to_pb(row, buf_str(&json), &fill, &pb, &more, &e) == FUTU_OK)
        check(codec_check(row->request, pb.p, pb.n, NULL, NULL) == FUTU_OK);
    buf_free(&json);
    buf_free(&pb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n;
    const struct mcp_tool *tools = mcp_tools(&n);
    uint32_t groups;
    futu_str bad;
    if (size == 0)
        return 0;
    futu_str text = { (const char *)data + 1, size - 1 };
    lines(text, data[0] & 1);
    arguments(&tools[data[0] % n], text);
    mcp_groups(text, &groups, &bad);
    mcp_begins(text);
    return 0;
}
