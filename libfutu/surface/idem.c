/* idem.c - see idem.h. */
#include "surface/idem.h"

#include "base/mem.h"
#include "crypt/digest.h"

void idem_init(struct idem *i)
{
    *i = (struct idem){ .by_id = MAP_INIT };
    list_init(&i->answered);
    list_init(&i->waiting);
}

static futu_str id_of(const struct idem_entry *e)
{
    return (futu_str){ (const char *)e->id, sizeof(e->id) };
}

static void drop(struct idem *i, struct idem_entry *e)
{
    map_del(&i->by_id, id_of(e));
    list_remove(&e->link);
    buf_free(&e->answer);
    mem_free(e);
}

void idem_free(struct idem *i)
{
    while (!list_empty(&i->answered))
        drop(i, list_entry(i->answered.next, struct idem_entry, link));
    while (!list_empty(&i->waiting))
        drop(i, list_entry(i->waiting.next, struct idem_entry, link));
    map_free(&i->by_id);
}

/* Two texts as one digest, the border between them fixed. */
static void digest_two(futu_str a, futu_str b, uint8_t out[32])
{
    uint8_t both[64];
    sha256(a.p, a.n, both);
    sha256(b.p, b.n, both + 32);
    sha256(both, sizeof(both), out);
}

static void drop_oldest(struct idem *i)
{
    drop(i, list_entry(i->answered.next, struct idem_entry, link));
}

static void expire(struct idem *i, int64_t now)
{
    while (!list_empty(&i->answered) &&
           list_entry(i->answered.next, struct idem_entry, link)->until <= now)
        drop_oldest(i);
}

static enum idem_verdict make(struct idem *i, const uint8_t id[32], const uint8_t digest[32],
                              struct idem_entry **out)
{
    if (i->by_id.n >= IDEM_MAX && !list_empty(&i->answered))
        drop_oldest(i);
    struct idem_entry *e = i->by_id.n < IDEM_MAX ? mem_zalloc(sizeof(*e)) : NULL;
    if (!e)
        return IDEM_FULL;
    memcpy(e->id, id, 32);
    memcpy(e->digest, digest, 32);
    list_push(&i->waiting, &e->link);
    if (map_put(&i->by_id, id_of(e), e)) {
        drop(i, e);
        return IDEM_FULL;
    }
    *out = e;
    return IDEM_NEW;
}

enum idem_verdict idem_look(struct idem *i, const struct idem_ask *a, int64_t now,
                            struct idem_entry **out)
{
    uint8_t id[32], digest[32];
    *out = NULL;
    expire(i, now);
    digest_two(str_c(a->caller), a->key, id);
    digest_two(a->path, a->body, digest);
    struct idem_entry *e = map_get(&i->by_id, (futu_str){ (const char *)id, sizeof(id) });
    if (e && e->answered && e->mark != a->mark) {
        drop(i, e);
        e = NULL;
    }
    if (!e) {
        enum idem_verdict v = make(i, id, digest, out);
        if (v == IDEM_NEW)
            (*out)->mark = a->mark;
        return v;
    }
    *out = e;
    if (!equal_ct(e->digest, digest, sizeof(digest)))
        return IDEM_OTHER;
    return e->answered ? IDEM_ANSWERED : IDEM_WAITING;
}

void idem_answer(struct idem *i, struct idem_entry *e, futu_str body, int64_t now)
{
    if (!body.p || buf_put(&e->answer, body.p, body.n)) {
        drop(i, e);
        return;
    }
    e->answered = true;
    e->until = now + IDEM_LIFE_NS;
    list_remove(&e->link);
    list_push(&i->answered, &e->link);
}
