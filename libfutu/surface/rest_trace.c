/* rest_trace.c - one HTTP exchange as two log lines at trace level, credentials masked. */
#include "base/log.h"
#include "codec/redact.h"
#include "surface/rest_state.h"

#define BODY_SHOWN 1536

static futu_str cut(futu_str s)
{
    s.n = MIN(s.n, BODY_SHOWN);
    return s;
}

void trace_http_request(const futu_http_request *rq)
{
    struct buf b = BUF_INIT;
    if (log_level < FUTU_LOG_TRACE)
        return;
    futu_err err = redact_text(rq->target, &b);
    if (!err && rq->authorization.p)
        err = buf_puts(&b, ", Authorization: Bearer <redacted>");
    if (!err && rq->idempotency_key.p)
        err = buf_printf(&b, ", Idempotency-Key: " STR_FMT, STR_ARG(rq->idempotency_key));
    if (!err && rq->body.n > 0)
        err = buf_puts(&b, " ");
    if (!err && rq->body.n > 0)
        err = redact_text(cut(rq->body), &b);
    if (!err)
        log_trace("%s: HTTP request: " STR_FMT " " STR_FMT, rq->peer ? rq->peer : "-",
                  STR_ARG(rq->method), STR_ARG(buf_str(&b)));
    buf_free(&b);
}

void trace_http_answer(const char *peer, int status, futu_str body)
{
    struct buf b = BUF_INIT;
    if (log_level < FUTU_LOG_TRACE)
        return;
    if (redact_text(cut(body), &b) == FUTU_OK)
        log_trace("%s: HTTP answer: %d " STR_FMT, peer, status, STR_ARG(buf_str(&b)));
    buf_free(&b);
}
