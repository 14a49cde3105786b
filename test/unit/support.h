/* support.h - what every unit test includes: check, and the words that are not in it. */
#ifndef TEST_UNIT_SUPPORT_H
#define TEST_UNIT_SUPPORT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/mem.h"
#include "base/str.h"

/* Runs all test cases of one file; the exit status for main(). */
int run_tcase(const char *name, void (*add)(TCase *tc));

/* for (long n = 0; test_alloc_fail_at(n); n++) ...: the n-th allocation of the body fails; false
 * once n is past the last one, which means that the previous round ran without a failure. */
bool test_alloc_fail_at(long n);

/* Bytes of a hex string; returns their number. Blanks are skipped. */
size_t unhex(const char *hex, uint8_t *out, size_t size);

/* The file's bytes with a NUL behind, from malloc(); aborts the test when it can't be read. */
char *read_file(const char *path, size_t *n);

#endif
