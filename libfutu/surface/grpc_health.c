/* grpc_health.c - grpc.health.v1: whether a service can do what it is for. A watch looks once a
 * second and tells changes. */
#include "codec/splice.h"
#include "surface/grpc_desc.h"
#include "surface/grpc_state.h"

#define LOOK_NS NS_PER_S

enum health { HEALTH_NONE, HEALTH_SERVING, HEALTH_NOT_SERVING, HEALTH_UNKNOWN };

static enum health health_of(const futu_grpc_call *k, futu_str service)
{
    struct hub_status st;
    hub_status(k->grpc->o.hub, &st);
    if (str_is(service, "futu.v1.Quote"))
        return st.qot_logined ? HEALTH_SERVING : HEALTH_NOT_SERVING;
    if (str_is(service, "futu.v1.Trade"))
        return st.trd_logined ? HEALTH_SERVING : HEALTH_NOT_SERVING;
    for (size_t i = 0; i < grpc_n_services; i++)
        if (str_is(service, grpc_services[i]))
            return HEALTH_SERVING;
    return service.n == 0 ? HEALTH_SERVING : HEALTH_UNKNOWN;
}

static bool put_health(futu_grpc_call *k, enum health h)
{
    uint8_t *p = grpc_put(k, 2);
    if (!p)
        return false;
    p[0] = 1 << 3;                  /* status, a varint */
    p[1] = (uint8_t)h;
    k->health = (uint8_t)h;
    grpc_told(k);
    return true;
}

/* The name in a HealthCheckRequest. False: it has been answered. */
static bool read_name(futu_grpc_call *k, futu_str message, futu_str *name)
{
    struct pb_in in = pb_in_str(message);
    struct pb_rec r;
    *name = STR("");
    while (in.p < in.end) {
        const char *bad = pb_next(&in, &r);
        if (bad) {
            grpc_end(k, FUTU_GRPC_INVALID_ARGUMENT, "HealthCheckRequest: %s", bad);
            return false;
        }
        if (r.tag == 1 && r.wire == PB_WIRE_BYTES)
            *name = (futu_str){ (const char *)r.p, r.n };
    }
    return true;
}

void grpc_health_check(futu_grpc_call *k, futu_str message)
{
    futu_str name;
    if (!read_name(k, message, &name))
        return;
    enum health h = health_of(k, name);
    if (h == HEALTH_UNKNOWN)
        grpc_end(k, FUTU_GRPC_NOT_FOUND, "no such service");
    else if (put_health(k, h))
        grpc_ok(k);
}

static void look(struct timer *t, int64_t now)
{
    futu_grpc_call *k = container_of(t, futu_grpc_call, watch);
    enum health h = health_of(k, str_c(k->watched));
    if (k->ended)
        return;
    if (h == k->health || put_health(k, h))
        timer_set(k->grpc->o.timers, t, now + LOOK_NS);
}

void grpc_health_watch(futu_grpc_call *k, futu_str message)
{
    futu_str name;
    if (!read_name(k, message, &name))
        return;
    /* A name that is cut off is none of ours either way. */
    str_copy(k->watched, sizeof(k->watched), name);
    k->watch.fn = look;
    look(&k->watch, clock_mono(&k->grpc->o.clock));
}
