/* futu/client.h - one connection to a gateway: over TCP, or attached to one in this process.
 *
 * Requests are asynchronous; futu_client_connect() and the *_sync calls run the loop until the
 * answer.
 *
 * The connection is kept. It is lost when the peer closes it, breaks the protocol, or has sent
 * nothing for three keep-alive intervals. Then every call under way ends with FUTU_ENOTCONN, and
 * the client connects anew: at once if the connection had lasted 5 s, else after a pause of 0.2 s
 * to 5 s that grows and is random, and so on until it succeeds. It does InitConnect, then repeats
 * what Qot_Sub, Qot_RegQotPush and Trd_SubAccPush calls have asked for with success, whichever
 * function sent them, merged into few requests, and is READY when those are answered; pushes may
 * come earlier. It unlocks nothing, and repeats no other call.
 *
 * Threads: owned by the thread that runs its loop; only calls marked [any thread] may come from
 * elsewhere. All callbacks run on that thread. Clients share no state.
 */
#ifndef FUTU_CLIENT_H
#define FUTU_CLIENT_H

#include "futu/gateway.h"
#include "futu/proto.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct futu_client futu_client;

enum { FUTU_STATE_CONNECTING = 1, FUTU_STATE_READY, FUTU_STATE_LOST, FUTU_STATE_STOPPED };
enum { FUTU_ENC_NONE = -1, FUTU_ENC_FTAES_ECB = 0, FUTU_ENC_AES_ECB = 1, FUTU_ENC_AES_CBC = 2 };
enum { FUTU_FMT_PROTOBUF = 0, FUTU_FMT_JSON = 1 };

typedef struct futu_client_opts {
    size_t size;                    /* from FUTU_CLIENT_OPTS_INIT; fields are only appended */
    futu_loop *loop;                /* borrowed; NULL: the client makes and owns one */
    futu_gateway *gateway;          /* attach to this one, no socket; its loop must be `loop` */
    const char *host;               /* NULL: 127.0.0.1; copied */
    uint32_t port;                  /* 0: 11111 */
    uint32_t timeout_ms;            /* of connecting, InitConnect and each call; 0: 10000 */
    const char *client_id;          /* NULL: "libfutu"; copied, 63 bytes at most */
    const char *rsa_key;            /* path of the PEM file shared with the gateway; NULL: plain */
    int encryption;                 /* FUTU_ENC_*, meant only with rsa_key; FUTU_ENC_NONE is -1 */
    int format;                     /* FUTU_FMT_* of requests and pushes on the wire */
    uint32_t no_notify;             /* 1: do not ask for Notify (1003) */
    uint32_t no_reconnect;          /* 1: a loss is final: STOPPED instead of LOST */
    /* state is FUTU_STATE_*. err: why it is LOST or STOPPED (FUTU_OK by futu_client_stop(),
     * FUTU_ECANCELED when the gateway in this process is gone); READY with FUTU_EREFUSED or
     * FUTU_ETIMEDOUT: a subscription could not be restored, see futu_client_error(). */
    void (*on_state)(futu_client *c, int state, futu_err err, void *arg);
    /* Every push. `body` is its protobuf Response, borrowed until return; `msg` the decoded struct
     * (Qot_UpdateBasicQot_Response and so on), NULL when `proto` is not in the registry; its s2c is
     * never NULL. */
    void (*on_push)(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg);
    void *arg;
} futu_client_opts;
#define FUTU_CLIENT_OPTS_INIT FUTU_SIZED_INIT(futu_client_opts)

/* No I/O yet. *out is the caller's to free; NULL on error: FUTU_EINVAL, FUTU_EFORMAT and FUTU_EIO
 * (key file), FUTU_ENOMEM. */
FUTU_API futu_err futu_client_new(futu_client **out, const futu_client_opts *opts);
/* Pending calls end with FUTU_ECANCELED first. Not from inside a callback of this client. */
FUTU_API void futu_client_free(futu_client *c);
/* Begins to connect; on_state tells how it goes. FUTU_EEXIST when it has begun already; a client
 * that is STOPPED may begin again. */
FUTU_API futu_err futu_client_start(futu_client *c);
/* [any thread] Closes, and does not come back by itself; pending calls end with FUTU_ECANCELED and
 * on_state says FUTU_STATE_STOPPED, on the loop thread. */
FUTU_API void futu_client_stop(futu_client *c);
/* Begins to connect, unless that has begun, and runs the loop until READY or until the attempt has
 * failed; with reconnect on it is tried again whenever the loop runs. FUTU_EREFUSED, FUTU_ENOTFOUND
 * (host name), FUTU_ETIMEDOUT, FUTU_EAUTH (InitConnect refused, or another key), FUTU_ENOTCONN,
 * FUTU_EPROTO, FUTU_EIO, FUTU_ENOMEM; FUTU_EBUSY from inside a callback. */
