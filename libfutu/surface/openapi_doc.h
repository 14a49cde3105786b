/* openapi_doc.h - what the files of the OpenAPI document share. Internal to surface/.
 *
 * Errors:  the first one sticks in doc->err, and nothing is written after it.
 */
#ifndef SURFACE_OPENAPI_DOC_H
#define SURFACE_OPENAPI_DOC_H

#include "codec/doc.h"
#include "surface/body_name.h"
#include "surface/route.h"

struct doc {
    struct buf *out;
    futu_err err;
    struct buf messages;        /* const futu_msg *: those that a $ref names */
};

void doc_put(struct doc *d, const char *json);
/* "," behind whatever is no opening bracket. */
void doc_comma(struct doc *d);
void doc_key(struct doc *d, const char *name);          /* with its comma */
void doc_text(struct doc *d, const char *text);
/* Both are left out when `text` is NULL. */
void doc_member(struct doc *d, const char *name, const char *text);

/* One value of the field, without its list. */
void doc_value_schema(struct doc *d, const struct pb_field *f);
/* "name": {schema} in the properties of `m`. */
void doc_property(struct doc *d, const futu_msg *m, const struct pb_field *f);
/* {"$ref": ...}, and the message will be in the components. */
void doc_ref(struct doc *d, const futu_msg *m);
/* All messages that were named, and those that they name. */
void doc_schemas(struct doc *d);

/* The flat form of a call: its fields, a trade header's too, less what the gateway fills in. */
struct flat {
    const struct route *route;
    struct body_shape s;
};
void flat_init(struct flat *f, const struct route *r);
typedef void flat_fn(struct doc *d, const futu_msg *m, const struct pb_field *f, bool required);
void flat_each(struct doc *d, const struct flat *f, flat_fn *fn);

/* The body of a working call, NULL: {}. */
const char *openapi_example(const char *path);
const char *openapi_example_path(size_t i);             /* NULL: no more */

#endif
