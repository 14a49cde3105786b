/* names.h - numbers of the protocol as words for people, and markets as prefixes. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

struct name {
    int number;
    const char *text;
};

/* Each list ends with a NULL text. */
extern const struct name names_market[], names_trd_market[], names_sec_market[], names_trd_env[],
    names_trd_side[], names_order_type[], names_order_status[], names_market_state[],
    names_currency[], names_firm[], names_dir[], names_acc_type[], names_sec_type[],
    names_sub_type[], names_kl_type[], names_tif[];

/* NULL: not in the list. */
const char *name_of(const struct name *list, int number);
/* Any case; false: not in the list. */
int name_number(const struct name *list, const char *text, int *out);
/* "HK, US, SH" for an error. */
const char *name_choices(const struct name *list, char *out, unsigned long size);

#endif
