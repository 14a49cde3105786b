/* values.c - see values.h. */
#include "gateway/values.h"

#include <math.h>
#include <stdio.h>

enum sign { AT_LEAST_0, ANY_SIGN };

/* A combination's price may be a credit; the relative limit of adjustPrice has a direction. */
static const struct value {
    const char *name, *snake;
    enum sign sign;
} values[] = {
    { "qty", "qty", AT_LEAST_0 },
    { "price", "price", AT_LEAST_0 },
    { "auxPrice", "aux_price", AT_LEAST_0 },
    { "amount", "amount", AT_LEAST_0 },
    { "trailValue", "trail_value", AT_LEAST_0 },
    { "trailSpread", "trail_spread", ANY_SIGN },
    { "adjustSideAndLimit", "adjust_side_and_limit", ANY_SIGN },
};

static bool any_sign(const struct ask *a, const struct value *v)
{
    return v->sign == ANY_SIGN ||
           (a->row->request == &Trd_PlaceComboOrder_Request_msg && strcmp(v->name, "price") == 0);
}

static bool snake(const struct ask *a)
{
    return a->c->iface == IFACE_REST || a->c->iface == IFACE_MCP;
}

static void refuse(struct ask *a, const struct value *v, const char *what)
{
    char text[120];
    snprintf(text, sizeof(text), "c2s.%s: %s is expected", snake(a) ? v->snake : v->name, what);
    a->deny = DENY_ARGUMENT;
    a->deny_text = text;
    reply_refuse(a, "%s", text);
}

bool values_ok(struct ask *a)
{
    if (!a->row || !a->row->write || !a->msg)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        const double *p = c2s_field(a, values[i].name);
        if (!p || (isfinite(*p) && (*p >= 0 || any_sign(a, &values[i]))))
            continue;
        refuse(a, &values[i], any_sign(a, &values[i]) ? "a finite number"
                                                      : "a finite number that is not negative");
        return false;
    }
    return true;
}
