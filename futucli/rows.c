/* rows.c - see rows.h. */
#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define RED "\033[31m"
#define GREEN "\033[32m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

const cJSON *member(const cJSON *item, const char *path)
{
    while (item && *path) {
        char name[64];
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof(name), "%.*s", (int)n, path);
        item = cJSON_GetObjectItemCaseSensitive(item, name);
        path += n + (path[n] == '.');
    }
    return item;
}

double member_number(const cJSON *item, const char *path)
{
    const cJSON *m = member(item, path);
    if (cJSON_IsString(m))
        return strtod(m->valuestring, NULL);
    if (cJSON_IsBool(m))
        return cJSON_IsTrue(m);
    return cJSON_IsNumber(m) ? m->valuedouble : 0;
}

int text_width(const char *utf8)
{
    mbstate_t st = { 0 };
    size_t left = strlen(utf8);
    int width = 0;
    while (left > 0) {
        wchar_t wc;
        size_t n = mbrtowc(&wc, utf8, left, &st);
        if (n == 0 || n > left) {
            memset(&st, 0, sizeof(st));
            n = 1;
            wc = L'?';
        }
        width += wcwidth(wc) > 0 ? wcwidth(wc) : 0;
        utf8 += n;
        left -= n;
    }
    return width;
}

/* 1234567.5 -> 1,234,567.5 with the given decimals. */
static void grouped(double v, int decimals, char *out, size_t size)
{
    char plain[64];
    snprintf(plain, sizeof(plain), "%.*f", decimals, fabs(v));
    size_t whole = strcspn(plain, "."), n = 0;
    if (v < 0 && n + 1 < size)
        out[n++] = '-';
    for (size_t i = 0; plain[i] && n + 2 < size; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = plain[i];
    }
    out[n] = '\0';
}

static void price(double v, char *out, size_t size)
{
    snprintf(out, size, "%.4f", v);
    size_t n = strlen(out);
    while (n > 3 && out[n - 1] == '0' && out[n - 3] != '.')
        out[--n] = '\0';
}

static void big(double v, char *out, size_t size)
{
    static const char units[] = " KMBT";
    int u = 0;
    while (fabs(v) >= 1000 && u < 4) {
        v /= 1000;
        u++;
    }
    if (u == 0)
        snprintf(out, size, "%.0f", v);
    else
        snprintf(out, size, "%.*f%c", fabs(v) < 10 ? 2 : 1, v, units[u]);
}

static const char *plain_cell(const struct col *col, const cJSON *row, const cJSON *m, char *out,
                              size_t size)
{
    double v = member_number(row, col->path), base;
    const char *name;
    const char *sign = NULL;
    switch (col->kind) {
    case C_TEXT:
    case C_RIGHT:
        if (cJSON_IsString(m))
            snprintf(out, size, "%s", m->valuestring);
        else if (cJSON_IsBool(m))
            snprintf(out, size, "%s", cJSON_IsTrue(m) ? "yes" : "no");
        else if (m)
            snprintf(out, size, "%.10g", v);
        break;
    case C_CODE:
        name = name_of(names_market, (int)member_number(m, "market"));
        m = member(m, "code");
        snprintf(out, size, "%s.%s", name ? name : "?", m ? m->valuestring : "?");
        break;
    case C_PRICE:
        price(v, out, size);
        break;
    case C_QTY:
        grouped(v, v == floor(v) ? 0 : 2, out, size);
        break;
    case C_MONEY:
        grouped(v, 2, out, size);
        break;
    case C_BIG:
        big(v, out, size);
        break;
    case C_CHANGE:
        base = member_number(row, col->base);
        v = base != 0 ? (v / base - 1) * 100 : 0;
        /* fall through */
    case C_PCT:
        snprintf(out, size, "%+.2f%%", v);
        sign = v > 0.005 ? GREEN : v < -0.005 ? RED : NULL;
        break;
    case C_SIGNED:
        out[0] = '+';
        grouped(v, 2, out + (v > 0), size - 1);
        sign = v > 0 ? GREEN : v < 0 ? RED : NULL;
        break;
    case C_NAME:
        name = name_of(col->names, (int)v);
        if (name)
            snprintf(out, size, "%s", name);
        else
            snprintf(out, size, "%d", (int)v);
        break;
    }
    return sign;
}

