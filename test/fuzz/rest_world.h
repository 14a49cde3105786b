/* rest_world.h - a REST API on a hub with keys, an upstream, a disk and a clock, for fuzz targets.
 * Whatever comes in: each request is answered once, what is answered is well formed, and no order
 * goes up that its key does not allow. */
#ifndef TEST_FUZZ_REST_WORLD_H
#define TEST_FUZZ_REST_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "codec/registry.h"
#include "crypt/digest.h"
#include "surface/rest.h"

#define CALLS 256
#define WAITS 64

static struct world {
    struct upstream up;
    struct clock_fake time;
    struct timers timers;
    struct hub *hub;
    struct access *access;
    struct audit audit;
    struct rest *rest;
    struct upstream_events events;
    struct upstream_request *calls[CALLS];
    size_t n_calls;
    struct {
        void (*done)(void *arg, futu_err err);
        void *arg;
    } waits[WAITS];
    size_t n_waits;
} w;

static inline void check(bool ok)
{
    if (!ok)
        abort();
}

/* The key that may trade has one account, one market, and a cap. */
static inline void check_order(const struct upstream_request *rq)
{
    struct arena mem = ARENA_INIT;
    Trd_PlaceOrder_Request order;
    check(codec_decode(&Trd_PlaceOrder_Request_msg, &mem, rq->body, rq->len, &order, NULL,
                       NULL) == FUTU_OK);
    const Trd_PlaceOrder_C2S *c = order.c2s;
    check(c->header->trdEnv == 0 && c->header->accID == 1001 && c->header->trdMarket == 1);
    check(c->orderType != 1 || !(c->price > 0) || c->qty * c->price <= 1000);
    arena_free(&mem);
}

static inline void up_request(struct upstream *u, struct upstream_request *rq)
{
    static const uint8_t no[] = { 8, 1, 18, 0, 24, 0 };
    (void)u;
    if (rq->proto == 2202)
        check_order(rq);
    rq->unsent = false;
    if (w.n_calls == CALLS || rq->len % 3 == 0)
        rq->done(rq, no, sizeof(no));
    else
        w.calls[w.n_calls++] = rq;
}

static inline void up_cancel(struct upstream *u, struct upstream_request *rq)
{
    (void)u;
    for (size_t i = 0; i < w.n_calls; i++) {
        if (w.calls[i] != rq)
            continue;
        w.calls[i] = w.calls[--w.n_calls];
        return;
    }
    abort();
}

static inline void up_open(struct upstream *u, struct upstream_open *o)
{
    (void)u;
    o->done(o, o->wants[0].key.code[0] == 'x' ? FUTU_ENOTFOUND : FUTU_OK, "no");
}

static inline void up_close(struct upstream *u, const struct stream_key *key)
{
    (void)u, (void)key;
}

static inline void up_watch(struct upstream *u, struct upstream_watch *o)
{
    (void)u;
    o->done(o, FUTU_OK, NULL);
}

static inline futu_err up_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    (void)u;
    return key->sub_type % 2 ? FUTU_EAGAIN : buf_put(out, "\x08\x00", 2);
}

static inline void up_state(struct upstream *u, struct upstream_state *out)
{
    (void)u;
    *out = (struct upstream_state){ true, true, 1, 1, 50, 50, "fuzz", 1, 0 };
}

static inline futu_err up_info(struct upstream *u, struct arena *a, bool stale,
                               Gateway_GetInfo_Hop *hop, Gateway_GetInfo_S2C *out)
{
    (void)u, (void)a, (void)stale, (void)out;
    hop->upstream = STR("fuzz");
    return FUTU_OK;
}

static inline futu_err sink(void *arg, const char *line, size_t n, int64_t wall_ns,
                            void (*done)(void *arg, futu_err err), void *done_arg)
{
    (void)arg, (void)wall_ns;
    check(n > 2 && line[n - 1] == '\n');
    for (size_t i = 0; i + 1 < n; i++)
        check((uint8_t)line[i] >= ' ');
    if (!done)
        return FUTU_OK;
    if (w.n_waits == WAITS)
        return FUTU_EIO;
    w.waits[w.n_waits].done = done;
    w.waits[w.n_waits++].arg = done_arg;
    return FUTU_OK;
}

static inline void written(bool fails)
{
    while (w.n_waits > 0) {
        struct { void (*done)(void *arg, futu_err err); void *arg; } one;
        one.done = w.waits[0].done;
        one.arg = w.waits[0].arg;
        memmove(w.waits, w.waits + 1, --w.n_waits * sizeof(w.waits[0]));
        one.done(one.arg, fails ? FUTU_EIO : FUTU_OK);
    }
}

