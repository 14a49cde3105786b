/* metrics_test.c - the text of the metrics: each line by the rules of the format, histograms that
 * add up, key ids that are not told. */
#include "rails.h"

#include <ctype.h>
#include <stdio.h>

#include "crypt/digest.h"
#include "gateway/metrics.h"

static struct rails k;
static struct told t;
static struct buf text;

static void setup(void)
{
    rails_begin(&k);
    rails_key(&k, "a-key", "\"qot:read\",\"acc:read\"", "");
    rails_save(&k);
    rails_open(&k, NULL);
    rig_answer(&k.r, 2001, REFUSED);
    memset(&t, 0, sizeof(t));
    text = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    told_free(&t);
    buf_free(&text);
    rails_close(&k);
}

static char *write_text(bool plain)
{
    text.n = 0;
    ck_assert_int_eq(metrics_write(k.r.hub, plain, &text), FUTU_OK);
    ck_assert_int_eq(buf_byte(&text, 0), FUTU_OK);
    return (char *)text.p;
}

static void use_it(void)
{
    futu_conn *c = rails_caller(&k, IFACE_REST, "a-key");
    for (int i = 0; i < 3; i++) {
        told_ask_bytes(&t, c, 3223, "\x0a\x00", 2);
        clock_fake_advance(&k.r.time, i * 300 * NS_PER_MS);
        rig_answer(&k.r, 3223, i == 2 ? REFUSED : HEX_EMPTY);
    }
    told_ask_bytes(&t, c, 3223, "\x0a\x00", 2);
    clock_fake_advance(&k.r.time, 11 * NS_PER_S);       /* above every bucket */
    rig_answer(&k.r, 3223, HEX_EMPTY);
    told_ask_bytes(&t, c, 1008, "\x0a\x00", 2);         /* refused */
    struct peer p;
    ck_assert_int_ne(peer_open_as(&p, &k.r, "wrong"), FUTU_OK);
    k.r.events.notify(k.r.events.arg, 1003, (const uint8_t *)"\x08\x00", 2);
}

/* ---- the format ---- */

