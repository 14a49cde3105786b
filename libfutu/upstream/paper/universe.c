/* universe.c - looks securities up in the table that gen_universe.py made. */
#include "upstream/paper/universe.h"

static int compare(const struct security *s, int32_t market, futu_str code)
{
    if (s->market != market)
        return s->market < market ? -1 : 1;
    size_t n = strlen(s->code);
    int c = memcmp(s->code, code.p, MIN(n, code.n));
    return c ? c : (n > code.n) - (n < code.n);
}

const struct security *universe_find(int32_t market, futu_str code)
{
    size_t lo = 0, hi = universe_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = compare(&universe[mid], market, code);
        if (c == 0)
            return &universe[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}
