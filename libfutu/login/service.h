/* service.h - libsecret without linking it: the few functions that are needed, loaded at first use.
 * Internal to login/.
 *
 * Layout:  its ABI, which is stable since 0.18; declared here, so that neither its headers nor
 *          those of GLib are needed to build.
 * Errors:  as keychain.h.
 * Threads: each question runs on a thread of its own, so that a service that does not answer can be
 *          left behind.
 */
#ifndef LOGIN_SERVICE_H
#define LOGIN_SERVICE_H

#include "crypt/secret.h"

struct g_error {
    uint32_t domain;
    int code;
    char *message;
};

struct secret_schema {
    const char *name;
    int flags;
    struct {
        const char *name;
        int type;
    } attributes[32];
    int reserved;
    void *more[7];
};

struct secret_lib {
    int (*store)(const struct secret_schema *, const char *collection, const char *label,
                 const char *password, void *cancellable, struct g_error **, ...);
    char *(*lookup)(const struct secret_schema *, void *cancellable, struct g_error **, ...);
    int (*clear)(const struct secret_schema *, void *cancellable, struct g_error **, ...);
    void (*free)(char *password);
    void *(*cancellable_new)(void);
    void (*cancel)(void *cancellable);
    void (*unref)(void *object);
    void (*error_free)(struct g_error *);
    const char *(*quark_text)(uint32_t);
};

/* NULL: `why` says what is missing. */
const struct secret_lib *service_load(char *why, size_t size);
/* There is a bus on which a service could be; otherwise `why` says so. */
bool service_bus(char *why, size_t size);

enum service_what { SERVICE_STORE, SERVICE_LOOKUP, SERVICE_CLEAR };

struct service_question {
    enum service_what what;
    const char *service, *entry;
    futu_str password;          /* of SERVICE_STORE */
    int timeout_ms;
};

/* `out`: of SERVICE_LOOKUP. */
futu_err service_ask(const struct secret_lib *lib, const struct service_question *q,
                     struct secret *out, char *why, size_t size);

#endif
