/* config.c - finds and reads the configuration file. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "option_table.h"

const struct option *config_key(const char *key, size_t n, char *why, size_t size)
{
    char name[40], spelled[40];
    if (n < sizeof(name)) {
        for (size_t i = 0; i < n; i++)
            name[i] = key[i] == '_' ? '-' : key[i];
        const struct option *o = option_find(name, n), *near = option_near(name, n);
        const char *absent = option_absent(name, n);
        if (o && o->not_in_file)
            snprintf(why, size, "%.*s stands on the command line, not in a file", (int)n, key);
        else if (absent)
            snprintf(why, size, "%.*s: %s", (int)n, key, absent);
        else if (near)
            snprintf(why, size, "unknown key %.*s; did you mean %s?", (int)n, key,
                     option_spell(spelled, sizeof(spelled), near->name, '_'));
        else
            snprintf(why, size, "unknown key %.*s; the keys are the options of --help", (int)n,
                     key);
        return o && !o->not_in_file ? o : NULL;
    }
    snprintf(why, size, "unknown key %.40s...; the keys are the options of --help", key);
    return NULL;
}

bool config_set(struct opend_conf *c, const struct option *o, const char *text, const char *file,
                unsigned line, char *why, size_t size)
{
    struct option_origin from = { .source = FROM_FILE, .where = file, .line = line };
    if (strcmp(o->name, "log-level") == 0 && !option_word(o->words, text)) {
        conf_note(c, FUTU_LOG_ERROR, "%s, line %u: log_level: %.40s is no level (%s); info is used",
                  file, line, text, o->words);
        return true;
    }
    return option_set(c, o, text, from, why, size);
}

/* ---- reading ---- */

struct text {
    char *p;
    size_t n;
};

/* One byte more than is allowed, so that a file that is too large shows. */
static bool read_text(const char *path, struct text *t, char *why, size_t size)
{
    FILE *f = fopen(path, "rbe");
    if (f)
        setvbuf(f, NULL, _IONBF, 0);    /* there may be passwords in it: no copy is left behind */
    t->p = f ? malloc(CONFIG_MAX + 1) : NULL;
    t->n = t->p ? fread(t->p, 1, CONFIG_MAX + 1, f) : 0;
    int bad = !f || !t->p || ferror(f) ? errno : 0;
    if (f)
        fclose(f);
    if (bad)
        snprintf(why, size, "%s: %s", path, strerror(bad));
    else if (t->n > CONFIG_MAX)
        snprintf(why, size, "%s: larger than %u bytes", path, CONFIG_MAX);
    return !bad && t->n <= CONFIG_MAX;
}

static bool is_xml(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcasecmp(path + n - 4, ".xml") == 0;
}

static bool apply(struct opend_conf *c, const char *path, char *why, size_t size)
{
    struct text t;
    char reason[400];
    bool ok = read_text(path, &t, why, size);
    if (ok) {
        ok = (is_xml(path) ? config_xml : config_toml)(c, path, t.p, t.n, reason, sizeof(reason));
        if (!ok)
            snprintf(why, size, "%s, %s", path, reason);
    }
    if (t.p)
        explicit_bzero(t.p, t.n);       /* there may be passwords in it */
    free(t.p);
    return ok;
}

/* Beside the program's own file; false: that can't be told. */
static bool beside_program(char *out, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    return slash &&
           snprintf(out, size, "%.*s/" CONFIG_XML, (int)(slash - self), self) < (int)size;
}

static const char *find(struct opend_conf *c)
{
    char path[PATH_MAX];
    if (access(CONFIG_XML, F_OK) == 0)
        return conf_keep(c, CONFIG_XML);
    if (beside_program(path, sizeof(path)) && access(path, F_OK) == 0)
        return conf_keep(c, path);
    return NULL;
}

bool config_file(struct opend_conf *c, char *why, size_t size)
{
    if (c->config)
        return apply(c, c->config, why, size);
    c->config_found = find(c);
    if (!c->config_found)
        return true;
    conf_note(c, FUTU_LOG_INFO, "options are read from %s, which was found without --config",
              c->config_found);
    return apply(c, c->config_found, why, size);
}
