/* dialect_auth.c - see dialect_auth.h. Nothing here is proven against the broker's servers. */
#include "upstream/broker/dialect_auth.h"

#include <stdio.h>

#include "base/bytes.h"
#include "crypt/digest.h"
#include "crypt/random.h"

/* ---- calls ----
 * Told: methods (of the salt call it follows from its query), paths, and that is_phone, sens_state
 * and ret_no_uid are texts "true". Bodies are JSON: the answers are, and the redaction that is told
 * of the request bodies works on JSON. Field order is told to matter to somebody and not told
 * itself: it follows the order in which the fields are told. */

#define SET(n, v, r) { .name = (n), .value = (v), .rule = (r) }
#define NUM(n, v, r) { .name = (n), .value = (v), .rule = (r), .number = true }
#define FIX(n, text, r) { .name = (n), .value = AV_FIXED, .rule = (r), .fixed = (text) }
#define FIXNUM(n, text) { .name = (n), .value = AV_FIXED, .fixed = (text), .number = true }

/* "account" is not told; the login body calls it so. */
static const struct dialect_field salt[] = {
    SET("account", AV_ACCOUNT, AR_ALWAYS),
    FIX("ret_no_uid", "true", AR_ALWAYS),
    FIX("is_phone", "true", AR_PHONE),
    SET("region_no", AV_REGION, AR_PHONE),
};

/* "tgtgt", "device_id" and "device_sig" are spelled as the answer and the credentials file have
 * them. "login_region" is a guess: that a parameter of mainland phone accounts carries gz, sh or hk
 * is told, its name is not; when it is wrong, a server skips it as any unknown member. */
static const struct dialect_field login[] = {
    SET("account", AV_ACCOUNT, AR_NO_UID),
    NUM("uid", AV_UID, AR_IF_SET),
    FIX("is_phone", "true", AR_PHONE),
    SET("region_no", AV_REGION, AR_PHONE),
    SET("login_region", AV_LOGIN_REGION, AR_IF_SET),
    SET("tgtgt", AV_TICKET, AR_ALWAYS),
    SET("device_id", AV_DEVICE_ID, AR_ALWAYS),
    SET("device_sig", AV_DEVICE_SIG, AR_IF_SET),
    SET("device_alias", AV_ALIAS, AR_ALWAYS),
    SET("device_type", AV_DEVICE_TYPE, AR_ALWAYS),
    SET("os_ver", AV_OS_VER, AR_ALWAYS),
    FIX("sens_state", "true", AR_ALWAYS),
};

static const struct dialect_field send_code[] = {
    SET("dvs", AV_VERIFY_SIG, AR_ALWAYS),
    FIX("send_mode", "0", AR_ALWAYS),
    FIX("is_send_no_wait", "False", AR_ALWAYS),     /* told: with this F */
};

/* Nine fields are told, seven of them by meaning. The other two: the device that is verified, and
 * the ticket, since one is told to be made anew at this step. "device_code" is among the names that
 * are told to be kept out of logs. */
static const struct dialect_field check_code[] = {
    NUM("uid", AV_UID, AR_ALWAYS),
    SET("device_id", AV_DEVICE_ID, AR_ALWAYS),
    FIXNUM("verify_mode", "0"),
    SET("device_alias", AV_ALIAS, AR_ALWAYS),
    FIX("sens_state", "true", AR_ALWAYS),
    SET("device_type", AV_DEVICE_TYPE, AR_ALWAYS),
    SET("device_code_sig", AV_CODE_SIG, AR_ALWAYS),
    SET("device_code", AV_CODE, AR_ALWAYS),
    SET("tgtgt", AV_TICKET, AR_ALWAYS),
};

/* Seven fields are told and none of them holds what the user types: an eighth does here. */
static const struct dialect_field third[] = {
    NUM("uid", AV_UID, AR_ALWAYS),
    SET("sig", AV_THIRD_SIG, AR_ALWAYS),
    SET("device_id", AV_DEVICE_ID, AR_ALWAYS),
    SET("device_alias", AV_ALIAS, AR_ALWAYS),
    SET("device_type", AV_DEVICE_TYPE, AR_ALWAYS),
    SET("os_ver", AV_OS_VER, AR_ALWAYS),
    SET("tgtgt", AV_TICKET, AR_ALWAYS),
    SET("code", AV_CODE, AR_ALWAYS),
};

