/* fake_grpc.h - calls of a gateway that do what their path says, for the gRPC port without its
 * sockets. It stands in for futu_gateway_grpc() and the functions behind it.
 *
 * /echo    each message comes back when all are sent, then OK
 * /each    each message comes back at once and doubled; OK when all are sent
 * /wait    nothing happens until fake_grpc_end()
 * else     NOT_FOUND at once
 */
#ifndef TEST_UNIT_OPEND_FAKE_GRPC_H
#define TEST_UNIT_OPEND_FAKE_GRPC_H

#include <futu/grpc.h>

struct fake_grpc {
    unsigned calls, open, messages;
    futu_grpc_call *last;
};

extern struct fake_grpc fake_grpc;

void fake_grpc_put(futu_grpc_call *k, const void *p, size_t n);
void fake_grpc_end(futu_grpc_call *k, int status, const char *text);

#endif
