/* fuzz_mcp_web.c - clients of /mcp and /sse: a line of the input is a request with its headers, an
 * event upstream, or a reader that reads, goes and comes again. Whatever comes: each request is
 * answered once, each piece of a stream is whole events with JSON in them, ids of one stream go up
 * by one, and no order goes up that the key does not allow.
 *
 * Lines:   "PAccept|version|body", "GAccept|version|last event id", "DAccept|version|"; "I" and a
 *          digit: initialize with that revision; "E": an order and a quote; "U": an answer from
 *          upstream; "T" and a digit: time goes by; "R", "A", "L" and a digit: what reads the
 *          answer to that line reads on, goes, or is asked to. An Accept that begins with "!" comes
 *          without the session's id. "S": a reader of /sse; "Qbody": a text for the newest of them.
 */
#include "rest_world.h"
#include "surface/mcp_web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES 64

static struct reader {
    futu_http_call *call;
    unsigned times;
    bool stream;
    uint64_t last;                  /* number of its last event */
    char no[16];                    /* of its stream */
} calls[LINES];

static char session[WEB_ID + 1];
static char posts[64];              /* where texts to the newest reader of /sse go */

static void on_answer(const futu_http_answer *a, void *arg)
{
    struct reader *r = arg;
    const char *at = a->headers ? strstr(a->headers, "Mcp-Session-Id: ") : NULL;
    check(++r->times == 1);
    r->stream = a->stream;
    if (at)
        str_copy(session, sizeof(session), (futu_str){ at + 16, WEB_ID });
    if (a->body.n > 0)
        check(is_json(a->body));
}

static void on_more(futu_http_call *call, void *arg)
{
    struct reader *r = arg;
    check(r->stream && (!call || call == r->call || !r->call));
    if (!call)
        r->call = NULL;
}

/* "id: 3-17": of one stream, and one more than the last. */
static void check_id(struct reader *r, futu_str id)
{
    uint32_t no;
    uint64_t seen;
    char text[16];
    check(sse_id(id, &no, &seen));
    snprintf(text, sizeof(text), "%u", no);
    if (r->no[0])
        check(strcmp(r->no, text) == 0 && seen == r->last + 1);
    str_copy(r->no, sizeof(r->no), str_c(text));
    r->last = seen;
}

static void check_data(futu_str data, bool endpoint)
{
    static const char head[] = "/sse?" WEB_QUERY "=";
    if (!endpoint) {
        check(is_json(data));
        return;
    }
    check(data.n == sizeof(head) - 1 + WEB_ID && memcmp(data.p, head, sizeof(head) - 1) == 0);
    str_copy(posts, sizeof(posts), data);
}

/* One event, up to its empty line. */
static void check_event(struct reader *r, futu_str event)
{
    futu_str id = STR_NULL, data = STR_NULL;
    bool endpoint = false;
    while (event.n > 0) {
        const char *end = memchr(event.p, '\n', event.n);
        check(end != NULL);
        futu_str line = { event.p, (size_t)(end - event.p) };
        if (line.n >= 4 && memcmp(line.p, "id: ", 4) == 0)
            id = (futu_str){ line.p + 4, line.n - 4 };
        else if (line.n >= 6 && memcmp(line.p, "data: ", 6) == 0)
            data = (futu_str){ line.p + 6, line.n - 6 };
        else if (str_is(line, "event: endpoint"))
            endpoint = true;
        else
            check(str_is(line, "event: message") || str_is(line, ":") ||
                  str_is(line, "retry: 1000"));
        event.p += line.n + 1;
        event.n -= line.n + 1;
    }
    if (id.p && data.n == 0) {
        uint32_t no;                /* where it stands */
        check(sse_id(id, &no, &r->last));
        snprintf(r->no, sizeof(r->no), "%u", no);
    } else if (id.p) {
        check_id(r, id);
    }
    if (data.n > 0)
        check_data(data, endpoint);
}

static void leave(struct reader *r)
{
    rest_abandon(r->call);
    *r = (struct reader){ .call = NULL };
}

static void read_some(struct reader *r)
{
    futu_str piece;
    futu_err err = FUTU_OK;
    for (int i = 0; i < 8 && r->call && err == FUTU_OK; i++) {
        err = rest_more(r->call, &piece);
        check(err == FUTU_OK || err == FUTU_EAGAIN || err == FUTU_ENOTCONN);
        if (err)
            break;
        check(piece.n >= 3 && memcmp(piece.p + piece.n - 2, "\n\n", 2) == 0);
        check_event(r, (futu_str){ piece.p, piece.n - 1 });
    }
    if (err == FUTU_ENOTCONN)
        leave(r);
}

