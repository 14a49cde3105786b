/* option_table.h - the one table of options, which the command line, the environment, the files,
 * --help and the man page share, and how a value from any of them is taken.
 *
 * Order:   of two sources the stronger one wins, in whatever order they are read: enum
 *          option_source, strongest last. A value that loses is judged all the same.
 * Owns:    strings are copied into the configuration; options_free() frees them.
 * Threads: none.
 * Tests:   test/unit/opend/config_test.c, test/integration/options_test.c
 */
#ifndef OPEND_OPTION_TABLE_H
#define OPEND_OPTION_TABLE_H

#include <futu/base.h>
#include <stddef.h>

#include "options.h"

enum option_kind { O_FLAG, O_STR, O_UINT };

struct option {
    const char *name, *value;           /* value: its name in the help, NULL for a flag */
    enum option_kind kind;
    size_t at;
    const char *standard;               /* default as text, NULL: none */
    uint64_t min, max;
    const char *group, *help;           /* group: set on the first option of each */
    const char *words;                  /* the values that there are, split by blanks */
    bool secret;                        /* its value is not shown */
    bool not_in_file;
    bool may_be_empty;                  /* of a text: "" says something */
};

#define OPTION_LEVELS "off error warn info debug trace"

extern const struct option options[];
extern const size_t options_count;

/* By the name with dashes, or an older name of it; NULL: there is none. */
const struct option *option_find(const char *name, size_t n);
/* The one that was probably meant, or NULL. */
const struct option *option_near(const char *name, size_t n);
/* Why this version has no such option although others have; NULL: nobody knows that name. */
const char *option_absent(const char *name, size_t n);
/* The name with `dash` for each dash; returns out. */
char *option_spell(char *out, size_t size, const char *name, char dash);
/* On false `why` holds a line without file and line number. */
bool option_set(struct opend_conf *c, const struct option *o, const char *text,
                struct option_origin from, char *why, size_t size);
void option_clear(struct opend_conf *c, const char *name);  /* as if it had not been given */
struct option_origin *option_origin(struct opend_conf *c, const struct option *o);
bool option_given(const struct opend_conf *c, const char *name);
bool option_number(const char *text, uint64_t *out);        /* decimal digits only */
bool option_word(const char *words, const char *text);

/* A copy that lives as long as the configuration; NULL: no memory. */
const char *conf_keep(struct opend_conf *c, const char *text);
const char *conf_keep_secret(struct opend_conf *c, const char *text);
void conf_free(struct opend_conf *c);           /* all of them, wiped */
/* A line for the log, once there is one. */
void conf_note(struct opend_conf *c, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
