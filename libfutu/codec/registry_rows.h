/* registry_rows.h - the generated table behind registry.c; nobody else includes it. */
#ifndef CODEC_REGISTRY_ROWS_H
#define CODEC_REGISTRY_ROWS_H

#include "codec/registry.h"

extern const struct proto_row registry_rows[];      /* ascending ids */
extern const size_t registry_n_rows;
extern const uint16_t registry_by_name[];           /* indexes, sorted by lower-case name */

#endif
