/* doc.h - what the schema's comments say about the messages behind the REST API, and which enum the
 * number in a field stands for. Generated from proto/; for documents and error texts, never for
 * coding.
 *
 * Threads: any; constant.
 * Tests:   test/unit/codec/doc_test.c
 */
#ifndef CODEC_DOC_H
#define CODEC_DOC_H

#include "codec/codec.h"

struct proto_value {
    const char *name;           /* Simulate */
    int32_t number;
};

struct proto_enum {
    const char *name;           /* Trd_Common.TrdEnv */
    size_t n;
    const struct proto_value *values;
};

struct proto_field_doc {
    const char *text;           /* NULL: no comment */
    const struct proto_enum *numbers;       /* NULL: the number is no name of anything */
};

struct proto_doc {
    const futu_msg *m;
    const char *text;           /* NULL: no comment */
    const struct proto_field_doc *fields;   /* as m->fields */
};

extern const struct proto_doc proto_docs[];
extern const size_t proto_n_docs;

const struct proto_doc *proto_doc(const futu_msg *m);      /* NULL: not behind the REST API */
/* Of a field of `m`; NULL likewise. */
const struct proto_field_doc *proto_field_doc(const futu_msg *m, const struct pb_field *f);

#endif
