/* keys.c - keys.json for programs: list, make, revoke, bind. See futu/keys.h.
 *
 * Every change is load, change, save under the file's lock.
 */
#include "futu/keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access.h"
#include "access/rules.h"
#include "api/key_spec.h"
#include "api/opts.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "crypt/secret.h"

#define SCOPES_TEXT 128

static int64_t now_ms(void)
{
    return clock_wall(&clock_system) / NS_PER_MS;
}

futu_err futu_keys_default_path(char *out, size_t size)
{
    const char *home = getenv("XDG_CONFIG_HOME");
    const char *below = "/futu/keys.json";
    if (!home || home[0] != '/') {      /* a relative one is to be ignored */
        home = getenv("HOME");
        below = "/.config/futu/keys.json";
    }
    if (!home || !*home)
        return FUTU_ENOTFOUND;
    int n = snprintf(out, size, "%s%s", home, below);
    return n < 0 || (size_t)n >= size ? FUTU_ELIMIT : FUTU_OK;
}

/* ---- list ---- */

struct texts {
    char scopes[SCOPES_TEXT], hours[12];
};

struct futu_keys {
    struct key_list list;
    struct texts *texts;        /* of each key */
    int64_t now_ms;
};

static void write_texts(const struct key_rules *k, struct texts *t)
{
    uint32_t bit;
    const char *name;
    size_t n = 0;
    for (size_t i = 0; (name = rule_scope_at(i, &bit)) != NULL; i++)
        if (k->scopes & bit)
            n += (size_t)snprintf(t->scopes + n, sizeof(t->scopes) - n, "%s%s", n ? "," : "", name);
    rule_hours_text(k->hours_from, k->hours_to, t->hours);
}

futu_err futu_keys_open(futu_keys **out, const char *path, char *why, size_t size)
{
    futu_keys *k = *out = mem_zalloc(sizeof(*k));
    if (!k) {
        snprintf(why, size, "%s: out of memory", path);
        return FUTU_ENOMEM;
    }
    k->now_ms = now_ms();
    futu_err err = keys_load(path, &k->list, why, size);
    if (!err) {
        k->texts = mem_array(k->list.n + 1, sizeof(*k->texts));
        err = k->texts ? FUTU_OK : FUTU_ENOMEM;
        if (err)
            snprintf(why, size, "%s: out of memory", path);
    }
    if (err) {
        futu_keys_free(k);
        *out = NULL;
        return err;
    }
    for (size_t i = 0; i < k->list.n; i++)
        write_texts(&k->list.keys[i], &k->texts[i]);
    return FUTU_OK;
}

void futu_keys_free(futu_keys *k)
{
    if (!k)
        return;
    keys_free(&k->list);
    mem_free(k->texts);
    mem_free(k);
}

size_t futu_keys_count(const futu_keys *k)
{
    return k->list.n;
}

static const char *const *words(char **list)
{
    return (const char *const *)list;
}

futu_err futu_keys_get(const futu_keys *k, size_t i, futu_key_info *out)
{
    if (out->size < OPTS_END(futu_key_info, expired))
        return FUTU_EINVAL;
    if (i >= k->list.n)
        return FUTU_ENOTFOUND;
    const struct key_rules *r = &k->list.keys[i];
    const struct texts *t = &k->texts[i];
    futu_key_info info = {
        .size = out->size, .id = r->id, .note = r->note, .scopes = t->scopes,
        .hours_window = r->has_hours ? t->hours : NULL,
        .markets = words(r->markets), .symbols = words(r->symbols), .sides = words(r->sides),
        .cards = words(r->cards), .machines = words(r->machines), .acc_ids = r->acc_ids,
        .n_markets = r->n_markets, .n_symbols = r->n_symbols, .n_sides = r->n_sides,
        .n_cards = r->n_cards, .n_machines = r->n_machines, .n_acc_ids = r->n_acc_ids,
        .max_order_value = r->has_order_value ? r->max_order_value : -1,
        .max_daily_value = r->has_daily_value ? r->max_daily_value : -1,
        .max_orders_per_minute = r->has_rate ? (int64_t)r->max_orders_per_minute : -1,
        .created_ms = r->created_ms, .expires_ms = r->expires_ms, .bound = r->has_machines,
        .expired = r->expires_ms && k->now_ms >= r->expires_ms,
    };
    memcpy(out, &info, MIN(sizeof(info), out->size));
    return FUTU_OK;
}

