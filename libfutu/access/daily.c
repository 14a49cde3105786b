/* daily.c - what keys have used today, over a restart.
 *
 * Lines:   "YYYYMMDD MILLIONTHS KEY-ID". The last of a key and day counts; other days are dropped.
 * Tests:   test/unit/access/daily_test.c
 */
#include "access/rules.h"
#include "access/state.h"

static futu_err write_line(const struct key_count *c, int32_t day, bool also_zero, struct buf *out)
{
    int64_t sum = 0;
    for (int i = 0; i < COUNT_DAYS; i++)
        if (c->days[i].day == day)
            sum = MIN(c->days[i].used + c->days[i].held, COUNT_SUM_MAX);
    if (sum == 0 && !also_zero)
        return FUTU_OK;
    return buf_printf(out, "%08d %lld %s\n", day, (long long)sum, c->id);
}

futu_err access_write_daily(struct access *a, const struct key_count *c, struct buf *out)
{
    return write_line(c, access_today(a), true, out);
}

futu_err access_write_all_daily(struct access *a, struct buf *out)
{
    const struct key_count *c;
    futu_err err = FUTU_OK;
    for (size_t i = 0; (c = map_next(&a->counts, &i)) != NULL && !err;)
        err = write_line(c, access_today(a), false, out);
    return err;
}

/* The number before the next blank, cut off with it. */
static bool take_number(futu_str *line, uint64_t *out)
{
    const char *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
    if (!blank)
        return false;
    size_t n = (size_t)(blank - line->p);
    if (!str_to_u64((futu_str){ line->p, n }, out))
        return false;
    line->p += n + 1;
    line->n -= n + 1;
    return true;
}

static futu_err read_line(struct access *a, futu_str line)
{
    uint64_t day, micros;
    char id[KEY_ID_MAX + 1];
    if (!take_number(&line, &day) || day > 99991231 || !take_number(&line, &micros) ||
        micros > COUNT_SUM_MAX || !rule_id(line))
        return FUTU_EFORMAT;
    if ((int32_t)day != access_today(a))
        return FUTU_OK;
    str_copy(id, sizeof(id), line);
    struct key_count *c = count_of(a, id);
    if (!c)
        return FUTU_ENOMEM;
    struct day_sum *d = count_day(c, (int32_t)day);
    d->used = MIN(d->used - d->filed + (int64_t)micros, COUNT_SUM_MAX);
    d->filed = (int64_t)micros;
    return FUTU_OK;
}

/* What a crash leaves of a line: its begin, or zeros. Anything else is no file of ours. */
static bool is_torn(futu_str tail)
{
    static const size_t longest = sizeof("YYYYMMDD 9223372036854775807 ") + KEY_ID_MAX;
    for (size_t i = 0; i < tail.n && i < 8; i++)
        if (tail.p[i] && (tail.p[i] < '0' || tail.p[i] > '9'))
            return false;
    return tail.n <= longest || !tail.p[0];
}

futu_err access_read_daily(struct access *a, futu_str text, size_t *line)
{
    futu_err err = FUTU_OK;
    *line = 0;
    while (text.n > 0 && !err) {
        const char *end = memchr(text.p, '\n', text.n);
        if (!end && is_torn(text))
            break;
        if (!end) {
            ++*line;
            return FUTU_EFORMAT;
        }
        futu_str one = { text.p, (size_t)(end - text.p) };
        ++*line;
        err = read_line(a, one);
        text.n -= one.n + 1;
        text.p = end + 1;
    }
    return err;
}
