/* frame.h - cuts a byte stream into FTAPI frames, and writes frames.
 *
 * Header:  44 bytes, little endian: "FT", id, format, version, serial, body length (as on the
 *          wire), SHA-1 of the plain body, 8 reserved.
 * In:      bytes as they arrive, in any split. Out: frames; a body that lies whole in the input is
 *          a view of it, any other one of the framer's buffer, valid until the next feed or free.
 * Owns:    one buffer for bodies that arrive in pieces. It grows with the bytes that did arrive, at
 *          most to twice their number and never past the announced length.
 * Limit:   a length above max_body fails before anything is allocated. max_body may be changed
 *          between frames, so that a stranger gets less room than a logged in client.
 * Errors:  FUTU_EAGAIN wants more; FUTU_EPROTO (magic, length) and FUTU_ENOMEM are fatal for the
 *          connection. A wrong magic fails at its first wrong byte.
 * Threads: none; one framer per connection.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buf.h"
#include "wire/cipher.h"

#define FRAME_HEAD 44
#define FRAME_MAX_BODY (10u << 20)

enum { FRAME_PROTOBUF = 0, FRAME_JSON = 1 };

struct frame {
    uint32_t proto, serial, len;
    uint8_t fmt, ver;
    uint8_t sha1[20];
    const uint8_t *body;        /* as on the wire: perhaps encrypted */
};

struct framer {
    uint8_t head[FRAME_HEAD];
    uint8_t got;                /* bytes of it that are here */
    bool done;                  /* the frame has been handed out */
    struct buf part;            /* a body that is not complete yet */
    uint32_t max_body;
};

void framer_init(struct framer *fr, uint32_t max_body);
/* Takes bytes up to the end of one frame at most; *used says how many. */
futu_err framer_feed(struct framer *fr, const uint8_t *p, size_t n, size_t *used, struct frame *f);
void framer_free(struct framer *fr);
/* A frame has begun and is not complete. */
static inline bool framer_partial(const struct framer *fr)
{
    return fr->got > 0 && !fr->done;
}

/* What the header's digest was made of. Some clients hash the body as it is on the wire. */
enum frame_sha1 { FRAME_SHA1_BAD = 0, FRAME_SHA1_PLAIN, FRAME_SHA1_WIRE };
/* plain == f->body says that it was not encrypted. */
enum frame_sha1 frame_sha1_check(const struct frame *f, const uint8_t *plain, size_t n);

/* Appends a whole frame; c NULL or NONE: the body as it is. `body` must not lie in `out`.
 * FUTU_ELIMIT: over FRAME_MAX_BODY or over out->max; FUTU_ENOMEM. A failed call changes nothing. */
futu_err frame_write(struct buf *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                     const void *body, size_t n, const struct cipher *c);

/* sha1 is of the plain body, len that of the body on the wire. */
void frame_head_write(uint8_t out[FRAME_HEAD], uint32_t proto, uint8_t fmt, uint32_t serial,
                      uint32_t len, const uint8_t sha1[20]);
/* FUTU_OK, FUTU_EPROTO (magic). f->body is left alone. */
futu_err frame_head_read(const uint8_t in[FRAME_HEAD], struct frame *f);

#endif
