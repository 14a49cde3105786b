/* h2.h - a client of HTTP/2 byte by byte, well-behaved or not, and gRPC calls on top.
 *
 * Frames are put together by hand, right or wrong, and taken apart by hand; header blocks are read
 * with nghttp2's decoder.
 * Errors: abort the test, but for what returns bool.
 */
#ifndef TEST_INTEGRATION_H2_H
#define TEST_INTEGRATION_H2_H

#include <nghttp2/nghttp2.h>

#include "peer.h"

#define H2_HEAD 9
#define H2_PAYLOAD_MAX 16384

enum {
    H2_DATA, H2_HEADERS, H2_PRIORITY, H2_RST_STREAM, H2_SETTINGS, H2_PUSH_PROMISE, H2_PING,
    H2_GOAWAY, H2_WINDOW_UPDATE, H2_CONTINUATION
};
enum { H2_END_STREAM = 1, H2_ACK = 1, H2_END_HEADERS = 4, H2_PADDED = 8 };
enum { H2_INITIAL_WINDOW_SIZE = 4 };

struct h2 {
    struct peer p;
    uint32_t next_id;           /* of the next call */
    nghttp2_hd_inflater *inflater;
    bool mute;                  /* settings and pings are not answered by h2_next() */
};

struct h2_frame {
    uint8_t type, flags;
    uint32_t id, len;
    uint8_t payload[H2_PAYLOAD_MAX + 1];        /* a NUL behind */
};

struct h2_status {
    int http, grpc;             /* -1: none */
    char text[1024];            /* grpc-message as it came */
    char encoding[16], accept[64];
    bool reset;                 /* RST_STREAM came in their place */
    uint32_t code;
};

/* Connects, and says the preface and empty settings. */
void h2_connect(struct h2 *c, int port);
void h2_close(struct h2 *c);

/* Appends a frame at out, and returns its length. */
size_t h2_put(uint8_t *out, uint8_t type, uint8_t flags, uint32_t id, const void *p, size_t n);
void h2_send(struct h2 *c, uint8_t type, uint8_t flags, uint32_t id, const void *p, size_t n);
void h2_setting(struct h2 *c, uint16_t id, uint32_t value);
void h2_window(struct h2 *c, uint32_t id, uint32_t more);
/* The next frame. Settings and pings are answered, unless `mute`. False: the connection is closed,
 * or there is none within `ms`. */
bool h2_next(struct h2 *c, struct h2_frame *f, int ms);
/* Reads on to GOAWAY: its code, and its debug data in text; -1: the connection ends without. */
int64_t h2_goaway(struct h2 *c, char text[256]);

/* Literal header fields, without compression. */
size_t h2_field(uint8_t *out, const char *name, const char *value);
/* The headers of a POST of gRPC; `more` is appended to them. */
size_t h2_request(uint8_t *out, const char *path, const void *more, size_t n);
/* Begins a call: headers, and with `message` the whole of what is asked. Returns its id. */
uint32_t h2_begin(struct h2 *c, const char *path);
uint32_t h2_ask(struct h2 *c, const char *path, const void *message, size_t n);
/* A FutuRequest around a body. */
size_t h2_wrap(uint8_t *out, uint32_t proto, const void *body, size_t n);
/* Adds what a block of headers says. */
void h2_read_status(struct h2 *c, const struct h2_frame *f, struct h2_status *s);
/* Reads to the end of the call with this id; others are passed over. The message bytes that came go
 * to out (NULL: nowhere), and their number is returned. */
size_t h2_finish(struct h2 *c, uint32_t id, struct h2_status *s, uint8_t *out, size_t size);
/* A health check, answered well. */
void h2_health(struct h2 *c);

#endif
