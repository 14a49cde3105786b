/* http_parse.c - see http_parse.h. Bodies are read by http_body.c. */
#include "http_parse.h"

#include <string.h>
#include <strings.h>

#include "http_body.h"

/* Memory that stays with a connection between its requests. */
#define KEEP_HEAD 1024
#define KEEP_BODY 4096

#define LINES_BEFORE 4          /* bytes of empty lines before a request, which some clients send */

static const struct { const char *name; size_t n; enum http_field field; bool repeats; } known[] = {
#define LINE(text, field, repeats) { text, sizeof(text) - 1, field, repeats }
    LINE("host", HTTP_HOST, false),
    LINE("accept", HTTP_ACCEPT, true),
    LINE("authorization", HTTP_AUTHORIZATION, false),
    LINE("content-type", HTTP_CONTENT_TYPE, false),
    LINE("content-length", HTTP_LENGTH, false),
    LINE("transfer-encoding", HTTP_ENCODING, false),
    LINE("origin", HTTP_ORIGIN, false),
    LINE("idempotency-key", HTTP_IDEMPOTENCY_KEY, false),
    LINE("access-control-request-method", HTTP_ASKED_METHOD, false),
    LINE("expect", HTTP_EXPECT, false),
    LINE("sec-websocket-key", HTTP_WS_KEY, false),
    LINE("sec-websocket-version", HTTP_WS_VERSION, false),
    LINE("mcp-session-id", HTTP_SESSION, false),
    LINE("mcp-protocol-version", HTTP_MCP_VERSION, false),
    LINE("last-event-id", HTTP_LAST_EVENT, false),
#undef LINE
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

bool http_is(futu_str s, const char *word)
{
    return s.p && s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

enum http_event http_bad(struct http_parser *p, int status, const char *why)
{
    p->stage = HTTP_BROKEN;
    p->status = status;
    p->why = why;
    return HTTP_BAD;
}

/* ---- the lines of a head, by llhttp ---- */

/* Letters, digits and a few signs (RFC 9110, 5.6.2). */
static bool is_token(futu_str s)
{
    static const char signs[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i], letter = c | 32;
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && !strchr(signs, c))
            return false;
    }
    return s.n > 0;
}