FUTU_API futu_err futu_client_connect(futu_client *c);

FUTU_API futu_loop *futu_client_loop(futu_client *c);
/* From InitConnect; 0 while there is no connection. */
FUTU_API uint64_t futu_client_conn_id(const futu_client *c);
FUTU_API uint64_t futu_client_user_id(const futu_client *c);
FUTU_API int futu_client_server_ver(const futu_client *c);
/* Why the last thing failed, for the user; "" when nothing did. Borrowed until the next call. */
FUTU_API const char *futu_client_error(const futu_client *c);

/* One answer. Everything in it lives until futu_reply_free(). */
typedef struct futu_reply futu_reply;
FUTU_API int32_t futu_reply_ret(const futu_reply *r);           /* retType: 0 success */
FUTU_API int32_t futu_reply_err_code(const futu_reply *r);      /* errCode */
FUTU_API const char *futu_reply_text(const futu_reply *r);      /* retMsg, "" when none */
FUTU_API const void *futu_reply_body(const futu_reply *r, size_t *len);    /* protobuf Response */
/* The decoded Response struct, such as Qot_GetBasicQot_Response; NULL when the id has none. With
 * retType 0 its s2c is never NULL. */
FUTU_API const void *futu_reply_msg(const futu_reply *r);
/* The Response as JSON text with declared names; NULL when memory is out or the id has none. */
FUTU_API const char *futu_reply_json(futu_reply *r);
FUTU_API void futu_reply_free(futu_reply *r);                   /* NULL is fine */

/* Runs once per call, on the loop thread. err: FUTU_OK (retType may still tell of a failure),
 * FUTU_ETIMEDOUT, FUTU_ENOTCONN (lost on the way: an order may have arrived), FUTU_ECANCELED,
 * FUTU_EFORMAT. `r` is NULL unless err is FUTU_OK, and borrowed until return. It may start calls;
 * it must not free `c`. */
typedef void futu_reply_fn(futu_client *c, futu_err err, futu_reply *r, void *arg);

/* Each sends one request; when it fails, fn never runs: FUTU_ENOTCONN (not READY), FUTU_EINVAL (fn
 * is NULL), FUTU_ENOTFOUND (unknown name or id), FUTU_EFORMAT (see futu_client_error()),
 * FUTU_ELIMIT (too much is unsent), FUTU_ENOMEM. The request is copied. A write's packetID is
 * filled in when it is absent. Bytes of an id that is not in the registry are sent as they are. */
FUTU_API futu_err futu_client_call(futu_client *c, uint32_t proto, const void *body, size_t len,
                                   futu_reply_fn *fn, void *arg);
FUTU_API futu_err futu_client_call_json(futu_client *c, const char *name, const char *json,
                                        futu_reply_fn *fn, void *arg);
/* `request` is the Request struct of that protocol, such as Qot_GetBasicQot_Request. */
FUTU_API futu_err futu_client_call_msg(futu_client *c, uint32_t proto, const void *request,
                                       futu_reply_fn *fn, void *arg);

/* The same, running the loop until the answer. Not from inside a callback (FUTU_EBUSY). A
 * futu_loop_stop() meanwhile is remembered for futu_loop_run(). *out is the
 * caller's to free, NULL on error. An answer with retType other than 0 is FUTU_EREFUSED, and *out
 * is given for its text. */
FUTU_API futu_err futu_client_call_sync(futu_client *c, uint32_t proto, const void *body,
                                        size_t len, futu_reply **out);
FUTU_API futu_err futu_client_call_json_sync(futu_client *c, const char *name, const char *json,
                                             futu_reply **out);
FUTU_API futu_err futu_client_call_msg_sync(futu_client *c, uint32_t proto, const void *request,
                                            futu_reply **out);

/* "Qot_GetBasicQot" of an id; NULL: not in the registry. Static. [any thread] */
FUTU_API const char *futu_proto_name(uint32_t proto);
/* The id of a name, in any case; 0: not in the registry. [any thread] */
FUTU_API uint32_t futu_proto_id(const char *name);
/* The protobuf Response `body` of a protocol as JSON text with declared names; NULL: malformed,
 * not in the registry, or no memory. The caller's to free with futu_text_free(). [any thread] */
FUTU_API char *futu_response_json(uint32_t proto, const void *body, size_t len);
FUTU_API void futu_text_free(char *text);           /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
