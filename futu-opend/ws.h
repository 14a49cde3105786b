/* ws.h - one open WebSocket between a stream and a futu_conn: messages in, frames out.
 *
 * wslay cuts the input into messages and answers pings; the gateway's output is server frames
 * already, shared between connections, so it goes to the socket as it is. Frames of our own (the
 * handshake's answer, pong, ping, close) wait in a small queue and are put in between two of the
 * gateway's frames. Of pings that came while none could go out the last one is answered.
 *
 * Limits:  a ping goes out every 20 s of silence; a peer that is silent for 60 s is closed.
 * Users:   websocket.c (binary), http.c (text).
 * Threads: the loop's.
 * Tests:   test/unit/opend/websocket_test.c, test/integration/ws_test.c
 */
#ifndef OPEND_WS_H
#define OPEND_WS_H

#include <futu/gateway.h>

#include "stream.h"

struct ws;

/* Which messages are taken: others get 1003, larger ones 1009. */
struct ws_rules {
    bool text;                  /* else binary */
    size_t message_max;
};

/* NULL: no memory. The stream is borrowed. */
struct ws *ws_new(struct stream *s, const struct ws_rules *rules);
/* Frees the conn too. NULL is fine. */
void ws_free(struct ws *w);
/* on_output, on_close and arg for the conn to be; wire and the rest are the caller's. */
void ws_conn_opts(struct ws *w, futu_conn_opts *o);
/* The conn is made, w owns it; `answer` opens the WebSocket. */
void ws_open(struct ws *w, futu_conn *c, const char *answer);

/* As struct stream_ops has them. */
bool ws_data(struct ws *w, const uint8_t *p, size_t n);
size_t ws_output(struct ws *w, struct iovec *iov, size_t max);
void ws_sent(struct ws *w, size_t n);
void ws_tick(struct ws *w, uint64_t now_ms);
/* Says "going away" and drains the stream. */
void ws_leave(struct ws *w);

#endif
