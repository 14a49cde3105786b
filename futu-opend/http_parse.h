/* http_parse.h - bytes of an HTTP/1.x connection in, whole requests out.
 *
 * In:      bytes in any split.
 * Out:     views, of the bytes given or of own memory: see http_parse().
 * Strict:  a head is cut out by its CRLFs here, and llhttp must find its end at the same byte; a
 *          bare CR or LF, folded lines, control characters, blanks before a colon, two lengths, a
 *          length beside Transfer-Encoding, a repeated line of those that may stand once: 400.
 *          Chunks are taken apart here, since llhttp 8 is lax with their line ends.
 * Limits:  below; each is checked before memory is taken. The parser keeps at most one head and one
 *          body.
 * Threads: none. Tests: test/unit/opend/http_parse_test.c, test/fuzz/fuzz_http.c
 */
#ifndef OPEND_HTTP_PARSE_H
#define OPEND_HTTP_PARSE_H

#include <futu/base.h>
#include <llhttp/llhttp.h>

#include "bytes.h"

#define HTTP_HEAD_MAX 16384         /* all lines: 431 */
#define HTTP_TARGET_MAX 8192        /* 414 */
#define HTTP_HEADERS_MAX 100        /* 431 */
#define HTTP_EXTENSION_MAX 256      /* of one chunk: 400 */
#define HTTP_TRAILER_MAX 4096       /* lines behind the last chunk, which are dropped: 431 */

/* What is kept of a head; p NULL: absent. Values have no blanks around them. */
enum http_field {
    HTTP_METHOD, HTTP_TARGET, HTTP_AUTHORIZATION, HTTP_CONTENT_TYPE, HTTP_ORIGIN,
    HTTP_IDEMPOTENCY_KEY, HTTP_ACCEPT, HTTP_ASKED_METHOD, HTTP_HOST, HTTP_EXPECT, HTTP_LENGTH,
    HTTP_ENCODING, HTTP_WS_KEY, HTTP_WS_VERSION, HTTP_SESSION, HTTP_MCP_VERSION,
    HTTP_LAST_EVENT, HTTP_FIELDS,
};

enum http_event { HTTP_MORE, HTTP_HEAD_DONE, HTTP_REQUEST_DONE, HTTP_BAD };
enum http_stage { HTTP_IN_HEAD, HTTP_IN_BODY, HTTP_AT_END, HTTP_BROKEN };

struct http_parser {
    llhttp_t http;
    enum http_stage stage;
    size_t body_max;                /* set by the owner after http_init(); above it: 413 */
    /* The request. */
    futu_str field[HTTP_FIELDS], body;
    bool minor1;                    /* HTTP/1.1, not 1.0 */
    bool keep_alive, expects;       /* expects: waits for "100 Continue" */
    bool websocket;                 /* Upgrade: websocket, and Connection says so too */
    bool chunked;
    /* Of HTTP_BAD. */
    int status;
    const char *why;                /* static, one line */
    /* Inside. */
    struct bytes head, text;        /* what was kept of a head, of a body */
    futu_str name, value;           /* the header line being read */
    const char *from;               /* first byte of the head where it lies now */
    size_t n_head, line, lines, n_headers, length, got;
    unsigned char prev;
    bool says_upgrade, says_websocket;
    int chunk;                      /* enum chunk_state */
    size_t chunk_left, chunk_line;
};

void http_init(struct http_parser *p, size_t body_max);
void http_free(struct http_parser *p);
/* Takes *used bytes. Call it with the bytes behind them, also with none, until it says HTTP_MORE:
 * only then may the bytes given be gone. HTTP_HEAD_DONE: the fields are there. HTTP_REQUEST_DONE:
 * the body too; the views are good until the next call. HTTP_BAD: answer with status and why, and
 * close; it stays bad. */
enum http_event http_parse(struct http_parser *p, const char *d, size_t n, size_t *used);
/* Nothing of a request has come yet. */
bool http_between(const struct http_parser *p);

bool http_is(futu_str s, const char *word);         /* without regard to case */

#endif
