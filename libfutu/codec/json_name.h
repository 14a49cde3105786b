/* json_name.h - from a member's name to its field. Internal to codec/ and surface/. */
#ifndef CODEC_JSON_NAME_H
#define CODEC_JSON_NAME_H

#include "codec/ctx.h"

/* The index of the field whose declared or camel name, or for CODEC_SNAKE also whose snake name,
 * this is; m->n_fields: none. Members mostly come in the order of the fields: `hint` is where to
 * look first. */
size_t json_field(const futu_msg *m, enum codec_spelling spelling, futu_str name, size_t hint);

/* Names at this distance or further are not worth a "did you mean". */
unsigned json_near_enough(futu_str name);
/* The field's name nearest to an unknown one and nearer than *least, which falls; NULL: none. */
const char *json_nearest(const futu_msg *m, enum codec_spelling spelling, futu_str name,
                         unsigned *least);
/* The error for an unknown name; `best` is what may have been meant, or NULL. */
futu_err json_unknown(const struct codec_ctx *c, struct codec_path *here, futu_str name,
                      const char *best);

#endif
