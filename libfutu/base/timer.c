/* timer.c - see timer.h. */
#include "base/timer.h"

static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->at < a->at) {
        struct timer *t = a;
        a = b;
        b = t;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    a->child = b;
    return a;
}

/* Pairs siblings left to right, then melds the pairs right to left, without recursion. */
static struct timer *merge_siblings(struct timer *t)
{
    struct timer *pairs = NULL, *root = NULL;
    while (t) {
        struct timer *a = t, *b = t->next;
        t = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct timer *rest = pairs->next;
        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = rest;
    }
    if (root)
        root->prev = NULL;
    return root;
}

void timer_stop(struct timers *ts, struct timer *t)
{
    if (!t->armed)
        return;
    if (ts->root == t) {
        ts->root = merge_siblings(t->child);
    } else {
        if (t->prev->child == t)
            t->prev->child = t->next;
        else
            t->prev->next = t->next;
        if (t->next)
            t->next->prev = t->prev;
        ts->root = meld(ts->root, merge_siblings(t->child));
    }
    t->child = t->next = t->prev = NULL;
    t->armed = false;
}

void timer_set(struct timers *ts, struct timer *t, int64_t at)
{
    timer_stop(ts, t);
    t->at = ts->running ? MAX(at, ts->floor) : at;
    t->armed = true;
    ts->root = meld(ts->root, t);
    ts->root->prev = NULL;
}

int64_t timers_next(const struct timers *ts)
{
    return ts->root ? ts->root->at : TIMER_NEVER;
}

void timers_run(struct timers *ts, int64_t now)
{
    ts->running = true;
    ts->floor = now + 1;
    while (ts->root && ts->root->at <= now) {
        struct timer *t = ts->root;
        timer_stop(ts, t);
        t->fn(t, now);
    }
    ts->running = false;
}
