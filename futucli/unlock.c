/* unlock.c - unlock-trade: which accounts, with what, and what became of each.
 *
 * In:      the account list, when the gateway gives it, for cards and firms; the password's chain.
 * Out:     a row for each account on standard output; what failed, and what to do, on the other.
 * Exit:    0 only when every account that was meant is as it was asked for.
 */
#include "unlock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "password.h"
#include "rows.h"

#define ACCOUNTS 256
#define OTP_SIZE 65

const struct cmd_opt unlock_opts[] = {
    { "lock", NULL, NULL, "lock trading again" },
    { "security-firm", "FIRM", NULL, "one broker only: 1-7, FutuHK, FutuUS ..., hk, us ..." },
    { "acc-ids", "LIST", NULL, "these accounts only: numbers or cards, with commas" },
    { "otp", "CODE", NULL, "one-time password, where a broker wants one; -: ask for it" },
    { "from-stdin", NULL, NULL, "read the password from standard input, and the code of --otp -" },
    { "account", "ACCOUNT", NULL, "login account whose stored trade password is used" },
    PASSWORD_OPTS,
    { "idempotency-key", "TEXT", NULL, "a repeat with the same key gets the first answer" },
    { NULL, NULL, NULL, NULL },
};

struct job {
    struct cli *c;
    const struct args *a;
    cJSON *list;                /* of accounts; NULL: not known */
    futu_unlock what;
    uint64_t ids[ACCOUNTS];
    char password[PASSWORD_SIZE], otp[OTP_SIZE];
    cJSON *rows;                /* what became of each account */
    bool otp_needed;
};

static const cJSON *account_list(struct job *j)
{
    cJSON *s2c, *c2s = cJSON_CreateObject();
    cJSON_AddStringToObject(c2s, "userID", "0");
    cJSON_AddBoolToObject(c2s, "needGeneralSecAccount", true);
    if (cli_try(j->c, "Trd_GetAccList", c2s, &s2c) == CLI_OK)
        j->list = cJSON_DetachItemFromObjectCaseSensitive(s2c, "accList");
    cJSON_Delete(s2c);
    return j->list;
}

static const char *text_of(const cJSON *acc, const char *name)
{
    const cJSON *m = member(acc, name);
    return cJSON_IsString(m) ? m->valuestring : "";
}

static bool is_real(const cJSON *acc)
{
    return (int)member_number(acc, "trdEnv") == 1;
}

static const cJSON *find(const struct job *j, uint64_t id)
{
    const cJSON *acc;
    cJSON_ArrayForEach(acc, j->list)
        if (strtoull(text_of(acc, "accID"), NULL, 10) == id)
            return acc;
    return NULL;
}

/* ---- which firm ---- */

static int firm_of(const cJSON *acc)
{
    return (int)member_number(acc, "securityFirm");
}

static bool has_firm(const struct job *j, int firm)
{
    const cJSON *acc;
    cJSON_ArrayForEach(acc, j->list)
        if (is_real(acc) && firm_of(acc) == firm)
            return true;
    return false;
}

/* "1 (FutuHK), 2 (FutuUS)": the values that make sense here. */
static const char *firms_text(const struct job *j, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (int firm = 1; firm <= 7; firm++)
        if (has_firm(j, firm) && n < size)
            n += (size_t)snprintf(out + n, size - n, "%s%d (%s)", n ? ", " : "", firm,
                                  name_of(names_firm, firm));
    return out;
}

static bool parse_firm(const char *text, int *firm)
{
    *firm = 0;
    if (text[0] >= '1' && text[0] <= '7' && !text[1])
        *firm = text[0] - '0';
    return *firm || name_number(names_firm, text, firm);
}

