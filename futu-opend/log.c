/* log.c - see log.h. */
#include "log.h"

#include <stdio.h>
#include <time.h>

static const char *const names[] = { "", "ERROR", "WARN", "INFO", "DEBUG", "TRACE" };

/* "2026-01-02T03:04:05.678" and the offset: "Z", or "+0800". */
static void put_time(char *out, size_t size, int utc)
{
    struct timespec ts;
    struct tm tm;
    char day[32], offset[8];
    clock_gettime(CLOCK_REALTIME, &ts);
    if (utc)
        gmtime_r(&ts.tv_sec, &tm);
    else
        localtime_r(&ts.tv_sec, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(offset, sizeof(offset), "%z", &tm);
    snprintf(out, size, "%s.%03ld%s", day, ts.tv_nsec / 1000000, tm.tm_gmtoff ? offset : "Z");
}

void log_text(int level, const char *line, void *arg)
{
    char when[64];
    (void)arg;
    put_time(when, sizeof(when), 0);
    fprintf(stderr, "%s %-5s %s\n", when, names[level], line);
}

/* As JSON text; what does not fit is cut between characters of one byte. */
static void escape(char *out, size_t size, const char *s)
{
    size_t n = 0;
    for (; *s && n + 7 < size; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            out[n++] = '\\';
        if (c < 0x20)
            n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
        else
            out[n++] = *s;
    }
    while (*s && n && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
        n--;                            /* the rest of a character that was cut */
    if (*s && n && (unsigned char)out[n - 1] >= 0xc0)
        n--;
    out[n] = '\0';
}

void log_json(int level, const char *line, void *arg)
{
    char when[64], text[4096];
    (void)arg;
    put_time(when, sizeof(when), 1);
    escape(text, sizeof(text), line);
    fprintf(stderr,
            "{\"timestamp\":\"%s\",\"level\":\"%s\",\"target\":\"futu_opend\","
            "\"message\":\"%s\"}\n",
            when, names[level], text);
}
