/* addr.c - see addr.h. */
#include "upstream/broker/addr.h"

#include <stdio.h>

static bool has(const struct addr_list *l, const struct net_addr *a)
{
    for (size_t i = 0; i < l->n; i++)
        if (net_addr_eq(&l->a[i], a))
            return true;
    return false;
}

bool addr_add(struct addr_list *l, const char *host, uint16_t port)
{
    struct net_addr a = { .port = port };
    if (!port || !host[0] || l->n == ADDR_MAX || !str_copy(a.host, sizeof(a.host), str_c(host)) ||
        has(l, &a))
        return false;
    l->a[l->n++] = a;
    return true;
}

static void add_all(struct addr_list *to, const struct addr_list *from)
{
    for (size_t i = 0; i < from->n; i++)
        addr_add(to, from->a[i].host, from->a[i].port);
}

bool addr_known(const struct addr_book *b, int64_t wall, bool again, struct addr_list *out)
{
    out->n = 0;
    if (b->forced_until && wall < b->forced_until) {
        addr_add(out, b->forced.host, b->forced.port);
        return true;
    }
    add_all(out, &b->guaranteed);
    if (!again)
        return false;
    addr_add(out, b->good.host, b->good.port);
    add_all(out, &b->learned);
    return false;
}

static void add_new(struct addr_list *out, const struct addr_list *tried, const char *host,
                    uint16_t port)
{
    struct net_addr a = { .port = port };
    if (str_copy(a.host, sizeof(a.host), str_c(host)) && !has(tried, &a))
        addr_add(out, host, port);
}

void addr_rest(const struct addr_book *b, const char (*found)[NET_HOST_MAX + 1], size_t n,
               const struct addr_list *tried, struct addr_list *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++)
        add_new(out, tried, found[i], b->port);
    for (const char *const *p = b->pool; p && *p; p++)
        add_new(out, tried, *p, b->port);
}

/* The host of "HOST:PORT" and its forms; *rest is what stands behind it. */
static futu_str cut_host(futu_str text, futu_str *rest)
{
    const char *end = text.n ? memchr(text.p, text.p[0] == '[' ? ']' : ':', text.n) : NULL;
    bool v6 = text.n && text.p[0] == '[';
    size_t n = end ? (size_t)(end - text.p) : text.n;
    *rest = (futu_str){ text.p + n, text.n - n };
    if (!v6)
        return (futu_str){ text.p, n };
    if (!end)
        return STR_NULL;
    *rest = (futu_str){ end + 1, text.n - n - 1 };
    return (futu_str){ text.p + 1, n - 1 };
}

bool addr_read(futu_str text, uint16_t port, struct net_addr *out)
{
    futu_str rest, host = cut_host(text, &rest);
    uint64_t v = port;
    if (rest.n && (rest.p[0] != ':' || !str_to_u64((futu_str){ rest.p + 1, rest.n - 1 }, &v)))
        return false;
    if (!host.n || !str_visible(host) || v < 1 || v > UINT16_MAX)
        return false;
    out->port = (uint16_t)v;
    return str_copy(out->host, sizeof(out->host), host);
}

const char *addr_text(const struct net_addr *a, char out[ADDR_TEXT])
{
    bool v6 = strchr(a->host, ':') != NULL;
    snprintf(out, ADDR_TEXT, "%s%s%s:%u", v6 ? "[" : "", a->host, v6 ? "]" : "", a->port);
    return out;
}
