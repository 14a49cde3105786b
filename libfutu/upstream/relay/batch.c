/* batch.c - many subscriptions in few Qot_Sub requests.
 *
 * One request carries up to PER_CALL securities that share sub type, options and rehab types. All
 * requests are on their way at once.
 * Tests:   test/unit/upstream/relay/stream_test.c
 */
#include "upstream/relay/state.h"
#include "upstream/sub_type.h"

#define PER_CALL 200

struct batch {
    struct relay *r;
    pair_fn *done;
    void *arg;
    bool split;
    size_t n;
    struct pair *pairs[];
};

static futu_err send(struct relay *r, struct pair *const *pairs, size_t n, bool split,
                     pair_fn *done, void *arg);

static void settle(struct pair *p, futu_err err)
{
    struct relay *r = p->r;
    p->busy = false;
    if (err)
        return;
    quota_took(r, !p->subscribed);
    p->subscribed = true;
    p->since = relay_now(r);
    p->opts = p->ask_opts;
    p->error[0] = '\0';
    for (int i = 0; i < REHABS; i++) {
        struct stream *st = p->streams[i];
        if (!(p->ask >> i & 1) || !st || st->on)
            continue;
        st->on = true;
        st->first_due = true;
        st->first_until = p->since + NS_PER_S;
    }
}

static void end_all(struct batch *b, futu_err err, futu_str text)
{
    for (size_t i = 0; i < b->n; i++)
        settle(b->pairs[i], err);
    for (size_t i = 0; i < b->n; i++)
        b->done(b->pairs[i], err, text, b->arg);
}

static void on_reply(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                     void *arg)
{
    struct batch *b = arg;
    futu_str text = STR("");
    (void)c;
    (void)fmt;
    if (b->r->freeing) {
        mem_free(b);
        return;
    }
    if (!err && response_ret(body, n) != RET_OK) {
        err = FUTU_EREFUSED;
        text = response_text(body, n);
    }
    size_t half = b->n / 2;
    if (err == FUTU_EREFUSED && b->split && b->n > 1) {
        futu_err one = send(b->r, b->pairs, half, true, b->done, b->arg);
        futu_err two = send(b->r, b->pairs + half, b->n - half, true, b->done, b->arg);
        if (one || two)
            log_error("upstream %s: subscriptions can't be restored one by one", b->r->name);
    } else {
        end_all(b, err, text);
    }
    mem_free(b);
}

static futu_err ask(struct relay *r, struct batch *b)
{
    const struct pair *first = b->pairs[0];
    int32_t rehabs[REHABS];
    Qot_Common_QotHeader header = { 0 };
    Qot_Sub_C2S c2s = { .subTypeList = (int32_t *)&first->key.sub_type, .n_subTypeList = 1,
                        .regPushRehabTypeList = rehabs };
    const Qot_Sub_Request rq = { .c2s = &c2s };
    arena_reset(&r->arena);
    c2s.securityList = ARENA_ARRAY(&r->arena, Qot_Common_Security, b->n);
    if (!c2s.securityList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < b->n; i++) {
        SET(&c2s.securityList[i], market, b->pairs[i]->key.market);
        c2s.securityList[i].code = str_c(b->pairs[i]->key.code);
    }
    c2s.n_securityList = b->n;
    SET(&c2s, isSubOrUnSub, true);
    SET(&c2s, isRegOrUnRegPush, true);
    SET(&c2s, isFirstPush, true);
    for (int32_t i = 0; i < REHABS && sub_type_kline(first->key.sub_type); i++)
        if (first->ask >> i & 1)
            rehabs[c2s.n_regPushRehabTypeList++] = i;
    if (first->ask_opts.session)
        SET(&c2s, session, first->ask_opts.session);
    if (first->ask_opts.extended)
        SET(&c2s, extendedTime, true);
    if (first->ask_opts.detail)
        SET(&c2s, isSubOrderBookDetail, true);
    SET(&header, securityFirm, first->ask_opts.firm);
    c2s.header = first->ask_opts.firm ? &header : NULL;
    return lane_ask(&r->lanes[LANE_QUOTE], P_SUB, &rq, on_reply, b) ? FUTU_OK : FUTU_ENOTCONN;
}

/* All of one kind, PER_CALL at the most. */
static futu_err send(struct relay *r, struct pair *const *pairs, size_t n, bool split,
                     pair_fn *done, void *arg)
{
    struct batch *b = mem_alloc(sizeof(*b) + n * sizeof(b->pairs[0]));
    futu_err err = b ? FUTU_OK : FUTU_ENOMEM;
    if (b) {
        *b = (struct batch){ r, done, arg, split, n };
        memcpy(b->pairs, pairs, n * sizeof(b->pairs[0]));
        err = ask(r, b);
    }
    if (!err)
        return FUTU_OK;
    for (size_t i = 0; i < n; i++) {
        settle(pairs[i], err);
        done(pairs[i], err, STR(""), arg);
    }
    mem_free(b);
    return err;
}

static bool alike(const struct pair *a, const struct pair *b)
{
    return a->key.sub_type == b->key.sub_type && a->ask == b->ask &&
           stream_opts_eq(a->ask_opts, b->ask_opts);
}

futu_err batch_subscribe(struct relay *r, struct pair *const *pairs, size_t n, bool split,
                         pair_fn *done, void *arg)
{
    struct pair *group[PER_CALL];
    uint8_t *taken = mem_zalloc(n + 1);
    if (!taken)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n; i++)
        pairs[i]->busy = true;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        for (size_t j = i; j < n && k < PER_CALL; j++) {
            if (taken[j] || !alike(pairs[i], pairs[j]))
                continue;
            taken[j] = 1;
            group[k++] = pairs[j];
        }
        if (k > 0)
            send(r, group, k, split, done, arg);
    }
    mem_free(taken);
    return FUTU_OK;
}
