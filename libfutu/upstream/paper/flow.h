/* flow.h - the seeded participants: what they do next, given the book and the fair value. */
#ifndef UPSTREAM_PAPER_FLOW_H
#define UPSTREAM_PAPER_FLOW_H

#include "upstream/paper/live.h"

/* The book anew around a price: at the start of the day and after the closing auction. */
void flow_seed(struct live *l, double px);
/* New levels where the book has too few. */
void flow_fill(struct live *l);
/* One event at l->book.time. */
void flow_event(struct live *l);
/* ms until the next event. */
int64_t flow_pause(struct live *l);
/* The fair value now. */
double flow_value(const struct live *l);
/* Facts of the running minute; live_set_time() calls it when a minute begins. */
void flow_minute(struct live *l, int32_t minute);

#endif
