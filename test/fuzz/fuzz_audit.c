/* fuzz_audit.c - any bytes as a trail: checked whole or in pieces that end with a line, the same is
 * found, and a break is where a line is. */
#include <stdlib.h>

#include "access/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void in_pieces(struct audit_check *c, futu_str text)
{
    while (text.n > 0) {
        const char *nl = memchr(text.p, '\n', text.n);
        size_t n = nl ? (size_t)(nl - text.p) + 1 : text.n;
        if (!audit_verify(c, (futu_str){ text.p, n }))
            return;
        text.p += n;
        text.n -= n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_check whole = { 0 }, pieces = { 0 };
    futu_str text = { (const char *)data, size };
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    bool ok = audit_verify(&whole, text);
    check(ok == (whole.bad_line == 0) && ok == (whole.why[0] == '\0'));
    check(ok ? whole.lines == lines : whole.bad_line == whole.lines + 1);
    check(whole.lines <= lines && strlen(whole.last_time) == (whole.lines ? RFC3339_SIZE - 1 : 0));
    in_pieces(&pieces, text);
    check(memcmp(whole.last, pieces.last, 32) == 0 && whole.bad_line == pieces.bad_line);
    return 0;
}
