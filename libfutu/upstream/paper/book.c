/* book.c - see book.h. */
#include "upstream/paper/book.h"

/* The level with this key, or where it would go in. */
static int find(const struct side *s, int64_t key, bool *there)
{
    int i = s->n;
    while (i > 0 && s->lv[i - 1].key > key)
        i--;
    *there = i > 0 && s->lv[i - 1].key == key;
    return *there ? i - 1 : i;
}

static void remove_level(struct side *s, int i)
{
    s->n--;
    memmove(&s->lv[i], &s->lv[i + 1], (size_t)(s->n - i) * sizeof(s->lv[0]));
}

/* Makes an empty level at place i; the worst one falls out of a full book. NULL: it would be the
 * worst. */
static struct level *insert_level(struct side *s, int i, int64_t key)
{
    if (s->n == BOOK_MAX) {
        if (i == 0)
            return NULL;
        remove_level(s, 0);
        i--;
    }
    memmove(&s->lv[i + 1], &s->lv[i], (size_t)(s->n - i) * sizeof(s->lv[0]));
    s->n++;
    s->lv[i] = (struct level){ .key = key };
    return &s->lv[i];
}

/* A side whose levels are gone goes on with the clients' orders that were beyond them. */
static void reach_clients(struct book *b, int side)
{
    if (b->side[side].n == 0 && b->side[side].orders)
        book_extend(b, side, INT64_MIN / 2, 0, 0);
}

static int side_of(const struct client_order *o)
{
    return o->buy ? BID : ASK;
}

static int64_t key_of(const struct client_order *o)
{
    return book_key(side_of(o), o->px);
}

static struct client_order *first_at(const struct side *s, int64_t key)
{
    struct client_order *o = s->orders;
    while (o && key_of(o) > key)
        o = o->next;
    return o && key_of(o) == key ? o : NULL;
}

static struct client_order *next_at(const struct client_order *o)
{
    return o->next && o->next->px == o->px ? o->next : NULL;
}

static void unlink_order(struct side *s, struct client_order *o)
{
    if (o->prev)
        o->prev->next = o->next;
    else
        s->orders = o->next;
    if (o->next)
        o->next->prev = o->prev;
    o->next = o->prev = NULL;
    o->resting = false;
}

void book_add(struct book *b, int side, int64_t key, int64_t qty)
{
    struct side *s = &b->side[side];
    bool there;
    if (s->n >= BOOK_MIN && key < s->lv[0].key)
        return;
    int i = find(s, key, &there);
    if (i == 0 && !there) {
        book_extend(b, side, key, qty, 1);
        return;
    }
    struct level *l = there ? &s->lv[i] : insert_level(s, i, key);
    l->qty += qty;
    l->orders++;
}

/* q of a level was taken, from the front on: what stood behind it moves up, clients in it are
 * filled. */
static void fill_clients(struct book *b, struct side *s, struct level *l, int64_t q)
{
    struct client_order *next;
    for (struct client_order *o = first_at(s, l->key); o; o = next) {
        next = next_at(o);
        if (q <= o->ahead) {
            o->ahead -= q;
            continue;
        }
        int64_t fill = MIN(o->left, q - o->ahead);
        o->ahead = 0;
        o->left -= fill;
        l->client -= fill;
        if (o->left == 0)
            unlink_order(s, o);
        o->on_fill(o, o->px, fill, b->time, true);
    }
}

int64_t book_take(struct book *b, int side, int64_t key, int64_t qty, struct client_order *taker)
{
    struct side *s = &b->side[!side];
    while (qty > 0 && book_crosses(b, side, key)) {
        struct level *l = &s->lv[s->n - 1];
        int64_t q = MIN(qty, l->qty), px = side == BID ? -l->key : l->key;
        int32_t gone = (int32_t)((double)l->orders * ((double)q / (double)l->qty));
        l->qty -= q;
        l->orders = MAX(l->orders - gone, 1);
        qty -= q;
        b->trade(b->arg, px, q, side == BID);
        if (l->client > 0)
            fill_clients(b, s, l, q);
        if (l->qty == 0)
            s->n--;
        reach_clients(b, !side);
        if (taker) {
            taker->left -= q;
            taker->on_fill(taker, px, q, b->time, false);
        }
    }
    return qty;
}

/* c of the level's flow quantity goes; it is taken evenly from before and behind each client. */
static void shrink(const struct side *s, struct level *l, int64_t c)
{
    int64_t flow = l->qty - l->client, before = 0;
    if (l->client > 0) {
        for (struct client_order *o = first_at(s, l->key); o; o = next_at(o)) {
            int64_t ahead = o->ahead - before;      /* of the flow */
            ahead -= (int64_t)((double)c * ((double)ahead / (double)flow));
            o->ahead = before + CLAMP(ahead, 0, flow - c);
            before += o->left;
        }
    }
    l->qty -= c;
}

