/* frame.h - cuts a byte stream into FTAPI frames, and writes their headers.
 *
 * Header:  44 bytes, little endian: "FT", id, format, version, serial, body length (as on the wire),
 *          SHA-1 of the plain body, 8 reserved (the spec's section 1.1).
 * In:      bytes as they arrive, in any split. Out: views, valid until the next feed or free.
 * Owns:    one buffer, used only for frames that arrive in pieces, never past max_body.
 * Limit:   a length above max_body fails before anything is allocated for it.
 * Errors:  FUTU_EAGAIN wants more; FUTU_EPROTO (magic, length) is fatal for the connection;
 *          FUTU_ENOMEM.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buf.h"

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
    struct buf part;            /* a frame that is not complete yet */
    uint32_t max_body;
};

void framer_init(struct framer *fr, uint32_t max_body);
/* Takes bytes up to the end of one frame at most; *used says how many. */
futu_err framer_feed(struct framer *fr, const uint8_t *p, size_t n, size_t *used, struct frame *f);
void framer_free(struct framer *fr);

/* sha1 is of the plain body, len that of the body on the wire. */
void frame_head_write(uint8_t out[FRAME_HEAD], uint32_t proto, uint8_t fmt, uint32_t serial,
                      uint32_t len, const uint8_t sha1[20]);
/* FUTU_OK, FUTU_EPROTO (magic). Reads no more than FRAME_HEAD bytes; f->body is left alone. */
futu_err frame_head_read(const uint8_t in[FRAME_HEAD], struct frame *f);

#endif
