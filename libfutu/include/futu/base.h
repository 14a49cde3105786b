/* futu/base.h - what every other header of libfutu needs: export mark, errors, version.
 *
 * Threads: everything here is [any thread] unless a line says otherwise.
 */
#ifndef FUTU_BASE_H
#define FUTU_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FUTU_API __attribute__((visibility("default")))
#else
#define FUTU_API
#endif

#define FUTU_VERSION_MAJOR 0
#define FUTU_VERSION_MINOR 1
#define FUTU_VERSION_PATCH 0
#define FUTU_VERSION "0.1.0"

/* One list of errors. Above FUTU_FATAL the handle goes on working; below it the handle can only
 * be freed. Each function's comment names the codes that it returns. */
#define FUTU_ERR_MAP(X)                                                                            \
    X(OK, 0, "success")                                                                            \
    X(EAGAIN, -1, "more input needed")                                                             \
    X(EINVAL, -2, "invalid argument")                                                              \
    X(ENOTFOUND, -3, "not found")                                                                  \
    X(EAUTH, -4, "login required or refused")                                                      \
    X(ECANCELED, -5, "canceled")                                                                   \
    X(ETIMEDOUT, -6, "no answer in time")                                                          \
    X(ENOTCONN, -7, "not connected")                                                               \
    X(EREFUSED, -8, "refused by the peer")                                                         \
    X(ELIMIT, -9, "over a limit")                                                                  \
    X(EEXIST, -10, "already there")                                                                \
    X(ENOTSUP, -11, "not supported")                                                               \
    X(EBUSY, -12, "in use")                                                                        \
    X(EIO, -13, "input or output failed")                                                          \
    X(EFORMAT, -14, "malformed input")                                                             \
    X(FATAL, -900, "below this the handle can only be freed")                                      \
    X(ENOMEM, -901, "out of memory")                                                               \
    X(EPROTO, -902, "peer broke the protocol")

typedef enum futu_err {
#define X(name, value, text) FUTU_##name = value,
    FUTU_ERR_MAP(X)
#undef X
} futu_err;

/* A borrowed run of bytes; p NULL: absent. Text in decoded messages also has a NUL behind it. */
typedef struct futu_str {
    const char *p;
    size_t n;
} futu_str;

/* The text of the list above; "unknown error" for any other number. Static, never NULL. */
FUTU_API const char *futu_strerror(futu_err err);

/* "FUTU_EINVAL" and so on; "FUTU_?" for any other number. Static, never NULL. */
FUTU_API const char *futu_err_name(futu_err err);

/* How many letters must change to make one word of the other, for "did you mean"; 99 when either is
 * longer than 31 bytes. */
FUTU_API unsigned futu_word_distance(futu_str a, futu_str b);

/* The version of the library that is loaded, such as "0.1.0". Static. */
FUTU_API const char *futu_version(void);

/* Initialises an options struct of this type: its size, and nothing set. */
#ifdef __cplusplus
#define FUTU_SIZED_INIT(type) ([] { type t{}; t.size = sizeof(t); return t; }())
#else
#define FUTU_SIZED_INIT(type) { .size = sizeof(type) }
#endif

/* Replaces the allocator of the library. Call it before any other function; NULL restores libc's.
 * The three functions must behave as malloc, realloc and free do and may run on any thread. */
typedef struct futu_allocator {
    void *(*alloc)(size_t size);
    void *(*realloc)(void *p, size_t size);
    void (*free)(void *p);
} futu_allocator;
FUTU_API void futu_set_allocator(const futu_allocator *a);

/* Log lines of the library, without a line break. `level` is one of FUTU_LOG_*. */
enum { FUTU_LOG_ERROR = 1, FUTU_LOG_WARN, FUTU_LOG_INFO, FUTU_LOG_DEBUG, FUTU_LOG_TRACE };
typedef void futu_log_fn(int level, const char *line, void *arg);

/* Lines above `level` are dropped before they are formatted. fn NULL: silence (the default).
 * Call it from one thread only, before the others start. */
FUTU_API void futu_set_log(futu_log_fn *fn, int level, void *arg);

#ifdef __cplusplus
}
#endif

#endif