int cell_text(const struct col *col, const cJSON *row, bool color, char *out, size_t size)
{
    char plain[256] = "";
    const cJSON *m = member(row, col->path);
    const char *tint = m || col->kind == C_CHANGE ? plain_cell(col, row, m, plain, sizeof(plain))
                                                  : NULL;
    snprintf(out, size, "%s%s%s", color && tint ? tint : "", plain, color && tint ? PLAIN : "");
    return text_width(plain);
}

static bool right_aligned(enum col_kind kind)
{
    return kind != C_TEXT && kind != C_CODE && kind != C_NAME;
}

static void print_cell(const char *text, int width, int want, bool right, bool last)
{
    int pad = want > width ? want - width : 0;
    if (right)
        printf("%*s%s", pad, "", text);
    else
        printf("%s%*s", text, last ? 0 : pad, "");
    printf("%s", last ? "\n" : "  ");
}

static void print_table(const struct cli *c, const cJSON *list, const struct col *cols)
{
    int widths[MAX_COLS], n = 0;
    char text[300];
    const cJSON *row;
    for (; cols[n].title; n++)
        widths[n] = text_width(cols[n].title);
    cJSON_ArrayForEach(row, list) {
        for (int i = 0; i < n; i++) {
            int w = cell_text(&cols[i], row, false, text, sizeof(text));
            widths[i] = w > widths[i] ? w : widths[i];
        }
    }
    printf("%s", c->color ? BOLD : "");
    for (int i = 0; i < n; i++)
        print_cell(cols[i].title, text_width(cols[i].title), widths[i],
                   right_aligned(cols[i].kind), i == n - 1);
    printf("%s", c->color ? PLAIN : "");
    cJSON_ArrayForEach(row, list) {
        for (int i = 0; i < n; i++) {
            int w = cell_text(&cols[i], row, c->color, text, sizeof(text));
            print_cell(text, w, widths[i], right_aligned(cols[i].kind), i == n - 1);
        }
    }
}

static void print_json(const cJSON *item, bool pretty)
{
    char *text = pretty ? cJSON_Print(item) : cJSON_PrintUnformatted(item);
    if (text)
        puts(text);
    cJSON_free(text);
}

void rows_print(const struct cli *c, const cJSON *list, const struct col *cols, const char *none)
{
    const cJSON *row;
    if (c->out == OUT_JSON) {
        if (list)
            print_json(list, true);
        else
            puts("[]");
    } else if (c->out == OUT_JSONL) {
        cJSON_ArrayForEach(row, list)
            print_json(row, false);
    } else if (cJSON_GetArraySize(list) == 0) {
        fprintf(stderr, "%s\n", none);
    } else {
        print_table(c, list, cols);
    }
}

bool json_printed(const struct cli *c, const cJSON *item)
{
    if (c->out == OUT_TABLE)
        return false;
    print_json(item, c->out == OUT_JSON);
    return true;
}

static void print_pairs(const cJSON *object, const char *prefix)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, object) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", m->string);
        if (cJSON_IsObject(m)) {
            print_pairs(m, name);
        } else if (cJSON_IsArray(m)) {
            char *text = cJSON_PrintUnformatted(m);
            printf("%-28s %s\n", name, text ? text : "");
            cJSON_free(text);
        } else {
            struct col col = { "", m->string, C_TEXT, NULL, NULL };
            char text[300];
            cell_text(&col, object, false, text, sizeof(text));
            printf("%-28s %s\n", name, text);
        }
    }
}

void pairs_print(const struct cli *c, const cJSON *object)
{
    if (!json_printed(c, object))
        print_pairs(object, "");
}