static bool is_name(const char *p, size_t n)
{
    if (n == 0 || isdigit((unsigned char)p[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p[i]) && p[i] != '_' && p[i] != ':')
            return false;
    return true;
}

/* The end of {name="value",...}; NULL: not well formed. */
static const char *skip_labels(const char *p)
{
    do {
        size_t n = strcspn(++p, "=");
        if (!is_name(p, n) || p[n + 1] != '"')
            return NULL;
        p += n + 2;
        for (; *p && *p != '"'; p++) {
            if (*p == '\n' || (*p == '\\' && !strchr("\\\"n", p[1])))
                return NULL;
            p += *p == '\\';
        }
        if (*p++ != '"')
            return NULL;
    } while (*p == ',');
    return *p == '}' ? p + 1 : NULL;
}

struct family {
    char name[96], type[16];
    bool used;                  /* it has samples */
};

static struct family families[512];
static size_t n_families;

static struct family *family(const char *name, size_t n)
{
    for (size_t i = 0; i < n_families; i++)
        if (strlen(families[i].name) == n && memcmp(families[i].name, name, n) == 0)
            return &families[i];
    return NULL;
}

static void check_type(const char *line)
{
    struct family *f = &families[n_families];
    char name[96];
    ck_assert_int_eq(sscanf(line, "# TYPE %95s %15s", name, f->type), 2);
    ck_assert_msg(!family(name, strlen(name)), "%s is there twice", name);
    ck_assert(strcmp(f->type, "counter") == 0 || strcmp(f->type, "gauge") == 0 ||
              strcmp(f->type, "histogram") == 0 || strcmp(f->type, "untyped") == 0);
    snprintf(f->name, sizeof(f->name), "%s", name);
    n_families++;
}

static void check_sample(const char *line)
{
    size_t n = strcspn(line, "{ "), base = n;
    static const char *const tails[] = { "_bucket", "_sum", "_count" };
    char *end;
    ck_assert_msg(is_name(line, n), "%s", line);
    struct family *f = family(line, n);
    for (size_t i = 0; i < ARRAY_LEN(tails) && !f; i++) {
        size_t tail = strlen(tails[i]);
        base = n - tail;
        if (n > tail && memcmp(line + base, tails[i], tail) == 0)
            f = family(line, base);
    }
    ck_assert_msg(f, "no type: %s", line);
    ck_assert_msg((base == n) == (strcmp(f->type, "histogram") != 0), "%s", line);
    /* samples of a family stand together, behind its type */
    ck_assert_msg(f == &families[n_families - 1], "not in its place: %s", line);
    f->used = true;
    const char *p = line[n] == '{' ? skip_labels(line + n) : line + n;
    ck_assert_msg(p && *p == ' ', "%s", line);
    double v = strtod(p + 1, &end);
    ck_assert_msg(end > p + 1 && *end == '\0' && v >= 0, "%s", line);
}

static void check_line(const char *line)
{
    ck_assert_str_ne(line, "");
    if (strncmp(line, "# TYPE ", 7) == 0)
        check_type(line);
    else if (line[0] == '#')
        ck_assert_msg(strncmp(line, "# HELP ", 7) == 0, "%s", line);
    else
        check_sample(line);
}

static void check_text(bool plain)
{
    char *p = write_text(plain), *nl;
    n_families = 0;
    memset(families, 0, sizeof(families));
    while ((nl = strchr(p, '\n')) != NULL) {
        *nl = '\0';
        check_line(p);
        p = nl + 1;
    }
    ck_assert_str_eq(p, "");            /* the last line has its end */
    ck_assert_uint_gt(n_families, 30);
}

START_TEST(each_line_is_by_the_format)
{
    check_text(false);
    use_it();
    check_text(false);
    check_text(true);
    ck_assert(family("futu_auth_events_total", 22)->used);
}
END_TEST

START_TEST(labels_are_escaped)
{
    metrics_event(hub_metrics(k.r.hub), IFACE_REST, OUTCOME_REJECT, "a\"b\\c\nd");
    check_text(true);
    ck_assert_ptr_nonnull(strstr(write_text(true), "key_id=\"a\\\"b\\\\c\\nd\""));
}
END_TEST

#define OF "{proto=\"Qot_GetMarketState\",iface=\"rest\""
#define DURATION "futu_gateway_request_duration_seconds"

START_TEST(histograms_add_up)
{
    use_it();
    double last = 0;
    size_t n = 0;
    for (const char *p = write_text(false); (p = strstr(p, DURATION "_bucket" OF)) != NULL; p++) {
        double v = strtod(strstr(p, "} ") + 2, NULL);
        ck_assert_double_ge(v, last);
        last = v;
        n++;
    }
    ck_assert_uint_eq(n, METRIC_BUCKETS + 1);
    ck_assert_double_eq(last, 4);
    ck_assert_double_eq(metric(&k, DURATION "_bucket" OF ",le=\"+Inf\"}"), 4);
    ck_assert_double_eq(metric(&k, DURATION "_count" OF "}"), 4);
    ck_assert_double_eq_tol(metric(&k, DURATION "_sum" OF "}"), 11.9, 1e-6);
    ck_assert_double_eq(metric(&k, DURATION "_bucket" OF ",le=\"5e-05\"}"), 1);
    ck_assert_double_eq(metric(&k, DURATION "_bucket" OF ",le=\"0.5\"}"), 2);
    ck_assert_double_eq(metric(&k, DURATION "_bucket" OF ",le=\"10\"}"), 3);
    ck_assert_double_eq(metric(&k, "futu_gateway_request_failures_total" OF "}"), 1);
}
END_TEST

START_TEST(key_ids_are_told_only_when_they_are_public)
{
    uint8_t digest[32];
    char hex[65], want[80];
    use_it();
    sha256("a-key", 5, digest);
    hex_lower(digest, sizeof(digest), hex);
    snprintf(want, sizeof(want), "key_id=\"kh_%.8s\"", hex);
    const char *p = write_text(false);
    ck_assert_ptr_nonnull(strstr(p, want));
    ck_assert_ptr_null(strstr(p, "a-key"));
    ck_assert_ptr_nonnull(strstr(p, "key_id=\"<invalid>\""));
    p = write_text(true);
    ck_assert_ptr_nonnull(strstr(p, "key_id=\"a-key\""));
    ck_assert_ptr_null(strstr(p, "kh_"));
}
END_TEST

START_TEST(plain_numbers_follow_what_happens)
{
    static const struct {
        const char *name;
        double value;
    } want[] = {
        { "futu_gateway_start_time_seconds", 1775000000 }, { "futu_gateway_backend_online", 1 },
        { "futu_gateway_connections{kind=\"callers\"}", 1 },
        { "futu_gateway_connections{kind=\"tcp\"}", 0 },
        { "futu_gateway_connections_total", 1 }, { "futu_gateway_requests_total", 5 },
        { "futu_gateway_request_errors_total", 1 },
        { "futu_gateway_backend_pushes_received_total", 1 },
        { "futu_gateway_backend_pushes_cmd_msg_center_total", 1 },
        { "futu_gateway_backend_pushes_cmd_msg_center_by_hour_23", 1 },
        { "futu_auth_events_total{iface=\"rest\",outcome=\"allow\",key_id=\"a-key\"}", 4 },
        { "futu_auth_events_total{iface=\"rest\",outcome=\"reject\",key_id=\"a-key\"}", 1 },
        { "futu_auth_events_total{iface=\"ws\",outcome=\"reject\",key_id=\"<invalid>\"}", 1 },
        { "futu_gateway_upstream_info{kind=\"fake\",version=\"" FUTU_VERSION "\"}", 1 },
    };
    use_it();
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        ck_assert_msg(metric(&k, want[i].name) == want[i].value, "%s %g", want[i].name,
                      metric(&k, want[i].name));
}
END_TEST

START_TEST(out_of_memory_is_an_error_and_disturbs_nothing)
{
    struct buf b = BUF_INIT;
    use_it();
    for (long n = 0; ; n++) {
        b.n = 0;
        mem_fail_at(n);
        futu_err err = metrics_write(k.r.hub, true, &b);
        bool failed = mem_failed();
        mem_fail_at(-1);
        buf_free(&b);
        if (!failed) {
            ck_assert_int_eq(err, FUTU_OK);
            break;
        }
    }
    mem_fail_at(0);
    metrics_event(hub_metrics(k.r.hub), IFACE_GRPC, OUTCOME_ALLOW, "new");
    metrics_request(hub_metrics(k.r.hub), proto_find(3004), IFACE_GRPC, 1, false);
    ck_assert_ptr_null(metrics_event_count(hub_metrics(k.r.hub), IFACE_GRPC, OUTCOME_ALLOW, "x"));
    mem_fail_at(-1);
    check_text(true);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_line_is_by_the_format);
    tcase_add_test(tc, labels_are_escaped);
    tcase_add_test(tc, histograms_add_up);
    tcase_add_test(tc, key_ids_are_told_only_when_they_are_public);
    tcase_add_test(tc, plain_numbers_follow_what_happens);
    tcase_add_test(tc, out_of_memory_is_an_error_and_disturbs_nothing);
}

int main(void)
{
    return run_tcase("metrics", add);
}