static inline void answer_one(const uint8_t *p, size_t n)
{
    if (w.n_calls == 0)
        return;
    struct upstream_request *rq = w.calls[--w.n_calls];
    rq->done(rq, p, n);
}

static inline void pass(int64_t ns)
{
    for (int64_t step; ns > 0; ns -= step) {
        step = MIN(ns, NS_PER_S);
        clock_fake_advance(&w.time, step);
        timers_run(&w.timers, w.time.mono_ns);
        hub_flush(w.hub);
    }
}

static inline void same_random(void *p, size_t n)
{
    memset(p, 2, n);
}

static inline futu_err state(void *arg, char *why, size_t size)
{
    (void)arg;
    str_copy(why, size, STR("fine"));
    return FUTU_OK;
}

/* Written once per process. */
static inline const char *keys_path(void)
{
    static char path[64];
    static const char *const scopes[] = {
        "\"qot:read\",\"acc:read\",\"trade:simulate\",\"trade:unlock\",\"admin\",\"metrics:read\"",
        "\"qot:read\"",
    };
    if (path[0])
        return path;
    snprintf(path, sizeof(path), "/tmp/fuzz_keys.XXXXXX");
    int fd = mkstemp(path);
    check(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fprintf(f, "{\"version\":1,\"keys\":[");
    for (int i = 0; i < 2; i++) {
        uint8_t hash[32];
        char hex[65], token[3] = { 'k', (char)('0' + i), 0 };
        sha256(token, 2, hash);
        hex_lower(hash, sizeof(hash), hex);
        fprintf(f, "%s{\"id\":\"%s\",\"hash\":\"%s\",\"scopes\":[%s],\"allowed_acc_ids\":[1001],"
                   "\"allowed_markets\":[\"HK\"],\"max_order_value\":1000}",
                i ? "," : "", token, hex, scopes[i]);
    }
    fprintf(f, "]}");
    check(fclose(f) == 0);
    return path;
}

static inline void remove_keys(void)
{
    unlink(keys_path());
}

static const struct upstream_ops fuzz_ops = { .request = up_request, .cancel = up_cancel,
                                              .open = up_open, .close = up_close,
                                              .watch = up_watch, .current = up_current,
                                              .state = up_state, .info = up_info };

/* keyed false: a gateway without keys. */
static inline void world_open(bool keyed)
{
    static bool once;
    char why[200];
    if (!once)
        atexit(remove_keys);
    once = true;
    memset(&w, 0, sizeof(w));
    w.up.ops = &fuzz_ops;
    w.time = (struct clock_fake){ NS_PER_S, INT64_C(1775000000) * NS_PER_S };
    struct access_opts ao = { .clock = clock_fake(&w.time) };
    if (keyed) {
        check(access_new(&w.access, &ao) == FUTU_OK);
        check(access_add_file(w.access, 1u << IFACE_REST | 1u << IFACE_MCP | 1u << IFACE_GRPC,
                              keys_path(), why, sizeof(why)) == FUTU_OK);
    }
    audit_init(&w.audit, &ao.clock);
    w.audit.sink = sink;
    struct hub_opts o = { .clock = clock_fake(&w.time), .timers = &w.timers,
                          .random = same_random, .access = w.access, .audit = &w.audit,
                          .max_connections = 64 };
    check(hub_new(&w.hub, &o) == FUTU_OK);
    w.events = hub_events(w.hub);
    hub_set_upstream(w.hub, &w.up);
    struct rest_opts ro = { .hub = w.hub, .access = w.access, .clock = clock_fake(&w.time),
                            .timers = &w.timers, .allowed_origins = "https://page.example",
                            .upstream_state = state, .reload = state };
    check(rest_new(&w.rest, &ro) == FUTU_OK);
}

static inline void world_close(void)
{
    rest_free(w.rest);
    hub_free(w.hub);
    audit_free(&w.audit);
    access_free(w.access);
    check(timers_next(&w.timers) == TIMER_NEVER);
}

/* One JSON value and nothing else. */
static inline bool is_json(futu_str s)
{
    const char *end = NULL;
    cJSON *v = cJSON_ParseWithLengthOpts(s.p, s.n, &end, false);
    bool ok = v && end == s.p + s.n;
    cJSON_Delete(v);
    return ok;
}

#endif
