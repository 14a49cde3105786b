/* futu/gateway.h - a gateway in this process: the hub between clients and one upstream.
 *
 * A gateway has no socket of its own. A listener opens one futu_conn per client, feeds it the bytes
 * that arrive and writes out what it has queued; futu-opend is such a listener. A futu_client can
 * be attached without any socket (futu_client_opts.gateway).
 *
 * Threads: everything runs on the thread of the loop given at creation.
 */
#ifndef FUTU_GATEWAY_H
#define FUTU_GATEWAY_H

#include "futu/login.h"
#include "futu/loop.h"

#ifdef __cplusplus
extern "C" {
#endif

struct iovec;
typedef struct futu_gateway futu_gateway;
typedef struct futu_conn futu_conn;

/* There is no default: a gateway without an upstream is FUTU_EINVAL. */
enum { FUTU_UPSTREAM_PAPER = 1, FUTU_UPSTREAM_RELAY, FUTU_UPSTREAM_BROKER };
/* Orders of simulated accounts; those of real ones too, and unlocking them. */
enum { FUTU_MCP_SIMULATE = 1, FUTU_MCP_REAL = 2 };

typedef struct futu_gateway_opts {
    size_t size;                    /* from FUTU_GATEWAY_OPTS_INIT; fields are only appended */
    futu_loop *loop;                /* borrowed, must outlive the gateway */
    int upstream;                   /* FUTU_UPSTREAM_* */
    const char *rsa_private_key;    /* path of a PEM file; NULL: InitConnect in plain only */
    const char *websocket_key_md5;  /* hex MD5 that InitWebSocket must bring; NULL: any key */
    /* "real" (NULL), "always-open", "xN" (N 1..3600), both: "always-open,x60" */
    const char *paper_clock;
    uint64_t paper_seed;            /* same seed and clock: same ticks */
    const char *paper_trade_pwd;    /* NULL: "paper" */
    uint32_t frequency_limits_off;  /* 1: with a relay those of its upstream alone hold */
    uint32_t push_proto_fmt;        /* 0 protobuf, 1 JSON, for connections that do not ask */
    uint32_t push_interval_ms;  /* Basic, OrderBook, Broker pushes at most this often; 0: each */
    uint32_t keep_alive_s;      /* announced interval; 0: 10. A silent TCP client is closed after
                                 * max(30, 3 x this) seconds */
    uint32_t max_connections;       /* 0: 8192. The vendor's gateway stops at 128 */
    uint32_t sub_quota;             /* 0: what the upstream grants */
    /* Of FUTU_UPSTREAM_RELAY: another FTAPI gateway. */
    const char *upstream_host;
    uint32_t upstream_port;
    uint32_t upstream_cache_s;      /* life of cached reference data; 0: none is kept */
    const char *upstream_rsa_key;   /* path of its PEM file; NULL: plain connections */
    /* Folder of the order journal and of the keys' daily values, made when it is not there. NULL:
     * both are in memory alone, so that after a crash nobody knows which orders were sent. */
    const char *state_dir;
    /* keys.json of each surface; NULL: that surface is in open mode. One path may stand in several.
     * Read again when it changes, see futu_gateway_reload(). */
    const char *rest_keys_file, *ws_keys_file, *grpc_keys_file;
    /* File (its name has an extension) or folder (daily files) of the audit trail; NULL: none. */
    const char *audit_log;
    const char *allowed_origins;    /* browser origins beside loopback, comma-separated; "*": any */
    uint32_t metrics_public;        /* 1: /metrics without a key, with plain key ids */
    uint32_t mcp_no_output_schemas; /* 1: MCP lists its tools without outputSchema, which is more
                                     * than half of the list */
    /* POST /api/admin/shutdown, after it was answered; NULL: that call is refused. */
    void (*on_shutdown)(void *arg);
    void *on_shutdown_arg;
    /* Of MCP: POST /mcp, and futu_mcp_new(). Groups of tools, separated by commas: core,
     * subscribe, quote, plate, derivative, watchlist, account, trade, push; NULL: all. */
    const char *mcp_tools;
    const char *mcp_trade_pwd;  /* the trade password for futu_unlock_trade, kept as its MD5, wiped
                                 * at the end; NULL: that tool can't unlock */
    uint32_t mcp_direct_orders;     /* 1: orders of real accounts are sent without a preview that
                                     * is confirmed first */
    /* FUTU_MCP_*: what MCP may do without a keys file, beside reading; 0: nothing. With one, keys
     * alone say what they may. */
    uint32_t mcp_open_trading;
    /* Of FUTU_UPSTREAM_BROKER: who logs in; borrowed during futu_gateway_new(). */
    const futu_login_opts *login;
    /* The broker's servers in place of all that are known otherwise: a list of
     * IDENTITY=HOST:PORT[,HOST:PORT...] separated by semicolons, where an identity is the user's
     * region or a broker's id. With a + in front they are tried ahead of the others. NULL: those
     * that are known. */
    const char *broker_addrs;
} futu_gateway_opts;
#define FUTU_GATEWAY_OPTS_INIT FUTU_SIZED_INIT(futu_gateway_opts)

/* Starts the upstream too. *out is the caller's to free; NULL on error, then `why` (when not NULL)
 * holds one line for the user. FUTU_EINVAL (opts), FUTU_EFORMAT (RSA key, keys file, clock, what is
 * kept in state_dir, audit trail), FUTU_EIO (any of these files), FUTU_EBUSY (another process uses
 * the same state or trail), FUTU_ELIMIT (a file is too large), FUTU_ENOMEM. Strings are copied. */
FUTU_API futu_err futu_gateway_new(futu_gateway **out, const futu_gateway_opts *opts, char *why,
                                   size_t why_size);
/* How it stands with the upstream, with one line for the user in `why`. FUTU_OK: it is there, as
 * paper always is. FUTU_EAGAIN: the first attempt is under way. FUTU_ENOTCONN: there is no
 * connection; it is tried again and again. FUTU_ENOTFOUND (no such host), FUTU_EAUTH (another RSA
 * key), FUTU_EPROTO (what listens there is no FTAPI gateway): as before, but it will hardly get
 * better without a change of the options. */
FUTU_API futu_err futu_gateway_upstream_state(const futu_gateway *g, char *why, size_t why_size);
/* How the login of FUTU_UPSTREAM_BROKER stands; it begins with the loop. FUTU_OK: it is done, and
 * the channels connect. FUTU_EAGAIN: it is under way. FUTU_ENOTSUP: another upstream. FUTU_EINVAL:
 * the report is not set up. Else it has failed as futu_login_setup() tells it, and is tried again
 * by itself where that may help. report may be NULL. */
FUTU_API futu_err futu_gateway_login(const futu_gateway *g, futu_login_report *report, char *why,
                                     size_t why_size);
/* Brings a code that a direct login waits for; whether it was right shows in futu_gateway_login().
 * FUTU_EINVAL: not 4 to 8 digits, nothing was sent; FUTU_ENOTFOUND: none is awaited; FUTU_ENOTSUP:
 * no direct login; FUTU_ENOMEM. */
FUTU_API futu_err futu_gateway_login_code(futu_gateway *g, const char *code);
/* Logs in again: anew after a failure, else by a renewal; channels that are down try at once.
 * FUTU_EBUSY: a login or renewal is under way; FUTU_ENOTCONN: a code is awaited; FUTU_EREFUSED: a
 * renewal has failed a short while ago, or there is no saved login; FUTU_ENOTSUP; FUTU_ENOMEM. */
FUTU_API futu_err futu_gateway_relogin(futu_gateway *g);
/* Closes every connection (their on_close runs with FUTU_ECANCELED). NULL is fine. */
FUTU_API void futu_gateway_free(futu_gateway *g);

/* Numbers for the operator; all counters start at 0 with the gateway. */
typedef struct futu_gateway_stats {
    size_t size;                    /* set by the caller: sizeof(futu_gateway_stats) */
    uint64_t connections, requests, refused, pushes, push_bytes, conflated, cut_slow;
    uint64_t subscriptions, quota_used, quota_left;
    uint64_t securities;            /* that the upstream knows; 0: it does not say */
    uint64_t waiting;               /* requests whose client has no answer yet */
} futu_gateway_stats;
FUTU_API futu_err futu_gateway_stats_get(const futu_gateway *g, futu_gateway_stats *out);

/* Reads the keys files again, as a change of such a file does by itself; an audit file that was
 * moved away is made anew. Streams and connections of keys that are gone end. On an error the old
 * keys stay and `why` (NULL: not wanted) says why: FUTU_EIO, FUTU_EFORMAT, FUTU_ELIMIT (16 MiB),
 * FUTU_ENOMEM; FUTU_ENOTFOUND: there is no keys file. */
FUTU_API futu_err futu_gateway_reload(futu_gateway *g, char *why, size_t why_size);

/* Takes the place of the built-in exchange calendar: TSV of market, date, kind (closed,
 * early_close), local_close, with its head line. Markets that the file does not name keep theirs.
 * Call it before the first gateway is made; NULL restores the built-in one. FUTU_EIO,
 * FUTU_EFORMAT, FUTU_ENOMEM; the old one stays and `why` names the line. */
FUTU_API futu_err futu_calendar_load(const char *path, char *why, size_t why_size);

/* What one client's transport carries. WS: whole messages of a WebSocket, where the SDK's ft-v1.0
 * messages and FTAPI frames are told apart by their first bytes. EVENTS: the JSON texts of the REST
 * port's /ws (made by futu_gateway_http_upgrade()). */
enum { FUTU_WIRE_TCP = 0, FUTU_WIRE_WS = 1, FUTU_WIRE_EVENTS = 2 };

typedef struct futu_conn_opts {
    size_t size;                    /* from FUTU_CONN_OPTS_INIT */
    int wire;                       /* FUTU_WIRE_* */
    const char *peer;               /* remote address for log lines; copied */
    /* Output waits: called at most once per loop turn until it is taken, never from inside
     * futu_conn_feed(). Take it with futu_conn_output(). */
    void (*on_output)(futu_conn *c, void *arg);
    /* The gateway ends this connection. `reason` is one line, valid until futu_conn_free(). Output
     * that is still queued may be written first; then call futu_conn_free(). Never called from
     * inside futu_conn_feed(). */
    void (*on_close)(futu_conn *c, futu_err err, const char *reason, void *arg);
    void *arg;
    uint32_t no_trade;  /* 1: refuse trade calls; for a port that others can listen in on */
    uint32_t reserved;
    /* FUTU_WIRE_WS of a gateway with ws_keys_file: the key that the client presented, copied; p
     * NULL: none. */
    futu_str token;
} futu_conn_opts;
#define FUTU_CONN_OPTS_INIT FUTU_SIZED_INIT(futu_conn_opts)

/* *out is the caller's to free. FUTU_EINVAL, FUTU_ELIMIT (max_connections), FUTU_ENOMEM; with keys:
 * FUTU_EAUTH (no key, or none that holds: HTTP 401), FUTU_EREFUSED (its scopes do not do: 403). */
FUTU_API futu_err futu_conn_new(futu_gateway *g, futu_conn **out, const futu_conn_opts *opts);

/* Bytes as they arrived (TCP), or one whole message (WS: binary, EVENTS: text). Nothing is kept of
 * `p`. An error means that the connection is to be closed: FUTU_EPROTO, FUTU_ELIMIT, FUTU_ENOMEM;
 * replies queued so far may still be written. */
FUTU_API futu_err futu_conn_feed(futu_conn *c, const void *p, size_t n);

/* Queued output as up to `max` pieces, for one gathered write; the return value is their number,
 * 0: nothing. The pieces stay valid until futu_conn_sent() or futu_conn_free(). With FUTU_WIRE_WS
 * and FUTU_WIRE_EVENTS they are server frames, header included. */
FUTU_API size_t futu_conn_output(futu_conn *c, struct iovec *iov, size_t max);
/* The first n bytes of the output have been written. */
FUTU_API void futu_conn_sent(futu_conn *c, size_t n);
FUTU_API size_t futu_conn_queued(const futu_conn *c);      /* bytes */
/* True at a frame boundary of the output: a listener may insert a frame of its own (ping, pong). */
FUTU_API bool futu_conn_at_boundary(const futu_conn *c);

/* The client is gone: subscriptions are released by the rules. No callback runs after this. NULL is
 * fine. */
FUTU_API void futu_conn_free(futu_conn *c);

#ifdef __cplusplus
}
#endif

#endif
