/* openapi.h - /api/openapi.json: OpenAPI 3.1 of every route, made from the routes and descriptors.
 *
 * Tests:   test/unit/surface/openapi_test.c; an npm validator and each example, test/rest/
 */
#ifndef SURFACE_OPENAPI_H
#define SURFACE_OPENAPI_H

#include "surface/route.h"

/* Replaces `out`. Deterministic. FUTU_ENOMEM. */
futu_err openapi_write(struct buf *out);

#endif