static futu_str trim(futu_str s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t'))
        s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* A list separated by commas names the word. */
static bool list_has(futu_str list, const char *word)
{
    while (list.n) {
        const char *comma = memchr(list.p, ',', list.n);
        size_t n = comma ? (size_t)(comma - list.p) : list.n;
        if (http_is(trim((futu_str){ list.p, n }), word))
            return true;
        n += comma != NULL;
        list.p += n;
        list.n -= n;
    }
    return false;
}

static void take_connection(struct http_parser *p, futu_str value)
{
    if (list_has(value, "close"))
        p->keep_alive = false;
    else if (!p->minor1 && list_has(value, "keep-alive"))
        p->keep_alive = true;
    p->says_upgrade |= list_has(value, "upgrade");
}

static int take_line(struct http_parser *p, futu_str name, futu_str value)
{
    if (http_is(name, "connection")) {
        take_connection(p, value);
        return 0;
    }
    if (http_is(name, "upgrade")) {
        p->says_websocket |= list_has(value, "websocket");
        return 0;
    }
    for (size_t i = 0; i < N_KNOWN; i++) {
        if (known[i].n != name.n || strncasecmp(known[i].name, name.p, name.n) != 0)
            continue;
        futu_str *f = &p->field[known[i].field];
        if (f->p && !known[i].repeats) {
            http_bad(p, 400, "a header line that may stand once is repeated");
            return -1;
        }
        if (!f->p)
            *f = value;
        return 0;
    }
    return 0;
}

static void extend(futu_str *s, const char *at, size_t n)
{
    if (!s->p)
        s->p = at;
    s->n += n;
}

static int on_field(llhttp_t *h, const char *at, size_t n)
{
    extend(&((struct http_parser *)h->data)->name, at, n);
    return 0;
}

static int on_value(llhttp_t *h, const char *at, size_t n)
{
    extend(&((struct http_parser *)h->data)->value, at, n);
    return 0;
}

static int on_line(llhttp_t *h)
{
    struct http_parser *p = h->data;
    futu_str name = p->name, value = p->value;
    p->name = p->value = (futu_str){ NULL, 0 };
    if (++p->n_headers > HTTP_HEADERS_MAX) {
        http_bad(p, 431, "more than 100 header lines");
        return -1;
    }
    if (!is_token(name) || name.p[name.n] != ':') {
        http_bad(p, 400, "a header line without a proper name");
        return -1;
    }
    if (!value.p)
        value = (futu_str){ name.p + name.n + 1, 0 };
    return take_line(p, name, trim(value));
}

static int on_head(llhttp_t *h)
{
    (void)h;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_line,
    .on_headers_complete = on_head,
};

/* "METHOD target HTTP/1.1". What is between the first blank and the last is the target, so a third
 * blank is refused with it. */
static bool read_request_line(struct http_parser *p, const char *h, size_t n)
{
    static const char v1[] = " HTTP/1.";
    const char *end = memchr(h, '\r', n), *blank = memchr(h, ' ', n);
    if (!end || !blank || blank > end) {
        http_bad(p, 400, "not an HTTP request");
        return false;
    }
    p->field[HTTP_METHOD] = (futu_str){ h, (size_t)(blank - h) };
    size_t len = (size_t)(end - h);
    if (len < sizeof(v1) || memcmp(end - sizeof(v1), v1, sizeof(v1) - 1) != 0 ||
        (end[-1] != '0' && end[-1] != '1')) {
        bool other = len >= 9 && memcmp(end - 9, " HTTP/", 6) == 0;
        http_bad(p, other ? 505 : 400, other ? "HTTP/1.1 is spoken here" : "not an HTTP request");
        return false;
    }
    const char *version = end - sizeof(v1);
    size_t n_target = version > blank ? (size_t)(version - blank - 1) : 0;
    p->field[HTTP_TARGET] = (futu_str){ blank + 1, n_target };
    p->minor1 = p->keep_alive = end[-1] == '1';
    return true;
}

/* The path of an absolute target ("http://host/path"), which a server has to take. */
static bool cut_target(futu_str *t)
{
    if (t->n > 0 && (t->p[0] == '/' || (t->p[0] == '*' && t->n == 1)))
        return true;
    size_t scheme = t->n > 8 && strncasecmp(t->p, "https://", 8) == 0  ? 8
                    : t->n > 7 && strncasecmp(t->p, "http://", 7) == 0 ? 7
                                                                       : 0;
    const char *path = scheme ? memchr(t->p + scheme, '/', t->n - scheme) : NULL;
    if (!path)
        return false;
    *t = (futu_str){ path, t->n - (size_t)(path - t->p) };
    return true;
}

static bool judge_target(struct http_parser *p)
{
    futu_str *t = &p->field[HTTP_TARGET];
    bool fine = t->n <= HTTP_TARGET_MAX;
    if (!fine)
        http_bad(p, 414, "a target of more than 8 KiB");
    for (size_t i = 0; fine && i < t->n; i++)
        fine = t->p[i] > 32 && t->p[i] < 127;       /* char: bytes above 127 may be negative */
    fine = fine && cut_target(t);
    if (!fine && p->stage != HTTP_BROKEN)
        http_bad(p, 400, "the target is not a path");
    return fine;
}

static bool judge_length(struct http_parser *p)
{
    futu_str s = p->field[HTTP_LENGTH];
    size_t n = 0;
    bool fine = s.n > 0;
    for (size_t i = 0; i < s.n && fine; i++) {
        unsigned d = (unsigned)(s.p[i] - '0');
        fine = d < 10;
        n = n > p->body_max ? n : n * 10 + d;       /* above the limit the digits alone matter */
    }
    if (!fine)
        http_bad(p, 400, "Content-Length is not a number");
    else if (n > p->body_max)
        http_bad(p, 413, "the body is too large");
    p->length = n;
    return fine && n <= p->body_max;
}

static bool judge_framing(struct http_parser *p)
{
    const futu_str *f = p->field;
    p->length = 0;
    p->chunked = f[HTTP_ENCODING].p != NULL;
    if (p->chunked && (f[HTTP_LENGTH].p || !p->minor1)) {
        http_bad(p, 400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0");
        return false;
    }
    if (p->chunked && !http_is(f[HTTP_ENCODING], "chunked")) {
        http_bad(p, 501, "the only transfer encoding here is chunked");
        return false;
    }
    return !f[HTTP_LENGTH].p || judge_length(p);
}

static bool judge_head(struct http_parser *p)
{
    const futu_str *f = p->field;
    if (p->minor1 && !f[HTTP_HOST].p) {
        http_bad(p, 400, "no Host line");
        return false;
    }
    if (!judge_target(p) || !judge_framing(p))
        return false;
    p->expects = p->minor1 && f[HTTP_EXPECT].p;
    if (p->expects && !http_is(f[HTTP_EXPECT], "100-continue")) {
        http_bad(p, 417, "what can be expected here is 100-continue");
        return false;
    }
    p->expects = p->expects && (p->chunked || p->length > 0);
    p->websocket = p->minor1 && p->says_upgrade && p->says_websocket;
    return true;
}

/* llhttp sees all of a head at once, so that each span comes in one piece. */
static bool parse_head(struct http_parser *p, const char *h, size_t n)
{
    p->from = h;
    while (n && (*h == '\r' || *h == '\n'))
        h++, n--;
    if (!read_request_line(p, h, n))
        return false;
    llhttp_reset(&p->http);
    llhttp_errno_t e = llhttp_execute(&p->http, h, n);
    if (p->stage == HTTP_BROKEN)
        return false;
    if (e != HPE_PAUSED || llhttp_get_error_pos(&p->http) != h + n) {
        http_bad(p, 400, "the head is malformed");
        return false;
    }
    return judge_head(p);
}

/* ---- where a head ends ---- */

/* So that the target is what is too long. */
static bool long_first_line(struct http_parser *p)
{
    if (p->lines || p->line <= HTTP_TARGET_MAX + 32)
        return false;
    http_bad(p, 414, "a target of more than 8 KiB");
    return true;
}

/* Bytes up to the end of the head, 0: it goes on. What is wrong is refused at its first byte, as a
 * peer that speaks another protocol may wait for us. */
static size_t scan(struct http_parser *p, const char *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)d[i];
        if (p->prev == '\r') {
            if (c != '\n')
                break;
            if (p->line == 0 && p->lines > 0)
                return i + 1;
            if (p->line == 0 && p->n_head + i >= LINES_BEFORE)
                break;
            if (long_first_line(p))
                return 0;
            p->lines += p->line > 0;
            p->line = 0;
        } else if (c != '\r') {
            if ((c < 32 && c != '\t') || c == 127 || (p->line == 0 && (c == ' ' || c == '\t')))
                break;
            p->line++;
        }
        p->prev = c;
        if (i + 1 == n)
            return 0;
    }
    if (n)
        http_bad(p, 400, "not an HTTP request");
    return 0;
}

