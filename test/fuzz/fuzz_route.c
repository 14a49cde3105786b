/* fuzz_route.c - any text as a path: what is found is a request of the registry or a listed path,
 * and nobody may read further than the path goes. */
#include "message.h"
#include "surface/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct route room;
    futu_str path = { (const char *)data, size };
    const struct route *r = route_find(path, &room);
    const char *near = route_nearest(path);
    check(!near || near[0] == '/');
    if (!r)
        return 0;
    check(r == &room || str_is(path, r->path));
    check(r->methods != 0);
    if (r->kind != ROUTE_CALL)
        return 0;
    const struct proto_row *row = proto_find(r->proto);
    check(row && row->kind == PROTO_REQUEST);
    check(r->scopes == (row->scopes ? row->scopes : SCOPE_QOT_READ));
    check(!row->write || (r->closed && r->methods == METHOD_POST));
    return 0;
}
