/* cmd_keys.c - API keys in a keys.json: gen-key, list-keys, revoke-key, bind-key, machine-id. They
 * work on the file alone; no gateway is asked. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

#define PICKED_UP                                                                                  \
    "A running futu-opend picks this up by itself within a second; SIGHUP makes it do so too."
#define FILE_OPT                                                                                   \
    { "keys-file", "FILE", NULL, "keys.json; default ~/.config/futu/keys.json" }

static const struct cmd_opt gen_opts[] = {
    { "id", "ID", NULL, "name of the key in the audit trail; default key- and 8 hex digits" },
    { "scopes", "LIST", NULL, "qot:read,acc:read,trade:simulate,trade:real,trade:unlock,admin" },
    FILE_OPT,
    { "expires", "WHEN", NULL, "30d, 12h, 90m from now, or 2030-01-31T12:00:00Z; default never" },
    { "note", "TEXT", NULL, "kept with the key" },
    { "allowed-markets", "LIST", NULL, "HK,US,CN,HKCC,..." },
    { "allowed-symbols", "LIST", NULL, "HK.00700,US.AAPL" },
    { "allowed-trd-sides", "LIST", NULL, "BUY,SELL,SELL_SHORT,BUY_BACK" },
    { "allowed-acc-ids", "LIST", NULL, "accounts" },
    { "allowed-card-nums", "LIST", NULL, "accounts by card number, or its last four digits" },
    { "max-order-value", "N", NULL, "quantity times price, in the order's currency" },
    { "max-daily-value", "N", NULL, "the same of a UTC day together" },
    { "max-orders-per-minute", "N", NULL, "orders in any 60 seconds" },
    { "hours-window", "FROM-TO", NULL, "09:30-16:00 in the gateway's local time" },
    { "bind-this-machine", NULL, NULL, "refused anywhere else" },
    { "bind-machines", "LIST", NULL, "refused elsewhere; as machine-id --for-key ID prints them" },
    { NULL, NULL, NULL, NULL },
};
static const struct cmd_opt file_opts[] = { FILE_OPT, { NULL, NULL, NULL, NULL } };
static const struct cmd_opt bind_opts[] = {
    { "this-machine", NULL, NULL, "bind to this machine" },
    { "machines", "LIST", NULL, "bind to these, as machine-id --for-key ID prints them" },
    { "replace", NULL, NULL, "only to those; without it they are added" },
    { "clear", NULL, NULL, "to no machine: it works anywhere" },
    { "freeze", NULL, NULL, "it works nowhere until it is bound again" },
    FILE_OPT,
    { NULL, NULL, NULL, NULL },
};
static const struct cmd_opt machine_opts[] = {
    { "for-key", "ID", NULL, "what stands for this machine in that key" },
    { NULL, NULL, NULL, NULL },
};

/* The file of --keys-file, with ~ at its start as a shell takes it; false after its message. */
static bool keys_path(const struct args *a, char *out, size_t size)
{
    const char *given = arg(a, "keys-file"), *home = getenv("HOME");
    if (!given && futu_keys_default_path(out, size)) {
        usage_error("--keys-file is needed: there is no home for a default");
        return false;
    }
    if (!given)
        return true;
    bool at_home = home && given[0] == '~' && (given[1] == '/' || given[1] == '\0');
    int n = snprintf(out, size, "%s%s", at_home ? home : "", at_home ? given + 1 : given);
    if (n > 0 && (size_t)n < size)
        return true;
    usage_error("--keys-file: %s", n > 0 ? "the path is too long" : "the path is empty");
    return false;
}

/* ---- one key as JSON ---- */

static cJSON *texts(const char *const *list, size_t n)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(list[i]));
    return array;
}

static void add_texts(cJSON *o, const char *name, const char *const *list, size_t n)
{
    if (n > 0)
        cJSON_AddItemToObject(o, name, texts(list, n));
}

static cJSON *scopes_of(const char *text)
{
    cJSON *array = cJSON_CreateArray();
    char word[32];
    for (size_t n; *text; text += n + (text[n] == ',')) {
        n = strcspn(text, ",");
        snprintf(word, sizeof(word), "%.*s", (int)n, text);
        cJSON_AddItemToArray(array, cJSON_CreateString(word));
    }
    return array;
}

