/* sub_type.h - Qot_Common.SubType: which are k-lines, what is pushed and read for each. */
#ifndef UPSTREAM_SUB_TYPE_H
#define UPSTREAM_SUB_TYPE_H

#include "base/base.h"

bool sub_type_kline(int32_t sub_type);
int32_t sub_type_of_kl_type(int32_t kl_type);       /* 0: none */
int32_t kl_type_of_sub_type(int32_t sub_type);      /* 0: no k-line */
int base_rehab(int32_t sub_type);
uint32_t push_proto(int32_t sub_type);              /* 0: none */

#endif
