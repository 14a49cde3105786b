/* http_body.h - the body of a request: by its length, or in chunks. The inside of http_parse.c. */
#ifndef OPEND_HTTP_BODY_H
#define OPEND_HTTP_BODY_H

#include "http_parse.h"

/* HTTP_MORE, HTTP_REQUEST_DONE with p->body, HTTP_BAD. */
enum http_event http_body(struct http_parser *p, const char *d, size_t n, size_t *used);
enum http_event http_bad(struct http_parser *p, int status, const char *why);   /* HTTP_BAD */

#endif
