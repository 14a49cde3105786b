/* keys.c - what a key costs a request: looking it up by its token (SHA-256 included), its scope,
 * and all of its limits with their counting. With one key in the file; with ten thousand of which
 * one is used; and with ten thousand in random order, where each time all that is known of a key
 * has to come from memory. SHA-256 of a token alone stands beside. All in processor time. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "access/access.h"
#include "crypt/digest.h"

#define RUN_NS NS_PER_S
#define BATCH 10000
#define TOKEN 35
#define MANY 10000
#define AIM_NS 500

static char (*tokens)[TOKEN + 1];
static int64_t skipped;

static bool make_file(const char *path, size_t n)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    fprintf(f, "{\"version\":1,\"keys\":[");
    for (size_t i = 0; i < n; i++) {
        uint8_t hash[32];
        char hex[65];
        snprintf(tokens[i], TOKEN + 1, "fc_%032zx", i * 2654435761u);
        sha256(tokens[i], TOKEN, hash);
        hex_lower(hash, sizeof(hash), hex);
        fprintf(f, "%s{\"id\":\"key-%zu\",\"hash\":\"%s\",\"scopes\":[\"trade:real\"],"
                "\"allowed_acc_ids\":[281756460287246337],\"allowed_markets\":[\"US\",\"HK\"],"
                "\"allowed_symbols\":[\"US.AAPL\",\"HK.00700\"],\"allowed_trd_sides\":[\"BUY\"],"
                "\"hours_window\":\"00:00-24:00\",\"max_order_value\":100000,"
                "\"max_daily_value\":1e12,\"max_orders_per_minute\":60000}",
                i ? "," : "", i, hex);
    }
    fprintf(f, "]}");
    return fclose(f) == 0;
}

/* The real clock, run ahead, so that the rate lets every order pass. */
static int64_t mono(void *arg)
{
    (void)arg;
    skipped += NS_PER_MS;
    return clock_mono(&clock_system) + skipped;
}

static int64_t wall(void *arg)
{
    (void)arg;
    return clock_wall(&clock_system);
}

static bool one(struct access *a, size_t i)
{
    static const struct access_order order = { 281756460287246337, true, "HK", STR("HK.00700"), 1,
                                               true, 32000 };
    struct access_hold hold;
    struct api_key *k;
    char reason[160];
    if (access_open(a, IFACE_REST, (futu_str){ tokens[i], TOKEN }, &k) || !access_scope(k, 8) ||
        access_check(a, k, &order, &hold, reason, sizeof(reason)))
        return false;
    access_settle(a, &hold, false);
    return true;
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The first `n` keys in random order. */
static double ns_each(struct access *a, size_t n)
{
    uint64_t seed = 1, done = 0;
    size_t next = 0;
    uint8_t hash[32];
    int64_t start = cpu_ns(), now = start;
    for (; now - start < RUN_NS; now = cpu_ns())
        for (int i = 0; i < BATCH; i++, done++) {
            size_t key = next;
            seed = seed * UINT64_C(6364136223846793005) + 1;
            next = (size_t)(seed >> 33) % n;
            __builtin_prefetch(tokens[next]);   /* a request has just been read */
            if (!a)
                sha256(tokens[key], TOKEN, hash);
            else if (!one(a, key))
                return -1;
        }
    return (double)(now - start) / (double)done;
}

static bool measure(const char *path, size_t keys, size_t used)
{
    struct access_opts o = { .clock = { mono, wall, NULL } };
    struct access *a;
    char why[256];
    if (!make_file(path, keys) || access_new(&a, &o))
        return false;
    double hash = ns_each(NULL, used), full = -1;
    if (access_add_file(a, 1u << IFACE_REST, path, why, sizeof(why)))
        fprintf(stderr, "%s\n", why);
    else
        full = ns_each(a, used);
    access_free(a);
    printf("%-8zu %-8zu %20.0f %36.0f   %s\n", keys, used, hash, full,
           full < AIM_NS ? "met" : "missed");
    return full > 0;
}

int main(void)
{
    char path[] = "/tmp/bench_keys.XXXXXX";
    int fd = mkstemp(path);
    tokens = calloc(MANY, sizeof(*tokens));
    if (fd < 0 || !tokens)
        return 1;
    printf("%-8s %-8s %20s %36s   aim: %d\n", "keys", "used", "SHA-256 alone, ns",
           "lookup, scope, limits, settle, ns", AIM_NS);
    bool ok = measure(path, 1, 1) && measure(path, MANY, 1) && measure(path, MANY, 1000) &&
              measure(path, MANY, MANY);
    close(fd);
    unlink(path);
    free(tokens);
    return ok ? 0 : 1;
}