/* ---- changes ---- */

struct edit {
    const char *path;
    int lock;
    struct key_list list;
    char *why;
    size_t size;
};

/* `may_miss`: a file that is not there is one without keys. */
static futu_err edit_begin(struct edit *e, bool may_miss)
{
    struct stat st;
    futu_err err = FUTU_OK;
    e->lock = -1;
    if (stat(e->path, &st) && errno == ENOENT && !may_miss)
        return keys_load(e->path, &e->list, e->why, e->size);  /* leaves no lock where nothing is */
    err = keys_lock(e->path, &e->lock, e->why, e->size);
    if (err)
        return err;
    if (stat(e->path, &st) && errno == ENOENT && may_miss)
        return FUTU_OK;
    return keys_load(e->path, &e->list, e->why, e->size);
}

static futu_err edit_end(struct edit *e, futu_err err)
{
    if (!err)
        err = keys_save(e->path, &e->list, e->why, e->size);
    keys_free(&e->list);
    keys_unlock(e->path, e->lock);
    return err;
}

static struct key_rules *find_key(const struct edit *e, const char *id)
{
    for (size_t i = 0; i < e->list.n; i++)
        if (strcmp(e->list.keys[i].id, id) == 0)
            return &e->list.keys[i];
    return NULL;
}

static futu_err no_such_key(const struct edit *e, const char *id)
{
    const char *best = NULL;
    char shown[RULE_SHOWN];
    unsigned far = rule_near_enough(str_c(id));
    for (size_t i = 0; i < e->list.n; i++) {
        unsigned d = futu_word_distance(str_c(id), str_c(e->list.keys[i].id));
        if (d < far) {
            far = d;
            best = e->list.keys[i].id;
        }
    }
    rule_shown(str_c(id), shown);
    if (best)
        snprintf(e->why, e->size, "%s: no key %s; did you mean %s?", e->path, shown, best);
    else
        snprintf(e->why, e->size, "%s: no key %s", e->path, shown);
    return FUTU_ENOTFOUND;
}

static void make_id(const struct edit *e, struct key_rules *k)
{
    do {
        snprintf(k->id, sizeof(k->id), "key-%08x", (unsigned)random_u64());
    } while (find_key(e, k->id));
}

static void make_plain(struct key_rules *k, char plain[FUTU_KEY_PLAIN_SIZE])
{
    uint8_t raw[16];
    random_bytes(raw, sizeof(raw));
    memcpy(plain, "fc_", 3);
    hex_lower(raw, sizeof(raw), plain + 3);
    sha256(plain, FUTU_KEY_PLAIN_SIZE - 1, k->hash);
    wipe(raw, sizeof(raw));
}

/* *k is moved into the list. */
static futu_err append(struct edit *e, struct key_rules *k)
{
    struct key_rules *more = mem_realloc(e->list.keys, (e->list.n + 1) * sizeof(*more));
    if (!more) {
        snprintf(e->why, e->size, "out of memory");
        return FUTU_ENOMEM;
    }
    e->list.keys = more;
    more[e->list.n++] = *k;
    memset(k, 0, sizeof(*k));
    return FUTU_OK;
}

static futu_err add_key(struct edit *e, const futu_key_spec *spec, struct key_rules *k,
                        futu_new_key *out)
{
    if (!k->id[0])
        make_id(e, k);
    else if (find_key(e, k->id)) {
        snprintf(e->why, e->size, "%s: key %s is there already; take another id, or revoke it",
                 e->path, k->id);
        return FUTU_EEXIST;
    }
    futu_err err = spec->bind_this_machine ? key_spec_bind_here(k, e->why, e->size) : FUTU_OK;
    if (err)
        return err;
    make_plain(k, out->plain);
    memcpy(out->id, k->id, sizeof(out->id));
    return append(e, k);
}

