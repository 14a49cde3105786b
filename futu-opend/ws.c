/* ws.c - see ws.h. */
#include "ws.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "upgrade.h"

#define CONTROL_FRAME_MAX 127   /* of a server: two bytes and 125 */
/* At most the handshake's answer, one ping, one pong and one close frame wait. */
#define CONTROL_MAX (UPGRADE_ANSWER_MAX + 2 + 2 * CONTROL_FRAME_MAX)
#define REASON_MAX 120          /* a close frame holds 123 bytes of it */
#define PING_MS 20000
#define DEAD_MS 60000
#define CODE_INTERNAL 1011
#define CODE_TRY_LATER 1013

struct ws {
    struct stream *stream;
    futu_conn *conn;
    const struct ws_rules *rules;
    wslay_event_context_ptr ctx;
    const uint8_t *in;          /* what wslay reads from during ws_data() */
    size_t n_in, n_control;
    size_t unsent;              /* rest of the control frame that wslay is handing over, */
    bool dropped;               /* and whether it is left out */
    uint64_t heard_ms, pinged_ms;
    bool broken;                /* nothing more is read; a close frame is queued */
    bool closed;                /* wslay has sent one */
    bool slow;                  /* that is because the peer reads too slowly */
    bool control_out;           /* what ws_output() gave last was `control` */
    size_t n_pong;              /* 0: none is owed */
    uint8_t pong[CONTROL_FRAME_MAX];
    uint8_t control[CONTROL_MAX];
};

static bool put_control(struct ws *w, const void *p, size_t n)
{
    if (n > sizeof(w->control) - w->n_control)
        return false;
    memcpy(w->control + w->n_control, p, n);
    w->n_control += n;
    return true;
}

static ssize_t on_recv(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *arg)
{
    struct ws *w = arg;
    (void)flags;
    if (w->n_in == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    len = len < w->n_in ? len : w->n_in;
    memcpy(buf, w->in, len);
    w->in += len;
    w->n_in -= len;
    return (ssize_t)len;
}

/* Only pongs and closes come this way. The pongs are left out: of many pings in a row the last one
 * is answered (RFC 6455, 5.5.3), however slowly the peer reads. */
static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags,
                       void *arg)
{
    struct ws *w = arg;
    (void)flags;
    if (w->unsent == 0) {       /* wslay hands the head over whole */
        w->unsent = 2 + (p[1] & 0x7fu);
        w->dropped = (p[0] & 0x0f) == WSLAY_PONG;
    }
    w->unsent -= n;
    if (w->dropped || put_control(w, p, n))
        return (ssize_t)n;
    wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void queue_close(struct ws *w, int code, const char *reason)
{
    wslay_event_queue_close(w->ctx, (uint16_t)code, (const uint8_t *)reason,
                            strnlen(reason, REASON_MAX));
    w->broken = true;
}

static int code_of(futu_err err)
{
    switch (err) {
    case FUTU_EPROTO:
        return WSLAY_CODE_PROTOCOL_ERROR;
    case FUTU_ENOMEM:
        return CODE_INTERNAL;
    default:
        return WSLAY_CODE_POLICY_VIOLATION;
    }
}

static void owe_pong(struct ws *w, const struct wslay_event_on_msg_recv_arg *m)
{
    w->pong[0] = 0x80 | WSLAY_PONG;
    w->pong[1] = (uint8_t)m->msg_length;        /* wslay takes no ping above 125 */
    if (m->msg_length > 0)
        memcpy(w->pong + 2, m->msg, m->msg_length);
    w->n_pong = 2 + m->msg_length;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m,
                       void *arg)
{
    struct ws *w = arg;
    (void)ctx;
    if (m->opcode == WSLAY_PING)
        owe_pong(w, m);
    if (wslay_is_ctrl_frame(m->opcode) || w->broken)
        return;
    if ((m->opcode == WSLAY_TEXT_FRAME) != w->rules->text) {
        queue_close(w, WSLAY_CODE_UNSUPPORTED_DATA,
                    w->rules->text ? "text messages only" : "binary messages only");
        return;
    }
    futu_err err = futu_conn_feed(w->conn, m->msg, m->msg_length);
    if (err)
        queue_close(w, code_of(err), "");
}

static const struct wslay_event_callbacks callbacks = {
    .recv_callback = on_recv,
    .send_callback = on_send,
    .on_msg_recv_callback = on_message,
};

struct ws *ws_new(struct stream *s, const struct ws_rules *rules)
{
    struct ws *w = calloc(1, sizeof(*w));
    if (!w || wslay_event_context_server_init(&w->ctx, &callbacks, w) != 0) {
        free(w);
        return NULL;
    }
    wslay_event_config_set_max_recv_msg_length(w->ctx, rules->message_max);
    w->stream = s;
    w->rules = rules;
    w->heard_ms = w->pinged_ms = uv_now(s->tcp.loop);
    return w;
}

void ws_free(struct ws *w)
{
    if (!w)
        return;
    futu_conn_free(w->conn);
    wslay_event_context_free(w->ctx);
    free(w);
}

static void on_output(futu_conn *c, void *arg)
{
    (void)c;
    stream_kick(((struct ws *)arg)->stream);
}

static void say_close(struct ws *w, int code, const char *reason)
{
    queue_close(w, code, reason);
    wslay_event_send(w->ctx);
    stream_drain(w->stream);
}

/* What the gateway ends one connection for; ELIMIT: its reader is too slow. */
static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    (void)c;
    ((struct ws *)arg)->slow = err == FUTU_ELIMIT;
    say_close(arg,
              err == FUTU_ELIMIT      ? CODE_TRY_LATER
              : err == FUTU_ECANCELED ? WSLAY_CODE_GOING_AWAY
                                      : WSLAY_CODE_POLICY_VIOLATION,
              reason);
}