/* As they are: a double does not hold 64 bits. */
static void add_acc_ids(cJSON *o, const futu_key_info *k)
{
    cJSON *array = k->n_acc_ids ? cJSON_AddArrayToObject(o, "allowed_acc_ids") : NULL;
    for (size_t i = 0; array && i < k->n_acc_ids; i++) {
        char text[24];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)k->acc_ids[i]);
        cJSON_AddItemToArray(array, cJSON_CreateRaw(text));
    }
}

static void time_text(int64_t ms, char *out, size_t size)
{
    struct tm tm;
    time_t t = (time_t)(ms / 1000);
    gmtime_r(&t, &tm);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void add_time(cJSON *o, const char *name, int64_t ms)
{
    char text[32];
    if (ms == 0)
        return;
    time_text(ms, text, sizeof(text));
    cJSON_AddStringToObject(o, name, text);
}

/* Members as in the file, those that limit nothing left out. */
static cJSON *key_json(const futu_key_info *k)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", k->id);
    cJSON_AddItemToObject(o, "scopes", scopes_of(k->scopes));
    add_texts(o, "allowed_markets", k->markets, k->n_markets);
    add_texts(o, "allowed_symbols", k->symbols, k->n_symbols);
    add_texts(o, "allowed_trd_sides", k->sides, k->n_sides);
    add_acc_ids(o, k);
    add_texts(o, "allowed_card_nums", k->cards, k->n_cards);
    if (k->max_order_value >= 0)
        cJSON_AddNumberToObject(o, "max_order_value", k->max_order_value);
    if (k->max_daily_value >= 0)
        cJSON_AddNumberToObject(o, "max_daily_value", k->max_daily_value);
    if (k->max_orders_per_minute >= 0)
        cJSON_AddNumberToObject(o, "max_orders_per_minute", (double)k->max_orders_per_minute);
    if (k->hours_window)
        cJSON_AddStringToObject(o, "hours_window", k->hours_window);
    if (k->bound)
        cJSON_AddItemToObject(o, "allowed_machines", texts(k->machines, k->n_machines));
    add_time(o, "created_at", k->created_ms);
    add_time(o, "expires_at", k->expires_ms);
    if (*k->note)
        cJSON_AddStringToObject(o, "note", k->note);
    cJSON_AddBoolToObject(o, "expired", k->expired);
    return o;
}

/* ---- one key for people ---- */

struct line {
    char text[200];
    size_t n;
};

