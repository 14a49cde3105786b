/* access.c - who presents a token: files, their reload, lookup. See access.h.
 *
 * Reload:  all files are read and everything is allocated first; what then changes the keys can't
 *          fail, so that there are the old keys or the new ones.
 * Timing:  a token is hashed, and its hash looked up; what a guesser could learn from the time is
 *          about hashes, which lead nowhere.
 */
#include "access/access.h"

#include <stdio.h>
#include <time.h>

#include "access/rules.h"
#include "access/state.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypt/digest.h"

static const char *const ifaces[IFACES] = { "tcp", "rest", "grpc", "ws", "mcp", "cli",
                                            "console" };

const char *iface_name(enum iface i)
{
    return ifaces[i];
}

static const struct {
    int status;
    const char *category;
} denies[DENIES] = {
    [DENY_NONE] = { 0, NULL },
    [DENY_MISSING] = { 401, NULL },
    [DENY_INVALID] = { 401, NULL },
    [DENY_EXPIRED] = { 401, NULL },
    [DENY_REVOKED] = { 401, NULL },
    [DENY_OPEN_MODE] = { 401, NULL },
    [DENY_SCOPE] = { 403, NULL },
    [DENY_ARGUMENT] = { 400, NULL },
    [DENY_ACCOUNT] = { 403, "other" },
    [DENY_MARKET] = { 403, "market" },
    [DENY_SYMBOL] = { 403, "symbol" },
    [DENY_SIDE] = { 403, "side" },
    [DENY_HOURS] = { 429, "hours" },
    [DENY_PER_ORDER] = { 403, "per_order" },
    [DENY_RATE] = { 429, "rate" },
    [DENY_DAILY] = { 429, "daily" },
};

int deny_status(enum deny d)
{
    return denies[d].status;
}

const char *deny_category(enum deny d)
{
    return denies[d].category;
}

/* ---- life ---- */

futu_err access_new(struct access **out, const struct access_opts *o)
{
    struct access *a = *out = mem_zalloc(sizeof(*a));
    if (!a)
        return FUTU_ENOMEM;
    a->clock = o->clock;
    a->minute_no = a->day_no = INT64_MIN;
    if (o->raw_machine_id) {
        a->raw_machine_id = mem_strdup(o->raw_machine_id);
        if (!a->raw_machine_id) {
            access_free(a);
            *out = NULL;
            return FUTU_ENOMEM;
        }
    }
    tzset();                    /* localtime_r() need not */
    return FUTU_OK;
}

static void entry_free(struct entry *e)
{
    key_rules_free(&e->rules);
    mem_free(e->more_acc_ids);
    mem_free(e->next_acc_ids);
    mem_free(e);
}

static void file_free(struct keys_file *f)
{
    struct entry *e;
    for (size_t i = 0; (e = map_next(&f->by_hash, &i)) != NULL;)
        entry_free(e);
    map_free(&f->by_hash);
    mem_free(f->path);
    mem_free(f);
}

void access_free(struct access *a)
{
    struct key_count *c;
    if (!a)
        return;
    for (size_t i = 0; i < a->n_files; i++)
        file_free(a->files[i]);
    for (size_t i = 0; (c = map_next(&a->counts, &i)) != NULL;)
        count_free(c);
    map_free(&a->counts);
    arena_free(&a->card_mem);
    mem_free(a->files);
    mem_free(a->raw_machine_id);
    mem_free(a);
}

/* ---- reload ---- */

static futu_str hash_str(const uint8_t hash[32])
{
    return (futu_str){ (const char *)hash, 32 };
}

static struct entry *entry_new(const uint8_t hash[32])
{
    struct entry *e = mem_zalloc(sizeof(*e));
    if (!e)
        return NULL;
    memcpy(e->hash, hash, sizeof(e->hash));
    e->key.rules = &e->rules;
    return e;
}

static futu_err stage_key(struct access *a, struct keys_file *f, struct key_rules *k)
{
    struct entry *e = map_get(&f->next, hash_str(k->hash));
    if (!e) {
        e = entry_new(k->hash);
        if (!e)
            return FUTU_ENOMEM;
        if (map_put(&f->next, hash_str(e->hash), e)) {
            entry_free(e);
            return FUTU_ENOMEM;
        }
    }
    e->staged = k;
    e->next_count = count_of(a, k->id);
    if (!e->next_count)
        return FUTU_ENOMEM;
    return cards_resolve(a, k, &e->next_acc_ids, &e->n_next_acc_ids);
}

