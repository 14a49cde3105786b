/* futu/console.h - the management console of a gateway without sockets: lines in, text out.
 *
 * A listener opens one session per client, feeds it what arrives and writes what waits; futu-opend
 * is such a listener. The commands are those that the vendor's OpenD takes by telnet, and a few
 * more: futu-opend(1), section CONSOLE. Telnet's negotiation bytes are taken out, and refused.
 *
 * Keys:    with a keys file on any surface a session must `auth KEY` first, with a key of the scope
 *          admin. Without one whoever reaches the listener may do everything.
 * Threads: the thread of the gateway's loop.
 */
#ifndef FUTU_CONSOLE_H
#define FUTU_CONSOLE_H

#include "futu/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct futu_console futu_console;

typedef struct futu_console_opts {
    size_t size;                /* from FUTU_CONSOLE_OPTS_INIT; fields are only appended */
    const char *peer;           /* remote address for log and audit; copied; may be NULL */
    /* Output waits: an answer that took its time. Never from inside a function below. */
    void (*on_output)(futu_console *c, void *arg);
    /* The session is over: write the output that is left, then futu_console_free(). Never from
     * inside a function below but futu_gateway_free(). */
    void (*on_close)(futu_console *c, void *arg);
    void *arg;
} futu_console_opts;
#define FUTU_CONSOLE_OPTS_INIT FUTU_SIZED_INIT(futu_console_opts)

/* *out is the caller's to free; a greeting waits in its output. FUTU_EINVAL: no callbacks, or a
 * wrong size; FUTU_ELIMIT: 32 sessions are open; FUTU_ENOMEM. */
FUTU_API futu_err futu_gateway_console(futu_gateway *g, futu_console **out,
                                       const futu_console_opts *opts);
/* Bytes as they arrived; nothing of them is kept but an unfinished line and, while a command takes
 * its time, up to 16 KiB. Look for output afterwards. FUTU_ECANCELED: the session is over, as with
 * on_close; FUTU_ENOMEM likewise. */
FUTU_API futu_err futu_console_feed(futu_console *c, const void *p, size_t n);
/* The client sends no more: what is under way is answered, then the session is over. As above. */
FUTU_API futu_err futu_console_eof(futu_console *c);
/* Output that waits, valid until futu_console_sent() or futu_console_free(); n 0: none. */
FUTU_API futu_str futu_console_output(futu_console *c);
/* The first n bytes of the output have been written. */
FUTU_API void futu_console_sent(futu_console *c, size_t n);
/* NULL is fine. */
FUTU_API void futu_console_free(futu_console *c);

#ifdef __cplusplus
}
#endif

#endif
