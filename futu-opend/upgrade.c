/* upgrade.c - see upgrade.h. RFC 6455, section 4.2. */
#include "upgrade.h"

#include <mbedtls/base64.h>
#include <mbedtls/sha1.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static int append(char *dst, size_t size, size_t *n, const char *p, size_t len)
{
    size_t room = size - 1 - *n;
    len = len < room ? len : room;
    memcpy(dst + *n, p, len);
    *n += len;
    dst[*n] = '\0';
    return 0;
}

static int on_field(llhttp_t *h, const char *p, size_t n)
{
    struct upgrade *u = h->data;
    return append(u->field, sizeof(u->field), &u->n_field, p, n);
}

static int on_value(llhttp_t *h, const char *p, size_t n)
{
    struct upgrade *u = h->data;
    return append(u->value, sizeof(u->value), &u->n_value, p, n);
}

static int on_header(llhttp_t *h)
{
    struct upgrade *u = h->data;
    if (strcasecmp(u->field, "upgrade") == 0)
        u->websocket = strcasecmp(u->value, "websocket") == 0;
    else if (strcasecmp(u->field, "sec-websocket-version") == 0)
        u->version13 = strcmp(u->value, "13") == 0;
    else if (strcasecmp(u->field, "sec-websocket-key") == 0 && strlen(u->value) == 24)
        memcpy(u->key, u->value, 25);
    u->n_field = u->n_value = 0;
    u->field[0] = u->value[0] = '\0';
    return 0;
}

static int on_complete(llhttp_t *h)
{
    ((struct upgrade *)h->data)->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_header,
    .on_headers_complete = on_complete,
};

void upgrade_init(struct upgrade *u)
{
    memset(u, 0, sizeof(*u));
    llhttp_init(&u->http, HTTP_REQUEST, &settings);
    u->http.data = u;
}

static enum upgrade_result refuse(char *answer, size_t size, const char *status, const char *extra,
                                  const char *text)
{
    snprintf(answer, size,
             "HTTP/1.1 %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n%s",
             status, extra, strlen(text), text);
    return UPGRADE_REFUSED;
}

static enum upgrade_result accept_key(const struct upgrade *u, char *answer, size_t size)
{
    char text[64];
    unsigned char digest[20], accepted[32];
    size_t n;
    int len = snprintf(text, sizeof(text), "%s%s", u->key, guid);
    mbedtls_sha1_ret((const unsigned char *)text, (size_t)len, digest);
    mbedtls_base64_encode(accepted, sizeof(accepted), &n, digest, sizeof(digest));
    snprintf(answer, size,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             (char *)accepted);
    return UPGRADE_DONE;
}

enum upgrade_result upgrade_feed(struct upgrade *u, const char *p, size_t n, size_t *used,
                                 char *answer, size_t size)
{
    llhttp_errno_t e = llhttp_execute(&u->http, p, n);
    *used = n;
    u->seen += n;
    if (!u->complete && e == HPE_OK && u->seen <= UPGRADE_HEAD_MAX)
        return UPGRADE_MORE;
    if (!u->complete)
        return refuse(answer, size, "400 Bad Request", "", "This port speaks WebSocket.\n");
    *used = (size_t)(llhttp_get_error_pos(&u->http) - p);
    if (!u->websocket || u->http.method != HTTP_GET)
        return refuse(answer, size, "426 Upgrade Required", "Upgrade: websocket\r\n",
                      "This port speaks WebSocket: connect with ws:// or the futu-api package.\n");
    if (!u->version13 || !u->key[0])
        return refuse(answer, size, "400 Bad Request", "Sec-WebSocket-Version: 13\r\n",
                      "WebSocket version 13 and a key of 24 characters are needed.\n");
    return accept_key(u, answer, size);
}
