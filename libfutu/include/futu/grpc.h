/* futu/grpc.h - the gRPC API of a gateway without its HTTP/2: calls in, messages and a status out.
 *
 * A listener speaks HTTP/2, opens one call per stream, hands over its messages and writes what
 * waits in the call's output; futu-opend is such a listener. Methods, keys, limits, audit and
 * metrics are the library's. proto/futu_service.proto describes the services.
 *
 * Life:    futu_gateway_grpc(), futu_grpc_message() for each message, futu_grpc_half_close(), in
 *          the meantime futu_grpc_output() and futu_grpc_sent(), on_end(), futu_grpc_free().
 * Threads: the thread of the gateway's loop.
 */
#ifndef FUTU_GRPC_H
#define FUTU_GRPC_H

#include "futu/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Messages above this are to be refused with RESOURCE_EXHAUSTED by the listener, before memory is
 * taken. */
#define FUTU_GRPC_MESSAGE_MAX (4u << 20)

/* The status codes of gRPC that are given. */
enum {
    FUTU_GRPC_OK = 0,
    FUTU_GRPC_CANCELLED = 1,
    FUTU_GRPC_INVALID_ARGUMENT = 3,
    FUTU_GRPC_DEADLINE_EXCEEDED = 4,
    FUTU_GRPC_NOT_FOUND = 5,
    FUTU_GRPC_ALREADY_EXISTS = 6,
    FUTU_GRPC_PERMISSION_DENIED = 7,
    FUTU_GRPC_RESOURCE_EXHAUSTED = 8,
    FUTU_GRPC_ABORTED = 10,
    FUTU_GRPC_UNIMPLEMENTED = 12,
    FUTU_GRPC_INTERNAL = 13,
    FUTU_GRPC_UNAVAILABLE = 14,
    FUTU_GRPC_UNAUTHENTICATED = 16,
};

typedef struct futu_grpc_call futu_grpc_call;

typedef struct futu_grpc_request {
    size_t size;                /* from FUTU_GRPC_REQUEST_INIT */
    futu_str path;              /* "/futu.v1.Quote/GetBasicQot" */
    /* Metadata without blanks around it; p NULL: absent. */
    futu_str authorization, idempotency_key;
    const char *peer;           /* remote address for log and audit; may be NULL */
    /* Of grpc-timeout; -1: none, 0: over already. A read that is late is dropped, upstream too. */
    int64_t timeout_ns;
    /* Output waits, or there is more of it. Neither callback may call the gateway, and both may run
     * inside the functions below; *out of futu_gateway_grpc() is set by then. */
    void (*on_output)(futu_grpc_call *call, void *arg);
    /* The call is over; runs once. Write the output that is left, then status (FUTU_GRPC_*) and
     * text (UTF-8, one line, valid until this returns). */
    void (*on_end)(futu_grpc_call *call, int status, const char *text, void *arg);
    void *arg;
} futu_grpc_request;
#define FUTU_GRPC_REQUEST_INIT FUTU_SIZED_INIT(futu_grpc_request)

/* Opens a call when its headers are there; nothing of `rq` is kept. FUTU_OK: *out is the caller's
 * to free, perhaps ended already (unknown method, wrong key). FUTU_EINVAL: no callbacks, or a wrong
 * size; FUTU_ENOMEM. */
FUTU_API futu_err futu_gateway_grpc(futu_gateway *g, const futu_grpc_request *rq,
                                    futu_grpc_call **out);
/* One whole message without the five bytes before it, copied. A call that is over takes no
 * notice. */
FUTU_API void futu_grpc_message(futu_grpc_call *call, const void *p, size_t n);
/* The client sends no more: what was asked is done now. */
FUTU_API void futu_grpc_half_close(futu_grpc_call *call);
/* Output as up to `max` pieces: messages behind their five bytes, in order. 0: nothing, or nothing
 * yet. The pieces stay valid until futu_grpc_sent() or futu_grpc_free(). */
FUTU_API size_t futu_grpc_output(futu_grpc_call *call, struct iovec *iov, size_t max);
/* Bytes of output that the call itself holds: what a listener should bound. Pushes do not count,
 * since the streams share them and the gateway bounds them. */
FUTU_API size_t futu_grpc_waiting(const futu_grpc_call *call);
/* The first n bytes of the output have been written. */
FUTU_API void futu_grpc_sent(futu_grpc_call *call, size_t n);
/* The listener has done with it, or the client is gone: no callback runs after this. What it only
 * wanted to read is dropped, upstream too; an order is not taken back. NULL is fine. */
FUTU_API void futu_grpc_free(futu_grpc_call *call);

#ifdef __cplusplus
}
#endif

#endif
