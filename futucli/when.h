/* when.h - moments and spans as words; moments are UTC milliseconds, shown in local time. Each
 * returns `out`. */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#define WHEN_TEXT 32

const char *micros_text(double us, char out[WHEN_TEXT]);    /* 82 µs, 1.25 ms, 340 ms, 2.1 s */
const char *clock_text(double ms, char out[WHEN_TEXT]);     /* 09:30:00; other days 11-23 09:30 */
const char *age_text(double ms, char out[WHEN_TEXT]);       /* since then: 8 s, 12 min, 5 h, 3 d */

#endif
