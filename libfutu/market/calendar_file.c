/* calendar_file.c - see calendar_file.h. */
#include "market/calendar_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "market/hint.h"
#include "market/rules.h"

struct row {
    int32_t calendar;
    struct calendar_day day;
    uint32_t line;
};

struct reader {
    struct row *rows;
    size_t n;
    uint32_t line;
    char *why;
    size_t size;
};

static const struct {
    const char *name;
    int32_t market;             /* one of those that keep this calendar */
} markets[CALENDARS] = {
    [CALENDAR_HK] = { "HK", MARKET_HK }, [CALENDAR_US] = { "US", MARKET_US },
    [CALENDAR_CN] = { "CN", MARKET_SH }, [CALENDAR_SG] = { "SG", MARKET_SG },
    [CALENDAR_JP] = { "JP", MARKET_JP }, [CALENDAR_AU] = { "AU", MARKET_AU },
    [CALENDAR_MY] = { "MY", MARKET_MY }, [CALENDAR_CA] = { "CA", MARKET_CA },
};

static PRINTF_LIKE(2, 3) futu_err wrong(struct reader *r, const char *fmt, ...)
{
    char text[160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (r->why && r->size)
        snprintf(r->why, r->size, "line %u: %s", r->line, text);
    return FUTU_EFORMAT;
}

/* Cuts the text up to `sep` off *rest; all of it when there is none. */
static futu_str cut(futu_str *rest, char sep)
{
    const char *p = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    futu_str head = { rest->p, p ? (size_t)(p - rest->p) : rest->n };
    size_t used = head.n + (p != NULL);
    *rest = (futu_str){ rest->n ? rest->p + used : rest->p, rest->n - used };
    return head;
}

static futu_str next_line(futu_str *rest)
{
    futu_str line = cut(rest, '\n');
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

static bool digits(futu_str s, size_t at, size_t n, int32_t *out)
{
    uint64_t v;
    if (!str_to_u64((futu_str){ s.p + at, n }, &v))
        return false;
    *out = (int32_t)v;
    return true;
}

static bool parse_date(futu_str s, int32_t *date)
{
    int32_t y, m, d;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s, 0, 4, &y) ||
        !digits(s, 5, 2, &m) || !digits(s, 8, 2, &d))
        return false;
    *date = y * 10000 + m * 100 + d;
    return y >= 1990 && date_valid(*date);
}

static futu_err parse_market(struct reader *r, futu_str s, int32_t *calendar)
{
    int32_t near = 0;
    unsigned far = 99;
    for (int32_t i = 0; i < CALENDARS; i++) {
        unsigned d = futu_word_distance(s, str_c(markets[i].name));
        if (d < far) {
            far = d;
            near = i;
        }
    }
    *calendar = near;
    if (far == 0)
        return FUTU_OK;
    if (str_is(s, "SH") || str_is(s, "SZ"))
        return wrong(r, STR_FMT " is no market here: CN stands for both", STR_ARG(s));
    s.n = MIN(s.n, 20);
    if (far == 1)
        return wrong(r, "no market \"" STR_FMT "\"; did you mean %s?", STR_ARG(s),
                     markets[near].name);
    return wrong(r, "no market \"" STR_FMT "\": one of HK, US, CN, SG, JP, AU, MY, CA",
                 STR_ARG(s));
}

/* An early close lies between the open and the regular close. */
static futu_err parse_close(struct reader *r, futu_str s, struct row *row)
{
    const struct market_rules *rules = market_rules(markets[row->calendar].market);
    int32_t hour, minute, whole = market_whole_close(rules, row->day.date);
    if (s.n != 5 || s.p[2] != ':' || !digits(s, 0, 2, &hour) || !digits(s, 3, 2, &minute) ||
        hour > 23 || minute > 59)
        return wrong(r, "local_close is HH:MM, such as 12:00");
    row->day.close = hour * 60 + minute;
    if (row->day.close > rules->open[0] && row->day.close < whole)
        return FUTU_OK;
    return wrong(r, "an early close of %s lies after %02d:%02d and before %02d:%02d",
                 markets[row->calendar].name, rules->open[0] / 60, rules->open[0] % 60, whole / 60,
                 whole % 60);
}

static futu_err parse_row(struct reader *r, futu_str line)
{
    struct row *row = &r->rows[r->n];
    futu_str rest = line, market = cut(&rest, '\t'), date = cut(&rest, '\t');
    futu_str kind = cut(&rest, '\t'), close = cut(&rest, '\t');
    *row = (struct row){ .line = r->line };
    if (rest.n)
        return wrong(r, "four columns: market, date, kind, local_close");
    futu_err err = parse_market(r, market, &row->calendar);
    if (err)
        return err;
    if (!parse_date(date, &row->day.date))
        return wrong(r, "the date is yyyy-MM-dd, from 1990 on, and one that there is");
    int32_t weekday = date_weekday(row->day.date);
    if (weekday == 0 || weekday == 6)
        return wrong(r, STR_FMT " is a %s; weekends are closed without being listed",
                     STR_ARG(date), weekday ? "Saturday" : "Sunday");
    if (str_is(kind, "early_close"))
        err = parse_close(r, close, row);
    else if (!str_is(kind, "closed"))
        err = wrong(r, "the kind is closed or early_close");
    else if (close.n)
        err = wrong(r, "a closed day has no local_close");
    r->n += !err;
    return err;
}