static int read_firm(struct job *j)
{
    const char *text = arg(j->a, "security-firm");
    char firms[200];
    int firm;
    if (!text)
        return CLI_OK;
    bool known = parse_firm(text, &firm);
    j->what.firm = firm;
    if (known && (!j->list || has_firm(j, firm)))
        return CLI_OK;
    if (!*firms_text(j, firms, sizeof(firms)))
        return known ? failure("--security-firm %s: there is no real account at all", text)
                     : usage_error("--security-firm %s: 1 to 7, FutuHK, FutuUS, FutuSG, FutuAU, "
                                   "FutuCA, FutuMY, FutuJP, or hk, us, sg, au, ca, my, jp", text);
    if (known)
        return failure("--security-firm %s: no account there; this login has %s", text, firms);
    return usage_error("--security-firm: %s is no broker; this login has %s", text, firms);
}

/* ---- which accounts ---- */

static int no_such_account(const struct job *j, const char *what)
{
    const cJSON *acc;
    fprintf(stderr, "futucli: --acc-ids: %s; there %s\n", what,
            cJSON_GetArraySize(j->list) ? "is" : "is none");
    cJSON_ArrayForEach(acc, j->list)
        if (is_real(acc))
            fprintf(stderr, "  %s (card %s, firm %d)\n", text_of(acc, "accID"),
                    text_of(acc, "cardNum"), firm_of(acc));
    return CLI_FAILED;
}

static bool add(struct job *j, uint64_t id)
{
    for (size_t i = 0; i < j->what.n_acc_ids; i++)
        if (j->ids[i] == id)
            return true;
    if (j->what.n_acc_ids == ACCOUNTS)
        return false;
    j->ids[j->what.n_acc_ids++] = id;
    return true;
}

/* The accounts of a card; a universal card has several. */
static size_t add_card(struct job *j, const char *card)
{
    const cJSON *acc;
    size_t n = 0;
    cJSON_ArrayForEach(acc, j->list)
        if (strcasecmp(text_of(acc, "cardNum"), card) == 0 ||
            strcasecmp(text_of(acc, "uniCardNum"), card) == 0)
            n += add(j, strtoull(text_of(acc, "accID"), NULL, 10));
    return n;
}

static int add_word(struct job *j, const char *word, int place)
{
    char *end, text[120];
    uint64_t id = strtoull(word, &end, 10);
    bool number = *word >= '0' && *word <= '9' && !*end;
    if (!*word)
        return usage_error("--acc-ids: nothing stands at place %d", place);
    if (number && id == 0)
        return usage_error("--acc-ids: the number at place %d is 0", place);
    if (number && (!j->list || find(j, id)))
        return add(j, id) ? CLI_OK : usage_error("--acc-ids: at most %d accounts", ACCOUNTS);
    if (add_card(j, word))
        return CLI_OK;
    snprintf(text, sizeof(text), "%.60s is neither account nor card", word);
    return no_such_account(j, text);
}

/* Of those named the ones of the firm. */
static int intersect(struct job *j)
{
    size_t n = 0;
    if (!j->what.firm || !j->what.n_acc_ids || !j->list)
        return CLI_OK;
    for (size_t i = 0; i < j->what.n_acc_ids; i++) {
        const cJSON *acc = find(j, j->ids[i]);
        if (acc && firm_of(acc) == j->what.firm)
            j->ids[n++] = j->ids[i];
    }
    j->what.n_acc_ids = n;
    return n ? CLI_OK : no_such_account(j, "none of them is of the firm that was named");
}

static int read_accounts(struct job *j)
{
    const char *at = arg(j->a, "acc-ids");
    char word[64];
    int code = CLI_OK;
    for (int place = 1; at && !code; place++) {
        size_t n = strcspn(at, ",");
        snprintf(word, sizeof(word), "%.*s", (int)n, at);
        char *from = word + strspn(word, " ");
        from[strcspn(from, " ")] = '\0';
        code = add_word(j, from, place);
        at = at[n] ? at + n + 1 : NULL;
    }
    j->what.acc_ids = j->ids;
    return code ? code : intersect(j);
}

