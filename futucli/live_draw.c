/* live_draw.c - the screen of the live view, composed in memory and written at once.
 *
 * Every line ends with "clear to the end", and nothing is cleared before it is written anew, so the
 * picture does not flicker.
 */
#include "live_draw.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "live.h"
#include "names.h"
#include "rows.h"

#define FRAMES_A_SAMPLE 3
#define SCREEN_MAX 65536

static char screen[SCREEN_MAX];
static size_t used;
static bool tinted;

static void put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(screen + used, sizeof(screen) - used, fmt, ap);
    va_end(ap);
    used += n > 0 && (size_t)n < sizeof(screen) - used ? (size_t)n : 0;
}

static void tint(const char *code)
{
    if (tinted)
        put("\033[%sm", code);
}

static void end_line(void)
{
    put("\033[K\r\n");
}

static void flush_screen(void)
{
    for (size_t off = 0; off < used;) {
        ssize_t n = write(STDOUT_FILENO, screen + off, used - off);
        if (n <= 0)
            break;
        off += (size_t)n;
    }
    used = 0;
}

void live_open(void)
{
    used = 0;
    put("\033[?1049h\033[?25l\033[?7l\033[2J");   /* a narrow screen cuts lines */
    flush_screen();
}

void live_close(void)
{
    used = 0;
    put("\033[?7h\033[?25h\033[?1049l");
    flush_screen();
}

void live_sample(struct live *l)
{
    bool sample = l->frames++ % FRAMES_A_SAMPLE == 0;
    for (int i = 0; sample && i < l->n_rows; i++)
        if (l->rows[i].last > 0)
            l->rows[i].spark[l->rows[i].n_spark++ % LIVE_SPARK] = l->rows[i].last;
    if (l->frames % 5 == 0) {
        l->rate = l->pushes - l->drawn_pushes;
        l->drawn_pushes = l->pushes;
    }
}

static void put_spark(const struct live_row *r)
{
    static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    unsigned n = r->n_spark < LIVE_SPARK ? r->n_spark : LIVE_SPARK;
    double least = 1e300, most = -1e300;
    for (unsigned i = 0; i < n; i++) {
        least = r->spark[i] < least ? r->spark[i] : least;
        most = r->spark[i] > most ? r->spark[i] : most;
    }
    for (unsigned i = 0; i < n; i++) {
        double v = r->spark[(r->n_spark - n + i) % LIVE_SPARK];
        put("%s", blocks[most > least ? (int)((v - least) / (most - least) * 7.0) : 3]);
    }
}

/* A name cut to `width` columns and padded; wide characters count twice. */
static void put_name(const char *name, int width)
{
    char cut[EVENT_TEXT];
    snprintf(cut, sizeof(cut), "%s", name);
    while (text_width(cut) > width) {
        size_t n = strlen(cut);
        do
            n--;
        while (n > 0 && ((unsigned char)cut[n] & 0xc0) == 0x80);
        cut[n] = '\0';
    }
    put("%s%*s", cut, width - text_width(cut), "");
}

static void big(double v, char out[16])
{
    static const char units[] = " KMBT";
    int u = 0;
    for (; v >= 1000 && u < 4; u++)
        v /= 1000;
    snprintf(out, 16, u ? "%.2f%c" : "%.0f", v, units[u]);
}

static int decimals(double price)
{
    return price < 10 ? 3 : 2;
}

static void put_row(struct live_row *r, bool spark)
{
    const char *market = name_of(names_market, r->market);
    double change = r->prev > 0 ? (r->last / r->prev - 1) * 100 : 0;
    const char *color = change > 0.005 ? "32" : change < -0.005 ? "31" : "0";
    char code[48], volume[16];
    int d = decimals(r->last);
    snprintf(code, sizeof(code), "%s.%s", market ? market : "?", r->code);
    big(r->volume, volume);
    put(" %-11s ", code);
    put_name(r->name, 20);
    if (r->last <= 0) {
        put("  waiting for the first price");
        end_line();
        return;
    }
    bool moved = r->drawn_last > 0 && r->drawn_last != r->last;
    tint(moved ? (r->last > r->drawn_last ? "1;7;32" : "1;7;31") : color);
    put("%11.*f", d, r->last);
    tint("0");
    tint(color);
    put(" %+7.2f%%", change);
    tint("0");
    put("%11.*f%11.*f%10s", d, r->bid, d, r->ask, volume);
    put("  ");
    if (spark)
        put_spark(r);
    r->drawn_last = r->last;
    end_line();
}