static const struct dialect_field repull[] = {
    NUM("uid", AV_UID, AR_ALWAYS),
    SET("device_id", AV_DEVICE_ID, AR_ALWAYS),
    SET("web_sig", AV_WEB_SIG, AR_ALWAYS),
    NUM("broker_id", AV_BROKER_ID, AR_ALWAYS),
};

static const struct dialect_field broker[] = {
    NUM("uid", AV_UID, AR_ALWAYS),
    SET("auth_code", AV_AUTH_CODE, AR_ALWAYS),
    SET("device_id", AV_DEVICE_ID, AR_ALWAYS),
    NUM("broker_id", AV_BROKER_ID, AR_ALWAYS),
};

/* Told: auth_token. Other fields are told to exist and not named. */
static const struct dialect_field conf[] = {
    SET("auth_token", AV_AUTH_TOKEN, AR_ALWAYS),
};

#define CALL(m, p, f) { m, p, f, ARRAY_LEN(f) }
const struct dialect_call dialect_calls[AUTH_CALLS] = {
    [AUTH_SALT] = CALL("GET", "/authority/salt", salt),
    [AUTH_LOGIN] = CALL("POST", "/authority/", login),
    [AUTH_SEND_CODE] = CALL("GET", "/authority/req_device_code", send_code),
    [AUTH_CHECK_CODE] = CALL("POST", "/authority/verify_device_code", check_code),
    [AUTH_THIRD] = CALL("POST", "/authority/third_factor/auth", third),
    [AUTH_REPULL] = CALL("POST", "/authority/repull_auth_code", repull),
    [AUTH_BROKER] = CALL("POST", "/broker_auth/client_auth", broker),
    [AUTH_CONF] = CALL("POST", "/v2/conf/select_all", conf),
};

/* ---- who this client says it is ---- */

/* That the number differs by platform is told, not which: two that differ, small as the channel's
 * one byte demands. A wrong one of moomoo is told to show as error 2 of the salt call. */
const char *const dialect_client_types[2] = {
    [PLATFORM_FUTUNN] = "1",
    [PLATFORM_MOOMOO] = "2",
};
/* Not told. Our own name: a borrowed one would lie to who reads the server's logs. */
const char dialect_user_agent[] = "futu-opend/" FUTU_VERSION;
/* Told for Linux. */
const char dialect_device_type[] = "PC";
/* Not told, only that it must be there. */
const char dialect_os_ver[] = "Linux";

/* Told: it begins with name and version of the program. */
const char dialect_alias[] = "futu-opend v" FUTU_VERSION;

/* ---- passwords and tickets ---- */

/* S2: its size is told (16 bytes) and what goes in (the password's MD5, the ordinary salt). MD5 is
 * the only digest of that size in the design, and S3, which is told, has the form digest(hex text,
 * salt): S2 is taken to have it too. S3 is SHA-256 of the hex text of S2 and salt32, and is the key
 * when there is a salt32. */
futu_err dialect_ticket_key(futu_str md5_hex, futu_str salt_text, futu_str salt32,
                            struct secret *key)
{
    struct buf b = BUF_INIT;
    uint8_t s2[16], s3[32];
    char hex[33];
    futu_err err = buf_reserve(&b, 33 + salt_text.n + salt32.n);
    if (err)
        return err;
    buf_put(&b, md5_hex.p, md5_hex.n);
    buf_put(&b, salt_text.p, salt_text.n);
    md5(b.p, b.n, s2);
    if (salt32.n) {
        hex_lower(s2, sizeof(s2), hex);
        b.n = 0;
        buf_put(&b, hex, 32);
        buf_put(&b, salt32.p, salt32.n);
        sha256(b.p, b.n, s3);
    }
    err = salt32.n ? secret_set(key, s3, sizeof(s3)) : secret_set(key, s2, sizeof(s2));
    wipe(b.p, b.cap);
    wipe(s2, sizeof(s2));
    wipe(s3, sizeof(s3));
    wipe(hex, sizeof(hex));
    buf_free(&b);
    return err;
}

/* Told: 32 bytes made of the decimal text of two random 64-bit numbers. How that is cut to 32 is
 * not: each number gives its last 16 digits, zeros in front, so that none is more likely. */
