/* bframe.h - frames of the broker's channel: 32 bytes of header, an extended head, a body.
 *
 * Header:  big endian: "FT", version, client type, client version (2), language, user id (4),
 *          flags, serial (4), command (2), length of what follows (4), 8 reserved bytes, length of
 *          the extended head in it (2).
 * Flags:   bit 0 push, bit 1 compressed body; in another version than 39 the byte means something
 *          else, so that neither is read from it.
 * In:      bytes as they arrive, in any split. Out: frames; what lies whole in the input is a view
 *          of it, any other of the framer's buffer, valid until the next feed or free.
 * Owns:    one buffer. It grows with the bytes that did arrive, never past the announced length.
 * Limit:   a length above `max`, or an extended head longer than all of it, fails before anything
 *          is allocated.
 * Errors:  FUTU_EAGAIN wants more; FUTU_EPROTO and FUTU_ENOMEM are fatal for the connection. A
 *          wrong magic fails at its first wrong byte.
 * Threads: none; one framer per connection.
 * Tests:   test/unit/wire/bframe_test.c, test/fuzz/fuzz_bframe.c
 */
#ifndef WIRE_BFRAME_H
#define WIRE_BFRAME_H

#include "base/buf.h"

#define BFRAME_HEAD 32
#define BFRAME_VERSION 39
#define BFRAME_RESERVED 8
/* A body that is sent in the clear, and something for its extended head. */
#define BFRAME_MAX ((12u << 20) + (64u << 10))

enum { BFRAME_PUSH = 1, BFRAME_PACKED = 2 };

struct bframe {
    uint8_t version, client_type, language, flags;
    uint16_t client_version, command, n_ext;
    uint32_t user_id, serial, len;      /* len: extended head and body */
    uint8_t reserved[BFRAME_RESERVED];
    bool push, packed;                  /* of flags, by the version */
    const uint8_t *ext, *body;
};

static inline size_t bframe_body_size(const struct bframe *f)
{
    return f->len - f->n_ext;
}

struct bframer {
    uint8_t head[BFRAME_HEAD];
    uint8_t got;                /* bytes of it that are here */
    bool done;                  /* the frame has been handed out */
    struct buf part;            /* what follows the header, not complete yet */
    uint32_t max;
};

void bframer_init(struct bframer *fr, uint32_t max);
/* Takes bytes up to the end of one frame at most; *used says how many. */
futu_err bframer_feed(struct bframer *fr, const uint8_t *p, size_t n, size_t *used,
                      struct bframe *f);
void bframer_free(struct bframer *fr);

/* FUTU_EPROTO: magic, or an extended head longer than `len`. f->ext and f->body are NULL. */
futu_err bframe_head_read(const uint8_t in[BFRAME_HEAD], struct bframe *f);
/* Writes f->version, flags, len and n_ext as they are. */
void bframe_head_write(uint8_t out[BFRAME_HEAD], const struct bframe *f);

/* Appends header, extended head and body; f->len is set, f->n_ext says how long f->ext is.
 * FUTU_ELIMIT: over BFRAME_MAX or out->max; FUTU_ENOMEM. A failed call changes nothing in `out`. */
futu_err bframe_write(struct buf *out, struct bframe *f, const void *body, size_t n);

#endif
