/* sdkws.h - header of the SDK's WebSocket protocol ft-v1.0: big endian, no length, no checksum.
 * One header and body per WebSocket message. */
#ifndef WIRE_SDKWS_H
#define WIRE_SDKWS_H

#include "base/base.h"

#define SDKWS_REQUEST_HEAD 20
#define SDKWS_REPLY_HEAD 44

enum { SDKWS_INIT = 1, SDKWS_DISCONNECTED = 2 };
enum { SDKWS_ERR_NONE = 0, SDKWS_ERR_TIMEOUT = 1, SDKWS_ERR_GATEWAY_TIMEOUT = 2,
       SDKWS_ERR_DISCONNECT = 3, SDKWS_ERR_REFUSED = -1 };

struct sdkws {
    uint32_t command;
    uint64_t section;
    int32_t error;              /* replies only */
    const uint8_t *body;
    size_t len;
};

/* True when the first bytes are the ft-v1.0 sign. */
bool sdkws_is(const uint8_t *p, size_t n);
futu_err sdkws_read_request(const uint8_t *p, size_t n, struct sdkws *m);   /* FUTU_EPROTO */
futu_err sdkws_read_reply(const uint8_t *p, size_t n, struct sdkws *m);     /* FUTU_EPROTO */
void sdkws_write_request(uint8_t out[SDKWS_REQUEST_HEAD], uint32_t command, uint64_t section);
/* `text` beyond 20 bytes is cut; a byte outside printable ASCII becomes '?'. NULL: empty. */
void sdkws_write_reply(uint8_t out[SDKWS_REPLY_HEAD], uint32_t command, uint64_t section,
                       int32_t error, const char *text);

/* Header of an unmasked, final server message of `len` bytes; returns its size, 2 to 10. */
size_t ws_head_write(uint8_t out[10], uint8_t opcode, uint64_t len);

#endif