futu_err dialect_rand_key(struct secret *out)
{
    const uint64_t limit = UINT64_C(10000000000000000);
    char text[DIALECT_RAND_KEY + 1];
    snprintf(text, sizeof(text), "%016llu%016llu", (unsigned long long)(random_u64() % limit),
             (unsigned long long)(random_u64() % limit));
    futu_err err = secret_set(out, text, DIALECT_RAND_KEY);
    wipe(text, sizeof(text));
    return err;
}

static futu_err put_u32(struct buf *b, uint32_t v, bool big)
{
    uint8_t p[4];
    (big ? put_be32 : put_le32)(p, v);
    return buf_put(b, p, sizeof(p));
}

/* Version 8, the account form. Told: version first, as a little-endian number; lengths in network
 * order; account, then the password's MD5, then, in no told order, rand_key and two times, which
 * are not written as the version is. Chosen: the MD5 as 16 raw bytes, whose number needs no prefix;
 * rand_key with a length, since it has had two lengths; then the times, big-endian. The form of
 * moomoo is told to differ, in what is not: both are alike here. */
#define TICKET_VERSION 8
#define BIG true
#define LITTLE false

futu_err dialect_ticket(const struct dialect_ticket *t, struct secret *out)
{
    uint8_t digest[16];
    struct buf b = BUF_INIT;
    if (!hex_read(t->md5, digest, sizeof(digest)))
        return FUTU_EINVAL;
    futu_err err = buf_reserve(&b, 64 + t->account.n + t->rand_key.n);
    if (err)
        return err;
    put_u32(&b, TICKET_VERSION, LITTLE);
    put_u32(&b, (uint32_t)t->account.n, BIG);
    buf_put(&b, t->account.p, t->account.n);
    buf_put(&b, digest, sizeof(digest));
    put_u32(&b, (uint32_t)t->rand_key.n, BIG);
    buf_put(&b, t->rand_key.p, t->rand_key.n);
    put_u32(&b, t->made_s, BIG);
    put_u32(&b, t->ends_s, BIG);
    err = secret_set(out, b.p, b.n);
    wipe(b.p, b.cap);
    wipe(digest, sizeof(digest));
    buf_free(&b);
    return err;
}

/* ---- times ---- */

/* "invalid_time" is told to be a number and codes to live about 30 days; whether it is a time or a
 * life is not. What is less than a year of seconds can be no time of these days. */
int64_t dialect_code_end(uint64_t word, int64_t now_s, int64_t ahead_s)
{
    const uint64_t year = 366 * 86400;
    if (word == 0 || word > INT32_MAX * UINT64_C(2))
        return 0;
    return word < year ? now_s + (int64_t)word : (int64_t)word - ahead_s;
}

/* ---- remote configuration ---- */

/* That the key is fixed and printed somewhere is told, and neither where it begins nor in which
 * form: it can't be guessed. Who has it may give it (--conf-key); without it everything works from
 * names and the addresses that are printed. */
const char dialect_conf_key[] = "";

/* Both hosts are told. */
void dialect_conf_url(const struct auth_server *s, char out[AUTH_HOST_MAX + 24])
{
    static const char *const urls[] = {
        [PLATFORM_FUTUNN] = "https://api.futunn.com",
        [PLATFORM_MOOMOO] = "https://api.moomoo.com",
    };
    str_copy(out, AUTH_HOST_MAX + 24, str_c(s->standard ? urls[s->platform] : s->url));
}

/* ---- brokers: all of it is told ---- */

const struct dialect_broker *dialect_broker(int32_t id)
{
    static const struct dialect_broker all[] = {
        { 1001, "Futu HK", "authority.futuhk.com", 1 },
        { 1007, "Futu US", "authority.us.moomoo.com", 2 },
        { 1008, "Futu SG", "authority.sg.moomoo.com", 3 },
        { 1009, "Futu AU", "authority.au.moomoo.com", 4 },
        { 1012, "Futu JP", "authority.jp.moomoo.com", 7 },
        { 1017, "Futu MY", "authority.my.moomoo.com", 6 },
        { 1019, "Futu CA", "authority.ca.moomoo.com", 5 },
        { 1022, "Futu AirStar", NULL, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].id == id)
            return &all[i];
    return NULL;
}
