/* upgrade.h - the HTTP side of a WebSocket: is this request one that opens it, and with which
 * token; the 101 answer, or a refusal.
 */
#ifndef OPEND_UPGRADE_H
#define OPEND_UPGRADE_H

#include "http_parse.h"

#define UPGRADE_ANSWER_MAX 1024
#define UPGRADE_TOKEN_MAX 512

/* What a request that wants a WebSocket lacks: a text, and `answer` refuses it; NULL: nothing, and
 * `answer` opens the WebSocket. */
const char *upgrade_answer(const struct http_parser *p, char *answer, size_t size);
/* An answer with a JSON error, behind which the connection ends. `extra`: header lines. */
void upgrade_refuse(char *answer, size_t size, int status, const char *extra, const char *text);
/* The token of "Authorization: Bearer", else of "?token=". p NULL: none; a longer one than
 * UPGRADE_TOKEN_MAX is none either. It may lie in `room`: wipe that after use. */
futu_str upgrade_token(const struct http_parser *p, char room[UPGRADE_TOKEN_MAX]);

#endif
