/* fuzz_keys.c - any bytes as keys.json: an error has its one line, and what was read and written
 * again reads the same. */
#include <stdlib.h>

#include "access/file.h"
#include "access/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_key(const struct key_rules *k)
{
    check(rule_id(str_c(k->id)) && strlen(k->note) <= KEY_NOTE_MAX);
    check(k->n_acc_ids <= KEY_LIST_MAX && (k->acc_ids || k->n_acc_ids == 0));
    check(k->has_machines || k->n_machines == 0);
    check(!k->has_rate || k->max_orders_per_minute <= KEY_RATE_MAX);
    check(!k->has_order_value || (k->max_order_value >= 0 && k->max_order_value <= KEY_VALUE_MAX));
    check(!k->has_daily_value || (k->max_daily_value >= 0 && k->max_daily_value <= KEY_VALUE_MAX));
    check(!k->has_hours || (k->hours_from < 1440 && k->hours_to <= 1440));
    check(k->created_ms >= 0 && k->expires_ms >= 0);
}

static void write_again(const struct key_list *l)
{
    struct buf one = BUF_INIT, two = BUF_INIT;
    struct key_list again;
    char why[256];
    check(keys_write(l, &one) == FUTU_OK);
    check(keys_parse(buf_str(&one), &again, why, sizeof(why)) == FUTU_OK && again.n == l->n);
    check(keys_write(&again, &two) == FUTU_OK);
    check(str_eq(buf_str(&one), buf_str(&two)));
    keys_free(&again);
    buf_free(&one);
    buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key_list l;
    char why[256] = "";
    futu_err err = keys_parse((futu_str){ (const char *)data, size }, &l, why, sizeof(why));
    check(err == FUTU_OK || err == FUTU_EFORMAT);
    check(err ? why[0] && !strchr(why, '\n') && l.n == 0 : !why[0]);
    for (size_t i = 0; i < l.n; i++)
        check_key(&l.keys[i]);
    if (!err)
        write_again(&l);
    keys_free(&l);
    return 0;
}
