/* call.c - the connection, one call, and what to tell the user when it fails. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Words that gateways put into a refusal, and what the user can do about it. */
static const struct {
    const char *part, *next;
} hints[] = {
    { "请先解锁交易", "unlock first: futucli unlock-trade" },
    { "unlock needed", "unlock first: futucli unlock-trade" },
    { "未知股票",
      "codes look like HK.00700, US.AAPL, SH.600519; futucli static CODE shows what exists" },
    { "购买力不足", "futucli funds shows what the account can spend" },
    { "至少间隔", "try again: changes of one account need a few hundredths of a second between them" },
    { "频率太高", "wait up to 30 seconds, then try again" },
    { "最小单位", "use a price on the security's price step; futucli quote CODE shows it" },
    { "订阅额度", "unsubscribe something; subscriptions can be given back after one minute" },
    { "has been used for another request", "a key names one order: another order, another --key" },
    { "密码", "the trade password is not the login password; a paper gateway's is \"paper\"" },
};

int cli_refused(const char *proto, const char *text)
{
    failure("%s: %s", proto, *text ? text : "refused without a reason");
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strstr(text, hints[i].part)) {
            fprintf(stderr, "  next: %s\n", hints[i].next);
            break;
        }
    return CLI_FAILED;
}

int cli_connect(struct cli *c)
{
    if (c->client)
        return CLI_OK;
    futu_client_opts o = c->opts;
    o.size = sizeof(o);
    o.host = c->host;
    o.port = c->port;
    o.timeout_ms = c->timeout_ms;
    o.client_id = "futucli";
    o.rsa_key = c->rsa_key;
    o.encryption = c->rsa_key ? FUTU_ENC_AES_CBC : FUTU_ENC_NONE;
    o.no_reconnect = 1;
    futu_err err = futu_client_new(&c->client, &o);
    if (err)
        return failure("--rsa-key %s: %s", c->rsa_key ? c->rsa_key : "", futu_strerror(err));
    err = futu_client_connect(c->client);
    if (!err)
        return CLI_OK;
    failure("no connection to the gateway %s:%u: %s%s%s", c->host, c->port, futu_strerror(err),
            *futu_client_error(c->client) ? ": " : "", futu_client_error(c->client));
    fprintf(stderr,
            "  next: start one with `futu-opend --paper`, or name another one with --gateway "
            "HOST:PORT;\n  with a keys file its FTAPI port is closed unless it has "
            "--allow-tcp-unauthenticated\n");
    return CLI_FAILED;
}

/* {"c2s": ...} as text; c2s is consumed. NULL: no memory. */
static char *request_text(cJSON *c2s)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddItemToObject(request, "c2s", c2s);
    char *text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    return text;
}

static int read_reply(const char *proto, futu_reply *r, cJSON **s2c)
{
    const char *text = futu_reply_json(r);
    cJSON *root = text ? cJSON_Parse(text) : NULL;
    *s2c = root ? cJSON_DetachItemFromObjectCaseSensitive(root, "s2c") : NULL;
    cJSON_Delete(root);
    if (!root)
        return failure("%s: the answer can't be read", proto);
    if (!*s2c)
        *s2c = cJSON_CreateObject();
    return CLI_OK;
}

/* Timed out, cut off, or the gateway itself does not know. */
static bool is_unsure(futu_err err, const futu_reply *r)
{
    int32_t ret = r ? futu_reply_ret(r) : 0;
    return err == FUTU_ETIMEDOUT || err == FUTU_ENOTCONN || err == FUTU_ECANCELED ||
           ret == Common_RetType_TimeOut || ret == Common_RetType_DisConnect ||
           ret == Common_RetType_Unknown;
}

/* One call on a connection that stands; c2s is consumed. *r is the caller's to free. */
static futu_err send_call(struct cli *c, const char *proto, cJSON *c2s, futu_reply **r)
{
    char *text = request_text(c2s);
    *r = NULL;
    if (!text)
        return FUTU_ENOMEM;
    futu_err err = futu_client_call_json_sync(c->client, proto, text, r);
    cJSON_free(text);
    c->unsure = is_unsure(err, *r);
    return err;
}

static int no_answer(struct cli *c, const char *proto, futu_err err)
{
    const char *more = futu_client_error(c->client);
    if (strncmp(more, proto, strlen(proto)) == 0)
        return failure("%s", more);     /* it names the call already */
    return failure("%s: %s%s%s", proto, futu_strerror(err), *more ? ": " : "", more);
}

int cli_call(struct cli *c, const char *proto, cJSON *c2s, cJSON **s2c)
{
    futu_reply *r = NULL;
    int code = cli_connect(c);
    *s2c = NULL;
    c->unsure = false;
    if (code) {
        cJSON_Delete(c2s);
        return code;
    }
    futu_err err = send_call(c, proto, c2s, &r);
    if (err == FUTU_OK)
        code = read_reply(proto, r, s2c);
    else if (r)
        code = cli_refused(proto, futu_reply_text(r));
    else
        code = no_answer(c, proto, err);
    futu_reply_free(r);
    return code;
}

int cli_try(struct cli *c, const char *proto, cJSON *c2s, cJSON **s2c)
{
    futu_reply *r = NULL;
    int code = CLI_FAILED;
    *s2c = NULL;
    if (!c->client)
        cJSON_Delete(c2s);
    else if (send_call(c, proto, c2s, &r) == FUTU_OK)
        code = read_reply(proto, r, s2c);
    futu_reply_free(r);
    return code;
}
