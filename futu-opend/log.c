/* log.c - see log.h.
 *
 * Why poll(): making standard error non-blocking would do so for every process that shares it. A
 * pipe that is writable has room for PIPE_BUF bytes; a longer line is cut to that, so that a write
 * of a whole line never waits. To files there is no limit, and no waiting.
 *
 * Tests:   test/integration/options_test.c
 */
#include "log.h"

#include <futu/base.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AUDIT "futu_audit: "
#define ROOM_FOR_END 8          /* what closes a line, and the longest escape */

static struct {
    pthread_mutex_t lock;
    bool json;
    bool file;                  /* standard error is a file: always room */
    unsigned long long dropped;
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *level_name(int level)
{
    static const char *const names[] = { "OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE" };
    return level >= 0 && level <= FUTU_LOG_TRACE ? names[level] : "?";
}

/* "+08:00", "-03:30". */
static void put_offset(char out[8], long seconds)
{
    long minutes = (seconds < 0 ? -seconds : seconds) / 60;
    snprintf(out, 8, "%c%02ld:%02ld", seconds < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}

static size_t put_head(char *out, size_t size, bool json, long long wall_ms, int level,
                       const char *target)
{
    time_t s = (time_t)(wall_ms / 1000);
    char day[32], zone[8] = "Z";
    struct tm tm;
    int n;
    if (json) {
        gmtime_r(&s, &tm);
    } else {
        localtime_r(&s, &tm);
        put_offset(zone, tm.tm_gmtoff);
    }
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    if (json)
        n = snprintf(out, size,
                     "{\"timestamp\":\"%s.%03lld%s\",\"level\":\"%s\",\"target\":\"%s\","
                     "\"message\":\"", day, wall_ms % 1000, zone, level_name(level), target);
    else
        n = snprintf(out, size, "%s.%03lld%s %-5s ", day, wall_ms % 1000, zone, level_name(level));
    return (size_t)n;
}

/* Bytes of the UTF-8 character at p, which a NUL ends; 0: none. */
static size_t utf8_len(const unsigned char *p)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3
               : p[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if (n >= 3 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                   (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
        return 0;
    return n;
}

/* One character as it may stand in a line; returns what it took of the message. */
static size_t put_char(char *out, size_t *at, bool json, const unsigned char *p)
{
    size_t n = utf8_len(p);
    if (n == 0) {
        memcpy(out + *at, "\xef\xbf\xbd", 3);
        *at += 3;
        return 1;
    }
    if (*p < 0x20 || *p == 0x7f) {
        *at += (size_t)snprintf(out + *at, 7, "\\u%04x", *p);
        return 1;
    }
    if (json && (*p == '"' || *p == '\\'))
        out[(*at)++] = '\\';
    memcpy(out + *at, p, n);
    *at += n;
    return n;
}

static size_t put_line(char *out, size_t size, bool json, long long wall_ms, int level,
                       const char *message)
{
    bool audit = strncmp(message, AUDIT, sizeof(AUDIT) - 1) == 0;
    if (audit && json)
        message += sizeof(AUDIT) - 1;
    size_t at = put_head(out, size, json, wall_ms, level, audit ? "futu_audit" : "futu");
    for (const unsigned char *p = (const unsigned char *)message;
         *p && at + ROOM_FOR_END < size;)
        p += put_char(out, &at, json, p);
    if (json) {
        memcpy(out + at, "\"}", 2);
        at += 2;
    }
    out[at++] = '\n';
    return at;
}

size_t log_format(char *out, bool json, long long wall_ms, int level, const char *message)
{
    return put_line(out, LOG_LINE_MAX, json, wall_ms, level, message);
}

static bool has_room(void)
{
    struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
    return sink.file || (poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT));
}

/* False: there is no room, or nobody reads. */
static bool write_line(int level, const char *message)
{
    char line[LOG_LINE_MAX];
    struct timespec ts;
    if (!has_room())
        return false;
    clock_gettime(CLOCK_REALTIME, &ts);
    size_t n = put_line(line, sink.file ? sizeof(line) : PIPE_BUF, sink.json,
                        ts.tv_sec * 1000LL + ts.tv_nsec / 1000000, level, message);
    ssize_t put = write(STDERR_FILENO, line, n);
    return put >= 0 || errno == EINTR;
}

static void tell_dropped(void)
{
    char text[80];
    snprintf(text, sizeof(text), "%llu log lines were dropped: standard error had no room",
             sink.dropped);
    if (write_line(FUTU_LOG_WARN, text))
        sink.dropped = 0;
}

void log_line(int level, const char *message, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&sink.lock);
    if (sink.dropped)
        tell_dropped();
    if (sink.dropped || !write_line(level, message))
        sink.dropped++;
    pthread_mutex_unlock(&sink.lock);
}

void log_start(int level, bool json)
{
    struct stat st;
    sink.json = json;
    sink.file = fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    futu_set_log(log_line, level, NULL);
    if (level >= FUTU_LOG_DEBUG)
        log_line(FUTU_LOG_WARN, "the log shows details of the protocol, such as accounts and "
                                "orders; credentials are masked", NULL);
}
