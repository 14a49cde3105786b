/* h2.h - as much of HTTP/2 as a client of the bench needs: one gRPC call on a connection, whose
 * answer is counted in messages. It holds no server back: its windows are as large as can be. */
#ifndef TEST_BENCH_H2_H
#define TEST_BENCH_H2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define H2_HEAD 9
#define H2_GRPC_HEAD 5

/* One connection, and what it is in the middle of. {0} with an fd is the beginning. */
struct h2 {
    int fd;
    uint8_t head[H2_HEAD], small[8];    /* small: the payload of a ping */
    unsigned n_head;
    uint32_t left;                      /* payload bytes of the frame that are to come */
    uint8_t grpc[H2_GRPC_HEAD];
    unsigned n_grpc;
    uint32_t body_left;                 /* of the message under way */
    uint64_t messages, bytes;           /* whole ones; bytes of all messages */
    bool opened, ended;                 /* the stream's headers have come; it is over */
    uint8_t *keep;                      /* where the first bytes of messages go; NULL: nowhere */
    size_t n_keep, keep_size;
};

/* Greeting and call, in bytes. The connection's only stream. */
size_t h2_call(uint8_t *out, size_t size, const char *path, const uint8_t *message, size_t n);
/* Bytes from the server; pings and settings are answered. What breaks the rules ends the
 * program. */
void h2_take(struct h2 *c, const uint8_t *p, size_t n);
/* A call and its one message, blocking, on a connection of its own: its size. Anything but a
 * message that begins with retType 0 ends the program. */
size_t h2_ask(int port, const char *path, const uint8_t *message, size_t n, uint8_t *out,
              size_t size);

#endif
