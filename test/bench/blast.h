/* blast.h - a gateway that has little but pushes: the bench puts it behind a hop, to see how many
 * pass through. It answers what a client asks at its start, and then repeats the quotes of the
 * subscribed securities as fast as the socket takes them. Nothing in it is a real price.
 */
#ifndef TEST_BENCH_BLAST_H
#define TEST_BENCH_BLAST_H

#include "upstream/upstream.h"
#include "wire/frame.h"

#define BLAST_MAX_KEYS 1000
#define BLAST_WRITE (256u << 10)        /* at most in one write */

struct blast_key {
    int32_t market;
    char code[SECURITY_CODE_MAX + 1];
};

struct blast_conn {
    int fd;
    uint64_t id;
    struct framer in;
    struct buf out;             /* goes out ahead of the next push */
    struct buf lap;             /* whole push frames, sent over and over */
    size_t at;                  /* where in it the next one begins */
    struct blast_key keys[BLAST_MAX_KEYS];
    size_t n_keys;
};

/* Appends the answer to c->out; a subscription also changes c->lap. False: close the connection. */
bool blast_answer(struct blast_conn *c, const struct frame *f);

#endif
