/* grpc_calm.c - see grpc_calm.h. */
#include "grpc_calm.h"

static void give(struct grpc_account *a, uint64_t n, uint32_t burst)
{
    a->left = n < burst - a->left ? a->left + (uint32_t)n : burst;
}

/* Whole units only; what is left of the time counts for the next one. */
static bool take(struct grpc_account *a, unsigned price, uint32_t rate, uint32_t burst,
                 uint64_t now_ms)
{
    uint64_t passed = now_ms > a->at_ms ? now_ms - a->at_ms : 0;
    uint64_t units = passed / (1000 / rate);
    give(a, units, burst);
    a->at_ms += units * (1000 / rate);
    if (a->left < price)
        return false;
    a->left -= price;
    return true;
}

void grpc_calm_init(struct grpc_calm *c, uint64_t now_ms)
{
    c->frames = (struct grpc_account){ CALM_BURST, now_ms };
    c->pings = (struct grpc_account){ PING_BURST, now_ms };
    c->resets = (struct grpc_account){ RESET_BURST, now_ms };
}

bool grpc_calm_frame(struct grpc_calm *c, unsigned price, uint64_t now_ms)
{
    return take(&c->frames, price, CALM_RATE, CALM_BURST, now_ms);
}

bool grpc_calm_ping(struct grpc_calm *c, uint64_t now_ms)
{
    return take(&c->pings, 1, PING_RATE, PING_BURST, now_ms);
}

bool grpc_calm_reset(struct grpc_calm *c, uint64_t now_ms)
{
    return take(&c->resets, 1, RESET_RATE, RESET_BURST, now_ms);
}

void grpc_calm_came(struct grpc_calm *c)
{
    give(&c->frames, CALM_CAME, CALM_BURST);
}

void grpc_calm_went(struct grpc_calm *c)
{
    give(&c->frames, CALM_WENT, CALM_BURST);
    give(&c->pings, 1, PING_BURST);
}
