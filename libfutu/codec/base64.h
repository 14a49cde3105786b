/* base64.h - bytes as text and back (RFC 4648, with padding). Internal to codec/. */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/base.h"

#define BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_SIZE(n) characters of the standard alphabet. */
void base64_write(char *out, const uint8_t *p, size_t n);

/* Takes the standard and the URL alphabet; padding is a must and nothing may follow it. `out` may
 * be the text itself. False: not base64. */
bool base64_read(uint8_t *out, const char *p, size_t n, size_t *out_n);

#endif