/* ---- with what ---- */

static int read_otp(struct job *j)
{
    const char *text = arg(j->a, "otp");
    int code = CLI_OK;
    if (!text)
        return CLI_OK;
    if (strcmp(text, "-") != 0)
        snprintf(j->otp, sizeof(j->otp), "%s", text);
    else if (arg_given(j->a, "from-stdin"))
        code = password_from_stdin(j->otp, sizeof(j->otp));
    else
        code = password_ask("One-time code: ", NULL, j->otp, sizeof(j->otp));
    if (!code && (!j->otp[0] || strlen(text) >= sizeof(j->otp)))
        return usage_error("--otp: 1 to %d characters", OTP_SIZE - 1);
    j->what.otp = j->otp;
    return code;
}

static int read_secrets(struct job *j)
{
    int code = CLI_OK;
    if (j->what.lock && arg(j->a, "otp"))
        return usage_error("--otp: locking needs none");
    if (!j->what.lock)
        code = password_for_trade(j->a, j->password, sizeof(j->password));
    j->what.password = j->what.lock ? NULL : j->password;
    return code ? code : read_otp(j);
}

/* ---- what became of it ---- */

static void put_row(struct job *j, uint64_t id, bool success, int firm, const char *why)
{
    const cJSON *acc = find(j, id);
    char text[24];
    cJSON *old, *row = cJSON_CreateObject();
    snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
    cJSON_AddStringToObject(row, "acc_id", text);
    cJSON_AddBoolToObject(row, "success", success);
    cJSON_AddNumberToObject(row, "security_firm", firm ? firm : firm_of(acc));
    cJSON_AddStringToObject(row, "errorMsg", why ? why : "");
    cJSON_AddStringToObject(row, "card", text_of(acc, "cardNum"));
    cJSON_AddStringToObject(row, "result", !success ? "failed" : acc && !is_real(acc) ? "simulated"
                                           : j->what.lock ? "locked" : "unlocked");
    int at = 0;
    cJSON_ArrayForEach(old, j->rows) {
        if (strcmp(text_of(old, "acc_id"), text) == 0) {
            cJSON_ReplaceItemInArray(j->rows, at, row);
            return;
        }
        at++;
    }
    cJSON_AddItemToArray(j->rows, row);
}

/* A gateway that does not tell accounts apart has done what was asked. */
static void put_all(struct job *j)
{
    const cJSON *acc;
    for (size_t i = 0; i < j->what.n_acc_ids; i++)
        put_row(j, j->ids[i], true, 0, NULL);
    cJSON_ArrayForEach(acc, j->list)
        if (!j->what.n_acc_ids && is_real(acc) && (!j->what.firm || firm_of(acc) == j->what.firm))
            put_row(j, strtoull(text_of(acc, "accID"), NULL, 10), true, 0, NULL);
}

static void take_reply(struct job *j, const futu_reply *r)
{
    const Trd_UnlockTrade_Response *m = futu_reply_msg(r);
    size_t n = m && m->s2c ? m->s2c->n_accResultList : 0;
    size_t wanting = 0;
    for (size_t i = 0; i < n; i++) {
        const Trd_UnlockTrade_AccResult *a = &m->s2c->accResultList[i];
        put_row(j, a->accID, a->success, a->securityFirm, a->errorMsg.p);
        if (a->otpNeeded && wanting < ACCOUNTS)
            j->ids[wanting++] = a->accID;       /* the second time these alone */
    }
    j->otp_needed = wanting > 0;
    if (wanting)
        j->what.n_acc_ids = wanting;
    if (!n && futu_reply_ret(r) == Common_RetType_Succeed)
        put_all(j);
}

