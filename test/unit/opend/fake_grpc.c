/* fake_grpc.c - see fake_grpc.h. */
#include "fake_grpc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "grpc_wire.h"

enum kind { ECHO, EACH, WAIT, NONE };

struct futu_grpc_call {
    enum kind kind;
    bool ended;
    struct bytes out;
    size_t at;
    void (*on_output)(futu_grpc_call *call, void *arg);
    void (*on_end)(futu_grpc_call *call, int status, const char *text, void *arg);
    void *arg;
};

struct fake_grpc fake_grpc;

static enum kind kind_of(futu_str path)
{
    static const char *const names[] = { "/echo", "/each", "/wait" };
    for (unsigned i = 0; i < NONE; i++)
        if (path.n == strlen(names[i]) && memcmp(path.p, names[i], path.n) == 0)
            return (enum kind)i;
    return NONE;
}

futu_err futu_gateway_grpc(futu_gateway *g, const futu_grpc_request *rq, futu_grpc_call **out)
{
    futu_grpc_call *k = *out = calloc(1, sizeof(*k));
    (void)g;
    if (!k)
        return FUTU_ENOMEM;
    k->kind = kind_of(rq->path);
    k->on_output = rq->on_output;
    k->on_end = rq->on_end;
    k->arg = rq->arg;
    fake_grpc.calls++;
    fake_grpc.open++;
    fake_grpc.last = k;
    if (k->kind == NONE)
        fake_grpc_end(k, FUTU_GRPC_NOT_FOUND, "100% of nothing\n");
    return FUTU_OK;
}

void fake_grpc_put(futu_grpc_call *k, const void *p, size_t n)
{
    uint8_t head[GRPC_HEAD];
    grpc_head(head, false, n);
    if (!bytes_put(&k->out, head, sizeof(head)) || !bytes_put(&k->out, p, n))
        abort();
    k->on_output(k, k->arg);
}

void fake_grpc_end(futu_grpc_call *k, int status, const char *text)
{
    if (k->ended)
        return;
    k->ended = true;
    k->on_end(k, status, text, k->arg);
}

void futu_grpc_message(futu_grpc_call *k, const void *p, size_t n)
{
    fake_grpc.messages++;
    if (k->ended || k->kind == WAIT)
        return;
    fake_grpc_put(k, p, n);
    if (k->kind == EACH)
        fake_grpc_put(k, p, n);
}

void futu_grpc_half_close(futu_grpc_call *k)
{
    if (k->kind == ECHO || k->kind == EACH)
        fake_grpc_end(k, FUTU_GRPC_OK, "");
}

size_t futu_grpc_output(futu_grpc_call *k, struct iovec *iov, size_t max)
{
    if (k->at == k->out.n || max == 0)
        return 0;
    iov[0] = (struct iovec){ k->out.p + k->at, k->out.n - k->at };
    return 1;
}

size_t futu_grpc_waiting(const futu_grpc_call *k)
{
    return k->out.n - k->at;
}

void futu_grpc_sent(futu_grpc_call *k, size_t n)
{
    if (n > k->out.n - k->at)
        abort();
    k->at += n;
}

void futu_grpc_free(futu_grpc_call *k)
{
    if (!k)
        return;
    fake_grpc.open--;
    bytes_free(&k->out);
    free(k);
}
