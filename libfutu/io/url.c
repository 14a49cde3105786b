/* url.c - see url.h. */
#include "io/url.h"

#include <arpa/inet.h>
#include <strings.h>

static bool take_scheme(struct url *u, futu_str *s)
{
    static const struct { futu_str text; bool tls; } schemes[] = {
        { { "https://", 8 }, true },
        { { "http://", 7 }, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        futu_str t = schemes[i].text;
        if (s->n < t.n || strncasecmp(s->p, t.p, t.n) != 0)
            continue;
        u->tls = schemes[i].tls;
        s->p += t.n;
        s->n -= t.n;
        return true;
    }
    return false;
}

static bool name_is_plain(futu_str host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i], l = (char)(c | 0x20);
        if (!(l >= 'a' && l <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
            return false;
    }
    return host.n > 0;
}

/* "[::1]" or a name; what is behind it stays in *s. */
static bool take_host(struct url *u, futu_str *s)
{
    struct in6_addr v6;
    bool bracket = s->n && s->p[0] == '[';
    futu_str host = { s->p + bracket, 0 };
    while (bracket + host.n < s->n && host.p[host.n] != (bracket ? ']' : ':'))
        host.n++;
    size_t used = host.n + (bracket ? 2 : 0);
    if (used > s->n || !str_copy(u->host, sizeof(u->host), host))
        return false;
    s->p += used;
    s->n -= used;
    return bracket ? inet_pton(AF_INET6, u->host, &v6) == 1 : name_is_plain(host);
}

static bool take_port(struct url *u, futu_str s)
{
    uint64_t port = u->tls ? 443 : 80;
    if (s.n) {
        futu_str digits = { s.p + 1, s.n - 1 };
        if (s.p[0] != ':' || digits.n > 5 || !str_to_u64(digits, &port))
            return false;
    }
    u->port = (uint32_t)port;
    return port >= 1 && port <= 65535;
}

const char *url_parse(struct url *u, futu_str text)
{
    *u = (struct url){ 0 };
    if (!str_visible(text) || memchr(text.p, '?', text.n) || memchr(text.p, '#', text.n))
        return "not an address: blanks, \"?\" and \"#\" do not belong there";
    if (!take_scheme(u, &text))
        return "an address begins with https:// or http://";
    const char *slash = memchr(text.p, '/', text.n);
    futu_str authority = { text.p, slash ? (size_t)(slash - text.p) : text.n };
    u->path = (futu_str){ text.p + authority.n, text.n - authority.n };
    if (!take_host(u, &authority))
        return "the address has no proper host name";
    if (!take_port(u, authority))
        return "the port of the address is not in 1..65535";
    return NULL;
}

bool url_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcasecmp(host, "localhost") == 0;
}
