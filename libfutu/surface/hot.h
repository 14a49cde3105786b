/* hot.h - answers of real-time reads, kept until the next event: many clients ask the same thing.
 *
 * An answer stands for the very same request (method, target, headers that matter, body) while the
 * hub has seen no event since (hub_version()), and HOT_LIFE_NS at most.
 * Bound:   HOT_ENTRIES answers of at most HOT_ANSWER bytes, to requests of at most HOT_REQUEST.
 * Memory:  when it is out nothing is kept.
 * Tests:   test/unit/surface/hot_test.c
 */
#ifndef SURFACE_HOT_H
#define SURFACE_HOT_H

#include "base/buf.h"
#include "futu/http.h"
#include "gateway/hub.h"

#define HOT_ENTRIES 1024
#define HOT_ANSWER 16384
#define HOT_REQUEST 1024
#define HOT_LIFE_NS (250 * NS_PER_MS)

struct hot_entry {
    uint64_t hash, version;
    int64_t until;
    const struct proto_row *row;
    struct api_key *key;
    size_t len;                     /* of the answer as protobuf */
    struct buf request, answer;
};

struct hot {
    struct hot_entry *entries;      /* made at the first answer */
};

/* One request as it is compared: its token as a digest, its body as it is, so that the text is to
 * be wiped unless it is kept. */
struct hot_request {
    uint64_t hash;
    size_t n;                       /* 0: not to be kept */
    uint8_t text[HOT_REQUEST];
};

void hot_free(struct hot *t);
void hot_request(struct hot_request *out, const futu_http_request *rq);
/* The same of a request that is all of these texts. */
void hot_request_of(struct hot_request *out, const futu_str *parts, size_t n);
/* Reads of what is subscribed: their answer holds until the next event. */
bool hot_row(const struct proto_row *row);
/* NULL: not there, or not any more. */
const struct hot_entry *hot_find(const struct hot *t, const struct hot_request *rq,
                                 uint64_t version, int64_t now);
void hot_keep(struct hot *t, const struct hot_request *rq, const struct hot_entry *what,
              futu_str answer);

#endif
