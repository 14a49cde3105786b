/* pend.h - a request whose answer waits for the upstream, beside the connection that asked it.
 *
 * Embedded by what is being waited for. The connection may go and the time limit may pass first;
 * what was begun upstream goes on all the same, and its end is then told to nobody.
 */
#ifndef GATEWAY_PEND_H
#define GATEWAY_PEND_H

#include "gateway/state.h"

struct pend {
    struct ask ask;             /* its body and msg are not used: they do not last */
    struct hub *hub;
    struct futu_conn *c;        /* NULL: gone */
    struct list in_hub, in_conn;
    struct list in_kind;        /* of whoever embeds it */
    struct timer timer;
    bool answered;              /* the time limit has passed */
    void (*late)(struct pend *p);       /* then this runs once, after the answer */
    void (*drop)(struct pend *p);       /* frees what embeds it; the hub is going */
};

/* False: too many wait already, and this one is refused. */
bool pend_room(struct ask *a);
void pend_begin(struct pend *p, struct ask *a);
/* Takes it out of all lists. True: the asker is there and has no answer yet. */
bool pend_end(struct pend *p);
void pend_conn_gone(struct futu_conn *c);
void pend_drop_all(struct hub *h);
/* How long a client of this connection waits for an answer, ns. */
int64_t answer_limit(const struct futu_conn *c);

#endif
