/* http.c - see http.h. HTTP/1.0, so that the answer ends with the connection. */
#include "http.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MAX (4u << 20)

/* Host and port of the URL; 22222 when it names none. */
static bool part(const char *url, char *host, size_t size, char *port, size_t port_size, char *why,
                 size_t why_size)
{
    static const char scheme[] = "http://";
    const char *p = url + sizeof(scheme) - 1;
    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0) {
        snprintf(why, why_size, "%s: http://HOST:PORT is expected; for https use curl", url);
        return false;
    }
    size_t n = *p == '[' ? strcspn(p, "]") : strcspn(p, ":/");
    bool v6 = *p == '[';
    const char *rest = p + n + (v6 && p[n] == ']');
    if (v6) {
        p++;
        n--;
    }
    size_t digits = *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
    const char *tail = *rest == ':' ? rest + 1 + digits : rest;
    if (n == 0 || n >= size || digits >= port_size || (*rest == ':' && digits == 0) ||
        (*tail && strcmp(tail, "/") != 0)) {
        snprintf(why, why_size, "%s: http://HOST:PORT is expected", url);
        return false;
    }
    snprintf(host, size, "%.*s", (int)n, p);
    snprintf(port, port_size, "%.*s", digits ? (int)digits : 5, digits ? rest + 1 : "22222");
    return true;
}

static int dial(const char *host, const char *port, unsigned timeout_ms, char *why, size_t size)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
    struct timeval limit = { timeout_ms / 1000, (timeout_ms % 1000) * 1000 };
    int fd = -1, r = getaddrinfo(host, port, &hints, &list);
    if (r != 0) {
        snprintf(why, size, "%s: %s", host, gai_strerror(r));
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        snprintf(why, size, "%s:%s: %s; is it started with --rest-port %s?", host, port,
                 strerror(errno), port);
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static bool send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

/* Up to the end of the connection; NULL: nothing, too much, or too late. */
static char *receive(int fd)
{
    size_t n = 0, cap = 16384;
    char *text = malloc(cap + 1);
    ssize_t got = 1;
    while (text && got > 0 && n < ANSWER_MAX) {
        if (n == cap) {
            char *more = realloc(text, 2 * cap + 1);
            if (!more)
                break;
            text = more;
            cap *= 2;
        }
        got = recv(fd, text + n, cap - n, 0);
        n += got > 0 ? (size_t)got : 0;
    }
    if (!text || got != 0) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    return text;
}

static bool read_answer(char *text, struct http_reply *out)
{
    char *body = strstr(text, "\r\n\r\n");
    if (!body || strncmp(text, "HTTP/1.", 7) != 0 || strlen(text) < 12)
        return false;
    out->status = (int)strtol(text + 9, NULL, 10);
    memmove(text, body + 4, strlen(body + 4) + 1);
    out->body = text;
    return true;
}

bool http_ask(const char *url, const char *method, const char *path, const char *key,
              unsigned timeout_ms, struct http_reply *out, char *why, size_t size)
{
    char host[256], port[8], head[1024];
    if (!part(url, host, sizeof(host), port, sizeof(port), why, size))
        return false;
    int fd = dial(host, port, timeout_ms, why, size);
    if (fd < 0)
        return false;
    bool v6 = strchr(host, ':');
    int n = snprintf(head, sizeof(head),
                     "%s %s HTTP/1.0\r\nHost: %s%s%s\r\n%s%s%sContent-Length: 0\r\n\r\n", method,
                     path, v6 ? "[" : "", host, v6 ? "]" : "", key ? "Authorization: Bearer " : "",
                     key ? key : "", key ? "\r\n" : "");
    char *text = NULL;
    if (n < (int)sizeof(head) && send_all(fd, head, (size_t)n))
        text = receive(fd);
    explicit_bzero(head, sizeof(head));
    close(fd);
    if (text && read_answer(text, out))
        return true;
    free(text);
    snprintf(why, size, "%s: no HTTP answer came in time", url);
    return false;
}
