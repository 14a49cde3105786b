/* upgrade.h - the HTTP request that opens a WebSocket: bytes in, the 101 answer or a refusal out.
 *
 * Bound:  8 KiB of head. Bytes behind the head belong to the WebSocket: *used says where they
 *         begin.
 */
#ifndef OPEND_UPGRADE_H
#define OPEND_UPGRADE_H

#include <llhttp/llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#define UPGRADE_HEAD_MAX 8192

enum upgrade_result { UPGRADE_MORE, UPGRADE_DONE, UPGRADE_REFUSED };

struct upgrade {
    llhttp_t http;
    size_t seen;
    char field[32], value[64];      /* the header being read; longer ones do not matter here */
    size_t n_field, n_value;
    char key[32];                   /* Sec-WebSocket-Key: 24 characters */
    bool websocket, version13, complete;
};

void upgrade_init(struct upgrade *u);
/* On DONE and REFUSED, `answer` holds what to send. */
enum upgrade_result upgrade_feed(struct upgrade *u, const char *p, size_t n, size_t *used,
                                 char *answer, size_t size);

#endif
