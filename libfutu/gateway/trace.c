/* trace.c - see trace.h. */
#include "gateway/trace.h"

#include <inttypes.h>

#include "codec/redact.h"

static futu_err put_body(uint8_t fmt, const futu_msg *m, const uint8_t *body, size_t len,
                         struct buf *out)
{
    if (fmt != FRAME_JSON)
        return redact_json(m, body, len, TRACE_MAX, out);
    futu_err err = redact_text((futu_str){ (const char *)body, len }, out);
    out->n = MIN(out->n, TRACE_MAX);
    return err;
}

void trace_write(const char *what, const struct futu_conn *c, uint32_t proto, uint64_t serial,
                 uint8_t fmt, const futu_msg *m, const uint8_t *body, size_t len)
{
    const struct proto_row *row = proto_find(proto);
    struct buf out = BUF_INIT;
    futu_err err = put_body(fmt, m, body, len, &out);
    log_trace("%s %s: %s %" PRIu32 " %s, serial %" PRIu64 ": " STR_FMT, c->peer, what,
              fmt == FRAME_JSON ? "JSON" : "protobuf", proto, row ? row->name : "?", serial,
              STR_ARG(err ? str_c(futu_strerror(err)) : buf_str(&out)));
    buf_free(&out);
}
