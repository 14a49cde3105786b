/* registry.c - look-ups in the generated table of protocols; see registry.h.
 *
 * Owns:    nothing; the table is constant.
 * Threads: any.
 * Tests:   test/unit/codec/registry_test.c
 */
#include "codec/registry.h"

#include "codec/registry_rows.h"

const struct proto_row *proto_rows(size_t *n)
{
    *n = registry_n_rows;
    return registry_rows;
}

const struct proto_row *proto_find(uint32_t id)
{
    size_t lo = 0, hi = registry_n_rows;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (registry_rows[mid].id == id)
            return &registry_rows[mid];
        if (registry_rows[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* Order of `a` and the C string `b`, small and capital letters of ASCII being equal. */
static int compare(futu_str a, const char *b)
{
    for (size_t i = 0; i < a.n; i++) {
        int d = lower(a.p[i]) - lower(b[i]);
        if (d || !b[i])
            return d ? d : 1;       /* a NUL inside `a` sorts behind the end of `b` */
    }
    return b[a.n] ? -1 : 0;
}

const struct proto_row *proto_by_name(futu_str name)
{
    size_t lo = 0, hi = registry_n_rows;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct proto_row *row = &registry_rows[registry_by_name[mid]];
        int d = compare(name, row->name);
        if (d == 0)
            return row;
        if (d > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}
