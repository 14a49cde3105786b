/* unlock_kept.c - answers of unlocks under their idempotencyKey.
 *
 * Kept:    complete successes, for 90 s. Once anything has been locked since, a kept answer is no
 *          longer true, and the unlock is done anew.
 * Tests:   test/unit/gateway/unlock_test.c
 */
#include "gateway/unlock_kept.h"

#include "codec/splice.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "gateway/guard.h"

static void kept_id(const struct futu_conn *c, futu_str word, uint8_t out[32])
{
    const char *caller = c->key ? c->key->rules->id : "";
    uint8_t both[32 + ORDER_KEY_MAX];
    sha256(caller, strlen(caller), both);
    memcpy(both + 32, word.p, word.n);
    sha256(both, 32 + word.n, out);
}

static void forget(struct unlock_kept *e)
{
    if (e->answer.p)
        wipe(e->answer.p, e->answer.n);
    buf_free(&e->answer);
    wipe(e->digest, sizeof(e->digest));     /* a guessed password could be checked against it */
    e->until = 0;
}

static bool in_force(const struct hub *h, const struct unlock_kept *e)
{
    return e->until > h->now && e->round == h->unlocks.round;
}

static void answer(struct ask *a, const struct unlock_kept *e)
{
    if (a->guarded)
        a->guarded->repeat = true;
    reply_body(a, e->answer.p, e->answer.n, 0);
}

bool kept_look(struct ask *a, const Trd_UnlockTrade_C2S *q)
{
    struct hub *h = a->c->hub;
    uint8_t id[32], digest[32];
    if (!q->idempotencyKey.p)
        return true;
    if (q->idempotencyKey.n == 0 || q->idempotencyKey.n > ORDER_KEY_MAX) {
        reply_refuse(a, "idempotencyKey: 1 to %d bytes of text", ORDER_KEY_MAX);
        return false;
    }
    kept_id(a->c, q->idempotencyKey, id);
    for (size_t i = 0; i < UNLOCK_KEPT; i++) {
        struct unlock_kept *e = &h->unlocks.kept[i];
        if (!e->until || memcmp(e->id, id, sizeof(id)) != 0)
            continue;
        if (!in_force(h, e)) {
            forget(e);
            return true;
        }
        sha256(a->body, a->len, digest);
        if (equal_ct(e->digest, digest, sizeof(digest)))
            answer(a, e);
        else
            reply_refuse(a, "idempotencyKey: " STR_FMT " has been used for another request",
                         STR_ARG(q->idempotencyKey));
        return false;
    }
    return true;
}

static bool complete(const Trd_UnlockTrade_Response *rsp)
{
    if (rsp->retType != RET_OK)
        return false;
    for (size_t i = 0; rsp->s2c && i < rsp->s2c->n_accResultList; i++)
        if (!rsp->s2c->accResultList[i].success)
            return false;
    return true;
}

bool hub_answer_whole(const struct proto_row *row, const uint8_t *body, size_t len)
{
    struct arena a = ARENA_INIT;
    Trd_UnlockTrade_Response rsp;
    bool whole = response_ret(body, len) == RET_OK;
    if (whole && row && row->id == PROTO_TRD_UNLOCK_TRADE)
        whole = codec_decode(&Trd_UnlockTrade_Response_msg, &a, body, len, &rsp, NULL, NULL) ==
                    FUTU_OK && complete(&rsp);
    arena_free(&a);
    return whole;
}

uint64_t hub_answer_mark(const struct hub *h, const struct proto_row *row)
{
    return row && row->id == PROTO_TRD_UNLOCK_TRADE ? h->unlocks.round : 0;
}

/* A free place, or that of the oldest one. */
static struct unlock_kept *place(struct hub *h)
{
    struct unlock_kept *best = &h->unlocks.kept[0];
    for (size_t i = 0; i < UNLOCK_KEPT; i++) {
        struct unlock_kept *e = &h->unlocks.kept[i];
        if (!in_force(h, e))
            forget(e);
        if (e->until < best->until)
            best = e;
    }
    forget(best);
    return best;
}

void kept_put(struct call *k, const Trd_UnlockTrade_C2S *q, const Trd_UnlockTrade_Response *rsp,
              futu_str body)
{
    struct hub *h = k->hub;
    if (!q->idempotencyKey.p || !k->ask.c || !complete(rsp) || k->round != h->unlocks.round)
        return;
    struct unlock_kept *e = place(h);
    if (buf_put(&e->answer, body.p, body.n))
        return;
    kept_id(k->ask.c, q->idempotencyKey, e->id);
    sha256(k->rq.body, k->rq.len, e->digest);
    e->round = k->round;
    e->until = h->now + UNLOCK_LIFE_NS;
}

void kept_free(struct unlocks *u)
{
    for (size_t i = 0; i < UNLOCK_KEPT; i++)
        forget(&u->kept[i]);
}
