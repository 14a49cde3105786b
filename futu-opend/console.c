/* console.c - the management port: a TCP connection is a futu_console, line by line. */
#include <futu/console.h>
#include <stdlib.h>
#include <string.h>

#include "listener.h"

static const char full[] = "too many consoles are open; try again later\r\n";

struct console_conn {
    struct stream stream;       /* first: the stream is this connection */
    futu_console *console;      /* NULL: there was no room, `full` is all that is said */
    size_t said;                /* of `full` */
};

static void goes_on(struct console_conn *c, futu_err err)
{
    if (err)
        stream_drain(&c->stream);
    else
        stream_kick(&c->stream);
}

static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    struct console_conn *c = (struct console_conn *)s;
    if (c->console)
        goes_on(c, futu_console_feed(c->console, p, n));
    return true;
}

static void on_eof(struct stream *s)
{
    struct console_conn *c = (struct console_conn *)s;
    s->linger = false;          /* there is nothing more to be read */
    if (c->console)
        goes_on(c, futu_console_eof(c->console));
    else
        stream_close(s);
}

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    struct console_conn *c = (struct console_conn *)s;
    futu_str text = c->console ? futu_console_output(c->console)
                               : (futu_str){ full + c->said, sizeof(full) - 1 - c->said };
    if (text.n == 0 || max == 0)
        return 0;
    iov[0] = (struct iovec){ (void *)(uintptr_t)text.p, text.n };
    return 1;
}

static void sent(struct stream *s, size_t n)
{
    struct console_conn *c = (struct console_conn *)s;
    if (c->console)
        futu_console_sent(c->console, n);
    else
        c->said += n;
}

static void on_end(struct stream *s)
{
    struct console_conn *c = (struct console_conn *)s;
    futu_console_free(c->console);
    free(c);
}

static const struct stream_ops ops = { on_data, output, sent, on_end, on_eof };

static void on_output(futu_console *k, void *arg)
{
    (void)k;
    stream_kick(arg);
}

static void on_close(futu_console *k, void *arg)
{
    (void)k;
    stream_drain(arg);
}

static void on_accept(struct listener *l)
{
    struct console_conn *c = calloc(1, sizeof(*c));
    char peer[80];
    if (!c || !stream_accept(&c->stream, (uv_stream_t *)&l->server, &ops, NULL, NULL))
        return;
    listener_add(l, &c->stream);
    stream_peer(&c->stream, peer, sizeof(peer));
    futu_console_opts o = FUTU_CONSOLE_OPTS_INIT;
    o.peer = peer;
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = c;
    c->stream.linger = true;    /* who still sends shall read why it ends */
    if (futu_gateway_console(l->gateway, &c->console, &o) != FUTU_OK)
        stream_drain(&c->stream);
    else
        stream_kick(&c->stream);
}

const struct listener_kind listener_console = { "console", on_accept, NULL, NULL, NULL, NULL,
                                                "--management-port" };
