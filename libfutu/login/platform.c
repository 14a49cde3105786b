/* platform.c - see platform.h. */
#include "login/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static const struct {
    const char *name, *host, *url;
} platforms[] = {
    [PLATFORM_FUTUNN] = { "futunn", "auth.futunn.com", "https://auth.futunn.com" },
    [PLATFORM_MOOMOO] = { "moomoo", "auth.moomoo.com", "https://auth.moomoo.com" },
};

const char *platform_name(enum platform p)
{
    return platforms[p].name;
}

enum platform platform_other(enum platform p)
{
    return p == PLATFORM_FUTUNN ? PLATFORM_MOOMOO : PLATFORM_FUTUNN;
}

const char *platform_auth_url(enum platform p)
{
    return platforms[p].url;
}

/* ---- attribution ---- */

/* Canada and Malaysia have brokers, but no number of theirs is public. */
static const struct attribution attributions[] = {
    { 1, "Cn", "mainland China", PLATFORM_FUTUNN, "nnconn.futunn.com", 1001 },
    { 2, "Us", "the United States", PLATFORM_MOOMOO, "usconn.moomoo.com", 1007 },
    { 3, "Sg", "Singapore", PLATFORM_MOOMOO, "sgconn.moomoo.com", 1008 },
    { 4, "Au", "Australia", PLATFORM_MOOMOO, "auconn.moomoo.com", 1009 },
    { 5, "Jp", "Japan", PLATFORM_MOOMOO, "jpconn.moomoo.com", 1012 },
    { 6, "Hk", "Hong Kong", PLATFORM_FUTUNN, "hkconn.futunn.com", 1001 },
};

const struct attribution *attribution_find(uint8_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(attributions); i++)
        if (attributions[i].number == number)
            return &attributions[i];
    return NULL;
}

void attribution_text(uint8_t number, char out[ATTRIBUTION_TEXT])
{
    const struct attribution *a = attribution_find(number);
    if (a)
        snprintf(out, ATTRIBUTION_TEXT, "%s", a->code);
    else
        snprintf(out, ATTRIBUTION_TEXT, "%u", number);
}

uint8_t attribution_read(futu_str text)
{
    uint64_t number;
    for (size_t i = 0; i < ARRAY_LEN(attributions); i++)
        if (text.n == 2 && strncasecmp(text.p, attributions[i].code, 2) == 0)
            return attributions[i].number;
    return str_to_u64(text, &number) && number <= UINT8_MAX ? (uint8_t)number : 0;
}

/* ---- server ---- */

#define URL_FORM "--auth-server: http://HOST[:PORT] or https://HOST[:PORT], nothing behind it"

static bool is_host(futu_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '.' && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return s.n > 0 && s.p[0] != '-' && s.p[0] != '.';
}

static bool is_v6(futu_str s)
{
    bool colon = false;
    for (size_t i = 0; i < s.n; i++) {
        if (hex_digit(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
            return false;
        colon = colon || s.p[i] == ':';
    }
    return colon;
}

/* Takes the host off the front of *s, an IPv6 address with its brackets. */
static bool take_host(futu_str *s, futu_str *host, bool *v6)
{
    const char *end;
    *v6 = s->n > 0 && s->p[0] == '[';
    if (*v6) {
        end = memchr(s->p, ']', s->n);
        if (!end)
            return false;
        *host = (futu_str){ s->p + 1, (size_t)(end - s->p) - 1 };
        end++;
    } else {
        end = memchr(s->p, ':', s->n);
        end = end ? end : s->p + s->n;
        *host = (futu_str){ s->p, (size_t)(end - s->p) };
    }
    s->n -= (size_t)(end - s->p);
    s->p = end;
    return host->n <= AUTH_HOST_MAX && (*v6 ? is_v6(*host) : is_host(*host));
}

static bool take_scheme(futu_str *s, bool *tls)
{
    static const struct {
        const char *text;
        bool tls;
    } schemes[] = { { "https://", true }, { "http://", false } };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t n = strlen(schemes[i].text);
        if (s->n < n || strncasecmp(s->p, schemes[i].text, n) != 0)
            continue;
        *tls = schemes[i].tls;
        s->p += n;
        s->n -= n;
        return true;
    }
    return false;
}

static bool parse_url(struct auth_server *s, futu_str text)
{
    futu_str host;
    bool v6;
    if (!take_scheme(&text, &s->tls))
        return false;
    uint64_t own = s->tls ? 443 : 80, port = own;
    if (text.n && text.p[text.n - 1] == '/')
        text.n--;
    if (!take_host(&text, &host, &v6))
        return false;
    if (text.n && (text.p[0] != ':' || !str_to_u64((futu_str){ text.p + 1, text.n - 1 }, &port) ||
                   port < 1 || port > 65535))
        return false;
    s->port = (uint16_t)port;
    for (size_t i = 0; i < host.n; i++)
        s->host[i] = (char)tolower((unsigned char)host.p[i]);
    s->host[host.n] = '\0';
    int n = snprintf(s->url, sizeof(s->url), "%s://%s%s%s", s->tls ? "https" : "http",
                     v6 ? "[" : "", s->host, v6 ? "]" : "");
    if (port != own)
        snprintf(s->url + n, sizeof(s->url) - (size_t)n, ":%u", s->port);
    return true;
}

void auth_server_set(struct auth_server *s, enum platform p)
{
    bool chosen = s->chosen;
    memset(s, 0, sizeof(*s));
    s->platform = p;
    s->chosen = chosen;
    s->standard = s->tls = true;
    s->port = 443;
    str_copy(s->host, sizeof(s->host), str_c(platforms[p].host));
    str_copy(s->url, sizeof(s->url), str_c(platforms[p].url));
}

bool platform_read(const char *text, enum platform *out)
{
    for (size_t i = 0; i < ARRAY_LEN(platforms); i++)
        if (strcmp(platforms[i].name, text) == 0) {
            *out = (enum platform)i;
            return true;
        }
    return false;
}

futu_err auth_server_choose(struct auth_server *out, const char *url, const char *platform,
                            char *why, size_t size)
{
    enum platform p = PLATFORM_FUTUNN;
    memset(out, 0, sizeof(*out));
    if (platform && !platform_read(platform, &p)) {
        snprintf(why, size, "--platform: %.40s is neither futunn nor moomoo", platform);
        return FUTU_EINVAL;
    }
    auth_server_set(out, p);
    out->chosen = platform || url;
    if (!url)
        return FUTU_OK;
    if (!parse_url(out, str_c(url))) {
        snprintf(why, size, URL_FORM);
        return FUTU_EINVAL;
    }
    out->standard = false;
    for (size_t i = 0; i < ARRAY_LEN(platforms); i++)
        if (strcmp(out->url, platforms[i].url) == 0) {
            out->standard = true;
            out->platform = (enum platform)i;
        }
    return FUTU_OK;
}

enum attribution_effect auth_server_follow(struct auth_server *s, uint8_t attribution)
{
    const struct attribution *a = attribution_find(attribution);
    if (!a)
        return ATTRIBUTION_UNKNOWN;
    if (!s->standard || s->platform == a->platform)
        return ATTRIBUTION_KEPT;
    auth_server_set(s, a->platform);
    return ATTRIBUTION_SWITCHED;
}

bool auth_server_hint(const struct auth_server *s, int code, char *out, size_t size)
{
    enum platform other = platform_other(s->platform);
    if (code != 2 && code != 15)
        return false;
    snprintf(out, size, "%s does not know this account with this password; if it is an account of "
                        "%s: --platform %s", platforms[s->platform].name, platforms[other].name,
             platforms[other].name);
    return true;
}
