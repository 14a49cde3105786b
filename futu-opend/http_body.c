/* http_body.c - see http_body.h. RFC 9112, section 7.1, without any leniency. */
#include "http_body.h"

enum chunk_state { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, DONE };

#define DIGITS_MAX 8        /* of a chunk's size */

static enum http_event whole(struct http_parser *p, futu_str body)
{
    p->body = body;
    return HTTP_REQUEST_DONE;
}

static enum http_event by_length(struct http_parser *p, const char *d, size_t n, size_t *used)
{
    size_t left = p->length - p->got;
    *used = n < left ? n : left;
    if (p->got == 0 && n >= p->length) {            /* in one piece: no copy */
        p->got = p->length;
        return whole(p, (futu_str){ d, p->length });
    }
    if (!bytes_put(&p->text, d, *used))
        return http_bad(p, 503, "out of memory");
    p->got += *used;
    if (p->got < p->length)
        return HTTP_MORE;
    return whole(p, (futu_str){ p->text.p, p->text.n });
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_text(char c)
{
    return (unsigned char)c >= 32 ? c != 127 : c == '\t';
}

static bool size_end(struct http_parser *p)
{
    p->chunk_line = 0;
    if (p->chunk_left > p->body_max - p->text.n) {
        http_bad(p, 413, "the body is too large");
        return false;
    }
    p->chunk = p->chunk_left ? DATA : TRAILER;
    return true;
}

static bool in_size(struct http_parser *p, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0 && p->chunk_line < DIGITS_MAX) {
        p->chunk_left = p->chunk_left << 4 | (unsigned)digit;
        p->chunk_line++;
        return true;
    }
    if (digit >= 0 || p->chunk_line == 0)
        return false;
    p->chunk = c == '\r' ? SIZE_LF : EXTENSION;
    p->chunk_line = 0;
    return c == '\r' || c == ';';
}

/* Lines behind the last chunk end with an empty one; chunk_line: its length, got: of them all. */
static bool in_trailer(struct http_parser *p, char c)
{
    if (++p->got > HTTP_TRAILER_MAX) {
        http_bad(p, 431, "too many lines behind the last chunk");
        return false;
    }
    if (c == '\r') {
        p->chunk = TRAILER_LF;
        return true;
    }
    p->chunk_line++;
    return is_text(c);
}

/* One byte that is not of a chunk's data. */
static bool step(struct http_parser *p, char c)
{
    switch ((enum chunk_state)p->chunk) {
    case SIZE:
        return in_size(p, c);
    case EXTENSION:
        p->chunk = c == '\r' ? SIZE_LF : EXTENSION;
        return c == '\r' || (is_text(c) && ++p->chunk_line <= HTTP_EXTENSION_MAX);
    case SIZE_LF:
        return c == '\n' && size_end(p);
    case DATA_CR:
        p->chunk = DATA_LF;
        return c == '\r';
    case DATA_LF:
        p->chunk = SIZE;
        return c == '\n';
    case TRAILER:
        return in_trailer(p, c);
    case TRAILER_LF:
        p->chunk = p->chunk_line ? TRAILER : DONE;
        p->chunk_line = 0;
        return c == '\n';
    case DATA:
    case DONE:
        break;
    }
    return false;
}

static enum http_event by_chunks(struct http_parser *p, const char *d, size_t n, size_t *used)
{
    size_t at = 0;
    while (at < n && p->chunk != DONE) {
        if (p->chunk != DATA) {
            if (!step(p, d[at++]))
                return p->stage == HTTP_BROKEN ? HTTP_BAD : http_bad(p, 400, "a malformed chunk");
            continue;
        }
        size_t take = n - at < p->chunk_left ? n - at : p->chunk_left;
        if (!bytes_put(&p->text, d + at, take))
            return http_bad(p, 503, "out of memory");
        at += take;
        p->chunk_left -= take;
        if (p->chunk_left == 0)
            p->chunk = DATA_CR;
    }
    *used = at;
    if (p->chunk != DONE)
        return HTTP_MORE;
    return whole(p, (futu_str){ p->text.n ? p->text.p : d, p->text.n });
}

enum http_event http_body(struct http_parser *p, const char *d, size_t n, size_t *used)
{
    if (p->chunked)
        return by_chunks(p, d, n, used);
    if (p->length)
        return by_length(p, d, n, used);
    /* "Content-Length: 0" is an empty body, no such line is none. */
    return whole(p, (futu_str){ p->field[HTTP_LENGTH].p, 0 });
}
