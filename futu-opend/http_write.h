/* http_write.h - an answer as the bytes of HTTP/1.1.
 *
 * Tests: test/unit/opend/http_write_test.c
 */
#ifndef OPEND_HTTP_WRITE_H
#define OPEND_HTTP_WRITE_H

#include <futu/http.h>
#include <time.h>

#include "bytes.h"

enum {
    HTTP_NO_BODY = 1,           /* of HEAD: the length of the body, but not the body */
    HTTP_CLOSE = 2,             /* "Connection: close" */
    HTTP_KEEP = 4,              /* "Connection: keep-alive", which HTTP/1.0 has to be told */
    HTTP_CHUNKED = 8,           /* the head alone: the body follows in chunks */
};

/* "OK" of 200; "Status" of one without a name here. */
const char *http_reason(int status);
/* Appends one answer; `now` for its Date. False when memory is out, then nothing was appended. */
bool http_write(struct bytes *out, const futu_http_answer *a, int flags, time_t now);
/* Appends one chunk of a body; an empty one is the last. False as above. */
bool http_write_chunk(struct bytes *out, futu_str piece);

#endif