/* Reads the file and lays out what the keys will be; f->next then has the entries, old and new. */
static futu_err stage(struct access *a, struct keys_file *f, char *why, size_t size)
{
    struct entry *e;
    futu_err err = keys_load(f->path, &f->list, why, size);
    if (err)
        return err;
    for (size_t i = 0; (e = map_next(&f->by_hash, &i)) != NULL && !err;)
        err = map_put(&f->next, hash_str(e->hash), e);
    for (size_t i = 0; i < f->list.n && !err; i++)
        err = stage_key(a, f, &f->list.keys[i]);
    if (err)
        snprintf(why, size, "%s: out of memory", f->path);
    return err;
}

static void unstage_entry(struct entry *e)
{
    if (!e->committed) {
        entry_free(e);
        return;
    }
    mem_free(e->next_acc_ids);
    e->next_acc_ids = NULL;
    e->staged = NULL;
}

static void unstage(struct keys_file *f)
{
    struct entry *e;
    for (size_t i = 0; (e = map_next(&f->next, &i)) != NULL;)
        unstage_entry(e);
    map_free(&f->next);
    keys_free(&f->list);
}

/* A few stand in the entry itself: one place less in memory to wait for. */
static void take_acc_ids(struct entry *e)
{
    size_t n = e->n_next_acc_ids;
    mem_free(e->more_acc_ids);
    e->more_acc_ids = n > FEW_ACC_IDS ? e->next_acc_ids : NULL;
    e->key.acc_ids = e->more_acc_ids ? e->more_acc_ids : e->few_acc_ids;
    e->key.n_acc_ids = n;
    if (!e->more_acc_ids) {
        for (size_t i = 0; i < n; i++)
            e->few_acc_ids[i] = e->next_acc_ids[i];
        mem_free(e->next_acc_ids);
    }
    e->next_acc_ids = NULL;
}

static void take_bits(struct entry *e)
{
    e->key.markets = e->key.sides = 0;
    for (size_t i = 0; i < e->rules.n_markets; i++)
        e->key.markets |= rule_market_bit(e->rules.markets[i]);
    for (int32_t side = 1; rule_side_name(side); side++)
        for (size_t i = 0; i < e->rules.n_sides; i++)
            if (strcmp(e->rules.sides[i], rule_side_name(side)) == 0)
                e->key.sides |= rule_side_bit(side);
}

static void commit_entry(const struct access *a, struct entry *e)
{
    e->committed = true;
    e->key.revoked = e->staged == NULL;
    if (!e->staged)
        return;
    key_rules_free(&e->rules);
    e->rules = *e->staged;
    memset(e->staged, 0, sizeof(*e->staged));
    e->staged = NULL;
    e->key.count = e->next_count;
    e->key.wrong_machine = !machine_allowed(a, &e->rules);
    if (e->key.wrong_machine)
        log_warn("key %s: bound to another machine, it is refused here", e->rules.id);
    take_acc_ids(e);
    take_bits(e);
}

static void commit(const struct access *a, struct keys_file *f)
{
    struct entry *e;
    for (size_t i = 0; (e = map_next(&f->next, &i)) != NULL;)
        commit_entry(a, e);
    map_free(&f->by_hash);
    f->by_hash = f->next;
    f->next = (struct map)MAP_INIT;
    keys_free(&f->list);
}

futu_err access_reload(struct access *a, char *why, size_t size)
{
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < a->n_files && !err; i++)
        err = stage(a, a->files[i], why, size);
    for (size_t i = 0; i < a->n_files; i++) {
        if (err)
            unstage(a->files[i]);
        else
            commit(a, a->files[i]);
    }
    return err;
}

static struct keys_file *find_file(const struct access *a, const char *path)
{
    for (size_t i = 0; i < a->n_files; i++)
        if (strcmp(a->files[i]->path, path) == 0)
            return a->files[i];
    return NULL;
}

static futu_err add_file(struct access *a, struct keys_file *f, const char *path, char *why,
                         size_t size)
{
    f->path = mem_strdup(path);
    struct keys_file **more = mem_realloc(a->files, (a->n_files + 1) * sizeof(*more));
    if (more)
        a->files = more;
    if (!more || !f->path) {
        snprintf(why, size, "%s: out of memory", path);
        return FUTU_ENOMEM;
    }
    futu_err err = stage(a, f, why, size);
    if (err) {
        unstage(f);
        return err;
    }
    commit(a, f);
    a->files[a->n_files++] = f;
    return FUTU_OK;
}

futu_err access_add_file(struct access *a, uint32_t iface_bits, const char *path, char *why,
                         size_t size)
{
    struct keys_file *f = find_file(a, path);
    if (!f) {
        f = mem_zalloc(sizeof(*f));
        futu_err err = f ? add_file(a, f, path, why, size) : FUTU_ENOMEM;
        if (!f)
            snprintf(why, size, "%s: out of memory", path);
        if (err) {
            if (f)
                file_free(f);
            return err;
        }
    }
    for (int i = 0; i < IFACES; i++)
        if (iface_bits & 1u << i)
            a->of[i] = f;
    return FUTU_OK;
}

