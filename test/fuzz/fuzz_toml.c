/* fuzz_toml.c - any TOML file: options or a reason with its line; what the reader hands out is
 * NUL-terminated and of one piece. */
#include "toml.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config.h"

static bool on_entry(const struct toml_entry *e, void *arg, char *why, size_t size)
{
    unsigned *last = arg;
    assert(strlen(e->key) == e->key_n && e->text && e->line >= *last);
    *last = e->line;
    if (e->kind == TOML_INTEGER)
        assert(strspn(e->text, "-0123456789") == strlen(e->text) && e->text[0]);
    (void)why;
    (void)size;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct opend_conf c;
    char why[512] = "";
    unsigned last = 1;
    if (!toml_parse((const char *)data, size, on_entry, &last, why, sizeof(why)))
        assert(strncmp(why, "line ", 5) == 0);
    if (!config_toml(&c, "f", (const char *)data, size, why, sizeof(why)))
        assert(strncmp(why, "line ", 5) == 0);
    options_free(&c);
    return 0;
}
