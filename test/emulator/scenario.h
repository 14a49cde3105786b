/* scenario.h - what an emulator is told to be: sections of "key = value" lines.
 *
 *      # a comment
 *      [auth]
 *      code = 123456
 *      [account]
 *      name = 12345678
 *
 * A section may stand several times: each [account] is an account of its own. Who reads a section
 * names its keys; any other is an error that names file, line and the nearest known one.
 * README.md has all sections.
 */
#ifndef EMULATOR_SCENARIO_H
#define EMULATOR_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCENARIO_LINES 512
#define SCENARIO_WHY 256

struct scenario_line {
    int section, line;          /* section: index of the one it stands in */
    const char *key, *value;
};

struct scenario_section {
    const char *name;
    int line;
};

struct scenario {
    char *text;
    char file[256];
    struct scenario_section sections[64];
    int n_sections;
    struct scenario_line lines[SCENARIO_LINES];
    int n_lines;
    char why[SCENARIO_WHY];
};

/* False: s->why says what and where. */
bool scenario_load(struct scenario *s, const char *path);
bool scenario_parse(struct scenario *s, const char *text, const char *name);
void scenario_free(struct scenario *s);

/* The next section of that name behind index `after` (-1: the first); -1: none. */
int scenario_next(const struct scenario *s, const char *name, int after);
/* Every section's name is among `names`; every key of sections `name` among `keys`: both are words
 * split by blanks. */
bool scenario_names(struct scenario *s, const char *names);
bool scenario_keys(struct scenario *s, const char *name, const char *keys);

const char *scenario_get(const struct scenario *s, int section, const char *key,
                         const char *standard);
/* False: it is no such number; s->why says so. */
bool scenario_number(struct scenario *s, int section, const char *key, uint64_t standard,
                     uint64_t *out);
/* "yes" or "no". */
bool scenario_flag(struct scenario *s, int section, const char *key, bool standard, bool *out);
/* The word stands in the list, which blanks split. */
bool scenario_has(const char *list, const char *word);

#endif
