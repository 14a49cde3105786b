/* scenario.c - see scenario.h. */
#include "scenario.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool fail(struct scenario *s, int line, const char *what, const char *word)
{
    snprintf(s->why, sizeof(s->why), "%.100s:%d: %.40s%s%.90s", s->file, line, what,
             word ? ": " : "", word ? word : "");
    return false;
}

static char *trim(char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    for (size_t n = strlen(p); n && isspace((unsigned char)p[n - 1]); n--)
        p[n - 1] = '\0';
    return p;
}

static bool take_section(struct scenario *s, char *p, int line)
{
    char *end = strchr(p, ']');
    if (!end || end[1] || s->n_sections == (int)ARRAY_LEN(s->sections))
        return fail(s, line, "not a section", p);
    *end = '\0';
    s->sections[s->n_sections++] = (struct scenario_section){ trim(p + 1), line };
    return true;
}

static bool take_line(struct scenario *s, char *p, int line)
{
    char *eq = strchr(p, '=');
    if (*p == '\0' || *p == '#')
        return true;
    if (*p == '[')
        return take_section(s, p, line);
    if (!eq || s->n_sections == 0 || s->n_lines == SCENARIO_LINES)
        return fail(s, line, "\"key = value\" in a section is expected", NULL);
    *eq = '\0';
    s->lines[s->n_lines++] = (struct scenario_line){ s->n_sections - 1, line, trim(p),
                                                     trim(eq + 1) };
    return true;
}

bool scenario_parse(struct scenario *s, const char *text, const char *name)
{
    memset(s, 0, sizeof(*s));
    snprintf(s->file, sizeof(s->file), "%s", name);
    s->text = strdup(text);
    if (!s->text)
        return fail(s, 0, "out of memory", NULL);
    int line = 1;
    for (char *p = s->text, *next; p; p = next, line++) {
        next = strchr(p, '\n');
        if (next)
            *next++ = '\0';
        if (!take_line(s, trim(p), line))
            return false;
    }
    return true;
}

bool scenario_load(struct scenario *s, const char *path)
{
    char text[65536];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (!f || n == sizeof(text) - 1) {
        memset(s, 0, sizeof(*s));
        snprintf(s->why, sizeof(s->why), "%s: %s", path, f ? "too large" : "can't be read");
        if (f)
            fclose(f);
        return false;
    }
    fclose(f);
    text[n] = '\0';
    return scenario_parse(s, text, path);
}

void scenario_free(struct scenario *s)
{
    free(s->text);
    s->text = NULL;
}

int scenario_next(const struct scenario *s, const char *name, int after)
{
    for (int i = after + 1; i < s->n_sections; i++)
        if (strcmp(s->sections[i].name, name) == 0)
            return i;
    return -1;
}

/* The next word of a list; n 0: there is none. */
static futu_str next_word(const char **list)
{
    *list += strspn(*list, " ");
    futu_str w = { *list, strcspn(*list, " ") };
    *list += w.n;
    return w;
}

bool scenario_has(const char *list, const char *word)
{
    for (futu_str w = next_word(&list); w.n; w = next_word(&list))
        if (str_is(w, word))
            return true;
    return false;
}

static bool unknown(struct scenario *s, int line, const char *what, const char *word,
                    const char *list)
{
    char text[160];
    unsigned best = 4;
    int n = snprintf(text, sizeof(text), "%s", word);
    for (futu_str w = next_word(&list); w.n; w = next_word(&list)) {
        unsigned d = futu_word_distance(w, str_c(word));
        if (d >= best)
            continue;
        best = d;
        snprintf(text + n, sizeof(text) - (size_t)n, " (did you mean " STR_FMT "?)", STR_ARG(w));
    }
    return fail(s, line, what, text);
}

bool scenario_names(struct scenario *s, const char *names)
{
    for (int i = 0; i < s->n_sections; i++)
        if (!scenario_has(names, s->sections[i].name))
            return unknown(s, s->sections[i].line, "unknown section", s->sections[i].name, names);
    return true;
}

bool scenario_keys(struct scenario *s, const char *name, const char *keys)
{
    for (int i = 0; i < s->n_lines; i++) {
        const struct scenario_line *l = &s->lines[i];
        if (strcmp(s->sections[l->section].name, name) == 0 && !scenario_has(keys, l->key))
            return unknown(s, l->line, "unknown key", l->key, keys);
    }
    return true;
}

static const struct scenario_line *find(const struct scenario *s, int section, const char *key)
{
    for (int i = 0; i < s->n_lines; i++)
        if (s->lines[i].section == section && strcmp(s->lines[i].key, key) == 0)
            return &s->lines[i];
    return NULL;
}

const char *scenario_get(const struct scenario *s, int section, const char *key,
                         const char *standard)
{
    const struct scenario_line *l = find(s, section, key);
    return l ? l->value : standard;
}

bool scenario_number(struct scenario *s, int section, const char *key, uint64_t standard,
                     uint64_t *out)
{
    const struct scenario_line *l = find(s, section, key);
    *out = standard;
    return !l || str_to_u64(str_c(l->value), out) || fail(s, l->line, "not a number", l->value);
}

bool scenario_flag(struct scenario *s, int section, const char *key, bool standard, bool *out)
{
    const struct scenario_line *l = find(s, section, key);
    *out = l ? strcmp(l->value, "yes") == 0 : standard;
    return !l || *out || strcmp(l->value, "no") == 0 || fail(s, l->line, "yes or no", l->value);
}