static int send_it(struct job *j, char *why, size_t size)
{
    futu_reply *r = NULL;
    int code = CLI_OK;
    futu_err err = futu_unlock_accounts_sync(j->c->client, &j->what, &r);
    snprintf(why, size, "%s", r ? futu_reply_text(r) : "");
    if (r)
        take_reply(j, r);
    else
        code = failure("unlock-trade: %s%s%s", futu_strerror(err),
                       *futu_client_error(j->c->client) ? ": " : "",
                       futu_client_error(j->c->client));
    futu_reply_free(r);
    if (!code && err)
        code = cJSON_GetArraySize(j->rows) ? CLI_OK : cli_refused("unlock-trade", why);
    return code;
}

static void print_rows(const struct job *j)
{
    static const struct col cols[] = {
        { "ACC ID", "acc_id", C_TEXT, NULL, NULL },
        { "CARD", "card", C_TEXT, NULL, NULL },
        { "FIRM", "security_firm", C_NAME, NULL, names_firm },
        { "RESULT", "result", C_TEXT, NULL, NULL },
        { "MESSAGE", "errorMsg", C_TEXT, NULL, NULL },
        { NULL, NULL, C_TEXT, NULL, NULL },
    };
    cJSON *row;
    if (j->c->out != OUT_TABLE)
        cJSON_ArrayForEach(row, j->rows) {
            cJSON_DeleteItemFromObjectCaseSensitive(row, "card");
            cJSON_DeleteItemFromObjectCaseSensitive(row, "result");
        }
    if (j->c->out != OUT_TABLE || cJSON_GetArraySize(j->rows))
        rows_print(j->c, j->rows, cols, "");
}

static int tell(struct job *j, const char *why)
{
    const cJSON *row;
    size_t bad = 0, all = 0;
    cJSON_ArrayForEach(row, j->rows) {
        bad += !cJSON_IsTrue(member(row, "success"));
        all++;
    }
    print_rows(j);
    if (!bad) {
        if (j->c->out == OUT_TABLE)
            printf("trading of %s is %s\n", arg(j->a, "security-firm") || arg(j->a, "acc-ids")
                   ? "these accounts" : "real accounts", j->what.lock ? "locked" : "unlocked");
        return CLI_OK;
    }
    cli_refused(j->what.lock ? "unlock-trade --lock" : "unlock-trade", why);
    fprintf(stderr, "  %zu of %zu accounts are not %s\n", bad, all, j->what.lock ? "locked"
                                                                               : "unlocked");
    if (j->otp_needed)
        fprintf(stderr, "  next: futucli unlock-trade --otp CODE, with a code of the broker's "
                        "token or app\n");
    return CLI_FAILED;
}

/* On a terminal the code is asked for once it is known to be wanted. */
static int run_job(struct job *j)
{
    char why[600];
    int code = send_it(j, why, sizeof(why));
    if (!code && j->otp_needed && !j->what.otp && isatty(STDIN_FILENO)) {
        code = password_ask("One-time code: ", NULL, j->otp, sizeof(j->otp));
        j->what.otp = j->otp;
        if (!code)
            code = send_it(j, why, sizeof(why));
    }
    return code ? code : tell(j, why);
}

static void no_job(struct job *j)
{
    explicit_bzero(j->password, sizeof(j->password));
    explicit_bzero(j->otp, sizeof(j->otp));
    cJSON_Delete(j->list);
    cJSON_Delete(j->rows);
}

int run_unlock(struct cli *c, const struct args *a)
{
    struct job j = { .c = c, .a = a, .what = FUTU_UNLOCK_INIT, .rows = cJSON_CreateArray() };
    j.what.lock = arg_given(a, "lock");
    j.what.idempotency_key = arg(a, "idempotency-key");
    int code = cli_connect(c);
    if (!code)
        account_list(&j);
    if (!code)
        code = read_firm(&j);
    if (!code)
        code = read_accounts(&j);
    if (!code)
        code = read_secrets(&j);
    if (!code)
        code = run_job(&j);
    no_job(&j);
    return code;
}
