/* config_toml.c - options from flat TOML: a key is an option, with underscores or with dashes. */
#include <string.h>

#include "config.h"
#include "option_table.h"
#include "toml.h"

struct target {
    struct opend_conf *c;
    const char *file;
};

static const char *const kinds[] = {
    [TOML_STRING] = "a string", [TOML_INTEGER] = "an integer", [TOML_BOOLEAN] = "a boolean",
    [TOML_FLOAT] = "a float",   [TOML_DATE] = "a date",        [TOML_ARRAY] = "an array",
    [TOML_TABLE] = "a table",
};

static bool wants(const struct option *o, const struct toml_entry *e, char *why, size_t size)
{
    static const struct {
        enum toml_kind kind;
        const char *text;
    } want[] = {
        [O_FLAG] = { TOML_BOOLEAN, "true or false" },
        [O_STR] = { TOML_STRING, "a string in quotes" },
        [O_UINT] = { TOML_INTEGER, "an integer" },
    };
    if (want[o->kind].kind == e->kind)
        return true;
    snprintf(why, size, "%.*s takes %s%s%s, not %s", (int)e->key_n, e->key, want[o->kind].text,
             o->value ? ": " : "", o->value ? o->value : "", kinds[e->kind]);
    return false;
}

static bool take(const struct toml_entry *e, void *arg, char *why, size_t size)
{
    struct target *t = arg;
    const struct option *o = config_key(e->key, e->key_n, why, size);
    if (!o || !wants(o, e, why, size))
        return false;
    return config_set(t->c, o, e->text, t->file, e->line, why, size);
}

bool config_toml(struct opend_conf *c, const char *file, const char *text, size_t n, char *why,
                 size_t size)
{
    struct target t = { c, file };
    return toml_parse(text, n, take, &t, why, size);
}
