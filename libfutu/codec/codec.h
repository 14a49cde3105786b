/* codec.h - protobuf to and from C structs and JSON, by descriptor.
 *
 * The generator (proto/gen/) turns every .proto into plain C structs (futu/proto.h) and one
 * descriptor per message. A descriptor row knows a field's tag, type, label, three spellings and
 * its offset, so that one table serves the binary codec, the JSON transcoder and the checks.
 *
 * Struct layout, for a field `x`:
 *   singular number or bool   T x; bool has_x;          the flags stand at the end of the struct
 *   string, bytes             futu_str x;                 present when x.p != NULL
 *   message                   M *x;                       present when not NULL
 *   repeated                  size_t n_x; T *x;           numbers, futu_str or messages, in a row
 *
 * Memory:  decoding puts everything into the caller's arena; encoding appends to the caller's buf.
 * Limits:  struct codec_limits; a limit is checked before memory is taken for what it bounds.
 * Errors:  FUTU_EFORMAT with the path and the reason in struct codec_error, FUTU_ELIMIT likewise,
 *          FUTU_ENOMEM.
 * Threads: none; no state.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "futu/proto.h"         /* generated: the structs, and `futu_msg` */

enum pb_type {
    PB_INT32, PB_INT64, PB_UINT32, PB_UINT64, PB_BOOL, PB_FLOAT, PB_DOUBLE, PB_STRING, PB_BYTES,
    PB_MESSAGE,
};

enum pb_label { PB_OPTIONAL, PB_REQUIRED, PB_REPEATED };

#define PB_MAX_FIELDS 128       /* of one message; the generator checks it */

struct pb_field {
    uint32_t tag;
    uint8_t type, label;
    uint16_t off;               /* of the value, or of the pointer when repeated or a message */
    uint16_t off_has;           /* of has_x or n_x; unused for singular strings and messages */
    /* Lengths of the three spellings: below 256, but of a length that can't be more the compiler
     * makes a string instruction, several times as slow as memcpy(). */
    uint16_t n_name, n_camel, n_snake;
    const char *name;           /* as declared: td_buyQty */
    const char *camel;          /* the protobuf JSON name: tdBuyQty */
    const char *snake;          /* td_buy_qty */
    const futu_msg *sub;        /* of a message field */
    const char *enum_name;      /* "Qot_Common.QotMarket" when the table names one, else NULL */
};

/* A set of fields of one message, by their index. */
struct pb_set {
    uint64_t w[PB_MAX_FIELDS / 64];
};

struct futu_msg {
    const char *name;                   /* "Qot_Common.Security" */
    const struct pb_field *fields;      /* ascending tags */
    uint16_t n_fields;
    uint16_t size;                      /* of the C struct */
    bool flat;                          /* no repeated field and no message field */
    struct pb_set required;             /* indexes into fields */
    const uint16_t *by_name;            /* indexes into fields, sorted by declared name */
};

struct codec_error {
    char path[192];             /* c2s.securityList[2].market */
    char what[160];             /* "a number is expected" */
};

/* "c2s.securityList[2].market: a number is expected" into `out`, cut to its size; returns `out`. */
const char *codec_error_text(const struct codec_error *e, char *out, size_t size);

struct codec_limits {
    uint32_t depth;             /* nested messages */
    uint32_t count;             /* elements in all repeated fields together */
    size_t size;                /* bytes of output, or of arena */
};
extern const struct codec_limits codec_limits_default;      /* 32, 1,000,000, 32 MiB */

/* `out` is zeroed first. Unknown tags are skipped; a missing required field is an error, and so is
 * a wire type or a number that does not fit its field. Of a singular field that comes more than
 * once the last value counts, the parts of a message are merged. Nothing of the result points into
 * p. e may be NULL in all of these, limits NULL means the default. */
futu_err codec_decode(const futu_msg *m, struct arena *a, const void *p, size_t n, void *out,
                      const struct codec_limits *limits, struct codec_error *e);
/* Appends; `out` is as it was when this fails. */
futu_err codec_encode(const futu_msg *m, const void *in, struct buf *out, struct codec_error *e);
/* The decoder's checks without its memory. */
futu_err codec_check(const futu_msg *m, const void *p, size_t n, const struct codec_limits *limits,
                     struct codec_error *e);

/* REST: snake names, and 64-bit integers written as numbers. */
enum codec_spelling { CODEC_DECLARED, CODEC_SNAKE, CODEC_REST };

/* Writes straight from protobuf bytes: enums as numbers, 64-bit integers as strings, bytes base64,
 * doubles with the fewest digits that read back, "NaN" and "Infinity" as strings; absent fields and
 * unknown tags are left out. Always valid JSON: a byte of a text that is not UTF-8 becomes U+FFFD.
 * Appends to `out`, which is as it was when this fails. */
futu_err codec_to_json(const futu_msg *m, const void *p, size_t n, enum codec_spelling spelling,
                       struct buf *out, const struct codec_limits *limits, struct codec_error *e);
/* Writes protobuf straight from JSON text, in the order of its members. Accepted on input: the
 * declared, the lower camel and, but for CODEC_DECLARED, also the snake name; numbers in quotes or
 * not; "NaN", "Infinity", "-Infinity" for a float or double; standard or URL base64 for bytes. An
 * integer has digits only, no fraction and no exponent. Unknown member, duplicate member, null,
 * wrong type, overflow, text that is not UTF-8: an error with its path. */
futu_err codec_from_json(const futu_msg *m, futu_str json, enum codec_spelling spelling,
                         struct buf *out, const struct codec_limits *limits, struct codec_error *e);

const struct pb_field *codec_field(const futu_msg *m, futu_str declared_name);  /* NULL: none */

/* Sets a singular number and its has_ flag. */
#define SET(msg, field, value) ((msg)->field = (value), (msg)->has_##field = true)

#endif
