/* service.c - see service.h. */
#include "login/service.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define LIBRARY "libsecret-1.so.0"
#define GIVE_UP_MS 2000         /* for a question that was cancelled */
#define IS_LOCKED 2             /* of libsecret's own errors */

/* ---- the library ---- */

static struct secret_lib loaded;
static bool complete;

static void load(void)
{
    const struct {
        const char *name;
        void *to;
    } symbols[] = {
        { "secret_password_store_sync", &loaded.store },
        { "secret_password_lookup_nonpageable_sync", &loaded.lookup },
        { "secret_password_clear_sync", &loaded.clear },
        { "secret_password_free", &loaded.free },
        { "g_cancellable_new", &loaded.cancellable_new },
        { "g_cancellable_cancel", &loaded.cancel },
        { "g_object_unref", &loaded.unref },
        { "g_error_free", &loaded.error_free },
        { "g_quark_to_string", &loaded.quark_text },
    };
    void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    complete = lib != NULL;
    for (size_t i = 0; i < ARRAY_LEN(symbols) && complete; i++) {
        void *symbol = dlsym(lib, symbols[i].name);
        memcpy(symbols[i].to, &symbol, sizeof(symbol));
        complete = symbol != NULL;
    }
}

const struct secret_lib *service_load(char *why, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (!complete)
        snprintf(why, size, "the Secret Service can't be asked: " LIBRARY " is not installed "
                            "(package libsecret-1-0)");
    return complete ? &loaded : NULL;
}

/* GLib would otherwise try to start a bus of its own. */
bool service_bus(char *why, size_t size)
{
    const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *run = getenv("XDG_RUNTIME_DIR");
    char path[512];
    if (address && *address)
        return true;
    if (run && *run && snprintf(path, sizeof(path), "%s/bus", run) < (int)sizeof(path) &&
        access(path, F_OK) == 0)
        return true;
    snprintf(why, size, "there is no Secret Service: this process has no session bus "
                        "(DBUS_SESSION_BUS_ADDRESS)");
    return false;
}

/* ---- one question ---- */

/* Entries of futu-opend-rs have another schema name, and the same attributes. */
static const struct secret_schema schema = {
    .name = "org.futu-opend.Password",
    .flags = 2,                 /* the name is not compared */
    .attributes = { { "service", 0 }, { "username", 0 } },
};

struct ask {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int holders;                /* the one who asks, and the thread */
    bool done;
    const struct secret_lib *lib;
    void *cancellable;
    enum service_what what;
    char service[64], entry[192];
    struct secret password, answer;
    futu_err err;
    char why[256];
};

static void release(struct ask *a)
{
    pthread_mutex_lock(&a->lock);
    bool last = --a->holders == 0;
    pthread_mutex_unlock(&a->lock);
    if (!last)
        return;
    if (a->cancellable)
        a->lib->unref(a->cancellable);
    secret_wipe(&a->password);
    secret_wipe(&a->answer);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    mem_free(a);
}

