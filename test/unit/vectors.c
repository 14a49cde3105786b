/* vectors.c - see vectors.h. */
#include "vectors.h"

#include <sodium.h>
#include <stdio.h>

cJSON *vec_load(void)
{
    size_t n;
    char *text = read_file("test/data/vectors.json", &n);
    cJSON *all = cJSON_ParseWithLength(text, n);
    ck_assert_msg(all != NULL, "test/data/vectors.json is not JSON");
    free(text);
    return all;
}

cJSON *vec_get(const cJSON *o, const char *name)
{
    cJSON *member = cJSON_GetObjectItemCaseSensitive(o, name);
    ck_assert_msg(member != NULL, "no member \"%s\"", name);
    return member;
}

const char *vec_str(const cJSON *o, const char *name)
{
    const char *s = cJSON_GetStringValue(vec_get(o, name));
    ck_assert_msg(s != NULL, "\"%s\" is no string", name);
    return s;
}

double vec_num(const cJSON *o, const char *name)
{
    cJSON *member = vec_get(o, name);
    ck_assert_msg(cJSON_IsNumber(member), "\"%s\" is no number", name);
    return member->valuedouble;
}

size_t vec_hex(const cJSON *o, const char *name, uint8_t *out)
{
    return unhex(vec_str(o, name), out, VEC_MAX);
}

char *pem_of(const char *label, const uint8_t *der, size_t n)
{
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    size_t size = sodium_base64_encoded_len(n, variant);
    char *b64 = malloc(size), *pem = malloc(size * 2 + 128);
    sodium_bin2base64(b64, size, der, n, variant);
    size_t len = strlen(b64);
    int at = snprintf(pem, size * 2 + 128, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < len; i += 64)
        at += snprintf(pem + at, 66, "%.64s\n", b64 + i);
    snprintf(pem + at, 128, "-----END %s-----\n", label);
    free(b64);
    return pem;
}

char *vec_rsa_pem(const cJSON *all)
{
    uint8_t der[VEC_MAX];
    size_t n = vec_hex(vec_get(vec_get(all, "rsa_pkcs1_v15"), "key"), "private_der", der);
    return pem_of("RSA PRIVATE KEY", der, n);
}
