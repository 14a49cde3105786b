/* fake_secret.h - a libsecret for tests: it keeps entries, fails, is locked, or does not answer
 * until it is cancelled, or not even then. */
#ifndef TEST_UNIT_LOGIN_FAKE_SECRET_H
#define TEST_UNIT_LOGIN_FAKE_SECRET_H

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "../support.h"
#include "login/service.h"

enum fake_mood { FAKE_FINE, FAKE_LOCKED, FAKE_BROKEN, FAKE_SLOW, FAKE_DEAF };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum fake_mood mood;
    bool canceled, awake;       /* awake: a deaf one may end */
    int calls, living;          /* living: cancellables that nobody has released */
    char service[64], entry[2][192], password[2][64];   /* two entries */
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* Waits as long as its mood wants; false: it fails, with an error in *e. */
static inline bool fake_begin(struct g_error **e)
{
    static struct g_error locked = { 1, 2, (char *)"it is\nlocked" };
    static struct g_error broken = { 2, 2, (char *)"no such name" };
    static struct g_error canceled = { 2, 19, (char *)"Operation was cancelled" };
    pthread_mutex_lock(&fake.lock);
    fake.calls++;
    pthread_cond_broadcast(&fake.changed);
    while ((fake.mood == FAKE_SLOW && !fake.canceled) || (fake.mood == FAKE_DEAF && !fake.awake))
        pthread_cond_wait(&fake.changed, &fake.lock);
    *e = fake.mood == FAKE_LOCKED ? &locked : fake.mood == FAKE_BROKEN ? &broken
         : fake.canceled ? &canceled : NULL;
    pthread_mutex_unlock(&fake.lock);
    return !*e;
}

/* The slot of the attributes that follow; -1: there is no such entry. */
static inline int fake_find(va_list ap, char entry[192])
{
    for (const char *name; (name = va_arg(ap, const char *)) != NULL;) {
        const char *value = va_arg(ap, const char *);
        if (strcmp(name, "service") == 0)
            snprintf(fake.service, sizeof(fake.service), "%s", value);
        else if (strcmp(name, "username") == 0)
            snprintf(entry, 192, "%s", value);
        else
            ck_abort_msg("attribute %s", name);
    }
    for (int i = 0; i < 2; i++)
        if (strcmp(fake.entry[i], entry) == 0)
            return i;
    return -1;
}

static inline int fake_store(const struct secret_schema *s, const char *collection,
                             const char *label, const char *password, void *cancellable,
                             struct g_error **e, ...)
{
    char entry[192] = "";
    va_list ap;
    (void)s, (void)cancellable;
    if (!fake_begin(e))
        return 0;
    ck_assert_str_eq(collection, "default");
    ck_assert_ptr_null(strstr(label, password));
    va_start(ap, e);
    int i = fake_find(ap, entry);
    va_end(ap);
    if (i < 0)
        i = fake.entry[0][0] ? 1 : 0;
    snprintf(fake.entry[i], sizeof(fake.entry[i]), "%s", entry);
    snprintf(fake.password[i], sizeof(fake.password[i]), "%s", password);
    return 1;
}

static inline char *fake_lookup(const struct secret_schema *s, void *cancellable,
                                struct g_error **e, ...)
{
    char entry[192] = "";
    va_list ap;
    (void)s, (void)cancellable;
    if (!fake_begin(e))
        return NULL;
    va_start(ap, e);
    int i = fake_find(ap, entry);
    va_end(ap);
    return i < 0 ? NULL : strdup(fake.password[i]);
}

static inline int fake_clear(const struct secret_schema *s, void *cancellable, struct g_error **e,
                             ...)
{
    char entry[192] = "";
    va_list ap;
    (void)s, (void)cancellable;
    if (!fake_begin(e))
        return 0;
    va_start(ap, e);
    int i = fake_find(ap, entry);
    va_end(ap);
    if (i >= 0)
        fake.entry[i][0] = '\0';
    return i >= 0;
}

static inline void fake_free(char *password)
{
    free(password);
}

static inline void *fake_cancellable_new(void)
{
    pthread_mutex_lock(&fake.lock);
    fake.living++;
    fake.canceled = false;
    pthread_mutex_unlock(&fake.lock);
    return &fake;
}

static inline void fake_cancel(void *c)
{
    (void)c;
    pthread_mutex_lock(&fake.lock);
    fake.canceled = true;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

static inline void fake_unref(void *c)
{
    (void)c;
    pthread_mutex_lock(&fake.lock);
    fake.living--;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

static inline void fake_error_free(struct g_error *e)
{
    (void)e;
}

static inline const char *fake_quark_text(uint32_t domain)
{
    return domain == 1 ? "secret-error" : "g-io-error-quark";
}

static const struct secret_lib fake_lib = {
    fake_store,  fake_lookup, fake_clear,      fake_free,       fake_cancellable_new,
    fake_cancel, fake_unref,  fake_error_free, fake_quark_text,
};

static inline void fake_reset(enum fake_mood mood)
{
    pthread_mutex_lock(&fake.lock);
    fake.mood = mood;
    fake.canceled = fake.awake = false;
    fake.calls = 0;
    memset(fake.entry, 0, sizeof(fake.entry));
    pthread_mutex_unlock(&fake.lock);
}

/* Until every question has ended and let go of what it held. */
static inline void fake_settle(void)
{
    pthread_mutex_lock(&fake.lock);
    fake.awake = true;
    pthread_cond_broadcast(&fake.changed);
    while (fake.living > 0)
        pthread_cond_wait(&fake.changed, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
}

#endif
