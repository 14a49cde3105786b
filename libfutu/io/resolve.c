/* resolve.c - see resolve.h. A question that was cancelled ends by itself: the system's resolver
 * can't be called back. */
#include "io/resolve.h"

#include <uv.h>

#include "base/mem.h"
#include "io/sock.h"

struct resolving {
    uv_getaddrinfo_t q;
    resolve_done *done;         /* NULL: cancelled */
    void *arg;
};

static const struct addrinfo *next_of(const struct addrinfo *a, int family)
{
    while (a && a->ai_family != family)
        a = a->ai_next;
    return a;
}

size_t resolve_mix(const struct addrinfo *all, const struct sockaddr **out, size_t max)
{
    const int families[2] = { AF_INET, AF_INET6 };
    const struct addrinfo *at[2] = { next_of(all, AF_INET), next_of(all, AF_INET6) };
    size_t n = 0;
    for (int turn = 0; n < max && (at[0] || at[1]); turn = !turn) {
        if (!at[turn])
            continue;
        out[n++] = at[turn]->ai_addr;
        at[turn] = next_of(at[turn]->ai_next, families[turn]);
    }
    return n;
}

static bool add(const struct sockaddr *a, char (*found)[RESOLVE_ADDR], size_t n)
{
    char text[RESOLVE_ADDR];
    if (uv_ip_name(a, text, sizeof(text)))
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i], text) == 0)
            return false;
    memcpy(found[n], text, sizeof(text));
    return true;
}

static size_t take(const struct addrinfo *all, char (*found)[RESOLVE_ADDR])
{
    const struct sockaddr *mixed[RESOLVE_MAX];
    size_t n = 0, given = resolve_mix(all, mixed, RESOLVE_MAX);
    for (size_t i = 0; i < given; i++)
        n += add(mixed[i], found, n);
    return n;
}

static void on_found(uv_getaddrinfo_t *q, int rc, struct addrinfo *all)
{
    struct resolving *r = q->data;
    char found[RESOLVE_MAX][RESOLVE_ADDR];
    size_t n = rc ? 0 : take(all, found);
    futu_err err = rc == UV_ENOMEM || rc == UV_EAI_MEMORY ? FUTU_ENOMEM
                   : n == 0                               ? FUTU_ENOTFOUND
                                                          : FUTU_OK;
    uv_freeaddrinfo(all);
    if (r->done)
        r->done(r->arg, err, (const char(*)[RESOLVE_ADDR])found, n);
    mem_free(r);
}

futu_err resolve_name(struct resolving **out, futu_loop *l, const char *name, resolve_done *done,
                      void *arg)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    *out = NULL;
    if (!sock_allowed(name))
        return FUTU_EREFUSED;
    struct resolving *r = *out = mem_zalloc(sizeof(*r));
    if (!r)
        return FUTU_ENOMEM;
    r->q.data = r;
    r->done = done;
    r->arg = arg;
    int rc = uv_getaddrinfo(futu_loop_uv(l), &r->q, on_found, name, NULL, &hints);
    if (!rc)
        return FUTU_OK;
    mem_free(r);
    *out = NULL;
    return rc == UV_ENOMEM ? FUTU_ENOMEM : FUTU_EIO;
}

void resolve_cancel(struct resolving *r)
{
    if (!r)
        return;
    r->done = NULL;
    uv_cancel((uv_req_t *)&r->q);
}
