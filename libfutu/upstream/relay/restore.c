/* restore.c - after a loss: all subscriptions again, then what their pushes missed.
 *
 * A subscription that the upstream does not take back is told in the gap event with the upstream's
 * words, and tried again: soon, then ever later, up to every RETRY_MOST; at once when the upstream
 * says that a gap of its own is over. What comes back then is told in an event of its own.
 * Tests:   test/unit/upstream/relay/restore_test.c
 */
#include "upstream/relay/state.h"

#define AT_ONCE 64                      /* refills under way */
#define RETRY_LEAST (500 * NS_PER_MS)
#define RETRY_MOST (30 * NS_PER_S)

/* One round. A connection that is lost meanwhile leaves it to its answers, which end it. */
struct restore {
    struct relay *r;
    size_t subscribing;                 /* pairs that have no answer yet */
    size_t refilling;
    size_t next;                        /* in todo */
    struct todo {
        struct pair_key key;
        int rehab;
    } *todo;
    size_t n, cap;
    bool stopped, running;
};

static void free_round(struct restore *s)
{
    mem_free(s->todo);
    mem_free(s);
}

static void on_retry(struct timer *t, int64_t now)
{
    (void)now;
    restore_again(container_of(t, struct relay, retry));
}

static bool is_missing(const struct pair *p)
{
    return pair_wanted(p) && !p->subscribed && !p->busy;
}

static void plan_retry(struct relay *r)
{
    struct list *it, *tmp;
    bool missing = false;
    list_each(it, tmp, &r->pair_list)
        missing |= is_missing(list_entry(it, struct pair, node));
    if (!missing) {
        r->retries = 0;
        return;
    }
    r->retry.fn = on_retry;
    int64_t pause = RETRY_LEAST << MIN(r->retries, 8u);
    pause = MIN(pause, RETRY_MOST);
    r->retries++;
    timer_set(r->o.timers, &r->retry, relay_now(r) + pause);
}

static void finish(struct restore *s)
{
    struct relay *r = s->r;
    if (s->subscribing || s->refilling || s->running)
        return;
    s->stopped |= !lane_up(&r->lanes[LANE_QUOTE]);
    if (s->stopped) {
        if (r->restore == s)
            r->restore = NULL;
        free_round(s);
        return;
    }
    if (s->next < s->n)
        return;
    r->restore = NULL;
    free_round(s);
    plan_retry(r);
    gap_over(r, LANE_QUOTE);
    gap_tell_state(r);
    openings_wake(r);
    quota_ask(r);
}

static void go_on(struct restore *s);

static void on_refilled(void *arg)
{
    struct restore *s = arg;
    s->refilling--;
    go_on(s);
}

static void go_on(struct restore *s)
{
    struct relay *r = s->r;
    if (s->running)
        return;                         /* a refill that ended at once */
    s->running = true;
    s->stopped |= !lane_up(&r->lanes[LANE_QUOTE]);
    while (!s->stopped && s->refilling < AT_ONCE && s->next < s->n) {
        const struct todo *t = &s->todo[s->next++];
        struct pair *p = pair_find(r, &t->key);
        struct stream *st = p ? p->streams[t->rehab] : NULL;
        if (!st || !st->on)
            continue;
        s->refilling++;
        refill(r, st, on_refilled, s);
    }
    s->running = false;
    finish(s);
}

static void add_todo(struct restore *s, const struct pair *p)
{
    for (int i = 0; i < REHABS; i++) {
        if (!p->streams[i] || !p->streams[i]->wanted)
            continue;
        if (s->n == s->cap) {
            size_t cap = s->cap ? 2 * s->cap : 64;
            struct todo *more = mem_realloc(s->todo, cap * sizeof(*more));
            if (!more)
                return;                 /* it is not refilled: the gap is told all the same */
            s->todo = more;
            s->cap = cap;
        }
        s->todo[s->n].key = p->key;
        s->todo[s->n++].rehab = i;
        p->streams[i]->first_due = false;       /* the present value is news for all */
        p->streams[i]->refilling = refill_wanted(p->streams[i]);
    }
}

