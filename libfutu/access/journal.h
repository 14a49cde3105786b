/* journal.h - the memory of orders by their idempotency keys: what was sent, and what came of it.
 *
 * An entry begins before its order is sent. It ends when the order turned out not to have been
 * placed; it gets an answer when it was; without one nobody knows yet, which after a crash is true
 * of all that were under way.
 *
 * File:    a head line with a secret of this journal, then one line per change; the last line of a
 *          file may be cut off, by the crash that the file is for. When it has grown it begins anew
 *          with what is remembered, of which each line brings a part: see journal_filed().
 * Owns:    the entries. Not: the file.
 * Errors:  FUTU_ENOMEM, FUTU_EFORMAT (a line that is not ours).
 * Threads: none.
 */
#ifndef ACCESS_JOURNAL_H
#define ACCESS_JOURNAL_H

#include "base/buf.h"
#include "base/grown.h"
#include "base/list.h"
#include "base/map.h"

#define ORDER_KEY_MAX 64
#define JOURNAL_KEEP_MS INT64_C(86400000)   /* how long a key is remembered */
#define JOURNAL_MAX 200000                  /* entries; one more pushes out the oldest answered */
#define JOURNAL_SECRET 32                   /* hex digits */

struct order_entry {
    struct list node;           /* oldest first */
    char key[ORDER_KEY_MAX + 1];
    uint8_t digest[32];         /* of the request: a repeat must be the same */
    int64_t at_ms;              /* UTC */
    void *call;                 /* whose request is under way; NULL: none */
    uint8_t *answer;            /* Response of the success; NULL: none is known */
    size_t n;
    uint32_t round;             /* the last new beginning in which its turn has come */
    bool filed;                 /* the file has it */
};

struct journal {
    struct map by_key;
    struct list all;
    size_t n;
    char secret[JOURNAL_SECRET + 1];
    /* Of the file, and of its new beginning: what is there of it, whose turn is next (NULL: there
     * is none, &all: it is whole). */
    struct grown file;
    struct buf anew;
    struct list *turn;
    uint32_t round;
};

void journal_init(struct journal *j, const char secret[JOURNAL_SECRET + 1]);
void journal_free(struct journal *j);

struct order_entry *journal_find(const struct journal *j, futu_str key);    /* NULL: none */
/* The key must be new, 1 to ORDER_KEY_MAX bytes. NULL: no memory. */
struct order_entry *journal_add(struct journal *j, futu_str key, const uint8_t digest[32],
                                int64_t now_ms);
/* Keeps a copy. When memory is out the entry stays without one, as after a crash. */
void journal_answer(struct order_entry *e, const void *answer, size_t n);
void journal_drop(struct journal *j, struct order_entry *e);
/* Forgets what is older than JOURNAL_KEEP_MS and not under way. */
void journal_expire(struct journal *j, int64_t now_ms);

/* The lines of the file, appended to `out`. */
futu_err journal_write_head(const struct journal *j, struct buf *out);
futu_err journal_write_sent(const struct order_entry *e, struct buf *out);
futu_err journal_write_answer(const struct order_entry *e, struct buf *out);    /* it has one */
futu_err journal_write_drop(const struct order_entry *e, struct buf *out);
futu_err journal_write_all(const struct journal *j, struct buf *out);

/* The file has got this line, which is one of those above, about this entry; the line of a drop
 * before journal_drop(). A new beginning goes on by a few entries; without memory it is given up,
 * and tried again later. */
void journal_filed(struct journal *j, struct order_entry *e, futu_str line);
/* A new beginning is whole: *text, which says all that the file says, is to take its place, and
 * journal_begun() to be called whether that is under way or could not be had. */
bool journal_anew(const struct journal *j, futu_str *text);
void journal_begun(struct journal *j, bool well);
/* journal_drop()'s own: a new beginning must not have the entry any more. */
void journal_left(struct journal *j, const struct order_entry *e);

/* Reads a file into an empty journal, its secret too; *line is where FUTU_EFORMAT was found. */
futu_err journal_read(struct journal *j, futu_str text, size_t *line);

#endif
