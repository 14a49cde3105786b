/* toml.h - reads flat TOML 1.0: comments, keys, strings of all four kinds, integers, booleans.
 *
 * In:      the whole text, UTF-8.
 * Out:     one call per entry, in order; what it gets is borrowed until it returns.
 * Not:     tables, dotted keys, arrays, floats, dates: tables and dotted keys are refused here, the
 *          other kinds are named to the callback, which says what it wants instead. Keys that stand
 *          twice are the callback's to refuse: it knows which names mean the same.
 * Limits:  none of its own; memory in proportion to the text. An integer is at most 2^64 - 1.
 * Errors:  false, and `why` is "line N: reason".
 * Threads: none.
 * Tests:   test/unit/opend/toml_test.c, test/fuzz/fuzz_toml.c
 */
#ifndef OPEND_TOML_H
#define OPEND_TOML_H

#include <stdbool.h>
#include <stddef.h>

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOLEAN, TOML_FLOAT, TOML_DATE, TOML_ARRAY,
                 TOML_TABLE };

struct toml_entry {
    const char *key;            /* decoded */
    size_t key_n;
    enum toml_kind kind;
    /* With a NUL behind it and none inside: the decoded string; the integer in decimal digits,
     * maybe with a minus; "true", "false". Other kinds: "". */
    const char *text;
    unsigned line;              /* of the key */
};

/* False: the entry is refused, `why` has the reason without the line. */
typedef bool toml_fn(const struct toml_entry *e, void *arg, char *why, size_t size);

bool toml_parse(const char *text, size_t n, toml_fn *fn, void *arg, char *why, size_t size);

#endif
