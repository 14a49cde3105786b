/* replay.c - see replay.h.
 *
 * Owns:    its entries and their answers. A call that is under way is told when its entry leaves.
 * Cost:    a look through at most 1024 numbers per write.
 * Threads: none.
 * Tests:   test/unit/gateway/replay_test.c
 */
#include "gateway/replay.h"

#include "base/mem.h"
#include "crypt/digest.h"
#include "gateway/call.h"

void replay_digest(uint32_t proto, const uint8_t *body, size_t n, uint8_t out[32])
{
    uint8_t both[32 + 4];
    sha256(body, n, both);
    memcpy(both + 32, &proto, 4);
    sha256(both, sizeof(both), out);
}

static size_t least(const struct replay *r)
{
    size_t at = 0;
    for (size_t i = 1; i < r->n; i++)
        if (r->entries[i]->serial < r->entries[at]->serial)
            at = i;
    return at;
}

enum replay_verdict replay_look(const struct replay *r, uint32_t serial, const uint8_t digest[32],
                                struct replay_entry **hit)
{
    *hit = NULL;
    for (size_t i = 0; i < r->n; i++) {
        struct replay_entry *e = r->entries[i];
        if (e->serial != serial)
            continue;
        *hit = e;
        return memcmp(e->digest, digest, 32) == 0 ? REPLAY_REPEAT : REPLAY_OTHER_BODY;
    }
    if (r->n == REPLAY_WINDOW && serial < r->entries[least(r)]->serial)
        return REPLAY_STALE;
    return REPLAY_NEW;
}

static void entry_free(struct replay_entry *e)
{
    if (e->call)
        e->call->replay = NULL;
    mem_free(e->answer);
    mem_free(e);
}

static bool make_room(struct replay *r)
{
    if (r->n < r->cap)
        return true;
    uint32_t cap = r->cap ? r->cap * 2 : 16;
    struct replay_entry **more = mem_realloc(r->entries, cap * sizeof(struct replay_entry *));
    if (!more)
        return false;
    r->entries = more;
    r->cap = cap;
    return true;
}

struct replay_entry *replay_add(struct replay *r, uint32_t serial, const uint8_t digest[32])
{
    struct replay_entry *e = mem_zalloc(sizeof(*e));
    if (!e || (r->n < REPLAY_WINDOW && !make_room(r))) {
        mem_free(e);
        return NULL;
    }
    e->serial = serial;
    memcpy(e->digest, digest, 32);
    if (r->n < REPLAY_WINDOW) {
        r->entries[r->n++] = e;
        return e;
    }
    size_t at = least(r);
    entry_free(r->entries[at]);
    r->entries[at] = e;
    return e;
}

void replay_drop(struct replay *r, struct replay_entry *e)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->entries[i] != e)
            continue;
        r->entries[i] = r->entries[--r->n];
        entry_free(e);
        return;
    }
}

void replay_answer(struct replay_entry *e, const uint8_t *body, size_t n)
{
    e->call = NULL;
    mem_free(e->answer);
    e->answer = mem_alloc(n ? n : 1);
    e->n = e->answer ? n : 0;
    if (e->answer)
        memcpy(e->answer, body, n);
}

void replay_free(struct replay *r)
{
    for (size_t i = 0; i < r->n; i++)
        entry_free(r->entries[i]);
    mem_free(r->entries);
    *r = (struct replay){ NULL, 0, 0 };
}
