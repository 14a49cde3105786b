/* json_lex.h - the words of JSON text (RFC 8259), strictly. For strict readers inside the library.
 *
 * In:      text of a peer that nobody trusts; it must be UTF-8.
 * Out:     one word at a time; nothing is kept, nothing is allocated.
 * Errors:  the reason as a text; lx->p then stands at the place.
 */
#ifndef CODEC_JSON_LEX_H
#define CODEC_JSON_LEX_H

#include "base/str.h"

struct json_lex {
    const char *p, *end;
};

static inline void json_blanks(struct json_lex *lx)
{
    while (lx->p < lx->end && (*lx->p == ' ' || *lx->p == '\n' || *lx->p == '\r' || *lx->p == '\t'))
        lx->p++;
}

/* The next character behind blanks, '\0' at the end; it stays. */
static inline char json_peek(struct json_lex *lx)
{
    json_blanks(lx);
    return lx->p < lx->end ? *lx->p : '\0';
}

/* Takes `c` when it is next. */
static inline bool json_take(struct json_lex *lx, char c)
{
    if (json_peek(lx) != c)
        return false;
    lx->p++;
    return true;
}

/* Takes `word` ("true", "null") when it is next. */
bool json_word(struct json_lex *lx, futu_str word);

/* One piece of a string, lx->p standing inside it: a run of characters as they are, or one escape,
 * which is put into `esc`. An empty piece: the closing quote, which is taken. */
const char *json_piece(struct json_lex *lx, char esc[4], futu_str *piece);

/* Takes one value, whatever it is made of, and says where it stands: its inside is for who reads it
 * later to judge. False: it does not end. */
bool json_skip(struct json_lex *lx, futu_str *value);

/* A member's name with its quotes; borrowed from the text, or from `tmp` when it has escapes. One
 * with escapes that does not fit into `tmp` is cut: no field's name is that long. */
const char *json_name(struct json_lex *lx, char *tmp, size_t size, futu_str *name);

#endif
