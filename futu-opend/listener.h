/* listener.h - a bound port and its connections; the kinds (tcp.c, websocket.c, http.c) bring the
 * protocol. */
#ifndef OPEND_LISTENER_H
#define OPEND_LISTENER_H

#include <futu/gateway.h>
#include <uv.h>

#include "stream.h"

struct listener;

struct listener_kind {
    const char *name;           /* "FTAPI", for messages */
    /* A connection waits at l->server: accept it with stream_accept() and listener_add(). */
    void (*accept)(struct listener *l);
    /* Once a second per connection: pings, deadlines of a handshake. NULL: nothing to do. */
    void (*tick)(struct stream *s, uint64_t now_ms);
    /* Once in the turn of the loop in which listener_later() named this connection. NULL: it never
     * does. */
    void (*flush)(struct stream *s);
    /* The gateway will end, once what is under way is answered: the client should begin nothing
     * new. NULL: it is not told. */
    void (*notice)(struct stream *s);
    /* The gateway ends: answer what is under way, say goodbye, then stream_drain(). NULL: that at
     * once. */
    void (*drain)(struct stream *s);
    const char *option;         /* that chooses the port, for messages; or NULL */
};

struct listener {
    uv_tcp_t server;
    uv_timer_t timer;
    uv_check_t check;
    uv_idle_t idle;             /* runs while `later` must not wait for input */
    const struct listener_kind *kind;
    futu_gateway *gateway;      /* borrowed */
    struct tls_server *tls;     /* owned, NULL: plain */
    struct turns *turns;        /* borrowed; goes with it, and may serve all listeners */
    struct stream *streams, *later;
    /* Connections of all listeners that share the counter; set before listener_start(), NULL: there
     * is no limit. */
    unsigned *count, count_max;
    /* Then a client is asked to connect anew, where the protocol has words for it; 0: never. */
    uint64_t max_age_ms;
    bool draining;
    int port;                   /* the one that was bound */
    bool loopback;              /* bound to this machine alone */
    bool encrypted;             /* by an RSA key or by TLS; set before listener_start() */
};

/* Binds and listens. On failure nothing is left open and `why` names port and reason. */
bool listener_start(struct listener *l, uv_loop_t *loop, const struct listener_kind *kind,
                    futu_gateway *g, const char *ip, int port, char *why, size_t size);
/* What every kind's connections have in common. */
futu_conn_opts listener_conn_opts(const struct listener *l);
void listener_add(struct listener *l, struct stream *s);
bool listener_full(const struct listener *l);   /* more connections than count_max */
void listener_later(struct listener *l, struct stream *s);
/* Stops accepting; connections stay, and are told to begin nothing new. */
void listener_refuse(struct listener *l);
/* Stops accepting and lets every connection end in its own way; listener_idle() says when the last
 * one is gone. It may take as long as its client likes: set a limit and call listener_stop(). */
void listener_drain(struct listener *l);
bool listener_idle(const struct listener *l);
/* Stops accepting and closes every connection. Run the loop until its handles are gone. */
void listener_stop(struct listener *l);

extern const struct listener_kind listener_tcp, listener_websocket, listener_http, listener_grpc,
    listener_console;

#endif
