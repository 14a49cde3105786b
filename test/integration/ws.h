/* ws.h - a WebSocket client by hand, on top of a scripted peer. Errors abort the test. */
#ifndef TEST_INTEGRATION_WS_H
#define TEST_INTEGRATION_WS_H

#include "peer.h"

enum { WS_MORE = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10,
       WS_FIN = 0x80 };

#define SDK_REQUEST 20
#define SDK_REPLY 44

struct ws_msg {
    int opcode;
    size_t n;
    uint8_t p[65536];
};

/* The opening request, whose answer is known to the byte. */
extern const char ws_request[], ws_answer[];
void ws_open(struct peer *p, int port);
/* One masked frame; `op` is an opcode, with WS_FIN or without. */
void ws_send(struct peer *p, int op, const void *data, size_t n);
void ws_read(struct peer *p, struct ws_msg *m);         /* one frame, which must be whole */
/* The next one of that opcode; others are dropped. */
void ws_expect(struct peer *p, int opcode, struct ws_msg *m);
/* A close frame with this code (0: without one) comes, and then the end. */
void ws_expect_close(struct peer *p, int code);

/* A message of the SDK's protocol into `out`; returns its length. */
size_t sdk_make(uint8_t *out, uint32_t command, uint64_t section, const void *body, size_t n);
/* InitWebSocket without a key; checks every byte of the answer, fills p->conn_id. */
void sdk_init(struct peer *p);
/* One request and its reply: sign, command, section and no error in the head. */
void sdk_call(struct peer *p, uint32_t command, const void *body, size_t n, struct ws_msg *m);
void sdk_login(struct peer *p, int port);
void sdk_keep_alive(struct peer *p);

#endif
