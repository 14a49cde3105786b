/* idem.h - answers kept under the Idempotency-Key of their request, so that a repeat gets the first
 * answer and nothing happens twice.
 *
 * Orders are also remembered by the hub's journal, on disk behind another gateway; this serves all
 * writes, and answers a repeat with the very bytes of the first answer.
 * Life:    90 s from the answer.
 * Bound:   IDEM_MAX entries; the oldest answered one gives way. When all are under way, one more
 *          request with a key is refused.
 * Tests:   test/unit/surface/idem_test.c
 */
#ifndef SURFACE_IDEM_H
#define SURFACE_IDEM_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"

#define IDEM_MAX 65536
#define IDEM_KEY_MAX 128
#define IDEM_LIFE_NS (90 * NS_PER_S)

struct idem_entry {
    uint8_t id[32];                 /* of caller and key: the map's key */
    uint8_t digest[32];             /* of path and body */
    uint64_t mark;
    int64_t until;                  /* monotonic; meant once answered */
    bool answered;
    struct buf answer;
    struct list link;               /* in idem.answered, oldest first, or in idem.waiting */
};

struct idem {
    struct map by_id;
    struct list answered, waiting;
};

enum idem_verdict { IDEM_NEW, IDEM_ANSWERED, IDEM_WAITING, IDEM_OTHER, IDEM_FULL };

void idem_init(struct idem *i);
void idem_free(struct idem *i);
struct idem_ask {
    const char *caller;             /* id of the API key, or "" */
    futu_str key, path, body;
    uint64_t mark;                  /* an answer that was asked for under another one is no longer
                                     * true: the request is new */
};
/* Looks a request up, and makes an entry when it is new. */
enum idem_verdict idem_look(struct idem *i, const struct idem_ask *a, int64_t now,
                            struct idem_entry **out);
/* Keeps the answer, or forgets the request when nothing has happened (body p NULL) or memory is
 * out. */
void idem_answer(struct idem *i, struct idem_entry *e, futu_str body, int64_t now);

#endif
