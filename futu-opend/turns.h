/* turns.h - costly steps of many connections, one in each turn of the loop: between two of them the
 * input and output of all others goes on.
 *
 * Order:   first come, first served.
 * Owns:    a handle of the loop, which keeps it awake while someone waits.
 * Threads: the loop's.
 * Tests:   test/unit/opend/turns_test.c
 */
#ifndef OPEND_TURNS_H
#define OPEND_TURNS_H

#include <stdbool.h>
#include <uv.h>

/* One who waits; all zero: nobody. */
struct turn {
    struct turn *next, **link;
    void (*fn)(struct turn *t);
};

struct turns {
    uv_idle_t idle;
    struct turn *first, **last;
    bool open;
};

void turns_open(struct turns *t, uv_loop_t *loop);
/* Run the loop until the handle is gone; who still waits is not called. Fine when it never was
 * open. */
void turns_close(struct turns *t);
/* t->fn runs once, in a later turn. */
void turns_wait(struct turns *turns, struct turn *t);
static inline bool turn_waits(const struct turn *t)
{
    return t->link != NULL;
}
void turns_leave(struct turns *turns, struct turn *t);     /* fine when it does not wait */

#endif
