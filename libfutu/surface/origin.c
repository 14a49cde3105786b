/* origin.c - which web pages may use the REST API: those of loopback, and those of the list.
 *
 * A page of another origin is refused, whatever its request is; in open mode the Host is looked at
 * too, since a page may have had its own name resolve to this machine.
 * Tests:   test/unit/surface/rest_test.c
 */
#include <strings.h>

#include "surface/rest_state.h"

/* The host of "scheme://host:port" or "host:port", without brackets of an IPv6 address. */
static futu_str host_of(futu_str s)
{
    const char *colon = s.n > 2 ? memmem(s.p, s.n, "://", 3) : NULL;
    if (colon) {
        s.n -= (size_t)(colon + 3 - s.p);
        s.p = colon + 3;
    }
    if (s.n > 0 && s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        return end ? (futu_str){ s.p + 1, (size_t)(end - s.p - 1) } : s;
    }
    const char *port = s.n ? memchr(s.p, ':', s.n) : NULL;
    if (port)
        s.n = (size_t)(port - s.p);
    return s;
}

static bool same_word(futu_str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool ends_with(futu_str s, const char *tail)
{
    size_t n = strlen(tail);
    return s.n > n && strncasecmp(s.p + s.n - n, tail, n) == 0;
}

static bool is_ipv4(futu_str s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.')
            dots++;
        else if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return dots == 3;
}

static bool is_loopback(futu_str host)
{
    return same_word(host, "localhost") || ends_with(host, ".localhost") ||
           same_word(host, "::1") ||
           (is_ipv4(host) && host.n > 4 && memcmp(host.p, "127.", 4) == 0);
}

static bool is_address(futu_str host)
{
    return is_ipv4(host) || (host.n > 1 && memchr(host.p, ':', host.n));
}

/* Calls fn for each entry of the list until it says true. */
static bool any_origin(const char *list, bool (*fn)(futu_str entry, futu_str want), futu_str want)
{
    while (list && *list) {
        size_t n = strcspn(list, ",");
        futu_str e = { list, n };
        while (e.n > 0 && *e.p == ' ') {
            e.p++;
            e.n--;
        }
        while (e.n > 0 && (e.p[e.n - 1] == ' ' || e.p[e.n - 1] == '/'))
            e.n--;
        if (str_is(e, "*") || (e.n > 0 && fn(e, want)))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

static bool same(futu_str entry, futu_str want)
{
    return entry.n == want.n && strncasecmp(entry.p, want.p, want.n) == 0;
}

static bool same_host(futu_str entry, futu_str want)
{
    return same(host_of(entry), want);
}

static bool host_allowed(const struct rest *r, futu_str host)
{
    futu_str name = host_of(host);
    bool keys = r->o.access && access_has_keys(r->o.access, IFACE_REST);
    return keys || !host.p || is_address(name) || is_loopback(name) ||
           any_origin(r->origins, same_host, name);
}

bool origin_ok(futu_http_call *k, const futu_http_request *rq)
{
    const struct rest *r = k->rest;
    bool probe = k->route && k->route->open;    /* who looks after a container gives it any name */
    if (!probe && !host_allowed(r, rq->host)) {
        http_error(k, 403, "this host name is not allowed without API keys: use an address, or "
                           "name it with --rest-allowed-origins");
        return false;
    }
    if (!rq->origin.p)
        return true;
    /* It goes into a header of the answer: what could end that line is not let through. */
    bool fits = str_visible(rq->origin) && rq->origin.n < ORIGIN_MAX;
    if (fits && (is_loopback(host_of(rq->origin)) ||
                                  any_origin(r->origins, same, rq->origin))) {
        str_copy(k->origin, sizeof(k->origin), rq->origin);
        return true;
    }
    http_error(k, 403, "pages of this origin are not allowed: name it with "
                       "--rest-allowed-origins");
    return false;
}
