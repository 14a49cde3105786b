/* grpc_answer.c - see grpc.h: output and status of a call to frames.
 *
 * Packed:  an answer that is whole when its headers go, for a client that takes gzip: from 1 KiB on
 *          when it sends gzip itself, else from 16 KiB on, where it pays for its time. Pushes are
 *          not: they are small, and shared by all that get them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "grpc.h"
#include "grpc_gzip.h"

#define PACK_WANTED 1024
#define PACK_TAKEN 16384
#define PIECES 64
#define DRIBBLE 256                 /* a smaller window is a way to keep us busy */
#define ASK_MS 120000
#define TAKE_MS 60000

/* ---- headers ---- */

#define COPIED NGHTTP2_NV_FLAG_NO_COPY_NAME
#define FIXED (NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE)
#define HEADER(name, value, n, flags)                                                              \
    { (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, (n), (flags) }
#define WORD(name, value) HEADER(name, value, sizeof(value) - 1, FIXED)

/* Room for the texts of a status. */
struct status_text {
    char number[8], why[3 * GRPC_TEXT_MAX];
};

static size_t status_headers(const struct grpc_stream *st, nghttp2_nv nv[2], struct status_text *t)
{
    int n = snprintf(t->number, sizeof(t->number), "%d", st->status);
    nv[0] = (nghttp2_nv)HEADER("grpc-status", t->number, (size_t)n, COPIED);
    if (!st->why[0])
        return 1;
    nv[1] = (nghttp2_nv)HEADER("grpc-message", t->why, grpc_escape(st->why, t->why),
                               COPIED | NGHTTP2_NV_FLAG_NO_INDEX);
    return 2;
}

/* ---- bytes ---- */

static size_t copy_packed(struct grpc_stream *st, uint8_t *out, size_t max)
{
    size_t left = st->packed.n - st->packed_at, n = left < max ? left : max;
    memcpy(out, st->packed.p + st->packed_at, n);
    st->packed_at += n;
    if (st->packed_at == st->packed.n) {
        bytes_free(&st->packed);
        st->packed_at = 0;
    }
    return n;
}

static size_t copy_output(struct grpc_stream *st, uint8_t *out, size_t max)
{
    struct iovec iov[PIECES];
    if (st->packed.n)
        return copy_packed(st, out, max);
    size_t sum = 0, pieces = st->call ? futu_grpc_output(st->call, iov, PIECES) : 0;
    for (size_t i = 0; i < pieces && sum < max; i++) {
        size_t n = iov[i].iov_len < max - sum ? iov[i].iov_len : max - sum;
        memcpy(out + sum, iov[i].iov_base, n);
        sum += n;
    }
    if (sum)
        futu_grpc_sent(st->call, sum);
    return sum;
}

static bool waits(const struct grpc_stream *st)
{
    struct iovec iov[1];
    return st->packed.n || (st->call && futu_grpc_output(st->call, iov, 1) > 0);
}

static ssize_t end_output(struct grpc_stream *st, uint32_t *flags)
{
    struct status_text t;
    nghttp2_nv nv[2];
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    st->trailed = true;
    size_t n = status_headers(st, nv, &t);
    return nghttp2_submit_trailer(st->conn->h2, st->id, nv, n) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* Windows of a few bytes make us write much for little. */
static bool dribbles(struct grpc_stream *st, size_t n, size_t max)
{
    struct grpc_conn *c = st->conn;
    if (n < max || max >= DRIBBLE || !waits(st) ||
        grpc_calm_frame(&c->calm, CALM_DRIBBLE, c->now_ms))
        return false;
    grpc_condemn(c, NGHTTP2_ENHANCE_YOUR_CALM, "too many small windows");
    return true;
}

static ssize_t read_output(nghttp2_session *h2, int32_t id, uint8_t *out, size_t max,
                           uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct grpc_stream *st = source->ptr;
    struct grpc_conn *c = arg;
    size_t n = copy_output(st, out, max);
    (void)h2;
    (void)id;
    if (dribbles(st, n, max))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (n > 0) {
        st->moved_ms = c->now_ms;
        grpc_hold(st);
    }
    if (!st->ended)
        return n > 0 ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
    if (waits(st))
        return (ssize_t)n;
    return end_output(st, flags) ? NGHTTP2_ERR_CALLBACK_FAILURE : (ssize_t)n;
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
    struct status_text t;
    char http[8];
    nghttp2_nv nv[6];
    int n = snprintf(http, sizeof(http), "%d", st->http_status ? st->http_status : 200);
    nv[0] = (nghttp2_nv)HEADER(":status", http, (size_t)n, COPIED);
    size_t k = 1 + common_headers(st, nv + 1);
    k += status_headers(st, nv + k, &t);
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

/* The whole answer as gzip, when that is worth it. */
static void pack(struct grpc_stream *st)
{
    struct iovec iov[1];
    uint8_t head[GRPC_HEAD] = { 0 };
    size_t least = st->wants_gzip ? PACK_WANTED : PACK_TAKEN;
    if (!st->takes_gzip || !st->ended || !st->call || futu_grpc_output(st->call, iov, 1) != 1 ||
        iov[0].iov_len < least || futu_grpc_waiting(st->call) != iov[0].iov_len)
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
