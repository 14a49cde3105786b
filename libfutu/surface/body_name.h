/* body_name.h - which member of a Request a caller's name means: declared, camel, snake and alias.
 * Internal to surface/.
 *
 * Threads: none; no state.
 * Tests:   test/unit/surface/body_test.c
 */
#ifndef SURFACE_BODY_NAME_H
#define SURFACE_BODY_NAME_H

#include "codec/json_in.h"
#include "codec/registry.h"

struct body_shape {
    uint32_t proto;
    const struct pb_field *outer;       /* c2s in the Request; NULL: a Request without one */
    const futu_msg *c2s;                /* its message, or the Request itself */
    const struct pb_field *outer_head;  /* header in c2s; NULL: no trade header */
    const futu_msg *head;
};

enum body_place {
    BODY_C2S, BODY_HEAD,        /* field `i` of that message */
    BODY_CARD,                  /* of struct body_extra */
    BODY_SUB_TYPES,             /* tolerated and without effect */
    BODY_NONE,
};

struct body_name {
    enum body_place place;
    size_t i;
    bool lone;                  /* of a list: one value will do */
};

void body_shape(const struct proto_row *row, struct body_shape *s);

/* `hint` is the index in c2s to try first. */
struct body_name body_name(const struct body_shape *s, futu_str name, size_t hint);
/* The same among the members of the header. */
struct body_name body_head_name(const struct body_shape *s, futu_str name);
/* The known name nearest to an unknown one, NULL: none is near. */
const char *body_nearest(const struct body_shape *s, bool in_head, futu_str name);

#endif
