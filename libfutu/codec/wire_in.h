/* wire_in.h - protobuf's wire form, reading. Internal to codec/.
 *
 * In:      bytes of one message from a peer that nobody trusts.
 * Out:     one record at a time: its tag, wire type, and number or bytes (borrowed).
 * Errors:  the reason as a text; groups, field number 0, numbers over 64 bits and lengths past the
 *          end are refused.
 */
#ifndef CODEC_WIRE_IN_H
#define CODEC_WIRE_IN_H

#include "codec/ctx.h"
#include "codec/wire_out.h"

struct pb_rec {
    uint32_t tag;
    uint8_t wire;               /* enum pb_wire */
    uint64_t v;                 /* of a varint or fixed number, else 0 */
    const uint8_t *p;           /* of PB_WIRE_BYTES */
    size_t n;
};

struct pb_in {
    const uint8_t *p, *end;
};

/* False: cut off or longer than 64 bits. */
bool pb_get_varint_long(struct pb_in *in, uint64_t *v);

static inline bool pb_get_varint(struct pb_in *in, uint64_t *v)
{
    if (in->p < in->end && *in->p < 0x80) {
        *v = *in->p++;
        return true;
    }
    return pb_get_varint_long(in, v);
}

static inline bool pb_get_fixed(struct pb_in *in, unsigned n, uint64_t *v)
{
    if ((size_t)(in->end - in->p) < n)
        return false;
    *v = 0;
    for (unsigned i = 0; i < n; i++)
        *v |= (uint64_t)in->p[i] << 8 * i;
    in->p += n;
    return true;
}

/* The next record; NULL, or the reason why there is none. Not to be called at the end. */
const char *pb_next(struct pb_in *in, struct pb_rec *r);

/* The wire type of one value of the type. */
enum pb_wire pb_wire_of(uint8_t type);

/* A repeated number may also come packed, many in one record of bytes. */
static inline bool pb_is_packed(const struct pb_field *f, const struct pb_rec *r)
{
    return f->label == PB_REPEATED && r->wire == PB_WIRE_BYTES && f->type < PB_STRING;
}

/* The reason why the record can't belong to the field, or NULL. */
const char *pb_wire_mismatch(const struct pb_field *f, const struct pb_rec *r);

/* The next number of a packed field whose type is `type` into r->v. */
bool pb_next_packed(struct pb_in *in, uint8_t type, struct pb_rec *r);

/* Puts the number r->v at `out` in the C type of `type`; the reason why it can't, or NULL. */
const char *pb_number(uint8_t type, const struct pb_rec *r, void *out);

/* The index of the field with the tag, m->n_fields when there is none. `hint` is the caller's memory
 * of where the last one was, since fields nearly always come in order. */
static inline size_t pb_find(const futu_msg *m, uint32_t tag, size_t *hint)
{
    size_t lo = 0, hi = m->n_fields;
    for (size_t i = *hint; i < hi && i < *hint + 2; i++)
        if (m->fields[i].tag == tag)
            return *hint = i;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->fields[mid].tag == tag)
            return *hint = mid;
        if (m->fields[mid].tag < tag)
            lo = mid + 1;
        else
            hi = mid;
    }
    return m->n_fields;
}

/* What one message holds at its own level, without looking into those inside it. */
struct pb_survey {
    uint32_t n[PB_MAX_FIELDS];  /* values of each field */
    struct pb_set seen;
    bool scattered;             /* the values of some list do not stand together */
};

/* Checks every record against its field, required fields, and counts elements against the limit. */
futu_err pb_survey(struct codec_ctx *c, struct codec_path *here, const futu_msg *m,
                   const uint8_t *p, size_t n, struct pb_survey *s);

/* A singular message that comes more than once is the sum of its parts: appends the bytes of all
 * records with the tag to `out`. The records were surveyed before. */
futu_err pb_gather(const uint8_t *p, size_t n, uint32_t tag, struct buf *out);

#endif
