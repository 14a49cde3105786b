/* grpc.h - the servers of the gRPC parts, and what they are asked. */
#ifndef TEST_BENCH_GRPC_H
#define TEST_BENCH_GRPC_H

#include "bench.h"

#define GRPC_QUOTE "/futu.v1.Quote/GetBasicQot"
#define GRPC_SUB "/futu.v1.Quote/Sub"
#define GRPC_PUSHES "/futu.service.FutuOpenD/SubscribePush"

/* Writes bench_dir()/name. */
void grpc_write(char *path, size_t size, const char *name, const uint8_t *p, size_t n);
/* grpc_peer from the folder of this program; its two files hold messages. gather NULL: it does
 * not. */
void grpc_start_peer(struct server *s, const char *body, const char *event, const char *gather);
/* Subscribes callers without a key to at most 100 of HK.00001 and so on; n 1: to HK.00700. */
void grpc_subscribe(int port, size_t n);

#endif
