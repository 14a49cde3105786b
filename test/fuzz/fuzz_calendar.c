/* fuzz_calendar.c - a calendar file of anyone: refused with a reason, or tables that are sorted,
 * without a weekend, inside their years. */
#include "market/calendar_file.h"
#include "market/hint.h"
#include "market/market.h"

static void check(const struct calendar_table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        int32_t date = t->days[i].date, weekday = date_weekday(date);
        assert(date_valid(date) && weekday != 0 && weekday != 6);
        assert(i == 0 || t->days[i - 1].date < date);
        assert(date / 10000 >= t->first_year && date / 10000 <= t->last_year);
        assert(t->days[i].close >= 0 && t->days[i].close < 24 * 60);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct calendar_set s;
    char why[256] = "";
    futu_str text = { (const char *)data, size };
    if (calendar_set_parse(&s, text, why, sizeof(why)) == FUTU_OK) {
        size_t n = 0;
        for (int32_t i = 0; i < CALENDARS; i++) {
            check(&s.tables[i]);
            n += s.tables[i].n;
        }
        assert(n > 0);
        calendar_set_free(&s);
    } else {
        assert(why[0] && !s.days);
    }
    hint_generic(text);
    return 0;
}
