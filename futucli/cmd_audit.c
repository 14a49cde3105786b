/* cmd_audit.c - the trail of decisions of a gateway: audit verify. Needs no gateway. */
#include <string.h>

#include "rows.h"

static const struct cmd_opt audit_opts[] = {
    { "since-hash", "HEX", NULL, "the last hash of an earlier check: that line must be there still" },
    { NULL, NULL, NULL, NULL },
};

static void print_found(const struct cli *c, const futu_audit_result *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "ok", r->why[0] == '\0');
    cJSON_AddNumberToObject(o, "files", (double)r->files);
    cJSON_AddNumberToObject(o, "lines", (double)r->lines);
    if (r->lines) {
        cJSON_AddStringToObject(o, "firstTime", r->first_time);
        cJSON_AddStringToObject(o, "lastTime", r->last_time);
    }
    cJSON_AddStringToObject(o, "lastHash", r->last_hash);
    if (r->why[0]) {
        cJSON_AddStringToObject(o, "badFile", r->bad_file);
        cJSON_AddNumberToObject(o, "badLine", (double)r->bad_line);
        cJSON_AddStringToObject(o, "reason", r->why);
    }
    pairs_print(c, o);
    cJSON_Delete(o);
}

static int complain(const futu_audit_result *r)
{
    if (r->bad_line)
        return failure("%s, line %llu: %s", r->bad_file, (unsigned long long)r->bad_line, r->why);
    return failure("%s%s%s", r->bad_file, r->bad_file[0] ? ": " : "", r->why);
}

static int run_audit(struct cli *c, const struct args *a)
{
    futu_audit_result r = FUTU_AUDIT_RESULT_INIT;
    if (strcmp(a->words[0], "verify") != 0)
        return usage_error("audit %s: the only word is verify", a->words[0]);
    futu_err err = futu_audit_verify(a->words + 1, (size_t)a->n_words - 1, arg(a, "since-hash"),
                                     &r);
    if (err == FUTU_EINVAL)
        return usage_error("--since-hash: %s", r.why);
    if (err == FUTU_OK || err == FUTU_EFORMAT)
        print_found(c, &r);
    return err ? complain(&r) : CLI_OK;
}

const struct cmd cmds_audit[] = {
    { "audit", run_audit, 2, 64, "verify PATH...",
      "check the chain of a trail: files in their order, or its folder", audit_opts, "Files" },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
