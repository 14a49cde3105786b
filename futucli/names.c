/* names.c - see names.h. */
#include "names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define END { 0, NULL }

const struct name names_market[] = {
    { 1, "HK" }, { 11, "US" }, { 21, "SH" }, { 22, "SZ" }, { 31, "SG" }, { 41, "JP" }, { 51, "AU" },
    { 61, "MY" }, { 71, "CA" }, { 2, "HK_FUTURE" }, { 81, "FX" }, { 91, "CRYPTO" }, END,
};
const struct name names_trd_market[] = {
    { 1, "HK" }, { 2, "US" }, { 3, "CN" }, { 4, "HKCC" }, { 5, "FUTURES" }, { 6, "SG" },
    { 8, "AU" }, { 15, "JP" }, { 111, "MY" }, { 112, "CA" }, END,
};
const struct name names_sec_market[] = {
    { 1, "HK" }, { 2, "US" }, { 31, "SH" }, { 32, "SZ" }, { 41, "SG" }, { 51, "JP" }, { 61, "AU" },
    { 71, "MY" }, { 81, "CA" }, END,
};
const struct name names_trd_env[] = { { 0, "simulate" }, { 1, "real" }, END };
const struct name names_trd_side[] = {
    { 1, "buy" }, { 2, "sell" }, { 3, "sell-short" }, { 4, "buy-back" }, END,
};
const struct name names_order_type[] = {
    { 1, "limit" }, { 2, "market" }, { 5, "absolute-limit" }, { 6, "auction" },
    { 7, "auction-limit" }, { 8, "special-limit" }, { 9, "special-limit-all" }, { 10, "stop" },
    { 11, "stop-limit" }, { 12, "market-if-touched" }, { 13, "limit-if-touched" },
    { 14, "trailing-stop" }, { 15, "trailing-stop-limit" }, END,
};
const struct name names_order_status[] = {
    { 0, "unsubmitted" }, { 1, "waiting" }, { 2, "submitting" }, { 3, "submit failed" },
    { 4, "timed out" }, { 5, "submitted" }, { 10, "part filled" }, { 11, "filled" },
    { 12, "cancelling" }, { 13, "cancelling" }, { 14, "part cancelled" }, { 15, "cancelled" },
    { 21, "failed" }, { 22, "disabled" }, { 23, "deleted" }, { 24, "fill cancelled" }, END,
};
const struct name names_market_state[] = {
    { 0, "none" }, { 1, "auction" }, { 2, "waiting for open" }, { 3, "morning" },
    { 4, "lunch break" }, { 5, "afternoon" }, { 6, "closed" }, { 8, "pre-market" },
    { 9, "pre-market end" },
    { 10, "after-hours" }, { 11, "after-hours end" }, { 13, "night" }, { 14, "night end" },
    { 15, "day session" }, { 16, "day break" }, { 17, "day close" }, { 19, "closing auction" },
    { 37, "overnight" }, END,
};
const struct name names_currency[] = {
    { 1, "HKD" }, { 2, "USD" }, { 3, "CNH" }, { 4, "JPY" }, { 5, "SGD" }, { 6, "AUD" },
    { 7, "CAD" }, { 8, "MYR" }, END,
};
const struct name names_firm[] = {
    { 1, "FutuHK" }, { 2, "FutuUS" }, { 3, "FutuSG" }, { 4, "FutuAU" }, { 5, "FutuCA" },
    { 6, "FutuMY" }, { 7, "FutuJP" }, { 1, "hk" }, { 2, "us" }, { 3, "sg" }, { 4, "au" },
    { 5, "ca" }, { 6, "my" }, { 7, "jp" }, END,
};
const struct name names_dir[] = { { 1, "buy" }, { 2, "sell" }, { 3, "-" }, END };
const struct name names_acc_type[] = { { 1, "cash" }, { 2, "margin" }, END };
const struct name names_sec_type[] = {
    { 1, "bond" }, { 2, "bwrt" }, { 3, "stock" }, { 4, "fund" }, { 5, "warrant" }, { 6, "index" },
    { 7, "plate" }, { 8, "option" }, { 9, "plate set" }, { 10, "future" }, END,
};
const struct name names_sub_type[] = {
    { 1, "quote" }, { 2, "book" }, { 4, "ticker" }, { 5, "rt" }, { 6, "day" }, { 7, "5m" },
    { 8, "15m" }, { 9, "30m" }, { 10, "60m" }, { 11, "1m" }, { 12, "week" }, { 13, "month" },
    { 14, "broker" }, { 15, "quarter" }, { 16, "year" }, { 17, "3m" }, { 18, "10m" },
    { 19, "120m" }, { 20, "180m" }, { 21, "240m" }, END,
};
const struct name names_kl_type[] = {
    { 1, "1m" }, { 10, "3m" }, { 6, "5m" }, { 12, "10m" }, { 7, "15m" }, { 8, "30m" }, { 9, "60m" },
    { 13, "120m" }, { 14, "180m" }, { 15, "240m" }, { 2, "day" }, { 3, "week" }, { 4, "month" },
    { 11, "quarter" }, { 5, "year" }, END,
};
const struct name names_tif[] = { { 0, "day" }, { 1, "gtc" }, { 2, "ioc" }, { 3, "gtd" }, END };

const char *name_of(const struct name *list, int number)
{
    for (; list->text; list++)
        if (list->number == number)
            return list->text;
    return NULL;
}

int name_number(const struct name *list, const char *text, int *out)
{
    for (; list->text; list++)
        if (strcasecmp(list->text, text) == 0) {
            *out = list->number;
            return 1;
        }
    return 0;
}

const char *name_choices(const struct name *list, char *out, unsigned long size)
{
    unsigned long n = 0;
    out[0] = '\0';
    for (const char *sep = ""; list->text && n < size; list++, sep = ", ")
        n += (unsigned long)snprintf(out + n, size - n, "%s%s", sep, list->text);
    return out;
}
