/* support.c - see support.h. */
#include "support.h"

#include <stdio.h>

int run_tcase(const char *name, void (*add)(TCase *tc))
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 120);
    add(tc);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

bool test_alloc_fail_at(long n)
{
    bool again = n == 0 || mem_failed();
    mem_fail_at(again ? n : -1);
    return again;
}

size_t unhex(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    while (*hex) {
        unsigned byte;
        if (*hex == ' ') {
            hex++;
            continue;
        }
        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
        ck_assert_uint_lt(n, size);
        out[n++] = (uint8_t)byte;
        hex += 2;
    }
    return n;
}

char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s can't be read", path);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    char *p = malloc((size_t)size + 1);
    ck_assert_uint_eq(fread(p, 1, (size_t)size, f), (size_t)size);
    p[size] = '\0';
    fclose(f);
    *n = (size_t)size;
    return p;
}