void ws_conn_opts(struct ws *w, futu_conn_opts *o)
{
    o->on_output = on_output;
    o->on_close = on_close;
    o->arg = w;
}

void ws_open(struct ws *w, futu_conn *c, const char *answer)
{
    w->conn = c;
    put_control(w, answer, strlen(answer));
}

bool ws_data(struct ws *w, const uint8_t *p, size_t n)
{
    w->heard_ms = uv_now(w->stream->tcp.loop);
    w->in = p;
    w->n_in = n;
    int r = wslay_event_recv(w->ctx);
    w->n_in = 0;
    if (r == WSLAY_ERR_NOMEM)
        queue_close(w, CODE_INTERNAL, "out of memory");
    int sent = wslay_event_send(w->ctx);
    w->closed = wslay_event_get_close_sent(w->ctx);
    /* closed: the peer said goodbye, or broke the protocol; either way our close frame is out. */
    if (sent != 0 || r != 0 || w->broken || w->closed)
        return false;
    stream_kick(w->stream);
    return true;
}

/* Between two frames of the gateway; a close frame behind all of them, unless the reader is slow.
 * No frame follows it. */
size_t ws_output(struct ws *w, struct iovec *iov, size_t max)
{
    bool closing = w->broken || w->closed;
    bool turn = !w->conn || (closing && !w->slow ? futu_conn_queued(w->conn) == 0
                                                 : futu_conn_at_boundary(w->conn));
    if (turn && !closing && !w->control_out && w->n_pong > 0) {
        put_control(w, w->pong, w->n_pong);
        w->n_pong = 0;
    }
    w->control_out = w->n_control && (w->control_out || turn);
    if (w->control_out) {
        iov[0] = (struct iovec){ w->control, w->n_control };
        return 1;
    }
    return !w->conn || (closing && turn) ? 0 : futu_conn_output(w->conn, iov, max);
}

void ws_sent(struct ws *w, size_t n)
{
    if (w->control_out) {
        w->n_control -= n;
        memmove(w->control, w->control + n, w->n_control);
        return;
    }
    futu_conn_sent(w->conn, n);
}

void ws_tick(struct ws *w, uint64_t now)
{
    static const uint8_t ping[2] = { 0x89, 0 };
    uint64_t silent = now - w->heard_ms;
    if (silent >= DEAD_MS) {
        stream_close(w->stream);
    } else if (silent >= PING_MS && now - w->pinged_ms >= PING_MS && w->n_control == 0) {
        w->pinged_ms = now;
        put_control(w, ping, sizeof(ping));
        stream_kick(w->stream);
    }
}

void ws_leave(struct ws *w)
{
    say_close(w, WSLAY_CODE_GOING_AWAY, "the gateway ends");
}
