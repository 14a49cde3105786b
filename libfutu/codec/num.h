/* num.h - numbers as JSON text and back, the same in every locale. For the library alone. */
#ifndef CODEC_NUM_H
#define CODEC_NUM_H

#include "base/str.h"

/* The powers of ten that a double holds exactly. */
#define NUM_POWERS 23
extern const double num_power[NUM_POWERS];

#define NUM_MAX 32              /* most characters that any of the writers puts out */

/* Each writes to `out` without a NUL and returns the number of characters. */
size_t num_write_u64(char *out, uint64_t v);
size_t num_write_i64(char *out, int64_t v);
/* The fewest digits that read back as the same number (below 1e-307: 15 at least);
 * "NaN", "Infinity", "-Infinity" in quotes. */
size_t num_write_double(char *out, double v);
size_t num_write_float(char *out, float v);

/* The value of a JSON number (RFC 8259) nearest to the text, which is one already; false: too large
 * for the type, or more than NUM_MAX_TEXT characters. */
#define NUM_MAX_TEXT 128
bool num_read_double(futu_str s, double *out);
bool num_read_float(futu_str s, float *out);

/* The length of the JSON number at the start of `s`, 0: none. *integer: neither fraction nor
 * exponent. */
size_t num_scan(futu_str s, bool *integer);

/* An integer as num_scan() found it; false: over 64 bits. */
bool num_read_u64(futu_str s, uint64_t *out);
bool num_read_i64(futu_str s, int64_t *out);

#endif
