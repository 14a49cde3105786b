/* upgrade.c - see upgrade.h. RFC 6455, section 4.2. */
#include "upgrade.h"

#include <mbedtls/base64.h>
#include <mbedtls/sha1.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_write.h"

#define KEY_LEN 24

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

void upgrade_refuse(char *answer, size_t size, int status, const char *extra, const char *text)
{
    snprintf(answer, size,
             "HTTP/1.1 %d %s\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n{\"error\":\"%s\"}",
             status, http_reason(status), extra, strlen("{\"error\":\"\"}") + strlen(text), text);
}

static void accept_key(futu_str key, char *answer, size_t size)
{
    char text[KEY_LEN + sizeof(guid)];
    unsigned char digest[20], accepted[32];
    size_t n;
    memcpy(text, key.p, KEY_LEN);
    memcpy(text + KEY_LEN, guid, sizeof(guid));
    mbedtls_sha1_ret((const unsigned char *)text, sizeof(text) - 1, digest);
    mbedtls_base64_encode(accepted, sizeof(accepted), &n, digest, sizeof(digest));
    snprintf(answer, size,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             (char *)accepted);
}

const char *upgrade_answer(const struct http_parser *p, char *answer, size_t size)
{
    static const char plain[] = "this is for WebSocket: connect with ws:// or wss://";
    static const char lacking[] = "WebSocket version 13 and a key of 24 characters are needed";
    futu_str key = p->field[HTTP_WS_KEY];
    if (!p->websocket || !http_is(p->field[HTTP_METHOD], "GET")) {
        upgrade_refuse(answer, size, 426, "Upgrade: websocket\r\n", plain);
        return plain;
    }
    if (!http_is(p->field[HTTP_WS_VERSION], "13") || key.n != KEY_LEN) {
        upgrade_refuse(answer, size, 400, "Sec-WebSocket-Version: 13\r\n", lacking);
        return lacking;
    }
    accept_key(key, answer, size);
    return NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded into `room`; none when it is malformed or too long. */
static futu_str decode(const char *p, size_t n, char room[UPGRADE_TOKEN_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)p[i];
        if (c == '%') {
            int hi = n - i > 2 ? hex_digit(p[i + 1]) : -1;
            int lo = n - i > 2 ? hex_digit(p[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return (futu_str){ NULL, 0 };
            c = hi << 4 | lo;
            i += 2;
        }
        if (len == UPGRADE_TOKEN_MAX)
            return (futu_str){ NULL, 0 };
        room[len++] = (char)c;
    }
    return (futu_str){ room, len };
}

static futu_str token_of_query(futu_str target, char room[UPGRADE_TOKEN_MAX])
{
    static const char name[] = "token=";
    const char *at = memchr(target.p, '?', target.n), *end = target.p + target.n;
    while (at && ++at < end) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        size_t n = (size_t)((amp ? amp : end) - at);
        if (n >= sizeof(name) - 1 && memcmp(at, name, sizeof(name) - 1) == 0)
            return decode(at + sizeof(name) - 1, n - (sizeof(name) - 1), room);
        at = amp;
    }
    return (futu_str){ NULL, 0 };
}

futu_str upgrade_token(const struct http_parser *p, char room[UPGRADE_TOKEN_MAX])
{
    static const char bearer[] = "bearer ";
    futu_str a = p->field[HTTP_AUTHORIZATION];
    size_t n = sizeof(bearer) - 1;
    if (!a.p)
        return token_of_query(p->field[HTTP_TARGET], room);
    if (a.n <= n || strncasecmp(a.p, bearer, n) != 0)
        return (futu_str){ NULL, 0 };
    while (n < a.n && a.p[n] == ' ')
        n++;
    a.p += n;
    a.n -= n;
    return a.n <= UPGRADE_TOKEN_MAX ? a : (futu_str){ NULL, 0 };
}
