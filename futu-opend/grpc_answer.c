/* grpc_answer.c - see grpc.h: output and status of a call to frames.
 *
 * Packed:  an answer of one message that is whole when its headers go, for a client that takes
 *          gzip: from 1 KiB on when it sends gzip itself, else from 16 KiB on, where it pays for
 *          its time. Pushes are not: they are small, and shared by all that get them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "grpc.h"
#include "grpc_gzip.h"

#define PACK_WANTED 1024
#define PACK_TAKEN 16384
#define PIECES 64
#define FRAME_HEAD 9
#define DRIBBLE 256                 /* a smaller window is a way to keep us busy */
#define ASK_MS 120000
#define TAKE_MS 60000

/* ---- headers ---- */

#define COPIED NGHTTP2_NV_FLAG_NO_COPY_NAME
#define FIXED (NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE)
#define HEADER(name, value, n, flags)                                                              \
    { (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, (n), (flags) }
#define WORD(name, value) HEADER(name, value, sizeof(value) - 1, FIXED)

static size_t status_headers(const struct grpc_stream *st, nghttp2_nv nv[2],
                             char why[3 * GRPC_TEXT_MAX])
{
    static const char *const numbers[] = {
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    };
    const char *number = numbers[st->status];
    nv[0] = (nghttp2_nv)HEADER("grpc-status", number, st->status < 10 ? 1 : 2, FIXED);
    if (!st->why[0])
        return 1;
    nv[1] = (nghttp2_nv)HEADER("grpc-message", why, grpc_escape(st->why, why),
                               COPIED | NGHTTP2_NV_FLAG_NO_INDEX);
    return 2;
}

/* ---- bytes ---- */

/* How many bytes can go, up to max; *more: there are others behind them. */
static size_t ready(const struct grpc_stream *st, size_t max, bool *more)
{
    struct iovec iov[PIECES];
    size_t sum = st->packed.n - st->packed_at, pieces = 0;
    if (sum == 0 && st->call)
        pieces = futu_grpc_output(st->call, iov, PIECES);
    for (size_t i = 0; i < pieces; i++)
        sum += iov[i].iov_len;
    *more = sum > max || pieces == PIECES;
    return sum < max ? sum : max;
}

static bool waits(const struct grpc_stream *st)
{
    bool more;
    return ready(st, 1, &more) > 0;
}

static bool copy_packed(struct grpc_stream *st, size_t n, struct bytes *out)
{
    bool fine = bytes_put(out, st->packed.p + st->packed_at, n);
    st->packed_at += n;
    if (st->packed_at == st->packed.n) {
        bytes_free(&st->packed);
        st->packed_at = 0;
    }
    return fine;
}

/* The first n bytes of what ready() has counted. */
static bool copy_output(struct grpc_stream *st, size_t n, struct bytes *out)
{
    struct iovec iov[PIECES];
    if (st->packed.n)
        return copy_packed(st, n, out);
    size_t left = n, pieces = futu_grpc_output(st->call, iov, PIECES);
    for (size_t i = 0; i < pieces && left > 0; i++) {
        size_t k = iov[i].iov_len < left ? iov[i].iov_len : left;
        if (!bytes_put(out, iov[i].iov_base, k))
            return false;
        left -= k;
    }
    futu_grpc_sent(st->call, n);
    return left == 0;
}

static int send_trailers(struct grpc_stream *st)
{
    char why[3 * GRPC_TEXT_MAX];
    nghttp2_nv nv[2];
    st->trailed = true;
    size_t n = status_headers(st, nv, why);
    return nghttp2_submit_trailer(st->conn->h2, st->id, nv, n);
}

/* Windows of a few bytes make us write much for little. */
static bool dribbles(struct grpc_stream *st, size_t max, bool more)
{
    struct grpc_conn *c = st->conn;
    if (!more || max >= DRIBBLE || grpc_calm_frame(&c->calm, CALM_DRIBBLE, c->now_ms))
        return false;
    grpc_condemn(c, NGHTTP2_ENHANCE_YOUR_CALM, "too many small windows");
    return true;
}

/* Says how much can go; grpc_send_data() is called for it next. */
static ssize_t read_output(nghttp2_session *h2, int32_t id, uint8_t *unused, size_t max,
                           uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct grpc_stream *st = source->ptr;
    struct grpc_conn *c = arg;
    bool more;
    (void)h2;
    (void)id;
    (void)unused;
    if (c->out->n >= c->out_max)
        return NGHTTP2_ERR_PAUSE;
    if (st->trailed)                /* they went ahead of a window */
        return NGHTTP2_ERR_DEFERRED;
    size_t n = ready(st, max, &more);
    if (dribbles(st, max, more))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (n > 0)
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (!st->ended)
        return n > 0 ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
    if (more)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return send_trailers(st) ? NGHTTP2_ERR_CALLBACK_FAILURE : (ssize_t)n;
}

int grpc_send_data(nghttp2_session *h2, nghttp2_frame *f, const uint8_t *head, size_t n,
                   nghttp2_data_source *source, void *arg)
{
    struct grpc_stream *st = source->ptr;
    struct grpc_conn *c = arg;
    (void)h2;
    (void)f;                        /* nobody asked for padding */
    if (!bytes_put(c->out, head, FRAME_HEAD) || !copy_output(st, n, c->out))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    st->moved_ms = c->now_ms;
    grpc_hold(st);
    return 0;
}

/* ---- answers ---- */

static size_t common_headers(const struct grpc_stream *st, nghttp2_nv nv[3])
{
    static const nghttp2_nv fixed[] = {
        WORD("content-type", "application/grpc"),
        WORD("grpc-accept-encoding", "identity,gzip"),
        WORD("grpc-encoding", "gzip"),
    };
    size_t n = st->packed.n ? 3 : 2;
    memcpy(nv, fixed, n * sizeof(nv[0]));
    return n;
}

/* Nothing but a status: one block of headers. */
static int answer_status(struct grpc_stream *st)
{
    char why[3 * GRPC_TEXT_MAX], http[8];
    nghttp2_nv nv[6];
    int n = snprintf(http, sizeof(http), "%d", st->http_status ? st->http_status : 200);
    nv[0] = (nghttp2_nv)HEADER(":status", http, (size_t)n, COPIED);
    size_t k = 1 + common_headers(st, nv + 1);
    k += status_headers(st, nv + k, why);
    st->trailed = true;
    return nghttp2_submit_response(st->conn->h2, st->id, nv, k, NULL);
}

static int answer(struct grpc_stream *st)
{
    nghttp2_nv nv[4] = { WORD(":status", "200") };
    nghttp2_data_provider from = { .source = { .ptr = st }, .read_callback = read_output };
    return nghttp2_submit_response(st->conn->h2, st->id, nv, 1 + common_headers(st, nv + 1),
                                   &from);
}

/* The output is one message, and that in one piece. */
static bool one_message(const struct grpc_stream *st, struct iovec *iov)
{
    return futu_grpc_output(st->call, iov, 1) == 1 && iov->iov_len > GRPC_HEAD &&
           futu_grpc_waiting(st->call) == iov->iov_len &&
           grpc_length(iov->iov_base) == iov->iov_len - GRPC_HEAD;
}

/* The whole answer as gzip, when that is worth it. */
static void pack(struct grpc_stream *st)
{
    struct iovec iov[1];
    uint8_t head[GRPC_HEAD] = { 0 };
    size_t least = st->wants_gzip ? PACK_WANTED : PACK_TAKEN;
    if (!st->takes_gzip || !st->ended || !st->call || !one_message(st, iov) ||
        iov[0].iov_len < least)
        return;
    const char *p = iov[0].iov_base;
    if (!bytes_put(&st->packed, head, GRPC_HEAD) ||
        !gzip_pack(p + GRPC_HEAD, iov[0].iov_len - GRPC_HEAD, &st->packed)) {
        bytes_free(&st->packed);
        return;
    }
    grpc_head((uint8_t *)st->packed.p, true, st->packed.n - GRPC_HEAD);
    futu_grpc_sent(st->call, iov[0].iov_len);
    grpc_hold(st);
}

static int reset(struct grpc_stream *st)
{
    st->reset = true;
    return nghttp2_submit_rst_stream(st->conn->h2, NGHTTP2_FLAG_NONE, st->id,
                                     NGHTTP2_ENHANCE_YOUR_CALM);
}

/* More waits than we keep: this answer is not kept, and half of one can't have a status. */
static int shed(struct grpc_stream *st)
{
    if (st->answering)
        return reset(st);
    futu_grpc_free(st->call);
    st->call = NULL;
    grpc_hold(st);
    st->ended = true;
    st->status = FUTU_GRPC_RESOURCE_EXHAUSTED;
    snprintf(st->why, sizeof(st->why), "too many answers of this connection wait to be read");
    return answer_status(st);
}

static int serve(struct grpc_stream *st)
{
    if (st->trailed || st->reset)
        return 0;
    if (st->held > st->in.body.n && grpc_glutted(st->conn))
        return shed(st);
    if (st->answering && st->ended && !waits(st))
        return send_trailers(st);   /* they need no window */
    if (st->answering)
        return nghttp2_session_resume_data(st->conn->h2, st->id) == NGHTTP2_ERR_NOMEM;
    pack(st);
    if (st->ended && !waits(st))
        return answer_status(st);
    st->answering = true;
    return answer(st);
}

bool grpc_serve(struct grpc_conn *c)
{
    while (c->ready) {
        struct grpc_stream *st = c->ready;
        c->ready = st->next_ready;
        if (c->ready)
            c->ready->link_ready = &c->ready;
        st->link_ready = NULL;
        if (!c->condemned && serve(st))
            return false;
    }
    return true;
}

void grpc_stream_tick(struct grpc_stream *st)
{
    uint64_t still = st->conn->now_ms - st->moved_ms;
    if (st->reset || st->trailed)
        return;
    if (still > TAKE_MS && (st->ended || (st->call && futu_grpc_waiting(st->call) > 0)))
        reset(st);
    else if (still > ASK_MS && !st->ended && !st->all_sent)
        grpc_give_up(st, FUTU_GRPC_CANCELLED, "the client has sent nothing for two minutes");
}
