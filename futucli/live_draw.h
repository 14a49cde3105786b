/* live_draw.h - what the live view knows, and how it is drawn. */
#ifndef CLI_LIVE_DRAW_H
#define CLI_LIVE_DRAW_H

#include <futu/base.h>
#include <stdbool.h>

#include "live_event.h"

#define LIVE_ROWS 60
#define LIVE_DEPTH 10
#define LIVE_TICKS 32
#define LIVE_SPARK 24

struct live_row {
    int market;
    char code[32], name[64];
    double last, prev, bid, ask, high, low, volume;
    double spark[LIVE_SPARK];       /* sampled prices, a ring */
    unsigned n_spark, updates, drawn_updates;
    double drawn_last;              /* what the last frame showed: a change flashes */
};

struct live_level {
    double price, volume;
};

struct live_tick {
    char time[9];
    double price, volume;
    int dir;
};

struct live {
    struct live_row rows[LIVE_ROWS];
    int n_rows;
    struct live_level bid[LIVE_DEPTH], ask[LIVE_DEPTH];     /* of the first row */
    struct live_tick ticks[LIVE_TICKS];                     /* of the first row, a ring */
    unsigned n_ticks, frames;
    double pushes, drawn_pushes, rate, count;
    struct live_event events[EVENT_LINES];
    char upstream[128];
    const char *gateway;
    bool lines, color;
    futu_err lost;
};

void live_open(void);
void live_close(void);
void live_sample(struct live *l);       /* once per frame */
void live_draw(struct live *l, int rows, int cols);

#endif
