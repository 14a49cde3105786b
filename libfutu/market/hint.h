/* hint.h - why an order failed when its market is closed: text behind an error that does not say
 * it.
 *
 * Threads: none; no state but the tables.
 * Tests:   test/unit/market/hint_test.c
 */
#ifndef MARKET_HINT_H
#define MARKET_HINT_H

#include "base/buf.h"
#include "market/market.h"

/* True for failure texts that name no cause: "please retry later", "request timeout", in English
 * and Chinese; also the empty text. */
bool hint_generic(futu_str ret_msg);

/* Appends, when the quote market (QotMarket) has no regular session at `utc_ns`, a line break, the
 * heading 【hint】 and the explanation: closed now and why (weekend, holiday, lunch break, before
 * the open, after an early close), that the gateway keeps no order for the next session, that
 * fill_outside_rth and auction orders do not change it, and when the market opens next, in its own
 * time with the zone, and in UTC. Nothing is appended while the market is open or unknown; during
 * HK's auctions it is open for auction orders. FUTU_ENOMEM. */
futu_err hint_append(struct buf *out, int32_t market, int64_t utc_ns);

/* Whether an order would reach the exchange at that instant; false of an unknown market too. */
bool hint_open(int32_t market, int64_t utc_ns);
/* One line and its break, when it would not: that the market is closed, why, and when it opens. For
 * answers that are no failures. FUTU_ENOMEM. */
futu_err hint_closed(struct buf *out, int32_t market, int64_t utc_ns);

/* Start of the next regular session at or after `utc_ns`; 0: unknown market, or none within the
 * years of the calendar. */
int64_t market_next_open(int32_t market, int64_t utc_ns);

/* Takes the place of the built-in calendar: TSV of market, date, kind, local_close with its head
 * line. Markets that the file does not name keep theirs. On an error the old one stays, `why` names
 * the line. FUTU_EIO, FUTU_EFORMAT, FUTU_ENOMEM. Before the first gateway is made, from one thread;
 * NULL restores the built-in one. */
futu_err market_calendar_load(const char *path, char *why, size_t size);

#endif
