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

static bool add(const struct addrinfo *a, char (*found)[RESOLVE_ADDR], size_t n)
{
    char text[RESOLVE_ADDR];
    if (uv_ip_name(a->ai_addr, text, sizeof(text)))
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i], text) == 0)
            return false;
    memcpy(found[n], text, sizeof(text));
    return true;
}

static size_t take(const struct addrinfo *all, int family, char (*found)[RESOLVE_ADDR], size_t n)
{
    for (const struct addrinfo *a = all; a && n < RESOLVE_MAX; a = a->ai_next)
        if (a->ai_family == family)
            n += add(a, found, n);
    return n;
}

static void on_found(uv_getaddrinfo_t *q, int rc, struct addrinfo *all)
{
    struct resolving *r = q->data;
    char found[RESOLVE_MAX][RESOLVE_ADDR];
    size_t n = rc ? 0 : take(all, AF_INET, found, 0);
    n = rc ? 0 : take(all, AF_INET6, found, n);
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