/* The library's own words, in one line. */
static void judge_error(struct ask *a, struct g_error *e)
{
    const char *domain = a->lib->quark_text(e->domain);
    bool locked = domain && strcmp(domain, "secret-error") == 0 && e->code == IS_LOCKED;
    a->err = locked ? FUTU_EREFUSED : FUTU_ENOTSUP;
    snprintf(a->why, sizeof(a->why), "the Secret Service %s: %s",
             locked ? "is locked" : "does not work here", e->message ? e->message : "no reason");
    for (char *p = a->why; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    a->lib->error_free(e);
}

static void not_there(struct ask *a)
{
    a->err = FUTU_ENOTFOUND;
    snprintf(a->why, sizeof(a->why), "the Secret Service has no entry %s", a->entry);
}

static void store(struct ask *a, struct g_error **e)
{
    char label[288];
    /* Another program's entry with more attributes would stay beside ours. */
    a->lib->clear(&schema, a->cancellable, e, "service", a->service, "username", a->entry, NULL);
    if (*e)
        return;
    snprintf(label, sizeof(label), "%s: %s", a->service, a->entry);
    if (!a->lib->store(&schema, "default", label, (const char *)a->password.p, a->cancellable, e,
                       "service", a->service, "username", a->entry, NULL) && !*e) {
        a->err = FUTU_EREFUSED;
        snprintf(a->why, sizeof(a->why), "the Secret Service did not take the password");
    }
}

static void lookup(struct ask *a, struct g_error **e)
{
    char *text = a->lib->lookup(&schema, a->cancellable, e, "service", a->service, "username",
                                a->entry, NULL);
    if (!text && !*e)
        not_there(a);
    if (text)
        a->err = secret_set(&a->answer, text, strlen(text));
    a->lib->free(text);
}

static void clear(struct ask *a, struct g_error **e)
{
    if (!a->lib->clear(&schema, a->cancellable, e, "service", a->service, "username", a->entry,
                       NULL) && !*e)
        not_there(a);
}

static void *run(void *arg)
{
    static void (*const all[])(struct ask *, struct g_error **) = {
        [SERVICE_STORE] = store, [SERVICE_LOOKUP] = lookup, [SERVICE_CLEAR] = clear,
    };
    struct ask *a = arg;
    struct g_error *e = NULL;
    all[a->what](a, &e);
    if (e)
        judge_error(a, e);
    pthread_mutex_lock(&a->lock);
    a->done = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    release(a);
    return NULL;
}

static bool wait_done(struct ask *a, int ms)
{
    struct timespec until;
    int failed = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&a->lock);
    while (!a->done && !failed)
        failed = pthread_cond_timedwait(&a->changed, &a->lock, &until);
    bool done = a->done;
    pthread_mutex_unlock(&a->lock);
    return done;
}

static struct ask *make(const struct secret_lib *lib, const struct service_question *q)
{
    pthread_condattr_t attr;
    struct ask *a = mem_zalloc(sizeof(*a));
    if (!a)
        return NULL;
    a->what = q->what;
    a->lib = lib;
    a->holders = 1;
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->changed, &attr);
    pthread_condattr_destroy(&attr);
    bool fits = str_copy(a->service, sizeof(a->service), str_c(q->service)) &&
                str_copy(a->entry, sizeof(a->entry), str_c(q->entry));
    if (fits && secret_set(&a->password, q->password.p, q->password.n) == FUTU_OK)
        a->cancellable = lib->cancellable_new();
    if (a->cancellable)
        return a;
    release(a);
    return NULL;
}

static bool start(struct ask *a)
{
    pthread_t thread;
    a->holders++;
    if (pthread_create(&thread, NULL, run, a)) {
        a->holders--;
        return false;
    }
    pthread_detach(thread);
    return true;
}

/* What was cancelled is waited for, so that nothing changes behind the user's back; it may have
 * been done just then. */
static bool await(struct ask *a, int ms)
{
    if (wait_done(a, ms))
        return true;
    a->lib->cancel(a->cancellable);
    return wait_done(a, GIVE_UP_MS) && !a->err;
}

futu_err service_ask(const struct secret_lib *lib, const struct service_question *q,
                     struct secret *out, char *why, size_t size)
{
    struct ask *a = make(lib, q);
    futu_err err;
    if (!a || !start(a)) {
        if (a)
            release(a);
        snprintf(why, size, "out of memory");
        return FUTU_ENOMEM;
    }
    if (await(a, q->timeout_ms)) {
        err = a->err;
        snprintf(why, size, "%s", err == FUTU_ENOMEM ? "out of memory" : a->why);
        if (!err && q->what == SERVICE_LOOKUP) {
            secret_wipe(out);
            *out = a->answer;
            a->answer = SECRET_NULL;
        }
    } else {
        err = FUTU_ETIMEDOUT;
        snprintf(why, size, "the Secret Service did not answer within %d seconds; is its keychain "
                            "locked, with nobody to unlock it?", (q->timeout_ms + 999) / 1000);
    }
    release(a);
    return err;
}
