/* grpc.h - the gRPC services, without HTTP/2: calls in, messages and a status out.
 *
 * In turn: method, key, then (once the client has sent all) scope, body, and what the method does.
 *          A business failure is OK with ret_type or retType other than 0; the status says that the
 *          call did not get that far.
 * Owns:    answers kept for their idempotency-key. Calls are the caller's; after grpc_free() those
 *          that are left have ended, and may still be freed.
 * Threads: the loop's.
 * Tests:   test/unit/surface/grpc_test.c, test/unit/surface/grpc_push_test.c, test/grpc/
 */
#ifndef SURFACE_GRPC_H
#define SURFACE_GRPC_H

#include "futu/grpc.h"
#include "gateway/hub.h"

struct grpc;

struct grpc_opts {
    struct hub *hub;                /* borrowed */
    struct access *access;          /* borrowed; NULL: open mode */
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed */
};

futu_err grpc_new(struct grpc **out, const struct grpc_opts *o);    /* FUTU_ENOMEM */
/* What is under way ends with UNAVAILABLE. Before the hub goes. NULL is fine. */
void grpc_free(struct grpc *g);

/* As futu_gateway_grpc() and so on. */
futu_err grpc_open(struct grpc *g, const futu_grpc_request *rq, futu_grpc_call **out);
void grpc_message(futu_grpc_call *k, const void *p, size_t n);
void grpc_half_close(futu_grpc_call *k);
size_t grpc_output(futu_grpc_call *k, struct iovec *iov, size_t max);
size_t grpc_waiting(const futu_grpc_call *k);
void grpc_sent(futu_grpc_call *k, size_t n);
void grpc_call_free(futu_grpc_call *k);

#endif