/* The part up to the next '|'. */
static futu_str part(futu_str *s)
{
    const char *bar = s->n ? memchr(s->p, '|', s->n) : NULL;
    size_t n = bar ? (size_t)(bar - s->p) : s->n;
    futu_str out = { s->p, n };
    n += bar != NULL;
    s->p += n;
    s->n -= n;
    return out;
}

static void request(struct reader *r, const char *method, futu_str line, bool keyed)
{
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    futu_str accept = part(&line), version = part(&line);
    bool alone = accept.n > 0 && *accept.p == '!';
    rq.method = str_c(method);
    rq.target = STR("/mcp");
    rq.authorization = keyed ? STR("Bearer k0") : STR_NULL;
    rq.accept = alone ? (futu_str){ accept.p + 1, accept.n - 1 } : accept;
    rq.mcp_version = version.n ? version : STR_NULL;
    rq.session_id = alone ? STR_NULL : str_c(session);
    rq.on_more = on_more;
    if (*method == 'G')
        rq.last_event_id = line.n ? line : STR_NULL;
    if (*method == 'P') {
        rq.body = line;
        rq.content_type = STR("application/json");
    }
    *r = (struct reader){ .call = NULL };
    check(rest_request(w.rest, &rq, on_answer, r, &r->call) == FUTU_OK);
    check(r->call || r->times == 1);
}

static void old_request(struct reader *r, const char *method, futu_str body, bool keyed)
{
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    rq.method = str_c(method);
    rq.target = *method == 'G' ? STR("/sse") : str_c(posts);
    rq.authorization = keyed ? STR("Bearer k0") : STR_NULL;
    rq.accept = STR("text/event-stream");
    rq.content_type = STR("application/json");
    rq.body = body;
    rq.on_more = on_more;
    *r = (struct reader){ .call = NULL };
    check(rest_request(w.rest, &rq, on_answer, r, &r->call) == FUTU_OK);
    check(r->call || r->times == 1);
}

static void initialize(struct reader *r, char digit, bool keyed)
{
    static const char *const revisions[] = { "2024-11-05", "2025-03-26", "2025-06-18",
                                             "2025-11-25" };
    char text[160];
    snprintf(text, sizeof(text), "*/*||{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
             "\"params\":{\"protocolVersion\":\"%s\"}}", revisions[digit & 3]);
    request(r, "POST", str_c(text), keyed);
}

static void happen(void)
{
    static const uint8_t order[] = { 8, 0, 34, 2, 10, 0 };
    static const uint8_t quote[] = { 8, 0, 34, 0 };
    struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .body = quote,
                               .len = sizeof(quote), .made_ns = w.time.mono_ns };
    w.events.trade(w.events.arg, 1001, 2208, order, sizeof(order));
    w.events.push(w.events.arg, &p);
    pass(0);
    hub_flush(w.hub);
}

static void answer(void)
{
    static const uint8_t ok[] = { 8, 0, 18, 0, 24, 0, 34, 0 };
    written(false);
    answer_one(ok, sizeof(ok));
    pass(1);
}

static void one(futu_str line, unsigned i, bool keyed)
{
    char op = *line.p, digit = line.n > 1 ? line.p[1] : '0';
    struct reader *r = &calls[i], *at = &calls[(unsigned)(digit - '0') % LINES];
    line.p++;
    line.n--;
    switch (op) {
    case 'P':
        request(r, "POST", line, keyed);
        break;
    case 'G':
        request(r, "GET", line, keyed);
        break;
    case 'D':
        request(r, "DELETE", line, keyed);
        break;
    case 'S':
        old_request(r, "GET", STR(""), keyed);
        break;
    case 'Q':
        old_request(r, "POST", line, keyed);
        break;
    case 'I':
        initialize(r, digit, keyed);
        break;
    case 'E':
        happen();
        break;
    case 'U':
        answer();
        break;
    case 'T':
        pass((int64_t)(digit & 15) * 30 * NS_PER_S + NS_PER_S);
        break;
    case 'R':
        if (at->stream)
            read_some(at);
        break;
    case 'L':
        if (at->call && at->stream)
            rest_leave(at->call);
        else if (at->call)
            leave(at);
        break;
    case 'A':
        if (at->call)
            leave(at);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool keyed = data[0] & 1;
    futu_str text = { (const char *)data + 1, size - 1 };
    world_open(keyed);
    memset(calls, 0, sizeof(calls));
    session[0] = '\0';
    str_copy(posts, sizeof(posts), STR("/sse"));
    for (unsigned i = 0; i < LINES && text.n > 0; i++) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (n > 0)
            one((futu_str){ text.p, n }, i, keyed);
        text.p += n + (end != NULL);
        text.n -= n + (end != NULL);
    }
    for (unsigned i = 0; i < LINES; i++)
        if (calls[i].stream)
            read_some(&calls[i]);
    world_close();
    return 0;
}
