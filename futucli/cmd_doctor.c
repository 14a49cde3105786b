/* cmd_doctor.c - is all there that a gateway needs? Each finding as it is made, with the remedy. */
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define LIST_MAX 16
#define LIST_TEXT 1024

static const struct cmd_opt opts[] = {
    { "login-account", "ACCOUNT", NULL, "also look at its saved login, lock and password" },
    { "platform", "NAME", NULL, "futunn or moomoo: whose servers are asked" },
    { "auth-server", "URL", NULL, "in place of the platform's own" },
    { "tls-ca-file", "FILE", NULL, "trusted roots in place of the system's" },
    { "conn", "LIST", NULL, "HOST:PORT,... in place of the platform's connection points" },
    { "upstream", "HOST:PORT", NULL, "ask this gateway, and none of the broker's servers" },
    { "state-dir", "DIR", NULL, "FUTU_STATE_DIR or ~/.futu-opend-rs when absent" },
    { "keychain", "KIND", NULL, "auto, secret-service, file or off" },
    { "keys-file", "LIST", NULL, "keys files that the gateway will read" },
    { "listen", "LIST", "11111", "ports that the gateway will open: PORT or ADDRESS:PORT" },
    { NULL, NULL, NULL, NULL },
};

struct list {
    char text[LIST_TEXT];
    const char *items[LIST_MAX];
    size_t n;
};

/* Cuts at the commas; empty parts are left out. */
static bool read_list(const struct args *a, const char *name, struct list *l)
{
    const char *text = arg(a, name);
    l->n = 0;
    if (!text)
        return true;
    if (strlen(text) >= sizeof(l->text)) {
        usage_error("--%s: too long", name);
        return false;
    }
    memcpy(l->text, text, strlen(text) + 1);
    char *rest = NULL;
    for (char *s = strtok_r(l->text, ",", &rest); s; s = strtok_r(NULL, ",", &rest)) {
        if (l->n == LIST_MAX) {
            usage_error("--%s: at most %d", name, LIST_MAX);
            return false;
        }
        l->items[l->n++] = s;
    }
    return true;
}

/* ---- findings ---- */

static const char *const words[] = { "ok", "skip", "warn", "fail" };
static const char *const colors[] = { "32", "2", "33", "31" };

struct findings {
    const struct cli *c;
    cJSON *list;                /* for -o json */
    size_t n[4];
};

static cJSON *to_json(const futu_finding *f)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "check", f->check);
    cJSON_AddStringToObject(o, "level", words[f->level]);
    cJSON_AddStringToObject(o, "text", f->text);
    if (f->remedy)
        cJSON_AddStringToObject(o, "remedy", f->remedy);
    return o;
}

static void print_line(const struct cli *c, const futu_finding *f)
{
    printf(c->color ? "\033[%sm%-4s\033[0m  " : "%.0s%-4s  ", colors[f->level], words[f->level]);
    printf("%-17s %s\n", f->check, f->text);
    if (f->remedy)
        printf("      %-17s -> %s\n", "", f->remedy);
    fflush(stdout);             /* the next one may take its time */
}

static void on_finding(const futu_finding *f, void *arg)
{
    struct findings *all = arg;
    all->n[f->level]++;
    if (all->c->out == OUT_TABLE) {
        print_line(all->c, f);
        return;
    }
    cJSON *o = to_json(f);
    if (all->list) {
        cJSON_AddItemToArray(all->list, o);
        return;
    }
    json_printed(all->c, o);
    fflush(stdout);
    cJSON_Delete(o);
}

static int run_doctor(struct cli *c, const struct args *a)
{
    struct list keys, listen, conn;
    struct findings all = { .c = c };
    futu_doctor_opts o = FUTU_DOCTOR_OPTS_INIT;
    char why[600];
    if (!read_list(a, "keys-file", &keys) || !read_list(a, "listen", &listen) ||
        !read_list(a, "conn", &conn))
        return CLI_USAGE;
    o.account = arg(a, "login-account");
    o.platform = arg(a, "platform");
    o.auth_server = arg(a, "auth-server");
    o.ca_file = arg(a, "tls-ca-file");
    o.keychain = arg(a, "keychain");
    o.state_dir = arg(a, "state-dir");
    o.upstream = arg(a, "upstream");
    o.keys_files = keys.items;
    o.n_keys_files = keys.n;
    o.listen = listen.items;
    o.n_listen = listen.n;
    o.conn = conn.items;
    o.n_conn = conn.n;
    o.timeout_ms = c->timeout_ms;
    if (c->out == OUT_JSON)
        all.list = cJSON_CreateArray();
    futu_err err = futu_doctor(&o, on_finding, &all, why, sizeof(why));
    if (all.list && !err)
        json_printed(c, all.list);
    cJSON_Delete(all.list);
    if (err)
        return err == FUTU_EINVAL ? usage_error("--%s", why) : failure("%s", why);
    if (c->out == OUT_TABLE)
        printf("\n%zu ok, %zu skipped, %zu to look at, %zu that will not work\n", all.n[0],
               all.n[1], all.n[2], all.n[3]);
    return all.n[FUTU_FINDING_FAIL] ? CLI_FAILED : CLI_OK;
}

const struct cmd cmds_doctor[] = {
    { "doctor", run_doctor, 0, 0, "",
      "look at all that a gateway needs: network, clock, folder, keychain, keys, ports", opts,
      "When something does not work" },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
