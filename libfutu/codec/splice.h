/* splice.h - changes a few fields of a message inside an envelope, and nothing else: all other
 * bytes, unknown fields too, stay as they came.
 *
 * Limit:   PB_EDITS edits at a time. Threads: none.
 */
#ifndef CODEC_SPLICE_H
#define CODEC_SPLICE_H

#include "codec/wire_in.h"

#define PB_EDITS 8

/* A text as the input that pb_next() reads; p NULL is an empty one. */
static inline struct pb_in pb_in_str(futu_str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    return (struct pb_in){ p, s.n ? p + s.n : p };
}

/* One field of the inner message: gone (p NULL), or with this one record in its place; where it was
 * absent it is added at the end. Of a field that came more than once one record is left. */
struct pb_edit {
    uint32_t tag;
    const uint8_t *p;           /* a whole record: key and value */
    size_t n;
};

/* Appends the message to `out` with the edits made in its member `outer` (1: c2s, 4: s2c).
 * FUTU_EFORMAT: not protobuf, or no such member; FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err pb_splice(const uint8_t *p, size_t n, uint32_t outer, const struct pb_edit *edits,
                   size_t n_edits, struct buf *out);

/* Appends a record: key, length, bytes. FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err pb_append(struct buf *out, uint32_t tag, const void *p, size_t n);

/* Records for edits: they return the end of what they wrote. */
static inline uint8_t *pb_put_text(uint8_t *p, uint32_t tag, futu_str s)
{
    p = pb_put_varint(pb_put_key(p, tag, PB_WIRE_BYTES), s.n);
    memcpy(p, s.p, s.n);
    return p + s.n;
}

/* The first record with the tag; what its wire type does not set is 0. False: none, or no
 * protobuf. */
bool pb_first(futu_str message, uint32_t tag, struct pb_rec *out);
/* The same inside the member `outer`. */
bool pb_inner(const uint8_t *p, size_t n, uint32_t outer, uint32_t tag, struct pb_rec *out);

/* Tags of every Response. */
enum { TAG_RET = 1, TAG_TEXT = 2 };
/* retType of a Response, RET_UNKNOWN when it has none; its text, never NULL. */
int32_t response_ret(const uint8_t *body, size_t n);
futu_str response_text(const uint8_t *body, size_t n);

#endif
