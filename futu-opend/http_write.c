/* http_write.c - see http_write.h. On the path of every request: copied, not formatted. */
#include "http_write.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 20           /* digits */

static const struct { int status; const char *reason; } reasons[] = {
    { 200, "OK" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 404, "Not Found" },
    { 100, "Continue" }, { 101, "Switching Protocols" }, { 201, "Created" }, { 202, "Accepted" },
    { 204, "No Content" }, { 304, "Not Modified" }, { 403, "Forbidden" },
    { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
    { 409, "Conflict" }, { 411, "Length Required" }, { 413, "Content Too Large" },
    { 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" }, { 426, "Upgrade Required" }, { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
    { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" },
};

const char *http_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

/* Room is reserved before: the pieces just follow each other. */
static char *put(char *to, const char *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

static char *put_number(char *to, size_t v)
{
    char digits[NUMBER_MAX];
    size_t n = sizeof(digits);
    do
        digits[--n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    return put(to, digits + n, sizeof(digits) - n);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", made once a second. */
static const char *date_text(time_t now)
{
    static char text[32];
    static time_t of = -1;
    if (now != of) {
        struct tm tm;
        gmtime_r(&now, &tm);
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        of = now;
    }
    return text;
}

static bool has_length(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

#define FIXED "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nDate: "
#define PUT(to, text) put(to, "" text, sizeof(text) - 1)

bool http_write(struct bytes *out, const futu_http_answer *a, int flags, time_t now)
{
    const char *reason = http_reason(a->status), *date = date_text(now);
    const char *headers = a->headers ? a->headers : "";
    size_t n_body = a->content_type ? a->body.n : 0;
    size_t n_reason = strlen(reason), n_date = strlen(date), n_headers = strlen(headers);
    size_t n_type = a->content_type ? strlen(a->content_type) : 0;
    size_t sent = flags & HTTP_NO_BODY ? 0 : n_body;
    if (!bytes_reserve(out, 320 + n_reason + n_headers + n_type + sent))
        return false;
    char *begin = out->p + out->n, *p = PUT(begin, "HTTP/1.1 ");
    p = put_number(p, (size_t)a->status);
    *p++ = ' ';
    p = put(p, reason, n_reason);
    p = PUT(p, FIXED);
    p = put(p, date, n_date);
    if (a->content_type) {
        p = PUT(p, "\r\nContent-Type: ");
        p = put(p, a->content_type, n_type);
    }
    if (flags & HTTP_CHUNKED) {
        p = PUT(p, "\r\nTransfer-Encoding: chunked");
    } else if (has_length(a->status)) {
        p = PUT(p, "\r\nContent-Length: ");
        p = put_number(p, n_body);
    }
    if (flags & HTTP_CLOSE)
        p = PUT(p, "\r\nConnection: close");
    else if (flags & HTTP_KEEP)
        p = PUT(p, "\r\nConnection: keep-alive");
    p = PUT(p, "\r\n");
    p = put(p, headers, n_headers);
    p = PUT(p, "\r\n");
    if (sent)
        p = put(p, a->body.p, sent);
    out->n += (size_t)(p - begin);
    return true;
}

bool http_write_chunk(struct bytes *out, futu_str piece)
{
    char size[24];
    int n = snprintf(size, sizeof(size), "%zx\r\n", piece.n);
    if (!bytes_reserve(out, (size_t)n + piece.n + 2))
        return false;
    char *p = put(out->p + out->n, size, (size_t)n);
    if (piece.n)
        p = put(p, piece.p, piece.n);
    p = PUT(p, "\r\n");
    out->n = (size_t)(p - out->p);
    return true;
}
