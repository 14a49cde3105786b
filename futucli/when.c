/* when.c - see when.h. */
#include "when.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

const char *micros_text(double us, char out[WHEN_TEXT])
{
    if (us < 1000)
        snprintf(out, WHEN_TEXT, "%.0f µs", us);
    else if (us < 1e6)
        snprintf(out, WHEN_TEXT, "%.*f ms", us < 1e4 ? 2 : 0, us / 1e3);
    else
        snprintf(out, WHEN_TEXT, "%.1f s", us / 1e6);
    return out;
}

const char *clock_text(double ms, char out[WHEN_TEXT])
{
    time_t then = (time_t)(ms / 1000), now = time(NULL);
    struct tm t, today;
    localtime_r(&then, &t);
    localtime_r(&now, &today);
    bool same_day = t.tm_yday == today.tm_yday && t.tm_year == today.tm_year;
    strftime(out, WHEN_TEXT, same_day ? "%H:%M:%S" : "%m-%d %H:%M", &t);
    return out;
}

const char *age_text(double ms, char out[WHEN_TEXT])
{
    double s = (double)time(NULL) - ms / 1000;
    if (s < 120)
        snprintf(out, WHEN_TEXT, "%.0f s", s > 0 ? s : 0);
    else if (s < 7200)
        snprintf(out, WHEN_TEXT, "%.0f min", s / 60);
    else if (s < 172800)
        snprintf(out, WHEN_TEXT, "%.0f h", s / 3600);
    else
        snprintf(out, WHEN_TEXT, "%.0f d", s / 86400);
    return out;
}
