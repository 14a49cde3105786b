/* live_event.h - pushes that tell of data which does not come in, as a line of text. */
#ifndef CLI_LIVE_EVENT_H
#define CLI_LIVE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_TEXT 256
#define EVENT_LINES 3
#define EVENT_SECONDS 60        /* how long what is over stays on the screen */

struct live_event {
    char text[EVENT_TEXT];      /* "": an empty place */
    char about[48];             /* a later event about the same takes its place */
    const char *type;           /* "gap" or "connection", for programs */
    bool going_on;
    int64_t at;                 /* UTC seconds */
};

/* `msg`: the decoded push. False: none of these events. */
bool event_read(uint32_t proto, const void *msg, struct live_event *out);
/* What a gateway says of its connections, as that push would. */
void event_links(bool quotes, bool trading, struct live_event *out);
/* The least worth keeping gives way: an empty place, what is over, the oldest. */
void event_keep(struct live_event list[EVENT_LINES], const struct live_event *e);
/* Empties the places of what has been over for long. Returns how many lines are left, which are
 * then the first ones, the oldest first. */
int event_settle(struct live_event list[EVENT_LINES]);

#endif
