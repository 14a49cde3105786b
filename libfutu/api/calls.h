/* calls.h - the two forms of a call of futu/calls.h from one body.
 *
 * A body builds its Request struct and passes it to call_run(), which sends it or waits for the
 * answer as the form says. CALL(name, (parameters), (arguments)) then defines futu_x and
 * futu_x_sync around the body call_x.
 */
#ifndef API_CALLS_H
#define API_CALLS_H

#include "base/arena.h"
#include "codec/codec.h"
#include "futu/calls.h"

struct call_form {
    futu_reply_fn *fn;
    void *arg;
    futu_reply **out;           /* not NULL: wait */
};

futu_err call_run(futu_client *c, uint32_t proto, const void *request, struct call_form form);
/* Sets the text of futu_client_error(). */
futu_err call_refuse(futu_client *c, futu_err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "HK.00700" into *out, which points into `code`. FUTU_EINVAL: NULL; FUTU_EFORMAT. */
futu_err read_code(futu_client *c, const char *code, Qot_Common_Security *out);

#define CALL_UNPACK(...) __VA_ARGS__
#define CALL_ASYNC(fn, arg) ((struct call_form){ (fn), (arg), NULL })
#define CALL_SYNC(out) ((struct call_form){ NULL, NULL, (out) })

#define CALL(name, params, args)                                                                   \
    futu_err futu_##name(futu_client *c, CALL_UNPACK params, futu_reply_fn *fn, void *arg)         \
    {                                                                                              \
        return call_##name(c, CALL_UNPACK args, CALL_ASYNC(fn, arg));                              \
    }                                                                                              \
    futu_err futu_##name##_sync(futu_client *c, CALL_UNPACK params, futu_reply **out)              \
    {                                                                                              \
        *out = NULL;                                                                               \
        return call_##name(c, CALL_UNPACK args, CALL_SYNC(out));                                   \
    }

#define CALL_PLAIN(name)                                                                           \
    futu_err futu_##name(futu_client *c, futu_reply_fn *fn, void *arg)                             \
    {                                                                                              \
        return call_##name(c, CALL_ASYNC(fn, arg));                                                \
    }                                                                                              \
    futu_err futu_##name##_sync(futu_client *c, futu_reply **out)                                  \
    {                                                                                              \
        *out = NULL;                                                                               \
        return call_##name(c, CALL_SYNC(out));                                                     \
    }

#endif
