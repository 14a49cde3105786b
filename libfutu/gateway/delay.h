/* delay.h - how long pushes, calls and orders took, measured stage by stage (GetDelayStatistics).
 *
 * Push:    made (known to the upstream) -> received here -> written to the client's transport.
 *          The first leg counts once per push, the others once per delivery. No source tells when
 *          an exchange's server had received an event, so SR2SS stays empty and SR2CS begins at
 *          `made`.
 * Call:    received -> [sent up -> answered] -> reply written. Brackets: not for local answers.
 *          Over REST, gRPC and MCP it is written when the surface has made its own answer of it.
 * Order:   as a call, until the reply is queued; then until its first order push.
 * Owns:    histograms, made at the first push of their kind; the last 100 orders.
 */
#ifndef GATEWAY_DELAY_H
#define GATEWAY_DELAY_H

#include "base/arena.h"
#include "codec/registry.h"
#include "gateway/outq.h"

/* Values of out_mark.stat. */
enum { DELAY_NONE, DELAY_PRICE, DELAY_TICKER, DELAY_BOOK, DELAY_BROKER, DELAY_REPLY = 16 };
#define DELAY_KINDS 4
#define DELAY_ORDERS 100

struct histo;
struct reply_stat {
    uint64_t count;
    int64_t total_ns, net_ns;
    bool local;
};

struct order_stat {
    char id[40];                    /* orderIDEx */
    int64_t total_ns, net_ns;
    int64_t replied_at, update_ns;  /* update_ns -1: no push yet */
};

struct delay {
    struct histo *push[DELAY_KINDS][3];     /* made to received, received to sent, made to sent */
    struct reply_stat *replies;             /* one per registry row */
    struct order_stat *orders;
    uint32_t n_orders, next_order;
};

futu_err delay_init(struct delay *d);       /* FUTU_ENOMEM */
void delay_free(struct delay *d);

/* The kind of a sub type's pushes; DELAY_NONE for those that are not measured. */
uint32_t delay_of_sub_type(int32_t sub_type);
/* Of a reply to a request that came at `at` and was upstream for `net_ns`, 0: answered here. */
struct out_mark delay_mark(const struct proto_row *row, int64_t at, int64_t net_ns);
/* A push has come in; allocates the kind's histograms (when that fails it stays unmeasured). */
void delay_push_received(struct delay *d, uint32_t stat, int64_t made, int64_t received);
/* A frame with this mark has been written, or a reply been taken by its surface. */
void delay_sent(struct delay *d, const struct out_mark *m, int64_t now);
void delay_order_placed(struct delay *d, futu_str id, int64_t total_ns, int64_t net_ns,
                        int64_t now);
void delay_order_pushed(struct delay *d, futu_str id, int64_t now);

/* The S2C of a reply, in the arena. NULL: `why` says what is wrong with the request, or memory is
 * out when it is empty. */
GetDelayStatistics_S2C *delay_report(const struct delay *d, const GetDelayStatistics_C2S *rq,
                                     struct arena *a, char *why, size_t why_size);

#endif