bool access_has_keys(const struct access *a, enum iface i)
{
    return a->of[i] != NULL;
}

size_t access_n_keys(const struct access *a)
{
    const struct entry *e;
    size_t n = 0;
    for (size_t f = 0; f < a->n_files; f++)
        for (size_t i = 0; (e = map_next(&a->files[f]->by_hash, &i)) != NULL;)
            n += !e->key.revoked;
    return n;
}

bool access_has_daily(const struct access *a)
{
    const struct entry *e;
    for (size_t f = 0; f < a->n_files; f++)
        for (size_t i = 0; (e = map_next(&a->files[f]->by_hash, &i)) != NULL;)
            if (!e->key.revoked && e->key.rules->has_daily_value)
                return true;
    return false;
}

const char *access_path(const struct access *a, size_t i)
{
    return i < a->n_files ? a->files[i]->path : NULL;
}

/* ---- lookup ---- */

enum deny access_alive(const struct access *a, const struct api_key *k)
{
    if (!k)
        return DENY_NONE;
    if (k->revoked)
        return DENY_REVOKED;
    if (k->wrong_machine)
        return DENY_INVALID;
    if (k->rules->expires_ms && clock_wall(&a->clock) / NS_PER_MS >= k->rules->expires_ms)
        return DENY_EXPIRED;
    return DENY_NONE;
}

/* What the checks of one request will read; of many keys it comes from memory, better all at once
 * than one after the other. */
static void fetch_ahead(const void *p, size_t n)
{
    for (size_t at = 0; p && at < n; at += 64)
        __builtin_prefetch((const char *)p + at);
}

enum deny access_open(const struct access *a, enum iface i, futu_str token, struct api_key **out)
{
    static const uint8_t nobody[32];
    uint8_t hash[32];
    *out = NULL;
    if (!a->of[i])
        return DENY_NONE;
    if (!token.p)
        return DENY_MISSING;
    sha256(token.p, token.n, hash);
    struct entry *e = map_get(&a->of[i]->by_hash, hash_str(hash));
    if (e) {
        fetch_ahead(e, offsetof(struct entry, rules.acc_ids));
        fetch_ahead(e->key.count, sizeof(*e->key.count));
        fetch_ahead(e->rules.symbols, 64);
    }
    if (!equal_ct(hash, e ? e->hash : nobody, sizeof(hash)) || !e)
        return DENY_INVALID;
    *out = &e->key;
    enum deny d = access_alive(a, &e->key);
    return d == DENY_REVOKED ? DENY_INVALID : d;
}

/* ---- accounts of cards ---- */

static futu_err copy_cards(struct arena *mem, const struct access_card *cards, size_t n,
                           struct access_card **out)
{
    *out = ARENA_ARRAY(mem, struct access_card, n ? n : 1);
    if (!*out)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct access_card *c = &(*out)[i];
        c->acc_id = cards[i].acc_id;
        c->card = str_dup(mem, cards[i].card);
        c->uni_card = str_dup(mem, cards[i].uni_card);
        if (!c->card.p || !c->uni_card.p)
            return FUTU_ENOMEM;
    }
    return FUTU_OK;
}

static futu_err resolve_all(struct access *a)
{
    struct entry *e;
    futu_err err = FUTU_OK;
    for (size_t f = 0; f < a->n_files; f++)
        for (size_t i = 0; (e = map_next(&a->files[f]->by_hash, &i)) != NULL && !err;)
            err = cards_resolve(a, &e->rules, &e->next_acc_ids, &e->n_next_acc_ids);
    for (size_t f = 0; f < a->n_files; f++)
        for (size_t i = 0; (e = map_next(&a->files[f]->by_hash, &i)) != NULL;) {
            if (!err)
                take_acc_ids(e);
            mem_free(e->next_acc_ids);
            e->next_acc_ids = NULL;
        }
    return err;
}

futu_err access_resolve_cards(struct access *a, const struct access_card *cards, size_t n)
{
    struct arena old_mem = a->card_mem;
    struct access_card *old = a->cards;
    size_t n_old = a->n_cards;
    bool was_known = a->cards_known;
    a->card_mem = (struct arena)ARENA_INIT;
    futu_err err = copy_cards(&a->card_mem, cards, n, &a->cards);
    a->n_cards = n;
    a->cards_known = true;
    if (!err)
        err = resolve_all(a);
    if (err) {
        arena_free(&a->card_mem);
        a->card_mem = old_mem;
        a->cards = old;
        a->n_cards = n_old;
        a->cards_known = was_known;
    } else {
        arena_free(&old_mem);
    }
    return err;
}