static bool counts(futu_str line)
{
    return line.n > 0 && line.p[0] != '#';
}

static futu_err parse_rows(struct reader *r, futu_str text)
{
    bool head = false;
    futu_err err = FUTU_OK;
    while (text.n && !err) {
        futu_str line = next_line(&text);
        r->line++;
        if (!counts(line))
            continue;
        if (head)
            err = parse_row(r, line);
        else if (!str_is(line, "market\tdate\tkind\tlocal_close"))
            err = wrong(r, "the head line is market, date, kind, local_close, split by tabs");
        head = true;
    }
    if (!err && r->n == 0)
        err = wrong(r, "the file lists no day");
    return err;
}

static int by_market_and_date(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->calendar != y->calendar)
        return x->calendar < y->calendar ? -1 : 1;
    if (x->day.date != y->day.date)
        return x->day.date < y->day.date ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static futu_err fill(struct calendar_set *out, struct reader *r)
{
    qsort(r->rows, r->n, sizeof(r->rows[0]), by_market_and_date);
    for (size_t i = 0; i < r->n; i++) {
        const struct row *row = &r->rows[i];
        struct calendar_table *t = &out->tables[row->calendar];
        if (i > 0 && row[-1].calendar == row->calendar && row[-1].day.date == row->day.date) {
            char date[11];
            date_text(row->day.date, date);
            r->line = row->line;
            return wrong(r, "%s %s stands on line %u already", markets[row->calendar].name, date,
                         row[-1].line);
        }
        out->days[i] = row->day;
        if (t->n++ == 0) {
            t->days = &out->days[i];
            t->first_year = row->day.date / 10000;
        }
        t->last_year = row->day.date / 10000;
    }
    return FUTU_OK;
}

futu_err calendar_set_parse(struct calendar_set *out, futu_str text, char *why, size_t size)
{
    struct reader r = { .why = why, .size = size };
    size_t lines = 1;
    memset(out, 0, sizeof(*out));
    if (text.n > CALENDAR_FILE_MAX) {
        if (why && size)
            snprintf(why, size, "larger than %u bytes", CALENDAR_FILE_MAX);
        return FUTU_EFORMAT;
    }
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    r.rows = mem_array(lines, sizeof(r.rows[0]));
    out->days = mem_array(lines, sizeof(out->days[0]));
    futu_err err = r.rows && out->days ? parse_rows(&r, text) : FUTU_ENOMEM;
    if (!err)
        err = fill(out, &r);
    if (err == FUTU_ENOMEM && why && size)
        snprintf(why, size, "out of memory");
    if (err)
        calendar_set_free(out);
    mem_free(r.rows);
    return err;
}

void calendar_set_free(struct calendar_set *s)
{
    mem_free(s->days);
    memset(s, 0, sizeof(*s));
}

/* ---- the tables in force ---- */

static struct calendar_set loaded;

const struct calendar_table *calendar_table(int32_t calendar)
{
    return loaded.tables[calendar].n ? &loaded.tables[calendar] : &calendar_tables[calendar];
}

/* One byte more than is allowed, so that a file that is too large shows. */
static futu_err read_file(const char *path, char **text, size_t *n, char *why, size_t size)
{
    FILE *f = fopen(path, "rbe");
    int bad = f ? 0 : errno;
    *text = f ? mem_alloc(CALENDAR_FILE_MAX + 1) : NULL;
    if (f && !*text) {
        fclose(f);
        snprintf(why, size, "out of memory");
        return FUTU_ENOMEM;
    }
    if (f) {
        *n = fread(*text, 1, CALENDAR_FILE_MAX + 1, f);
        bad = ferror(f) ? errno : 0;
        fclose(f);
    }
    if (!bad)
        return FUTU_OK;
    char reason[64];
    snprintf(why, size, "%s", strerror_r(bad, reason, sizeof(reason)));
    mem_free(*text);
    return FUTU_EIO;
}

futu_err market_calendar_load(const char *path, char *why, size_t size)
{
    struct calendar_set set = { 0 };
    char reason[256], *text;
    size_t n = 0;
    futu_err err = FUTU_OK;
    if (path) {
        err = read_file(path, &text, &n, reason, sizeof(reason));
        if (!err) {
            err = calendar_set_parse(&set, (futu_str){ text, n }, reason, sizeof(reason));
            mem_free(text);
        }
    }
    if (err) {
        if (why && size)
            snprintf(why, size, "%s: %s", path, reason);
        return err;
    }
    calendar_set_free(&loaded);
    loaded = set;
    return FUTU_OK;
}
