/* http_reply.c - see http_reply.h. */
#include "io/http_reply.h"

#include <strings.h>

#include "base/mem.h"
#include "crypt/secret.h"

static int fail(struct http_reply *r, futu_err err, const char *why)
{
    if (!r->err) {
        r->err = err;
        r->why = why;
    }
    return -1;
}

static void keep(char *to, size_t size, size_t *n, const char *at, size_t more)
{
    for (; more > 0 && *n < size - 1; more--)
        to[(*n)++] = *at++;
    to[*n] = '\0';
}

static int on_name(llhttp_t *h, const char *at, size_t n)
{
    struct http_reply *r = h->data;
    keep(r->name, sizeof(r->name), &r->n_name, at, n);
    return 0;
}

static int on_value(llhttp_t *h, const char *at, size_t n)
{
    struct http_reply *r = h->data;
    if (strcasecmp(r->name, "date") == 0)
        keep(r->date, sizeof(r->date), &r->n_date, at, n);
    return 0;
}

static int on_line(llhttp_t *h)
{
    struct http_reply *r = h->data;
    r->n_name = 0;
    if (++r->lines > HTTP_REPLY_LINES_MAX)
        return fail(r, FUTU_ELIMIT, "more than 100 header lines");
    return 0;
}

/* By hand, since what a realloc leaves behind would not be wiped. */
static bool grow(struct http_reply *r, size_t need)
{
    size_t cap = MIN(MAX(need, r->cap * 2), r->max_body);
    uint8_t *p = mem_alloc(cap);
    if (!p)
        return false;
    if (r->n)
        memcpy(p, r->body, r->n);
    if (r->body)
        wipe(r->body, r->cap);
    mem_free(r->body);
    r->body = p;
    r->cap = cap;
    return true;
}

static int on_head(llhttp_t *h)
{
    struct http_reply *r = h->data;
    bool has_length = h->flags & F_CONTENT_LENGTH;
    r->status = h->status_code;
    r->in_body = true;
    if (has_length && (h->flags & F_TRANSFER_ENCODING))
        return fail(r, FUTU_EPROTO, "a length beside a transfer encoding");
    if (has_length && h->content_length > r->max_body)
        return fail(r, FUTU_ELIMIT, "the answer is too large");
    if (r->status == 101)
        return fail(r, FUTU_EPROTO, "the server wants to change the protocol");
    if (has_length && r->status >= 200 && h->content_length > r->cap &&
        !grow(r, (size_t)h->content_length))
        return fail(r, FUTU_ENOMEM, futu_strerror(FUTU_ENOMEM));
    return 0;
}

static int on_body(llhttp_t *h, const char *at, size_t n)
{
    struct http_reply *r = h->data;
    if (n > r->max_body - r->n)
        return fail(r, FUTU_ELIMIT, "the answer is too large");
    if (r->n + n > r->cap && !grow(r, r->n + n))
        return fail(r, FUTU_ENOMEM, futu_strerror(FUTU_ENOMEM));
    memcpy(r->body + r->n, at, n);
    r->n += n;
    return 0;
}

static int on_end(llhttp_t *h)
{
    struct http_reply *r = h->data;
    r->in_body = false;
    if (r->status < 200) {      /* an interim answer; the lines of both count together */
        r->head = 0;
        return 0;
    }
    r->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_line,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_end,
};

void http_reply_init(struct http_reply *r, size_t max_body)
{
    *r = (struct http_reply){ .max_body = max_body };
    llhttp_init(&r->http, HTTP_RESPONSE, &settings);
    r->http.data = r;
}

void http_reply_free(struct http_reply *r)
{
    if (r->body)
        wipe(r->body, r->cap);
    mem_free(r->body);
    r->body = NULL;
    r->n = r->cap = 0;
}

static futu_err judge(struct http_reply *r, llhttp_errno_t e)
{
    if (r->done)
        return FUTU_OK;
    if (e != HPE_OK)
        fail(r, FUTU_EPROTO, "the server does not speak proper HTTP");
    return r->err ? r->err : FUTU_EAGAIN;
}

/* While in a head, llhttp gets no more than a head may have: it keeps no count of its own. */
futu_err http_reply_feed(struct http_reply *r, const void *p, size_t n)
{
    const char *at = p;
    futu_err err = r->done ? FUTU_OK : r->err ? r->err : FUTU_EAGAIN;
    while (n && err == FUTU_EAGAIN) {
        size_t part = r->in_body ? n : MIN(n, HTTP_REPLY_HEAD_MAX - r->head);
        if (part == 0) {
            fail(r, FUTU_ELIMIT, "header lines of more than 16 KiB");
            return r->err;
        }
        if (!r->in_body)
            r->head += part;
        err = judge(r, llhttp_execute(&r->http, at, part));
        at += part;
        n -= part;
    }
    return err;
}

futu_err http_reply_end(struct http_reply *r)
{
    if (r->done || r->err)
        return r->err;
    llhttp_finish(&r->http);
    if (r->done)
        return FUTU_OK;
    fail(r, FUTU_EPROTO,
         r->status || r->head ? "the answer is cut off" : "closed without an answer");
    return r->err;
}
