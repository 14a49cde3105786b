/* ctx.h - what encoder, decoder and both JSON directions share: limits, and the way to the field
 * that an error names. Internal to codec/ and surface/.
 *
 * A path is a chain of nodes on the C stack, one per open message; it costs nothing until it is
 * written out for an error.
 */
#ifndef CODEC_CTX_H
#define CODEC_CTX_H

#include "codec/codec.h"

#define CODEC_NO_INDEX SIZE_MAX

struct codec_path {
    const struct codec_path *up;        /* the message around; NULL at the top */
    const struct pb_field *field;       /* the field being worked on; NULL: none yet */
    size_t index;                       /* of its element; CODEC_NO_INDEX: singular */
    uint32_t depth;                     /* 1 at the top */
};

struct codec_ctx {
    struct codec_error *e;              /* may be NULL */
    enum codec_spelling spelling;       /* of the names in the path */
    struct codec_limits limits;
    uint32_t count;                     /* elements of repeated fields so far */
};

void codec_ctx_init(struct codec_ctx *c, enum codec_spelling spelling,
                    const struct codec_limits *limits, struct codec_error *e);

/* Opens the node of a message inside `up`. FUTU_ELIMIT: nested too deep. */
futu_err codec_enter(const struct codec_ctx *c, struct codec_path *here,
                     const struct codec_path *up);

/* Counts n more elements against the limit. */
futu_err codec_count(struct codec_ctx *c, const struct codec_path *at, size_t n);

/* Fills c->e and returns err. Nothing is written beyond the first failure's place. */
futu_err codec_fail(const struct codec_ctx *c, const struct codec_path *at, futu_err err,
                    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The error of the first required field that `seen` lacks; FUTU_OK when there is none. */
futu_err codec_missing(const struct codec_ctx *c, struct codec_path *here, const futu_msg *m,
                       const struct pb_set *seen);

static inline bool pb_set_has(const struct pb_set *s, size_t i)
{
    return s->w[i / 64] >> i % 64 & 1;
}

static inline void pb_set_add(struct pb_set *s, size_t i)
{
    s->w[i / 64] |= UINT64_C(1) << i % 64;
}

/* True when every field of `want` is in `s`. */
static inline bool pb_set_covers(const struct pb_set *s, const struct pb_set *want)
{
    uint64_t gap = 0;
    for (size_t i = 0; i < ARRAY_LEN(s->w); i++)
        gap |= want->w[i] & ~s->w[i];
    return gap == 0;
}

/* Pointers inside a struct whose C type only the descriptor knows. */
static inline void *pb_get_ptr(const void *at)
{
    void *p;
    memcpy(&p, at, sizeof(p));
    return p;
}

static inline void pb_put_ptr(void *at, const void *p)
{
    memcpy(at, &p, sizeof(p));
}

/* Bytes of one value of the field in a C array. */
static inline size_t pb_value_size(const struct pb_field *f)
{
    static const uint8_t size[] = { 4, 8, 4, 8, sizeof(bool), 4, 8, sizeof(futu_str),
                                    sizeof(futu_str) };
    return f->type == PB_MESSAGE ? f->sub->size : size[f->type];
}

#endif
