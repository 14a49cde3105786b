/* turns.c - see turns.h. */
#include "turns.h"

static void on_idle(uv_idle_t *h)
{
    struct turns *turns = h->data;
    struct turn *t = turns->first;
    turns_leave(turns, t);
    t->fn(t);
}

void turns_open(struct turns *t, uv_loop_t *loop)
{
    *t = (struct turns){ .open = true };
    t->last = &t->first;
    t->idle.data = t;
    uv_idle_init(loop, &t->idle);
}

void turns_close(struct turns *t)
{
    if (t->open)
        uv_close((uv_handle_t *)&t->idle, NULL);
    t->open = false;
}

void turns_wait(struct turns *turns, struct turn *t)
{
    if (turn_waits(t) || !turns->open)
        return;
    t->next = NULL;
    t->link = turns->last;
    *turns->last = t;
    turns->last = &t->next;
    uv_idle_start(&turns->idle, on_idle);
}

void turns_leave(struct turns *turns, struct turn *t)
{
    if (!turn_waits(t))
        return;
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    else
        turns->last = t->link;
    t->link = NULL;
    if (!turns->first && turns->open)
        uv_idle_stop(&turns->idle);
}
