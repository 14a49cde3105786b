/* wire_in.h - protobuf's wire form, reading. For codec/, and for those who complete a
 * message without decoding it.
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
    uint64_t v;                 /* of a varint or fixed number */
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

/* Little endian, 8 or 4 bytes; the compiler makes one load of it. */
static inline bool pb_get_u64(struct pb_in *in, uint64_t *v)
{
    if (in->end - in->p < 8)
        return false;
    *v = 0;
    for (unsigned i = 0; i < 8; i++)
        *v |= (uint64_t)in->p[i] << 8 * i;
    in->p += 8;
    return true;
}

static inline bool pb_get_u32(struct pb_in *in, uint64_t *v)
{
    uint32_t w = 0;
    if (in->end - in->p < 4)
        return false;
    for (unsigned i = 0; i < 4; i++)
        w |= (uint32_t)in->p[i] << 8 * i;
    *v = w;
    in->p += 4;
    return true;
}

/* The reason why the rest of the record with the key's wire type can't be read, or NULL. */
static inline const char *pb_next_body(struct pb_in *in, struct pb_rec *r)
{
    uint64_t n;
    switch (r->wire) {
    case PB_WIRE_VARINT:
        return pb_get_varint(in, &r->v) ? NULL : "a varint is cut off or over 64 bits";
    case PB_WIRE_64:
        return pb_get_u64(in, &r->v) ? NULL : "a 64-bit number is cut off";
    case PB_WIRE_32:
        return pb_get_u32(in, &r->v) ? NULL : "a 32-bit number is cut off";
    case PB_WIRE_BYTES:
        if (!pb_get_varint(in, &n) || n > (size_t)(in->end - in->p))
            return "a length goes past the end";
        r->p = in->p;
        r->n = (size_t)n;
        in->p += n;
        return NULL;
    default:
        return r->wire <= PB_WIRE_END_GROUP ? "groups are not part of the protocol"
                                            : "unknown wire type";
    }
}

/* The next record; NULL, or the reason why there is none. Not to be called at the end. */
static inline const char *pb_next(struct pb_in *in, struct pb_rec *r)
{
    uint64_t key;
    if (!pb_get_varint(in, &key) || key > UINT32_MAX)
        return "a field key is cut off or too large";
    r->tag = (uint32_t)(key >> 3);
    r->wire = key & 7;
    return r->tag ? pb_next_body(in, r) : "field number 0";
}

/* The wire type of one value of the type. */
static inline enum pb_wire pb_wire_of(uint8_t type)
{
    static const uint8_t wire[] = {
        [PB_INT32] = PB_WIRE_VARINT,  [PB_INT64] = PB_WIRE_VARINT, [PB_UINT32] = PB_WIRE_VARINT,
        [PB_UINT64] = PB_WIRE_VARINT, [PB_BOOL] = PB_WIRE_VARINT,  [PB_FLOAT] = PB_WIRE_32,
        [PB_DOUBLE] = PB_WIRE_64,     [PB_STRING] = PB_WIRE_BYTES, [PB_BYTES] = PB_WIRE_BYTES,
        [PB_MESSAGE] = PB_WIRE_BYTES,
    };
    return (enum pb_wire)wire[type];
}

/* A repeated number may also come packed, many in one record of bytes. */
static inline bool pb_is_packed(const struct pb_field *f, const struct pb_rec *r)
{
    return f->label == PB_REPEATED && r->wire == PB_WIRE_BYTES && f->type < PB_STRING;
}

/* The reason why a record of this wire type can't belong to the field. */
const char *pb_wire_wanted(const struct pb_field *f);

/* The same when that is so, or NULL. */
static inline const char *pb_wire_mismatch(const struct pb_field *f, const struct pb_rec *r)
{
    return r->wire == pb_wire_of(f->type) || pb_is_packed(f, r) ? NULL : pb_wire_wanted(f);
}

/* The next number of a packed field whose type is `type` into r->v. */
bool pb_next_packed(struct pb_in *in, uint8_t type, struct pb_rec *r);

/* Puts the number r->v at `out` in the C type of `type`; the reason why it can't, or NULL. */
static inline const char *pb_number(uint8_t type, const struct pb_rec *r, void *out)
{
    uint32_t w = (uint32_t)r->v;
    switch ((enum pb_type)type) {
    case PB_INT32:              /* some writers leave out the upper half of a negative one */
        if (r->v > UINT32_MAX && r->v < (uint64_t)INT64_C(-0x80000000))
            return "the number does not fit into int32";
        memcpy(out, &w, sizeof(w));
        return NULL;
    case PB_UINT32:
        if (r->v > UINT32_MAX)
            return "the number does not fit into uint32";
        memcpy(out, &w, sizeof(w));
        return NULL;
    case PB_FLOAT:
        memcpy(out, &w, sizeof(w));
        return NULL;
    case PB_BOOL:
        *(bool *)out = r->v != 0;
        return NULL;
    case PB_INT64:
    case PB_UINT64:
    case PB_DOUBLE:
        memcpy(out, &r->v, sizeof(r->v));
        return NULL;
    default:
        return "not a number";
    }
}

/* The index of the field with the tag, m->n_fields when there is none. `hint` is the caller's
 * memory of where the last one was, since fields nearly always come in order. */
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
