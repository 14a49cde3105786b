/* vectors.h - test/data/vectors.json for tests: bytes that other implementations agree on. */
#ifndef TEST_UNIT_VECTORS_H
#define TEST_UNIT_VECTORS_H

#include <cjson/cJSON.h>

#include "support.h"

#define VEC_MAX 4096

/* The whole file; cJSON_Delete() it. Aborts the test when it can't be read. */
cJSON *vec_load(void);
/* Members of an object; a missing one or one of another type aborts the test. */
cJSON *vec_get(const cJSON *o, const char *name);
const char *vec_str(const cJSON *o, const char *name);
double vec_num(const cJSON *o, const char *name);
/* A hex member into `out`, which has VEC_MAX bytes; returns their number. */
size_t vec_hex(const cJSON *o, const char *name, uint8_t *out);

/* The RSA key of the vectors as PEM text, from malloc(). */
char *vec_rsa_pem(const cJSON *all);
/* DER as PEM text between lines that name `label`, from malloc(). */
char *pem_of(const char *label, const uint8_t *der, size_t n);

#endif