static void put(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *l, const char *fmt, ...)
{
    va_list ap;
    size_t room = sizeof(l->text) - l->n;
    va_start(ap, fmt);
    int n = vsnprintf(l->text + l->n, room, fmt, ap);
    va_end(ap);
    l->n += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* Up to three words, or how many there are. */
static void put_words(struct line *l, const char *const *list, size_t n, const char *many)
{
    if (n > 3)
        put(l, "%s%zu %s", l->n ? ", " : "", n, many);
    for (size_t i = 0; i < n && n <= 3; i++)
        put(l, "%s%s", i ? " " : l->n ? ", " : "", list[i]);
}

static void put_count(struct line *l, size_t n, const char *one)
{
    if (n > 0)
        put(l, "%s%zu %s%s", l->n ? ", " : "", n, one, n == 1 ? "" : "s");
}

static void limits_text(const futu_key_info *k, struct line *l)
{
    *l = (struct line){ .n = 0 };
    if (k->max_orders_per_minute >= 0)
        put(l, "%lld/min", (long long)k->max_orders_per_minute);
    put_words(l, k->sides, k->n_sides, "sides");
    if (k->max_order_value >= 0)
        put(l, "%sorder %.15g", l->n ? ", " : "", k->max_order_value);
    if (k->max_daily_value >= 0)
        put(l, "%sday %.15g", l->n ? ", " : "", k->max_daily_value);
    if (k->hours_window)
        put(l, "%s%s", l->n ? ", " : "", k->hours_window);
    put_words(l, k->markets, k->n_markets, "markets");
    put_words(l, k->symbols, k->n_symbols, "symbols");
    put_count(l, k->n_acc_ids, "account");
    put_count(l, k->n_cards, "card");
    if (l->n == 0)
        put(l, "-");
}

static void bound_text(const futu_key_info *k, struct line *l)
{
    *l = (struct line){ .n = 0 };
    if (!k->bound)
        put(l, "*");
    else if (k->n_machines == 0)
        put(l, "FROZEN");
    else
        put(l, "%zu", k->n_machines);
}

static void expiry_text(const futu_key_info *k, struct line *l)
{
    char text[32];
    *l = (struct line){ .n = 0 };
    if (k->expires_ms)
        time_text(k->expires_ms, text, sizeof(text));
    put(l, "%s%s", k->expires_ms ? text : "never", k->expired ? " EXPIRED" : "");
}

/* A note is anybody's text: it must not break the table, nor move the cursor. */
static void note_text(const futu_key_info *k, struct line *l)
{
    *l = (struct line){ .n = 0 };
    put(l, "%s", k->note);
    for (char *c = l->text; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
}

/* ---- gen-key ---- */

/* The texts of `why` begin with a field of the spec; people know its option. */
static int spec_error(const char *why)
{
    const char *rest = strchr(why, ':');
    char option[64];
    size_t n = rest ? (size_t)(rest - why) : 0;
    if (n == 0 || n >= sizeof(option))
        return usage_error("gen-key: %s", why);
    snprintf(option, sizeof(option), "%.*s", (int)n, why);
    if (strcmp(option, "allowed_machines") == 0)
        snprintf(option, sizeof(option), "bind-machines");
    for (char *c = option; *c; c++)
        *c = *c == '_' ? '-' : *c;
    return usage_error("gen-key: --%s%s", option, rest);
}

static void read_spec(const struct args *a, futu_key_spec *s)
{
    s->id = arg(a, "id");
    s->scopes = arg(a, "scopes");
    s->allowed_markets = arg(a, "allowed-markets");
    s->allowed_symbols = arg(a, "allowed-symbols");
    s->allowed_trd_sides = arg(a, "allowed-trd-sides");
    s->allowed_acc_ids = arg(a, "allowed-acc-ids");
    s->allowed_card_nums = arg(a, "allowed-card-nums");
    s->allowed_machines = arg(a, "bind-machines");
    s->max_order_value = arg(a, "max-order-value");
    s->max_daily_value = arg(a, "max-daily-value");
    s->max_orders_per_minute = arg(a, "max-orders-per-minute");
    s->hours_window = arg(a, "hours-window");
    s->expires = arg(a, "expires");
    s->note = arg(a, "note");
    s->bind_this_machine = arg_given(a, "bind-this-machine");
}

static bool find_key(const futu_keys *keys, const char *id, futu_key_info *out)
{
    for (size_t i = 0; futu_keys_get(keys, i, out) == FUTU_OK; i++)
        if (strcmp(out->id, id) == 0)
            return true;
    return false;
}

/* What a desktop program with a language model is told, to be pasted as it is. */
static void print_mcp(const char *plain, const char *path)
{
    char program[PATH_MAX], file[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[n > 0 ? n : 0] = '\0';
    printf("For an LLM client on this machine, in its configuration:\n"
           "  {\"mcpServers\": {\"futu\": {\n"
           "    \"command\": \"%s\",\n"
           "    \"args\": [\"mcp\", \"--gateway\", \"127.0.0.1:11111\", \"--keys-file\", \"%s\"],\n"
           "    \"env\": {\"FUTU_MCP_API_KEY\": \"%s\"}}}}\n",
           n > 0 ? program : "futucli", realpath(path, file) ? file : path, plain);
}

static void print_new(const futu_key_info *k, const char *plain, const char *path)
{
    struct line limits, bound, expires;
    limits_text(k, &limits);
    bound_text(k, &bound);
    expiry_text(k, &expires);
    printf("id       %s\n"
           "key      %s\n"
           "file     %s\n"
           "scopes   %s\n"
           "limits   %s\n"
           "bound    %s\n"
           "expires  %s\n",
           k->id, plain, path, k->scopes, limits.text, bound.text, expires.text);
    printf("\nThe key is shown this once; the file has only its hash.\n"
           "A running futu-opend that uses the file picks it up by itself. To start one:\n"
           "  futu-opend --rest-port 22222 --rest-keys-file %s \\\n"
           "      --ws-keys-file %s --grpc-keys-file %s ...\n"
           "Send the key with each request:\n"
           "  curl -H 'Authorization: Bearer %s' http://127.0.0.1:22222/api/global-state\n",
           path, path, path, plain);
    print_mcp(plain, path);
}

static int show_new(const struct cli *c, const char *path, const futu_new_key *key)
{
    char why[512];
    futu_keys *keys;
    futu_key_info k = FUTU_KEY_INFO_INIT;
    if (futu_keys_open(&keys, path, why, sizeof(why)))
        return failure("%s", why);
    /* Another program may have revoked it in this moment. */
    bool found = find_key(keys, key->id, &k);
    if (found && c->out == OUT_TABLE) {
        print_new(&k, key->plain, path);
    } else if (found) {
        cJSON *o = key_json(&k);
        cJSON_AddStringToObject(o, "key", key->plain);
        cJSON_AddStringToObject(o, "file", path);
        json_printed(c, o);
        cJSON_Delete(o);
    }
    futu_keys_free(keys);
    if (!found)
        return failure("%s: key %s is gone already", path, key->id);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CLI_OK;
    return failure("the key could not be shown: %s; take it back with futucli revoke-key %s "
                   "--keys-file %s", strerror(errno), key->id, path);
}

static int run_gen_key(struct cli *c, const struct args *a)
{
    char path[PATH_MAX], why[512];
    futu_key_spec spec = FUTU_KEY_SPEC_INIT;
    futu_new_key key;
    if (!arg_given(a, "scopes"))
        return usage_error("gen-key: --scopes is needed, such as --scopes qot:read,acc:read");
    if (!keys_path(a, path, sizeof(path)))
        return CLI_USAGE;
    read_spec(a, &spec);
    futu_err err = futu_keys_add(path, &spec, &key, why, sizeof(why));
    if (err == FUTU_EINVAL)
        return spec_error(why);
    if (err == FUTU_EEXIST)
        return failure("%s has a key %s; use another --id, or futucli revoke-key %s first", path,
                       spec.id, spec.id);
    if (err)
        return failure("%s", why);
    int code = show_new(c, path, &key);
    explicit_bzero(&key, sizeof(key));
    return code;
}

/* ---- list-keys ---- */

static const struct col key_cols[] = {
    { "ID", "id", C_TEXT, NULL, NULL },         { "SCOPES", "scopes", C_TEXT, NULL, NULL },
    { "LIMITS", "limits", C_TEXT, NULL, NULL }, { "BOUND", "bound", C_RIGHT, NULL, NULL },
    { "EXPIRES", "expires", C_TEXT, NULL, NULL }, { "NOTE", "note", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};

static cJSON *key_row(const futu_key_info *k)
{
    static const struct {
        const char *name;
        void (*text)(const futu_key_info *k, struct line *l);
    } cells[] = { { "limits", limits_text }, { "bound", bound_text }, { "expires", expiry_text },
                  { "note", note_text } };
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", k->id);
    cJSON_AddStringToObject(o, "scopes", k->scopes);
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        struct line l;
        cells[i].text(k, &l);
        cJSON_AddStringToObject(o, cells[i].name, l.text);
    }
    return o;
}

static int run_list_keys(struct cli *c, const struct args *a)
{
    char path[PATH_MAX], why[PATH_MAX + 64];
    futu_keys *keys;
    futu_key_info k = FUTU_KEY_INFO_INIT;
    if (!keys_path(a, path, sizeof(path)))
        return CLI_USAGE;
    if (futu_keys_open(&keys, path, why, sizeof(why)))
        return failure("%s%s", why, access(path, F_OK) && errno == ENOENT ?
                       "; futucli gen-key makes it" : "");
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; futu_keys_get(keys, i, &k) == FUTU_OK; i++)
        cJSON_AddItemToArray(list, c->out == OUT_TABLE ? key_row(&k) : key_json(&k));
    snprintf(why, sizeof(why), "%s has no keys; futucli gen-key makes one", path);
    rows_print(c, list, key_cols, why);
    cJSON_Delete(list);
    futu_keys_free(keys);
    return CLI_OK;
}

/* ---- changes ---- */

static int changed(const struct cli *c, const char *id, const char *path, const char *what)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", id);
    cJSON_AddStringToObject(o, "file", path);
    cJSON_AddStringToObject(o, "done", what);
    if (!json_printed(c, o))
        printf("key %s is %s in %s.\n" PICKED_UP "\n", id, what, path);
    cJSON_Delete(o);
    return CLI_OK;
}

static int run_revoke_key(struct cli *c, const struct args *a)
{
    char path[PATH_MAX], why[512];
    if (!keys_path(a, path, sizeof(path)))
        return CLI_USAGE;
    if (futu_keys_revoke(path, a->words[0], why, sizeof(why)))
        return failure("%s", why);
    return changed(c, a->words[0], path, "revoked");
}

static int run_bind_key(struct cli *c, const struct args *a)
{
    static const struct {
        const char *option, *done;
        int how;
        bool some;
    } ways[] = { { "replace", "bound", FUTU_BIND_REPLACE, true },
                 { "clear", "bound no more", FUTU_BIND_CLEAR, false },
                 { "freeze", "frozen", FUTU_BIND_FREEZE, false } };
    char path[PATH_MAX], why[512];
    const char *machines = arg(a, "machines"), *done = "bound", *chosen = NULL;
    bool here = arg_given(a, "this-machine"), some = true;
    int how = FUTU_BIND_ADD;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (!arg_given(a, ways[i].option))
            continue;
        if (chosen)
            return usage_error("bind-key: --%s and --%s exclude each other", chosen,
                               ways[i].option);
        chosen = ways[i].option;
        done = ways[i].done;
        how = ways[i].how;
        some = ways[i].some;
    }
    if (some && !here && !machines)
        return usage_error("bind-key: to which machine? --this-machine or --machines LIST; or "
                           "--clear, --freeze");
    if (!some && (here || machines))
        return usage_error("bind-key: --%s takes no machines", chosen);
    if (!keys_path(a, path, sizeof(path)))
        return CLI_USAGE;
    futu_err err = futu_keys_bind(path, a->words[0], how, machines, here, why, sizeof(why));
    if (err == FUTU_EINVAL)
        return usage_error("bind-key: --machines%s", strchr(why, ':') ? strchr(why, ':') : "");
    return err ? failure("%s", why) : changed(c, a->words[0], path, done);
}

