/* listener.c - see listener.h. */
#include "listener.h"

#include <stdio.h>
#include <string.h>

#include "tls.h"

#define BACKLOG 4096
#define TICK_MS 1000

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *l = server->data;
    if (status == 0)
        l->kind->accept(l);
}

static void on_tick(uv_timer_t *t)
{
    struct listener *l = t->data;
    uint64_t now = uv_now(t->loop);
    for (struct stream *s = l->streams, *next; s; s = next) {
        next = s->next;
        if (s->draining && now >= s->drain_until)
            stream_close(s);
        else if (!s->closing && !s->draining && stream_stalls(s, now))
            stream_close(s);
        else if (l->kind->tick && !s->closing && !s->draining)
            l->kind->tick(s, now);
    }
}

static void on_idle(uv_idle_t *h)
{
    (void)h;
}

/* Behind the input of this turn, and behind what the gateway did before the loop slept. */
static void on_check(uv_check_t *h)
{
    struct listener *l = h->data;
    uv_idle_stop(&l->idle);
    for (struct stream *s; (s = l->later) != NULL;) {
        l->later = s->later;
        if (s->later)
            s->later->later_link = &l->later;
        s->later_link = NULL;
        if (!s->closing)
            l->kind->flush(s);
    }
}

static int parse_address(const char *ip, int port, struct sockaddr_storage *out)
{
    if (uv_ip4_addr(ip, port, (struct sockaddr_in *)out) == 0)
        return 0;
    return uv_ip6_addr(ip, port, (struct sockaddr_in6 *)out);
}

static int bound_port(const uv_tcp_t *tcp)
{
    struct sockaddr_storage a;
    int len = sizeof(a);
    memset(&a, 0, sizeof(a));
    uv_tcp_getsockname(tcp, (struct sockaddr *)&a, &len);
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

static bool is_loopback(const struct sockaddr_storage *a)
{
    static const uint8_t one[16] = { [15] = 1 };
    if (a->ss_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, one, 16) == 0;
    return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
}

futu_conn_opts listener_conn_opts(const struct listener *l)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    o.no_trade = !l->loopback && !l->encrypted;
    return o;
}

bool listener_start(struct listener *l, uv_loop_t *loop, const struct listener_kind *kind,
                    futu_gateway *g, const char *ip, int port, char *why, size_t size)
{
    struct sockaddr_storage a;
    l->gateway = g;
    l->server.data = l->timer.data = l->check.data = l;
    if (parse_address(ip, port, &a) != 0) {
        snprintf(why, size, "%s: %s is not an IP address", kind->name, ip);
        return false;
    }
    l->loopback = is_loopback(&a);
    uv_tcp_init(loop, &l->server);
    uv_timer_init(loop, &l->timer);
    uv_check_init(loop, &l->check);
    uv_idle_init(loop, &l->idle);
    l->kind = kind;             /* from here on there is something to stop */
    int r = uv_tcp_bind(&l->server, (struct sockaddr *)&a, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&l->server, BACKLOG, on_connection);
    if (r == 0)
        r = uv_timer_start(&l->timer, on_tick, TICK_MS, TICK_MS);
    if (r == 0 && kind->flush)
        r = uv_check_start(&l->check, on_check);
    if (r == 0) {
        l->port = bound_port(&l->server);
        return true;
    }
    snprintf(why, size, "%s: port %d on %s can't be opened: %s%s%s", kind->name, port, ip,
             uv_strerror(r),
             r == UV_EADDRINUSE ? "; another program listens there, choose another port with " : "",
             r == UV_EADDRINUSE && kind->option ? kind->option : "");
    listener_stop(l);
    return false;
}

void listener_add(struct listener *l, struct stream *s)
{
    s->next = l->streams;
    s->link = &l->streams;
    if (s->next)
        s->next->link = &s->next;
    l->streams = s;
    s->count = l->count;
    if (s->count)
        ++*s->count;
}

bool listener_full(const struct listener *l)
{
    return l->count && *l->count > l->count_max;
}

void listener_later(struct listener *l, struct stream *s)
{
    if (s->later_link)
        return;
    if (!l->later)
        uv_idle_start(&l->idle, on_idle);
    s->later = l->later;
    s->later_link = &l->later;
    if (s->later)
        s->later->later_link = &s->later;
    l->later = s;
}

void listener_refuse(struct listener *l)
{
    if (!l->kind || uv_is_closing((uv_handle_t *)&l->server))
        return;
    uv_close((uv_handle_t *)&l->server, NULL);
    for (struct stream *s = l->streams; s && l->kind->notice; s = s->next)
        if (!s->closing && !s->draining)
            l->kind->notice(s);
}

void listener_drain(struct listener *l)
{
    if (!l->kind || l->draining)
        return;
    l->draining = true;
    listener_refuse(l);
    for (struct stream *s = l->streams; s; s = s->next) {
        if (s->closing || s->draining)
            continue;
        if (l->kind->drain)
            l->kind->drain(s);
        else
            stream_drain(s);
    }
}

bool listener_idle(const struct listener *l)
{
    return !l->streams;
}

void listener_stop(struct listener *l)
{
    if (!l->kind)
        return;
    listener_refuse(l);
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_close((uv_handle_t *)&l->check, NULL);
    uv_close((uv_handle_t *)&l->idle, NULL);
    for (struct stream *s = l->streams; s; s = s->next)
        stream_close(s);
    l->kind = NULL;
}
