/* opts.c - see opts.h. */
#include "api/opts.h"

futu_err opts_copy(void *dst, size_t known, size_t least, const void *src)
{
    const uint8_t *p = src;
    size_t given;
    if (!src)
        return FUTU_EINVAL;
    memcpy(&given, src, sizeof(given));
    if (given < least)
        return FUTU_EINVAL;
    for (size_t i = known; i < given; i++)
        if (p[i] != 0)
            return FUTU_EINVAL;
    memset(dst, 0, known);
    memcpy(dst, p, MIN(given, known));
    memcpy(dst, &known, sizeof(known));
    return FUTU_OK;
}
