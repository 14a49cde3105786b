/* parse.c - what a user types for a security, as the protocol wants it. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "names.h"

bool split_code(const char *text, int *market, char *code, size_t size)
{
    char prefix[16], choices[128];
    const char *dot = strchr(text, '.');
    size_t n = dot ? (size_t)(dot - text) : 0;
    if (n == 0 || n >= sizeof(prefix) || !dot[1] || strlen(dot + 1) >= size - 5) {
        usage_error("%s: a security is written MARKET.CODE, such as HK.00700 or US.AAPL", text);
        return false;
    }
    memcpy(prefix, text, n);
    prefix[n] = '\0';
    if (!name_number(names_market, prefix, market)) {
        usage_error("%s: no market %s; there are %s", text, prefix,
                    name_choices(names_market, choices, sizeof(choices)));
        return false;
    }
    /* People leave out the leading zeros of Hong Kong codes. */
    size_t digits = strspn(dot + 1, "0123456789");
    size_t zeros = *market == 1 && dot[1 + digits] == '\0' && digits < 5 ? 5 - digits : 0;
    memset(code, '0', zeros);
    for (size_t i = 0; i <= strlen(dot + 1); i++)
        code[zeros + i] = (char)toupper((unsigned char)dot[1 + i]);
    return true;
}

cJSON *parse_security(const char *text)
{
    char code[64];
    int market;
    if (!split_code(text, &market, code, sizeof(code)))
        return NULL;
    cJSON *s = cJSON_CreateObject();
    cJSON_AddNumberToObject(s, "market", market);
    cJSON_AddStringToObject(s, "code", code);
    return s;
}

cJSON *parse_securities(const struct args *a)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < a->n_words; i++) {
        cJSON *s = parse_security(a->words[i]);
        if (!s) {
            cJSON_Delete(list);
            return NULL;
        }
        cJSON_AddItemToArray(list, s);
    }
    return list;
}
