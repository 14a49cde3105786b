/* grpc_push.c - SubscribePush: what the hub pushes to the callers with the same key, as it comes.
 *
 * The stream is a connection of the hub: it has its queue, its share of the conflation, and its end
 * when it reads too slowly or its key is gone. Too slow, it gets what has queued and then its
 * status, so that it knows where its events end.
 */
#include "surface/grpc_state.h"

static void on_output(futu_conn *c, void *arg)
{
    (void)c;
    grpc_told(arg);
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    static const struct {
        futu_err err;
        int status;
    } codes[] = {
        { FUTU_EAUTH, FUTU_GRPC_UNAUTHENTICATED }, { FUTU_ELIMIT, FUTU_GRPC_RESOURCE_EXHAUSTED },
        { FUTU_ENOMEM, FUTU_GRPC_RESOURCE_EXHAUSTED },
    };
    futu_grpc_call *k = arg;
    int status = FUTU_GRPC_UNAVAILABLE;
    (void)c;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].err == err)
            status = codes[i].status;
    k->all_goes = err == FUTU_ELIMIT;
    grpc_end(k, status, "%s", reason);
}

static void note_opened(futu_grpc_call *k)
{
    bool quotes = access_scope(k->key, SCOPE_QOT_READ);
    struct audit_event e = { .iface = IFACE_GRPC, .endpoint = k->endpoint, .peer = k->peer,
                             .key_id = grpc_key_id(k), .outcome = OUTCOME_ALLOW,
                             .scope = quotes ? "qot:read" : "acc:read" };
    hub_audit(k->grpc->o.hub, &e, DENY_NONE);
}

void grpc_subscribe_push(futu_grpc_call *k, futu_str message)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    struct hub_events_opts e = { .key = k->key, .grpc = true };
    (void)message;                  /* no member of it means anything yet */
    if (k->key && !access_scope(k->key, SCOPE_QOT_READ | SCOPE_ACC_READ)) {
        grpc_refuse(k, DENY_SCOPE);
        return;
    }
    o.wire = FUTU_WIRE_EVENTS;
    o.peer = k->peer;
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = k;
    futu_err err = hub_events_new(k->grpc->o.hub, &k->conn, &o, &e);
    if (err)
        grpc_end(k, err == FUTU_ELIMIT ? FUTU_GRPC_RESOURCE_EXHAUSTED : FUTU_GRPC_UNAVAILABLE, "%s",
                 err == FUTU_ELIMIT ? "too many connections" : futu_strerror(err));
    else {
        note_opened(k);
        grpc_told(k);               /* from here on nothing is missed */
    }
}
