/* fuzz_account.c - any text as an account, as an auth server and as a device id: what is taken has
 * its form, what is refused says so in one line, and what was made of it means the same again. */
#include <stdlib.h>

#include "login/account.h"
#include "login/device.h"
#include "login/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_line(const char *why)
{
    check(why[0] && !strchr(why, '\n'));
}

static void as_account(const char *text)
{
    struct account a, b;
    char why[400] = "";
    if (account_parse(&a, text, why, sizeof(why))) {
        check_line(why);
        return;
    }
    check(strlen(a.hash) == ACCOUNT_HASH && a.name[0] && strstr(a.typed, a.name));
    check((a.kind == ACCOUNT_PHONE) == (a.region[0] != '\0'));
    check(account_is(&a, str_c(a.typed)) && account_is(&a, str_c(a.name)));
    check(account_parse(&b, a.typed, why, sizeof(why)) == FUTU_OK &&
          strcmp(a.name, b.name) == 0 && strcmp(a.hash, b.hash) == 0);
}

static void as_server(const char *text)
{
    struct auth_server s, again;
    char why[400] = "";
    if (auth_server_choose(&s, text, NULL, why, sizeof(why))) {
        check_line(why);
        return;
    }
    check(s.host[0] && s.port && s.chosen);
    check(auth_server_choose(&again, s.url, NULL, why, sizeof(why)) == FUTU_OK);
    check(strcmp(again.url, s.url) == 0 && strcmp(again.host, s.host) == 0 &&
          again.port == s.port && again.tls == s.tls && again.standard == s.standard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char id[DEVICE_ID + 1], again[DEVICE_ID + 1], number[ATTRIBUTION_TEXT];
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    as_account(text);
    as_server(text);
    futu_str s = { text, size };
    if (device_id_read(s, id))
        check(device_id_read(str_c(id), again) && strcmp(id, again) == 0);
    uint8_t attribution = attribution_read(s);
    if (attribution) {
        attribution_text(attribution, number);
        check(attribution_read(str_c(number)) == attribution);
    }
    free(text);
    return 0;
}
