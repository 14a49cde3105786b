/* replay.h - the guard of one connection against a write that comes twice.
 *
 * Each write carries a number. The window keeps the 1024 greatest accepted ones; since always the
 * least one leaves, whatever left is below all that are in it, and a number below a full window is
 * stale. Gaps and swapped order are fine, and 0 is a number like any other.
 */
#ifndef GATEWAY_REPLAY_H
#define GATEWAY_REPLAY_H

#include "base/base.h"

#define REPLAY_WINDOW 1024

struct call;

struct replay_entry {
    uint32_t serial;
    uint8_t digest[32];         /* of id and body: a repeat must be the same request */
    struct call *call;          /* under way; NULL: answered */
    uint8_t *answer;            /* Response as protobuf */
    size_t n;
};

struct replay {
    struct replay_entry **entries;
    uint32_t n, cap;
};

enum replay_verdict { REPLAY_NEW, REPLAY_REPEAT, REPLAY_OTHER_BODY, REPLAY_STALE };

void replay_digest(uint32_t proto, const uint8_t *body, size_t n, uint8_t out[32]);
/* *hit is set for REPEAT and OTHER_BODY. */
enum replay_verdict replay_look(const struct replay *r, uint32_t serial, const uint8_t digest[32],
                                struct replay_entry **hit);
/* Puts a number in that is REPLAY_NEW; the least one leaves a full window. NULL: no memory. */
struct replay_entry *replay_add(struct replay *r, uint32_t serial, const uint8_t digest[32]);
/* Takes out an entry that went nowhere after all. */
void replay_drop(struct replay *r, struct replay_entry *e);
/* Keeps a copy for repeats. When memory is out the entry stays without one: a repeat is refused. */
void replay_answer(struct replay_entry *e, const uint8_t *body, size_t n);
void replay_free(struct replay *r);

#endif
