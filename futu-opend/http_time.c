/* http_time.c - see http_time.h. */
#include "http_time.h"

static enum http_late late_body(const struct http_wait *w, uint64_t ms)
{
    bool slow = ms >= HTTP_BODY_MS && w->got < ms / 1000 * HTTP_BODY_RATE;
    return slow ? HTTP_SLOW_SENDER : HTTP_IN_TIME;
}

enum http_late http_late(const struct http_wait *w, uint64_t now_ms)
{
    uint64_t ms = now_ms - w->since_ms;
    if (w->output)
        return now_ms - w->taken_ms >= HTTP_TAKE_MS ? HTTP_SLOW_READER : HTTP_IN_TIME;
    if (w->answers)
        return HTTP_IN_TIME;
    if (w->body)
        return late_body(w, ms);
    if (w->head)
        return ms >= HTTP_HEAD_MS ? HTTP_SLOW_SENDER : HTTP_IN_TIME;
    return ms >= HTTP_IDLE_MS ? HTTP_IDLE : HTTP_IN_TIME;
}
