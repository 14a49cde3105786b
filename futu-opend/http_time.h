/* http_time.h - how long an HTTP connection may keep us waiting: a rule without a clock.
 *
 * Tests: test/unit/opend/http_time_test.c
 */
#ifndef OPEND_HTTP_TIME_H
#define OPEND_HTTP_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MS 10000          /* from the first byte of a head to its last */
#define HTTP_BODY_MS 30000          /* then a body must have come at HTTP_BODY_RATE on average */
#define HTTP_BODY_RATE 1024         /* bytes a second */
#define HTTP_IDLE_MS 75000          /* between two requests */
#define HTTP_TAKE_MS 30000          /* the client takes nothing of what waits for it */

/* What a connection waits for: the first that is true. */
struct http_wait {
    bool output;                    /* the client takes output */
    bool answers;                   /* the gateway answers, or reading pauses: our own time */
    bool body, head;                /* the client sends a body, a head */
    size_t got;                     /* of the body, bytes */
    uint64_t taken_ms, since_ms;    /* output last moved; this waiting (idle, head or body) began */
};

enum http_late { HTTP_IN_TIME, HTTP_SLOW_READER, HTTP_SLOW_SENDER, HTTP_IDLE };

enum http_late http_late(const struct http_wait *w, uint64_t now_ms);

#endif
