/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

int log_level;
static futu_log_fn *sink;
static void *sink_arg;

void futu_set_log(futu_log_fn *fn, int level, void *arg)
{
    sink = fn;
    sink_arg = arg;
    log_level = fn ? level : 0;
}

void log_write(int level, const char *fmt, ...)
{
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (sink)
        sink(level, line, sink_arg);
}