void book_cancel(struct book *b, int side, int i, int32_t orders)
{
    struct side *s = &b->side[side];
    struct level *l = &s->lv[i];
    int64_t flow = l->qty - l->client;
    int64_t c = (int64_t)((double)flow * ((double)orders / (double)l->orders));
    c = MAX(c - c % b->lot, MIN(b->lot, flow));
    if (orders >= l->orders || c >= flow) {
        if (l->client == 0) {
            remove_level(s, i);
            reach_clients(b, side);
            return;
        }
        c = flow;
    }
    if (c > 0)
        shrink(s, l, c);
    l->orders = MAX(l->orders - orders, 1);
}

/* The clients' orders of one key come into a level that is new to them. */
static void adopt(struct side *s, struct level *l)
{
    for (struct client_order *o = first_at(s, l->key); o; o = next_at(o)) {
        o->ahead = l->qty;
        l->qty += o->left;
        l->client += o->left;
        l->orders++;
    }
}

bool book_extend(struct book *b, int side, int64_t key, int64_t qty, int32_t orders)
{
    struct side *s = &b->side[side];
    if (s->n == BOOK_MAX)
        return false;
    struct client_order *o = s->orders;
    while (o && s->n > 0 && key_of(o) >= s->lv[0].key)
        o = o->next;
    if (o && key_of(o) > key) {
        key = key_of(o);
        qty = orders = 0;
    }
    struct level *l = insert_level(s, 0, key);
    l->qty = qty;
    l->orders = orders;
    adopt(s, l);
    return true;
}

void book_drop_worst(struct book *b, int side)
{
    struct side *s = &b->side[side];
    if (s->n > 0 && s->lv[0].client == 0)
        remove_level(s, 0);
    reach_clients(b, side);
}

void book_clear(struct book *b)
{
    b->side[BID].n = b->side[ASK].n = 0;
}

static void link_order(struct side *s, struct client_order *o)
{
    struct client_order *at = s->orders, *before = NULL;
    while (at && key_of(at) >= key_of(o)) {
        before = at;
        at = at->next;
    }
    o->prev = before;
    o->next = at;
    if (before)
        before->next = o;
    else
        s->orders = o;
    if (at)
        at->prev = o;
    o->resting = true;
}

/* At the end of the queue of its level, which is made when it is not there. */
static void join_level(struct side *s, struct client_order *o)
{
    bool there;
    int i = find(s, key_of(o), &there);
    struct level *l = there ? &s->lv[i] : insert_level(s, i, key_of(o));
    o->ahead = l->qty;
    l->qty += o->left;
    l->client += o->left;
    l->orders++;
}

void book_rest(struct book *b, struct client_order *o)
{
    struct side *s = &b->side[side_of(o)];
    link_order(s, o);
    o->ahead = 0;
    if (s->n == 0)
        book_extend(b, side_of(o), key_of(o), 0, 0);    /* or a better one that waited */
    else if (key_of(o) >= s->lv[0].key)
        join_level(s, o);
}

void book_remove(struct book *b, struct client_order *o)
{
    struct side *s = &b->side[side_of(o)];
    int64_t key = key_of(o);
    bool there;
    int i = find(s, key, &there);
    struct client_order *behind = next_at(o);
    unlink_order(s, o);
    if (!there)
        return;
    struct level *l = &s->lv[i];
    for (; behind; behind = next_at(behind))
        behind->ahead -= o->left;
    l->qty -= o->left;
    l->client -= o->left;
    l->orders = MAX(l->orders - 1, 1);
    if (l->qty == 0)
        remove_level(s, i);
    reach_clients(b, side_of(o));
}

void book_auction(struct book *b, int side, int64_t px)
{
    struct side *s = &b->side[side];
    while (s->orders && key_of(s->orders) >= book_key(side, px)) {
        struct client_order *o = s->orders;
        int64_t fill = o->left;
        bool there;
        int i = find(s, key_of(o), &there);
        if (there) {
            s->lv[i].qty -= fill;
            s->lv[i].client -= fill;
        }
        if (there && s->lv[i].qty == 0)
            remove_level(s, i);
        o->left = 0;
        unlink_order(s, o);
        b->trade(b->arg, px, fill, side == BID);
        o->on_fill(o, px, fill, b->time, true);
    }
}
