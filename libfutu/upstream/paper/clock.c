/* clock.c - see clock.h. */
#include "upstream/paper/clock.h"

#include <stdio.h>

#include "base/str.h"

static bool parse_word(struct paper_clock *c, futu_str word)
{
    uint64_t n;
    if (str_is(word, "real"))
        return true;
    if (str_is(word, "always-open")) {
        c->always_open = true;
        return true;
    }
    if (word.n < 2 || word.p[0] != 'x' || !str_to_u64((futu_str){ word.p + 1, word.n - 1 }, &n) ||
        n == 0 || n > PAPER_CLOCK_FASTEST)
        return false;
    c->factor = (int64_t)n;
    return true;
}

futu_err paper_clock_init(struct paper_clock *c, const char *text, const struct clock *sys,
                          char *why, size_t size)
{
    *c = (struct paper_clock){
        .sys = sys, .factor = 1, .wall0 = clock_wall(sys), .mono0 = clock_mono(sys)
    };
    while (text) {
        const char *comma = strchr(text, ',');
        futu_str word = { text, comma ? (size_t)(comma - text) : strlen(text) };
        if (!parse_word(c, word)) {
            snprintf(why, size,
                     "'%.*s' is no clock; allowed: real, always-open, x1..x%d, always-open,xN",
                     (int)MIN(word.n, 40), word.p, PAPER_CLOCK_FASTEST);
            return FUTU_EFORMAT;
        }
        text = comma ? comma + 1 : NULL;
    }
    return FUTU_OK;
}

int64_t paper_clock_now(const struct paper_clock *c)
{
    if (c->factor == 1)
        return clock_wall(c->sys);
    return c->wall0 + (clock_mono(c->sys) - c->mono0) * c->factor;
}

int64_t paper_clock_until(const struct paper_clock *c, int64_t at)
{
    int64_t left = at - paper_clock_now(c);
    return left <= 0 ? 0 : (left + c->factor - 1) / c->factor;
}