static void failed(struct pair *p, futu_err err, futu_str text)
{
    bool news = !p->error[0];
    str_copy(p->error, sizeof(p->error), text.n ? text : str_c(futu_strerror(err)));
    if (news)
        log_warn("upstream %s: %s %d: not restored: %s", p->r->name, p->key.code, p->key.sub_type,
                 p->error);
}

static void on_pair(struct pair *p, futu_err err, futu_str text, void *arg)
{
    struct restore *s = arg;
    s->subscribing--;
    if (!s->stopped && !err)
        add_todo(s, p);
    else if (err && err != FUTU_ENOTCONN)
        failed(p, err, text);
    pair_release(p);
    if (s->subscribing == 0)
        go_on(s);
}

static uint32_t wanted_bits(const struct pair *p)
{
    uint32_t bits = 0;
    for (int i = 0; i < REHABS; i++)
        bits |= p->streams[i] && p->streams[i]->wanted ? 1u << i : 0;
    return bits;
}

static void prepare(struct pair *p)
{
    p->ask = wanted_bits(p);
    p->ask_opts = p->opts;
}

static void ignore(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                   void *arg)
{
    (void)c, (void)err, (void)fmt, (void)body, (void)n, (void)arg;
}

static void repeat_sticky(struct relay *r)
{
    struct lane *k = &r->lanes[LANE_QUOTE];
    struct list *it, *tmp;
    list_each(it, tmp, &r->sticky) {
        const struct sticky *s = list_entry(it, struct sticky, node);
        client_send_raw(k->c, P_SUB_EVENT, FRAME_PROTOBUF, s->body.p, s->body.n, CALL_LIMIT, ignore,
                        NULL);
    }
}

static void begin_round(struct relay *r)
{
    struct restore *s = mem_zalloc(sizeof(*s));
    struct pair **pairs = mem_array(r->n_pairs + 1, sizeof(*pairs));
    struct list *it, *tmp;
    size_t n = 0;
    timer_stop(r->o.timers, &r->retry);
    if (!s || !pairs) {
        mem_free(s);
        mem_free(pairs);
        client_lose(r->lanes[LANE_QUOTE].c, FUTU_ENOMEM, "out of memory");
        return;
    }
    s->r = r;
    r->restore = s;
    list_each(it, tmp, &r->pair_list) {
        struct pair *p = list_entry(it, struct pair, node);
        if (!is_missing(p))
            continue;
        prepare(p);
        pairs[n++] = p;
    }
    s->subscribing = n;
    if (n > 0 && batch_subscribe(r, pairs, n, true, on_pair, s)) {
        s->subscribing = 0;             /* nothing was asked: no answer ends the round */
        client_lose(r->lanes[LANE_QUOTE].c, FUTU_ENOMEM, "out of memory");
    }
    mem_free(pairs);
    if (n == 0)
        go_on(s);
}

void restore_begin(struct relay *r)
{
    r->far_down = false;
    r->retries = 0;
    boot_ask(r);
    repeat_sticky(r);
    begin_round(r);
}

void restore_again(struct relay *r)
{
    if (r->retry.armed)
        timer_stop(r->o.timers, &r->retry);
    if (lane_up(&r->lanes[LANE_QUOTE]) && !r->restore)
        begin_round(r);
}

void restore_stop(struct relay *r)
{
    struct restore *s = r->restore;
    timer_stop(r->o.timers, &r->retry);
    if (!s)
        return;
    r->restore = NULL;
    s->stopped = true;
    finish(s);
}

void restore_free(struct relay *r)
{
    timer_stop(r->o.timers, &r->retry);
    if (r->restore)
        free_round(r->restore);
    r->restore = NULL;
}
