/* unlock_random_test.c - unlocks, locks, losses and restarts in any order and with answers that
 * come in any order: the hub lets through the orders of exactly those accounts that a plain model
 * of each has open. */
#include "unlock_rig.h"

#define ACCS 6
#define STEPS 4000
#define FLYING 6

static const uint64_t ids[ACCS] = { 11, 12, 21, 22, 31, 32 };
static struct rig r;
static struct peer a;
static uint64_t seed;

/* What is under way, with what the upstream knew when it came in. */
static struct flying {
    struct want w;
    uint32_t call;              /* place in the rig */
    uint64_t locks[ACCS];       /* of the accounts, when it was sent */
} flying[FLYING];
static unsigned n_flying;

/* Of each account. */
enum { UNKNOWN, OPEN, SHUT };
static int state[ACCS];
static uint64_t locks[ACCS];
static unsigned n_opened, n_shut, n_lost;

static uint32_t rnd(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static bool names(const struct want *w, uint64_t id)
{
    for (size_t i = 0; w->ids[i]; i++)
        if (w->ids[i] == id)
            return true;
    return false;
}

static bool is_meant(const struct want *w, uint64_t id)
{
    return (!w->ids[0] || names(w, id)) && (!w->firm || w->firm == (int32_t)(id / 10));
}

static void send_one(void)
{
    struct flying *f = &flying[n_flying];
    if (n_flying == FLYING)
        return;
    memset(f, 0, sizeof(*f));
    f->w.lock = rnd(3) == 0;
    size_t n = rnd(2) ? rnd(3) : 0;
    for (size_t i = 0; i < n; i++)
        f->w.ids[i] = ids[rnd(ACCS)];
    if (rnd(3) == 0)
        f->w.firm = 1 + (int32_t)rnd(3);
    f->call = r.fake.n_calls;
    memcpy(f->locks, locks, sizeof(locks));
    ur_ask(&a, 1, &f->w);
    ck_assert_uint_eq(r.fake.n_calls, f->call + 1);
    n_flying++;
}

static void landed(unsigned at)
{
    struct frame f;
    flying[at] = flying[--n_flying];
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(f.proto, 2005);
}

/* ---- an upstream that tells accounts apart ---- */

/* It does the thing as it answers; of an unlock some accounts fail. */
static void answer_with_results(unsigned at)
{
    struct flying *f = &flying[at];
    struct result out[ACCS + 1] = { { .id = 0 } };
    size_t n = 0, good = 0;
    for (int i = 0; i < ACCS; i++) {
        if (!is_meant(&f->w, ids[i]))
            continue;
        bool ok = f->w.lock || (rnd(4) && f->locks[i] == locks[i]);
        out[n++] = (struct result){ ids[i], ok, (int32_t)(ids[i] / 10), ok ? NULL : "no" };
        good += ok;
        locks[i] += f->w.lock;
        if (ok)
            state[i] = f->w.lock ? SHUT : OPEN;
    }
    n_opened += !f->w.lock && good;
    n_shut += f->w.lock && good;
    ur_answer(&r, f->call, good ? 0 : -1, good ? "" : "none", out);
    landed(at);
}

static void lose_a_firm(void)
{
    uint64_t firm = 1 + rnd(3), gone[ACCS];
    size_t n = 0;
    for (int i = 0; i < ACCS; i++) {
        if (ids[i] / 10 != firm)
            continue;
        gone[n++] = ids[i];
        n_lost += state[i] == OPEN;
        state[i] = SHUT;
        locks[i]++;             /* ciphers that are on their way are worth nothing */
    }
    r.events.locked(r.events.arg, gone, n, "lost");
}

/* By the operator: what is under way comes too late. */
static void lock_all(void)
{
    hub_lock(r.hub);
    for (int i = 0; i < ACCS; i++) {
        state[i] = SHUT;
        locks[i]++;
    }
    /* the hub's own request has nobody who waits */
    for (uint32_t i = 0; i < r.fake.n_calls; i++) {
        bool is_ours = false;
        for (unsigned k = 0; k < n_flying; k++)
            is_ours |= flying[k].call == i;
        if (r.fake.calls[i] && !is_ours)
            rig_answer_one(&r, i, HEX_EMPTY);
    }
}

/* ---- one that does not, behind a relay ---- */

static void answer_without(unsigned at)
{
    struct flying f = flying[at];
    bool good = rnd(5) != 0;
    rig_answer_one(&r, f.call, good ? HEX_EMPTY : HEX_NO);
    landed(at);
    for (int i = 0; good && i < ACCS; i++) {
        bool meant = is_meant(&f.w, ids[i]);
        bool of_firm = !f.w.firm || f.w.firm == (int32_t)(ids[i] / 10);
        if (f.w.lock) {
            bool was = of_firm && state[i] == OPEN;
            locks[i] += meant || was;
            if (meant && f.w.ids[0])
                state[i] = SHUT;
            else if (meant || was)
                state[i] = UNKNOWN;     /* it may have locked more than that */
        } else if (meant && f.locks[i] == locks[i]) {
            state[i] = OPEN;
        } else if (!meant && f.w.ids[0] && state[i] == UNKNOWN) {
            state[i] = SHUT;
        }
    }
    n_opened += good && !f.w.lock;
    n_shut += good && f.w.lock;
}

/* ---- what must hold ---- */

static void clear(void)
{
    struct frame f;
    while (peer_next(&a, &f))
        ;
}

static void check(bool forwards)
{
    clear();
    for (int i = 0; i < ACCS; i++) {
        bool up = ur_open(&a, ids[i]);
        ck_assert_msg(up == (state[i] == OPEN || (forwards && state[i] == UNKNOWN)),
                      "account %d: %d in state %d", (int)ids[i], up, state[i]);
    }
    clear();
}

static void begin(bool forwards)
{
    ur_begin(&r, &a, forwards);
    memset(state, 0, sizeof(state));
    memset(locks, 0, sizeof(locks));
    n_flying = n_opened = n_shut = n_lost = 0;
    seed = 77;
    if (forwards)
        ur_accounts(&r, &a, ids, ACCS);
}

/* The rig has room for so many calls. */
static void renew(bool forwards)
{
    ur_end(&r, &a);
    uint64_t keep = seed;
    unsigned o = n_opened, s = n_shut, l = n_lost;
    begin(forwards);
    seed = keep;
    n_opened = o, n_shut = s, n_lost = l;
}

START_TEST(the_hub_has_open_what_the_upstream_has)
{
    begin(false);
    for (int i = 0; i < STEPS; i++) {
        uint32_t what = rnd(20);
        if (r.fake.n_calls + 16 > RIG_CALLS)
            renew(false);
        if (what == 0)
            lose_a_firm();
        else if (what == 1)
            lock_all();
        else if (what < 11)
            send_one();
        else if (n_flying)
            answer_with_results(rnd(n_flying));
        check(false);
    }
    ck_assert(n_opened > 100 && n_shut > 100 && n_lost > 20);
    ur_end(&r, &a);
}
END_TEST

START_TEST(behind_a_gateway_that_opens_all_only_those_who_were_named_pass)
{
    begin(true);
    for (int i = 0; i < STEPS; i++) {
        if (r.fake.n_calls + 16 > RIG_CALLS)
            renew(true);
        if (rnd(2))
            send_one();
        else if (n_flying)
            answer_without(rnd(n_flying));
        check(true);
    }
    ck_assert(n_opened > 100 && n_shut > 100);
    ur_end(&r, &a);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_hub_has_open_what_the_upstream_has);
    tcase_add_test(tc, behind_a_gateway_that_opens_all_only_those_who_were_named_pass);
}

int main(void)
{
    return run_tcase("unlock at random", add);
}
