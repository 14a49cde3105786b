/* cmd_daemon.c - what an operator asks of a running daemon over its REST port. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "rows.h"

#define KEY_MAX 256

static const struct cmd_opt opts[] = {
    { "rest-url", "URL", NULL, "of the REST port; FUTU_REST_URL, else http://127.0.0.1:22222" },
    { "rest-port", "N", NULL, "this port on loopback" },
    { "key-file", "FILE", NULL, "holds an API key with the scope admin; FUTU_API_KEY otherwise" },
    { NULL, NULL, NULL, NULL },
};

static bool read_key(const struct args *a, char key[KEY_MAX])
{
    const char *path = arg(a, "key-file"), *env = getenv("FUTU_API_KEY");
    key[0] = '\0';
    if (!path) {
        snprintf(key, KEY_MAX, "%s", env ? env : "");
        key[strcspn(key, " \t\r\n")] = '\0';
        return true;
    }
    FILE *f = fopen(path, "re");
    if (!f) {
        usage_error("--key-file: %s: %s", path, strerror(errno));
        return false;
    }
    bool ok = fgets(key, KEY_MAX, f);
    fclose(f);
    key[strcspn(key, " \t\r\n")] = '\0';
    if (!ok || !key[0])
        usage_error("--key-file: %s holds no key in its first line", path);
    return ok && key[0];
}

static bool rest_url(const struct args *a, char *out, size_t size)
{
    const char *env = getenv("FUTU_REST_URL"), *url = arg(a, "rest-url");
    double port;
    if (arg_given(a, "rest-port")) {
        if (!arg_number(a, "rest-port", &port))
            return false;
        if (port < 1 || port > 65535) {
            usage_error("--rest-port: 1 to 65535");
            return false;
        }
        snprintf(out, size, "http://127.0.0.1:%d", (int)port);
        return true;
    }
    snprintf(out, size, "%s", url ? url : env && *env ? env : "http://127.0.0.1:22222");
    return true;
}

static int explain(const struct http_reply *r)
{
    cJSON *j = cJSON_Parse(r->body);
    const cJSON *text = cJSON_GetObjectItem(j, "error");
    int code = failure("%d: %s", r->status, cJSON_IsString(text) ? text->valuestring : r->body);
    if (r->status == 401)
        fprintf(stderr, "  next: give a key with the scope admin: FUTU_API_KEY=... or --key-file; "
                        "futucli gen-key --scopes admin makes one\n");
    if (r->status == 403)
        fprintf(stderr, "  next: this key lacks the scope admin\n");
    cJSON_Delete(j);
    return code;
}

/* The parsed answer, NULL after its message and *code set. */
static cJSON *ask(struct cli *c, const struct args *a, const char *method, const char *path,
                  int *code)
{
    char url[300], key[KEY_MAX], why[400];
    struct http_reply r;
    *code = CLI_USAGE;
    if (!rest_url(a, url, sizeof(url)) || !read_key(a, key))
        return NULL;
    bool ok = http_ask(url, method, path, key[0] ? key : NULL, c->timeout_ms, &r, why, sizeof(why));
    explicit_bzero(key, sizeof(key));
    if (!ok) {
        *code = failure("%s", why);
        return NULL;
    }
    cJSON *j = r.status == 200 ? cJSON_Parse(r.body) : NULL;
    *code = j ? CLI_OK : r.status == 200 ? failure("%s: not a gateway's answer", url) : explain(&r);
    free(r.body);
    return j;
}

static const char *yes(const cJSON *j)
{
    return cJSON_IsTrue(j) ? "yes" : "no";
}

static double number(const cJSON *j, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItem(j, name));
}

/* How many accounts, of each broker; a gateway in front of one that opens all knows no number. */
static void print_unlocked(const cJSON *cache, const cJSON *brokers)
{
    const cJSON *b;
    double n = number(cache, "cached_cipher_count");
    printf("unlocked       %s", yes(cJSON_GetObjectItem(cache, "trade_unlocked")));
    if (n > 0)
        printf(", accounts: %.0f", n);
    cJSON_ArrayForEach(b, brokers)
        if (n > 0)
            printf("; broker %.0f: %.0f of %.0f", number(b, "broker_id"), number(b, "unlocked"),
                   number(b, "accounts"));
    putchar('\n');
}

static void print_status(const cJSON *j)
{
    const cJSON *up = cJSON_GetObjectItem(j, "upstream"), *login = cJSON_GetObjectItem(j, "login");
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItem(up, "kind"));
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(up, "message"));
    const char *version = cJSON_GetStringValue(cJSON_GetObjectItem(j, "version"));
    printf("version        %s\n", version ? version : "?");
    printf("upstream       %s%s%s\n", kind ? kind : "?", message && *message ? ", " : "",
           message ? message : "");
    printf("quotes         %s\n", cJSON_IsTrue(cJSON_GetObjectItem(login, "online")) ? "online"
                                                                                   : "OFFLINE");
    print_unlocked(cJSON_GetObjectItem(j, "cache"), cJSON_GetObjectItem(j, "brokers"));
    printf("connections    %.0f\n", number(j, "connections"));
    printf("requests       %.0f\n", number(j, "requests"));
    printf("subscriptions  %.0f, quota used %.0f\n", number(j, "subscriptions"),
           number(j, "quota_used"));
    printf("API keys       %.0f\n", number(j, "keys"));
}

static int run_status(struct cli *c, const struct args *a)
{
    int code;
    cJSON *j = ask(c, a, "GET", "/api/admin/status", &code);
    if (j && !json_printed(c, j))
        print_status(j);
    cJSON_Delete(j);
    return code;
}

static int run_reload(struct cli *c, const struct args *a)
{
    int code;
    cJSON *j = ask(c, a, "POST", "/api/admin/reload", &code);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(j, "message"));
    if (j && !json_printed(c, j))
        printf("%s; %.0f API keys are in force\n", text ? text : "done", number(j, "keys"));
    cJSON_Delete(j);
    return code;
}

static int run_shutdown(struct cli *c, const struct args *a)
{
    int code;
    cJSON *j = ask(c, a, "POST", "/api/admin/shutdown", &code);
    if (j && !json_printed(c, j))
        printf("the daemon stops in %.0f s\n", number(j, "shutting_down_in_secs"));
    cJSON_Delete(j);
    return code;
}

const struct cmd cmds_daemon[] = {
    { "daemon-status", run_status, 0, 0, "", "version, upstream, connections of a running daemon",
      opts, "Daemon (over its REST port)" },
    { "daemon-reload", run_reload, 0, 0, "", "has it read its keys again and lock trading", opts,
      NULL },
    { "daemon-shutdown", run_shutdown, 0, 0, "", "stops it, requests under way are answered", opts,
      NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
