/* calendar_data.h - the days on which an exchange is closed or closes early; made by
 * gen_calendar.py. */
#ifndef MARKET_CALENDAR_DATA_H
#define MARKET_CALENDAR_DATA_H

#include <stddef.h>
#include <stdint.h>

struct calendar_day {
    int32_t date;           /* yyyymmdd, never a Saturday or Sunday */
    int32_t close;          /* minute of the local day of an early close; 0: closed all day */
};

struct calendar_table {
    const struct calendar_day *days;    /* by date */
    size_t n;
    int32_t first_year, last_year;      /* years that the table covers wholly */
};

/* Rows in the order of gen_calendar.py. */
enum { CALENDAR_HK, CALENDAR_US, CALENDAR_CN, CALENDAR_SG, CALENDAR_JP, CALENDAR_AU, CALENDAR_MY,
       CALENDAR_CA, CALENDARS };

extern const struct calendar_table calendar_tables[CALENDARS];     /* the built-in ones */

/* The table in force: of the file that was loaded, or the built-in one. */
const struct calendar_table *calendar_table(int32_t calendar);

#endif