static bool fits(struct http_parser *p, size_t n)
{
    if (!long_first_line(p) && p->n_head + n > HTTP_HEAD_MAX)
        http_bad(p, 431, "the head is larger than 16 KiB");
    return p->stage != HTTP_BROKEN;
}

static enum http_event read_head(struct http_parser *p, const char *d, size_t n, size_t *used)
{
    size_t end = scan(p, d, n);
    *used = end ? end : n;
    if (p->stage == HTTP_BROKEN || !fits(p, *used))
        return HTTP_BAD;
    bool whole = end && !p->n_head;         /* nothing of it came before: no copy */
    if (!whole && !bytes_put(&p->head, d, *used))
        return http_bad(p, 503, "out of memory");
    p->n_head += *used;
    if (!end)
        return HTTP_MORE;
    if (!parse_head(p, whole ? d : p->head.p, p->n_head))
        return HTTP_BAD;
    p->stage = HTTP_IN_BODY;
    return HTTP_HEAD_DONE;
}

/* ---- requests ---- */

void http_init(struct http_parser *p, size_t body_max)
{
    memset(p, 0, sizeof(*p));
    p->body_max = body_max;
    llhttp_init(&p->http, HTTP_REQUEST, &settings);
    p->http.data = p;
}

void http_free(struct http_parser *p)
{
    bytes_free(&p->head);
    bytes_free(&p->text);
}

static void next(struct http_parser *p)
{
    bytes_clear(&p->head, KEEP_HEAD);
    bytes_clear(&p->text, KEEP_BODY);
    memset(p->field, 0, sizeof(p->field));
    p->stage = HTTP_IN_HEAD;
    p->body = p->name = p->value = (futu_str){ NULL, 0 };
    p->from = NULL;
    p->n_head = p->line = p->lines = p->n_headers = p->length = p->got = 0;
    p->prev = 0;
    p->websocket = p->says_upgrade = p->says_websocket = p->chunked = p->expects = false;
    p->chunk = 0;
    p->chunk_left = p->chunk_line = 0;
}

/* The bytes given will be gone before the body is whole: what the fields show moves over here. */
static bool keep_head(struct http_parser *p)
{
    if (p->head.n)
        return true;
    if (!bytes_put(&p->head, p->from, p->n_head))
        return false;
    for (size_t i = 0; i < HTTP_FIELDS; i++)
        if (p->field[i].p)
            p->field[i].p = p->head.p + (p->field[i].p - p->from);
    p->from = p->head.p;
    return true;
}

enum http_event http_parse(struct http_parser *p, const char *d, size_t n, size_t *used)
{
    *used = 0;
    if (p->stage == HTTP_AT_END)
        next(p);
    if (p->stage == HTTP_BROKEN)
        return HTTP_BAD;
    if (p->stage == HTTP_IN_HEAD)
        return n ? read_head(p, d, n, used) : HTTP_MORE;
    enum http_event e = http_body(p, d, n, used);
    if (e == HTTP_REQUEST_DONE)
        p->stage = HTTP_AT_END;
    else if (e == HTTP_MORE && !keep_head(p))
        e = http_bad(p, 503, "out of memory");
    return e;
}

bool http_between(const struct http_parser *p)
{
    return p->stage == HTTP_AT_END || (p->stage == HTTP_IN_HEAD && p->n_head == 0);
}
