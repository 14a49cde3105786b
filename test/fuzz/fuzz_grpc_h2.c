/* fuzz_grpc_h2.c - any bytes behind the preface of HTTP/2, in any split and at any pace: the
 * session keeps its bounds, gives everything back, and what it sends is whole frames.
 *
 * The first byte chooses the split, the second how many milliseconds pass between pieces, as powers
 * of two. With a high bit in the first byte the client grants no windows at first.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/opend/fake_grpc.c"
#include "grpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME 9
#define PIECE 16384
#define HELD_MOST ((32u << 20) + (4u << 20) + (1u << 20))

static bool wants;

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void later(struct grpc_conn *c)
{
    (void)c;
    wants = true;
}

/* The output is frames, one behind the other, to the last byte. */
static void look(struct bytes *out)
{
    size_t at = 0;
    while (out->n - at >= FRAME) {
        const uint8_t *p = (const uint8_t *)out->p + at;
        size_t n = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
        check(n <= 16384 && p[3] <= NGHTTP2_CONTINUATION);
        if (out->n - at < FRAME + n)
            break;
        at += FRAME + n;
    }
    check(at == out->n);
}

static bool send_some(struct grpc_conn *c, struct bytes *out)
{
    out->n = 0;
    check(grpc_send(c, out, PIECE));
    bool some = out->n > 0;
    look(out);
    return some;
}

static bool turn(struct grpc_conn *c, struct bytes *out)
{
    while (wants) {
        wants = false;
        check(grpc_serve(c));
        while (send_some(c, out))
            continue;
    }
    check(c->n_streams <= 1001 && c->sums->streams == c->n_streams);
    check(c->held <= HELD_MOST && c->sums->held == c->held);
    return !grpc_over(c);
}

static void feed(struct grpc_conn *c, struct bytes *out, const uint8_t *data, size_t size)
{
    size_t step = data[0] % 64 * (data[0] % 64) + 1;
    uint64_t pace = UINT64_C(1) << data[1] % 20;
    for (size_t at = 2; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        uint8_t *piece = malloc(n);
        check(piece != NULL);
        memcpy(piece, data + at, n);
        bool fine = grpc_receive(c, piece, n);
        free(piece);
        c->now_ms += pace;
        if (!turn(c, out) || !fine || !grpc_tick(c))
            return;
        if (fake_grpc.last && fake_grpc.open && data[at] == 'e')
            grpc_notice(c);
    }
    grpc_farewell(c);
    turn(c, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const char plain[] = "\0\0\0\4\0\0\0\0\0", closed[] = "\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0";
    static struct grpc_sums sums;
    struct grpc_conn c = { .sums = &sums, .later = later, .now_ms = 1000, .peer = "x" };
    struct bytes out = { 0 };
    if (size < 3)
        return 0;
    memset(&fake_grpc, 0, sizeof(fake_grpc));
    check(grpc_conn_open(&c));
    wants = true;
    check(grpc_receive(&c, (const uint8_t *)preface, sizeof(preface) - 1));
    if (data[0] & 0x80)
        check(grpc_receive(&c, (const uint8_t *)closed, sizeof(closed) - 1));
    else
        check(grpc_receive(&c, (const uint8_t *)plain, sizeof(plain) - 1));
    turn(&c, &out);
    feed(&c, &out, data, size);
    grpc_conn_close(&c);
    bytes_free(&out);
    check(fake_grpc.open == 0 && sums.streams == 0 && sums.held == 0);
    return 0;
}
