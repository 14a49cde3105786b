/* race.c - see race.h. */
#include "upstream/broker/race.h"

#include <stdio.h>

static void close_lane(struct race_lane *k)
{
    if (k->link)
        k->link->ops->free(k->link);
    k->link = NULL;
}

void race_stop(struct race *r)
{
    timer_stop(r->timers, &r->failing);
    for (int i = 0; i < RACE_LANES; i++)
        close_lane(&r->lanes[i]);
    r->left = 0;
}

static void note(struct race *r, const struct net_addr *a, futu_err err, const char *why)
{
    char text[ADDR_TEXT];
    r->err = err;
    snprintf(r->why, sizeof(r->why), "%s: %s", addr_text(a, text), why);
}

static bool under_way(const struct race *r)
{
    for (int i = 0; i < RACE_LANES; i++)
        if (r->lanes[i].link)
            return true;
    return false;
}

static void next_round(struct race *r);

static void on_up(void *arg)
{
    struct race_lane *k = arg;
    struct race *r = k->race;
    struct link *link = k->link;
    const struct net_addr won = *k->addr;
    k->link = NULL;
    race_stop(r);
    r->done(r, FUTU_OK, NULL, link, &won);
}

/* Nothing was asked of the peer yet: whatever it says now, it is not what is wanted. */
static void on_data(void *arg, const uint8_t *p, size_t n)
{
    (void)arg, (void)p, (void)n;
}

static void on_down(void *arg, futu_err err, const char *why)
{
    struct race_lane *k = arg;
    note(k->race, k->addr, err, why);
    close_lane(k);
    if (!under_way(k->race))
        next_round(k->race);
}

static void dial(struct race *r, struct race_lane *k, const struct net_addr *a)
{
    *k = (struct race_lane){ .race = r, .addr = a };
    futu_err err = r->net->link(r->net->arg, &k->link, a);
    if (!err) {
        k->link->events = (struct link_events){ on_up, on_data, on_down, k };
        err = k->link->ops->open(k->link, r->timeout_ns);
    } else {
        k->link = NULL;
    }
    if (!err)
        return;
    note(r, a, err, futu_strerror(err));
    close_lane(k);
}

static void on_failed(struct timer *t, int64_t now)
{
    struct race *r = container_of(t, struct race, failing);
    (void)now;
    r->done(r, r->err, r->why, NULL, NULL);
}

static void next_round(struct race *r)
{
    while (r->left && !under_way(r))
        for (int i = 0; i < RACE_LANES && r->left; i++, r->left--) {
            dial(r, &r->lanes[i], &r->list.a[r->next]);
            r->next = (r->next + 1) % r->list.n;
        }
    if (!under_way(r))
        timer_set(r->timers, &r->failing, r->failing.at);
}

void race_start(struct race *r, const struct addr_list *list, size_t start, size_t rounds,
                int64_t now)
{
    race_stop(r);
    r->list = *list;
    r->left = MIN(list->n, rounds * RACE_LANES);
    r->next = list->n ? start % list->n : 0;
    r->failing.fn = on_failed;
    r->failing.at = now;
    r->err = FUTU_ENOTFOUND;
    snprintf(r->why, sizeof(r->why), "no address is known");
    next_round(r);
}