futu_err futu_keys_add(const char *path, const futu_key_spec *given, futu_new_key *out, char *why,
                       size_t size)
{
    struct edit e = { .path = path, .lock = -1, .why = why, .size = size };
    struct key_rules k = { .created_ms = now_ms() };
    futu_key_spec spec;
    memset(out, 0, sizeof(*out));
    if (opts_copy(&spec, sizeof(spec), OPTS_END(futu_key_spec, reserved), given)) {
        snprintf(why, size, "size: the spec is of another version");
        return FUTU_EINVAL;
    }
    futu_err err = key_spec_read(&spec, k.created_ms, &k, why, size);
    if (!err)
        err = edit_begin(&e, true);
    if (!err)
        err = add_key(&e, &spec, &k, out);
    err = edit_end(&e, err);
    if (err)
        wipe(out, sizeof(*out));
    key_rules_free(&k);
    return err;
}

futu_err futu_keys_revoke(const char *path, const char *id, char *why, size_t size)
{
    struct edit e = { .path = path, .why = why, .size = size };
    futu_err err = edit_begin(&e, false);
    struct key_rules *k = err ? NULL : find_key(&e, id);
    if (!err && !k)
        err = no_such_key(&e, id);
    if (!err) {
        size_t i = (size_t)(k - e.list.keys);
        key_rules_free(k);
        memmove(k, k + 1, (--e.list.n - i) * sizeof(*k));
    }
    return edit_end(&e, err);
}

static void unbind(struct key_rules *k)
{
    for (size_t i = 0; i < k->n_machines; i++)
        mem_free(k->machines[i]);
    mem_free(k->machines);
    k->machines = NULL;
    k->n_machines = 0;
    k->has_machines = false;
}

static futu_err bind_key(struct edit *e, struct key_rules *k, int how, const char *machines,
                         bool this_machine)
{
    futu_err err = FUTU_OK;
    if (how != FUTU_BIND_ADD)
        unbind(k);
    if (how == FUTU_BIND_FREEZE)
        k->has_machines = true;
    if (machines)
        err = key_spec_machines(k, machines, e->why, e->size);
    if (!err && this_machine)
        err = key_spec_bind_here(k, e->why, e->size);
    return err;
}

futu_err futu_keys_bind(const char *path, const char *id, int how, const char *machines,
                        bool this_machine, char *why, size_t size)
{
    struct edit e = { .path = path, .why = why, .size = size };
    bool some = machines || this_machine;
    bool wants = how == FUTU_BIND_ADD || how == FUTU_BIND_REPLACE;
    if (how < FUTU_BIND_ADD || how > FUTU_BIND_FREEZE || some != wants) {
        snprintf(why, size, wants ? "machines: none is named" : "machines: none may be named");
        return FUTU_EINVAL;
    }
    futu_err err = edit_begin(&e, false);
    if (!err) {
        struct key_rules *k = find_key(&e, id);
        err = k ? bind_key(&e, k, how, machines, this_machine) : no_such_key(&e, id);
    }
    return edit_end(&e, err);
}

/* ---- machines ---- */

static const char *const id_files[] = { "/etc/machine-id", "/var/lib/dbus/machine-id" };

static bool read_machine_id(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(out, (int)MIN(size, INT16_MAX), f) != NULL;
    fclose(f);
    if (ok)
        out[strcspn(out, " \t\r\n")] = '\0';
    return ok && out[0];
}

futu_err futu_machine_id(char *out, size_t size)
{
    char text[MACHINE_ID_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(id_files); i++)
        if (read_machine_id(id_files[i], text, sizeof(text)))
            return size && str_copy(out, size, str_c(text)) ? FUTU_OK : FUTU_ELIMIT;
    return FUTU_ENOTFOUND;
}

futu_err futu_machine_fingerprint(const char *key_id, char out[FUTU_FINGERPRINT_SIZE])
{
    char raw[MACHINE_ID_MAX + 1];
    if (!rule_id(str_c(key_id)))
        return FUTU_EINVAL;
    futu_err err = futu_machine_id(raw, sizeof(raw));
    if (!err)
        machine_fingerprint(key_id, raw, out);
    return err;
}
