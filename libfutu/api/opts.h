/* opts.h - options structs of callers older and newer than the library.
 *
 * Every options struct starts with its size. Fields are only appended and leave no holes, so that
 * an older, shorter struct is the head of ours and the rest stays zero.
 */
#ifndef API_OPTS_H
#define API_OPTS_H

#include "base/base.h"

/* Copies src into the zeroed dst of `known` bytes. `least` is the size of the first version.
 * FUTU_EINVAL: src is shorter than that, or sets a field that this library does not know. */
futu_err opts_copy(void *dst, size_t known, size_t least, const void *src);

/* The least size of a struct whose first version ended with the field `last`. */
#define OPTS_END(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

#endif