static int run_machine_id(struct cli *c, const struct args *a)
{
    char text[256];
    const char *id = arg(a, "for-key");
    futu_err err = id ? futu_machine_fingerprint(id, text) : futu_machine_id(text, sizeof(text));
    if (err == FUTU_EINVAL)
        return usage_error("machine-id: --for-key: %s is no id of a key", id);
    if (err)
        return failure("this machine has no id: neither /etc/machine-id nor "
                       "/var/lib/dbus/machine-id can be read");
    cJSON *o = cJSON_CreateObject();
    if (id)
        cJSON_AddStringToObject(o, "key", id);
    cJSON_AddStringToObject(o, id ? "fingerprint" : "machineId", text);
    if (!json_printed(c, o))
        puts(text);
    cJSON_Delete(o);
    return CLI_OK;
}

const struct cmd cmds_keys[] = {
    { "gen-key", run_gen_key, 0, 0, "--scopes LIST [OPTION...]", "make an API key, shown once",
      gen_opts, "API keys" },
    { "list-keys", run_list_keys, 0, 0, "", "keys with their scopes, limits and expiry", file_opts,
      NULL },
    { "revoke-key", run_revoke_key, 1, 1, "ID", "take a key out of the file", file_opts, NULL },
    { "bind-key", run_bind_key, 1, 1, "ID [OPTION...]", "choose the machines a key works on",
      bind_opts, NULL },
    { "machine-id", run_machine_id, 0, 0, "[--for-key ID]", "this machine, as keys are bound to it",
      machine_opts, NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
