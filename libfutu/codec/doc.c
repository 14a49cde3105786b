/* doc.c - see doc.h. */
#include "codec/doc.h"

const struct proto_doc *proto_doc(const futu_msg *m)
{
    size_t lo = 0, hi = proto_n_docs;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = strcmp(m->name, proto_docs[mid].m->name);
        if (d == 0)
            return &proto_docs[mid];
        if (d > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const struct proto_field_doc *proto_field_doc(const futu_msg *m, const struct pb_field *f)
{
    const struct proto_doc *doc = proto_doc(m);
    return doc ? &doc->fields[f - m->fields] : NULL;
}
