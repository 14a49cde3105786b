/* audit.h - the trail of decisions: one JSON line per event, each with the hash of the line before.
 *
 * A line is {"timestamp":...,"level":...,"target":"futu_audit","iface":...,"endpoint":...,
 * "key_id":...,"outcome":..., ...,"prev":"64 hex digits"}; `prev` is the SHA-256 of the whole line
 * before it without its line break, in the first line of a trail 64 zeros. A changed, removed or
 * inserted line breaks the chain; that lines are missing at the end only a hash that was kept
 * elsewhere can tell.
 * Owns:    the last hash. Where lines go is the sink's business.
 * Threads: the loop's.
 * Tests:   test/unit/access/audit_test.c, test/fuzz/fuzz_audit.c
 */
#ifndef ACCESS_AUDIT_H
#define ACCESS_AUDIT_H

#include "access/access.h"

#define AUDIT_TARGET "futu_audit"
#define AUDIT_LINE_MAX (64u << 10)      /* bytes of a line; no line that is written comes near */
#define AUDIT_TEXT_MAX 512              /* bytes of a member; what is over is cut off */

#define AUDIT_HEAD "{\"timestamp\":\""      /* how each line begins */

/* Outcomes as documented; REQUEST: a write is about to go upstream. */
enum audit_outcome { OUTCOME_ALLOW, OUTCOME_REJECT, OUTCOME_REQUEST, OUTCOME_SUCCESS,
                     OUTCOME_FAILURE, OUTCOME_UNKNOWN, OUTCOMES };
const char *outcome_name(enum audit_outcome o);       /* "allow" ... */

struct audit_event {
    enum iface iface;
    const char *endpoint;           /* "/api/order", "proto_id=2202", a tool's name */
    const char *key_id;             /* an id, or "<missing>", "<invalid>", "<none>" */
    enum audit_outcome outcome;
    const char *reason;             /* NULL: the member is left out; so for those below */
    const char *scope;              /* the scope that was checked, on allow */
    const char *args_hash;          /* first 8 hex digits of the arguments' SHA-256 */
    const char *cache_outcome;      /* "cached", "executed", "no_key" */
    const char *peer;               /* remote address */
    bool trade;                     /* place, modify, cancel, unlock: level WARN */
    uint64_t acc_id;                /* 0: left out */
    futu_str order_id;              /* p NULL: left out */
};

/* Takes a line with its line break. `done` may be NULL; otherwise it runs from the loop once the
 * line is on disk, or with the error; even then the sink keeps the line and writes it before the
 * next one, since that one holds its hash. Returns an error when it can't even be queued; then no
 * done(), and the line is no part of the chain. */
typedef futu_err audit_sink(void *arg, const char *line, size_t n, int64_t wall_ns,
                            void (*done)(void *arg, futu_err err), void *done_arg);

struct audit {
    struct clock clock;
    audit_sink *sink;               /* NULL: no file; events go to the log alone, and done() runs
                                     * at once, from inside audit_event() */
    void *arg;
    uint8_t prev[32];               /* zeros: the trail begins */
    struct buf line;
};

void audit_init(struct audit *a, const struct clock *clock);
void audit_free(struct audit *a);
/* The chain goes on behind this line (without its line break). */
void audit_resume(struct audit *a, futu_str last_line);
/* Writes the event to the sink and, at its level, to the log. As audit_sink. */
futu_err audit_event(struct audit *a, const struct audit_event *e,
                     void (*done)(void *arg, futu_err err), void *done_arg);

/* What a verification has found. */
struct audit_check {
    uint64_t lines, bad_line;       /* bad_line counts from 1; 0: the chain holds */
    char why[128];
    uint8_t last[32];               /* hash of the last good line; set it to begin behind a line */
    uint8_t since[32];              /* when the whole trail is given instead: that hash, */
    bool sought;                    /* and no line so far has had it */
    char first_time[RFC3339_SIZE], last_time[RFC3339_SIZE];     /* of good lines; empty: none */
};
/* Checks lines, in order of their files: state goes on from call to call; begin with a zeroed
 * struct. A last line without its line break is reported as cut off, so a piece of a file ends with
 * a line. False: broken, *c says where. */
bool audit_verify(struct audit_check *c, futu_str text);

#endif
