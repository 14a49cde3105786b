/* json_in.h - single values of JSON text, for one who gathers a message's members from several
 * places. Internal to codec/ and surface/.
 */
#ifndef CODEC_JSON_IN_H
#define CODEC_JSON_IN_H

#include "codec/ctx.h"

/* What is accepted beside the protocol's own form. */
struct json_hooks {
    /* Parts of a text that stands in place of a Qot_Common.Security; market_parse_code(). */
    futu_err (*security)(futu_str text, int32_t *market, futu_str *code);
    /* May shorten the text of a string field, from `at` to the end of `out`; NULL: none. */
    void (*text)(const struct pb_field *f, struct buf *out, size_t at);
    bool lone;                  /* one value in place of a list is a list of one */
};

/* Appends the record, of a list all records, of the field at->field. `json` is its value, which
 * stands in `text`: errors count bytes from there. Names as with CODEC_REST, default limits,
 * errors as of codec_from_json(); hooks may be NULL. */
futu_err json_value(const struct codec_path *at, futu_str json, const char *text,
                    const struct json_hooks *hooks, struct buf *out, struct codec_error *e);

#endif
