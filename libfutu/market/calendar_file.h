/* calendar_file.h - a calendar that an operator hands in: TSV, read into tables of its own.
 *
 * In:      lines of market, date, kind (closed, early_close), local_close (HH:MM), split by tabs,
 *          in any order, behind a head line of those four names. Empty lines and lines that begin
 *          with # do not count; "\r\n" ends a line too.
 * Out:     one table per market that stands in it. A table covers the years from its first to its
 *          last date wholly.
 * Limits:  CALENDAR_FILE_MAX bytes; dates from 1990 to 2200, no Saturday or Sunday, each once; a
 *          close before the regular one.
 * Errors:  FUTU_EFORMAT, `why` names the line; FUTU_ENOMEM.
 * Threads: none. market_calendar_load() (hint.h) puts tables in force.
 * Tests:   test/unit/market/calendar_file_test.c, test/fuzz/fuzz_calendar.c
 */
#ifndef MARKET_CALENDAR_FILE_H
#define MARKET_CALENDAR_FILE_H

#include "base/base.h"
#include "base/str.h"
#include "market/calendar_data.h"

#define CALENDAR_FILE_MAX (1u << 20)

struct calendar_set {
    struct calendar_table tables[CALENDARS];    /* n 0: not in the file */
    struct calendar_day *days;                  /* of all tables, owned */
};

/* On an error *out is empty. */
futu_err calendar_set_parse(struct calendar_set *out, futu_str text, char *why, size_t size);
void calendar_set_free(struct calendar_set *s);

#endif
