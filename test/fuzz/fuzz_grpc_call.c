/* fuzz_grpc_call.c - any messages to any gRPC method: the call ends at most once, and when the
 * client has sent all and time has passed it has ended, but for streams; what comes out is whole
 * messages; and no order goes up that its key does not allow.
 *
 * The first byte chooses the method, the second the key, the deadline, and when the client goes.
 * Messages follow, each behind a byte with its length, 255 for all that is left.
 */
#include "rest_world.h"
#include "surface/grpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYED = 1, SECOND_KEY = 2, WORD = 4, DEADLINE = 8, GOES = 16, STALLS = 32, NO_KEY = 64 };

static const struct {
    const char *path;
    bool stays;                     /* a stream */
} methods[] = {
    { "/futu.service.FutuOpenD/Request", false },
    { "/futu.service.FutuOpenD/SubscribePush", true },
    { "/grpc.health.v1.Health/Check", false },
    { "/grpc.health.v1.Health/Watch", true },
    { "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", false },
    { "/futu.v1.Trade/PlaceOrder", false },
    { "/futu.v1.Quote/GetBasicQot", false },
    { "/futu.v1.Quote/Sub", false },
    { "/futu.v1.Trade/UnlockTrade", false },
    { "/futu.v1.Trade/SubAccPush", false },
    { "/futu.v1.System/GetGlobalState", false },
    { "/no.Such/Method", false },
};

static unsigned ends;
static struct grpc *grpc;

static void on_output(futu_grpc_call *k, void *arg)
{
    (void)k;
    (void)arg;
}

static void on_end(futu_grpc_call *k, int status, const char *text, void *arg)
{
    (void)k;
    (void)arg;
    check(status >= 0 && status <= FUTU_GRPC_UNAUTHENTICATED);
    check((status == FUTU_GRPC_OK) == (text[0] == '\0'));
    ends++;
}

/* Adds what comes out to `out`. */
static void take(futu_grpc_call *k, struct buf *out)
{
    struct iovec iov[3];
    size_t n;
    while ((n = grpc_output(k, iov, 3)) > 0) {
        size_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            check(buf_put(out, iov[i].iov_base, iov[i].iov_len) == FUTU_OK);
            sum += iov[i].iov_len;
        }
        grpc_sent(k, sum);
    }
    check(grpc_waiting(k) == 0);
}

static void whole(const struct buf *out)
{
    size_t at = 0;
    while (out->n - at >= 5) {
        const uint8_t *p = out->p + at;
        check(p[0] == 0);
        size_t n = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        check(out->n - at - 5 >= n);
        at += 5 + n;
    }
    check(at == out->n);
}

static futu_grpc_call *open_call(uint8_t how, const char *path)
{
    futu_grpc_request rq = FUTU_GRPC_REQUEST_INIT;
    futu_grpc_call *k;
    rq.path = str_c(path);
    if (!(how & NO_KEY))
        rq.authorization = str_c(how & SECOND_KEY ? "Bearer k1" : "Bearer k0");
    if (how & WORD)
        rq.idempotency_key = STR("word");
    rq.timeout_ns = how & DEADLINE ? NS_PER_S : -1;
    rq.on_output = on_output;
    rq.on_end = on_end;
    check(grpc_open(grpc, &rq, &k) == FUTU_OK);
    return k;
}

static void messages(futu_grpc_call *k, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t len = p[0] == 255 || p[0] > n - 1 ? n - 1 : p[0];
        grpc_message(k, p + 1, len);
        p += 1 + len;
        n -= 1 + len;
    }
    grpc_half_close(k);
}

/* The upstream answers, pushes and lets time pass; `k` may be NULL: the client has gone. */
static void life(futu_grpc_call *k, struct buf *out, uint8_t how)
{
    static const uint8_t ok[] = { 8, 0, 18, 0, 24, 0, 34, 0 };
    const struct upstream_push push = { .proto = 3005, .body = ok, .len = sizeof(ok),
                                        .key = { .market = 1, .sub_type = 1, .code = "00700" } };
    written(how % 7 == 0);
    if (!(how & STALLS))
        answer_one(ok, sizeof(ok));
    w.events.push(w.events.arg, &push);
    w.events.trade(w.events.arg, 1001, 2208, ok, sizeof(ok));
    pass(12 * NS_PER_S);
    if (k)
        take(k, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT;
    if (size < 2)
        return 0;
    uint8_t which = data[0] % ARRAY_LEN(methods), how = data[1];
    world_open(how & KEYED);
    struct grpc_opts o = { .hub = w.hub, .access = w.access, .clock = clock_fake(&w.time),
                           .timers = &w.timers };
    check(grpc_new(&grpc, &o) == FUTU_OK);
    for (int round = 0; round < 2; round++) {   /* the second may be a repeat */
        ends = 0;
        out.n = 0;
        futu_grpc_call *k = open_call(how, methods[which].path);
        messages(k, data + 2, size - 2);
        if (how & GOES) {
            grpc_call_free(k);
            k = NULL;
        }
        unsigned before = ends;
        life(k, &out, how);
        check(ends <= 1 && (k || ends == before));
        check(!k || methods[which].stays || ends == 1);
        whole(&out);
        grpc_call_free(k);
    }
    grpc_free(grpc);
    world_close();
    buf_free(&out);
    return 0;
}
