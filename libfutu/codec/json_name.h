/* json_name.h - from a member's name to its field. Internal to codec/. */
#ifndef CODEC_JSON_NAME_H
#define CODEC_JSON_NAME_H

#include "codec/ctx.h"

/* The index of the field whose declared or camel name, or for CODEC_SNAKE also whose snake name,
 * this is; m->n_fields: none. Members mostly come in the order of the fields: `hint` is where to
 * look first. */
size_t json_field(const futu_msg *m, enum codec_spelling spelling, futu_str name, size_t hint);

/* The error for a name that no field of `m` has, with the nearest one that it has. */
futu_err json_unknown(const struct codec_ctx *c, struct codec_path *here, const futu_msg *m,
                      futu_str name);

#endif
