/* rows.h - lists of JSON objects as an aligned table, as JSON, or as one object a line. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli.h"
#include "names.h"

enum col_kind {
    C_TEXT,         /* text as it is */
    C_RIGHT,        /* the same on the right */
    C_CODE,         /* {"market","code"} -> HK.00700 */
    C_PRICE,        /* up to four decimals, at least two */
    C_QTY,          /* whole or fraction, grouped by thousands */
    C_MONEY,        /* two decimals, grouped */
    C_BIG,          /* 12.3K, 4.56M, 7.89B */
    C_PCT,          /* a percentage, signed, coloured by its sign */
    C_CHANGE,       /* percent change of `path` against `base`, signed, coloured */
    C_SIGNED,       /* money, signed, coloured */
    C_NAME,         /* a number by `names` */
};

struct col {
    const char *title;
    const char *path;           /* "basic.security", members joined by dots */
    enum col_kind kind;
    const char *base;           /* C_CHANGE only */
    const struct name *names;   /* C_NAME only */
};

#define MAX_COLS 16

/* Prints the elements of `list` (NULL: none) in the output format asked for; columns end with a
 * NULL title. `none` is said on standard error when a table would be empty. */
void rows_print(const struct cli *c, const cJSON *list, const struct col *cols, const char *none);
/* One object as two columns, name and value; nested objects get a dotted name. */
void pairs_print(const struct cli *c, const cJSON *object);
/* Only the non-table formats: true when it printed. */
bool json_printed(const struct cli *c, const cJSON *item);

const cJSON *member(const cJSON *item, const char *path);       /* NULL: not there */
double member_number(const cJSON *item, const char *path);      /* 0: not there; text is read too */
/* The cell as text; colour only when asked. Returns its width on the screen. */
int cell_text(const struct col *col, const cJSON *row, bool color, char *out, size_t size);
int text_width(const char *utf8);

#endif
