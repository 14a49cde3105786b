/* route.h - the paths of the REST API: those of the registry, and the few that have no row there.
 *
 * Tests:   test/unit/surface/route_test.c
 */
#ifndef SURFACE_ROUTE_H
#define SURFACE_ROUTE_H

#include "base/buf.h"
#include "codec/registry.h"

enum http_method { METHOD_GET = 1, METHOD_POST = 2, METHOD_OPTIONS = 4, METHOD_HEAD = 8,
                   METHOD_DELETE = 16 };

enum route_kind {
    ROUTE_CALL,             /* a protocol of the registry */
    ROUTE_HEALTH, ROUTE_READY, ROUTE_PING, ROUTE_PUSH_INFO, ROUTE_METRICS, ROUTE_OPENAPI,
    ROUTE_STATUS, ROUTE_RELOAD, ROUTE_SHUTDOWN, ROUTE_RELOGIN, ROUTE_VERIFY_CODE, ROUTE_WS,
    ROUTE_MCP, ROUTE_MCP_SSE,       /* no part of the REST API: found, but not listed */
};

struct route {
    const char *path;       /* "/api/order" */
    uint8_t kind;           /* enum route_kind */
    uint8_t methods;        /* enum http_method, or-ed */
    bool open;              /* answered without a key, also when keys are set */
    bool closed;            /* refused in open mode: writes, admin, sub-acc-push */
    uint32_t scopes;        /* SCOPE_*, any of them; of ROUTE_CALL what its row needs */
    uint32_t proto;         /* of ROUTE_CALL */
    const char *preset;     /* see struct body_fill; NULL: none */
    bool fixed;             /* likewise */
    const char *summary;    /* for the OpenAPI document */
};

/* Every documented path; aliases (/api/call/NAME, /api/qot/NAME, /api/trd/NAME) are found but not
 * listed. */
const struct route *routes(size_t *n);
/* The route of a path without its query; for an alias *room is filled and returned. NULL: 404. */
const struct route *route_find(futu_str path, struct route *room);
/* The registered path nearest to an unknown one, NULL: none is near. */
const char *route_nearest(futu_str path);

#endif
