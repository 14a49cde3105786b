/* peer.h - one scripted client over loopback TCP: bytes out, bytes in, FTAPI frames on top.
 *
 * Frames are put together and taken apart here by hand, byte for byte; peer_frame() checks all that
 * every frame must hold: magic, version, reserved bytes, SHA-1 of the plain body.
 * Errors: abort the test; a peer that waits longer than WAIT_MS does too.
 */
#ifndef TEST_INTEGRATION_PEER_H
#define TEST_INTEGRATION_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opend.h"
#include "oracle.h"

#define WAIT_MS (5000 * SLOW)
#define HEAD 44
#define BODY_MAX (1u << 20)

struct peer {
    int fd;
    uint32_t serial;            /* of the last request */
    int algo;                   /* ALGO_*: of bodies after InitConnect */
    uint8_t key[16], iv[16];
    uint64_t conn_id;
};

struct got {
    uint8_t head[HEAD];
    uint32_t proto, serial, len;
    uint8_t fmt;
    uint8_t *wire;              /* the body as it came, len bytes; free with got_free() */
    uint8_t *body;              /* decrypted, with a NUL behind */
    size_t n;
};

bool peer_try_connect(struct peer *p, int port);     /* false: refused, or reset already */
void peer_connect(struct peer *p, int port);
void peer_close(struct peer *p);
void peer_send(struct peer *p, const void *data, size_t n);
/* False: the other side is gone already. */
bool peer_try_send(struct peer *p, const void *data, size_t n);
void peer_read(struct peer *p, void *out, size_t n);
/* Reads and drops until the other side closes; false when it has not after `ms`. */
bool peer_closed(struct peer *p, int ms);
bool peer_silent(struct peer *p, int ms);       /* nothing comes, and it stays open */

/* A whole frame into `out`, encrypted as p has agreed; returns its length. */
size_t peer_make(const struct peer *p, uint8_t *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                 const void *body, size_t n);
void peer_request(struct peer *p, uint32_t proto, uint8_t fmt, const void *body, size_t n);
void peer_frame(struct peer *p, struct got *g);         /* the next one, whatever it is */
/* The next one with this id; what comes before is dropped. */
void peer_expect(struct peer *p, uint32_t proto, struct got *g);
/* Request and reply: id, serial and format must fit. */
void peer_call(struct peer *p, uint32_t proto, uint8_t fmt, const void *body, size_t n,
               struct got *g);
void got_free(struct got *g);

/* InitConnect in plain with packetEncAlgo -1, protobuf pushes: the body that the Python SDK
 * sends. */
#define PYTHON_INIT                                                                                \
    "0a24 08ac02 1208 50794e6f726d616c 1801 20ffffffffffffffffff01 2800 3206 507974686f6e"
void peer_init(struct peer *p);
void peer_login(struct peer *p, int port);              /* connect and init */
void peer_keep_alive(struct peer *p);                   /* checks every byte of the reply */
/* Sets key, iv, algo and conn_id from an InitConnect reply. */
void peer_agree(struct peer *p, const struct got *g, int algo);

/* What a reply must be, exactly: success with this S2C; failure with this text. */
void expect_success(const struct got *g, const void *s2c, size_t n);
void expect_failure(const struct got *g, const char *text);
/* A failure of any text, which must not be empty and must contain `word` (NULL: any). */
void expect_refused(const struct got *g, const char *word);

/* The number after `tag` (field number 1 to 15, varint) in a protobuf body that begins at p. */
uint64_t varint_at(const uint8_t *p, size_t n, uint32_t field);
size_t put_varint(uint8_t *out, uint64_t v);
size_t hex_bytes(const char *hex, uint8_t *out, size_t size);

#endif