static void put_tick(const struct live *l, unsigned back)
{
    if (l->n_ticks <= back || back >= LIVE_TICKS)
        return;
    const struct live_tick *t = &l->ticks[(l->n_ticks - 1 - back) % LIVE_TICKS];
    put("    %s ", t->time);
    tint(t->dir == 1 ? "32" : t->dir == 2 ? "31" : "0");
    put("%10.*f %9.0f %s", decimals(t->price), t->price, t->volume,
        t->dir == 1 ? "bought" : "sold");
    tint("0");
}

static void put_book(const struct live *l, int rows, bool ticks)
{
    const struct live_row *r = &l->rows[0];
    const char *market = name_of(names_market, r->market);
    end_line();
    tint("1");
    put(" %s.%s order book%*s", market ? market : "?", r->code,
        (int)(27 - strlen(r->code)), "");
    put("%s", ticks ? "        latest trades" : "");
    tint("0");
    end_line();
    put("  buyers want      at │ at      sellers offer");
    end_line();
    for (int i = 0; i < rows && i < LIVE_DEPTH; i++) {
        int d = decimals(l->bid[i].price);
        tint("32");
        put(" %12.0f %10.*f", l->bid[i].volume, d, l->bid[i].price);
        tint("0");
        put("│");
        tint("31");
        put("%-10.*f %12.0f", d, l->ask[i].price, l->ask[i].volume);
        tint("0");
        if (ticks)
            put_tick(l, (unsigned)i);
        end_line();
    }
}

static void put_title(const struct live *l)
{
    char clock[16];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    tint("1");
    put(" %s%s", *l->upstream ? l->upstream : l->gateway,
        strstr(l->upstream, "paper") ? ": prices are made up" : "");
    tint("0");
    put("   %s   %.0f pushes a second   Ctrl-C ends", clock, l->rate);
    end_line();
    end_line();
    tint("1");
    put(" %-11s %-20s%11s%9s%11s%11s%10s  %s", "CODE", "NAME", "LAST", "CHANGE", "BID", "ASK",
        "VOLUME", "TREND");
    tint("0");
    end_line();
}

/* On the last rows of the screen, which a line break would scroll. */
static void put_events(const struct live *l, int n, int rows, int cols)
{
    for (int i = 0; i < n; i++) {
        put("\033[%d;1H", rows - n + 1 + i);
        tint(l->events[i].going_on ? "1;31" : "33");
        put(" ");
        put_name(l->events[i].text, cols - 2);
        tint("0");
    }
}

void live_draw(struct live *l, int rows, int cols)
{
    int n_events = event_settle(l->events);
    tinted = l->color;
    used = 0;
    put("\033[H");
    put_title(l);
    int left = rows - 4 - n_events;
    for (int i = 0; i < l->n_rows && left > 0; i++, left--)
        put_row(&l->rows[i], cols >= 88 + LIVE_SPARK);
    if (left > 5 && l->bid[0].volume > 0)
        put_book(l, left - 4, cols >= 86);
    put("\033[J");
    put_events(l, n_events, rows, cols);
    flush_screen();
}

void book_print(const struct cli *c, const cJSON *s2c, int depth)
{
    const cJSON *bids = member(s2c, "orderBookBidList"), *asks = member(s2c, "orderBookAskList");
    printf("%12s %8s %12s   %-12s %12s %8s\n", "BID QTY", "ORDERS", "BID", "ASK", "ASK QTY",
           "ORDERS");
    for (int i = 0; i < depth; i++) {
        const cJSON *b = cJSON_GetArrayItem(bids, i), *k = cJSON_GetArrayItem(asks, i);
        if (!b && !k)
            break;
        printf("%s", c->color ? "\033[32m" : "");
        if (b)
            printf("%12.0f %8.0f %12.*f", member_number(b, "volume"),
                   member_number(b, "orederCount"), 3, member_number(b, "price"));
        else
            printf("%34s", "");
        printf("   %s", c->color ? "\033[31m" : "");
        if (k)
            printf("%-12.*f %12.0f %8.0f", 3, member_number(k, "price"), member_number(k, "volume"),
                   member_number(k, "orederCount"));
        printf("%s\n", c->color ? "\033[0m" : "");
    }
}
