/* sub_type.c - see sub_type.h. */
#include "upstream/sub_type.h"

#include "futu/proto.h"

/* Qot_Common.KLType to SubType. */
static const int8_t of_kl_type[] = { 0, 11, 6, 12, 13, 16, 7, 8, 9, 10, 17, 15, 18, 19, 20, 21 };

bool sub_type_kline(int32_t t)
{
    return (t >= 6 && t <= 13) || (t >= 15 && t <= 21);
}

int32_t sub_type_of_kl_type(int32_t t)
{
    return t > 0 && t < (int32_t)ARRAY_LEN(of_kl_type) ? of_kl_type[t] : 0;
}

int base_rehab(int32_t t)
{
    return sub_type_kline(t) ? Qot_Common_RehabType_Forward : 0;
}

uint32_t push_proto(int32_t t)
{
    switch (t) {
    case Qot_Common_SubType_Basic:
        return 3005;
    case Qot_Common_SubType_OrderBook:
    case Qot_Common_SubType_OrderBook_Odd:
        return 3013;
    case Qot_Common_SubType_Ticker:
        return 3011;
    case Qot_Common_SubType_RT:
        return 3009;
    case Qot_Common_SubType_Broker:
        return 3015;
    default:
        return sub_type_kline(t) ? 3007 : 0;
    }
}

int32_t kl_type_of_sub_type(int32_t t)
{
    for (size_t i = 1; i < ARRAY_LEN(of_kl_type); i++)
        if (of_kl_type[i] == t)
            return (int32_t)i;
    return 0;
}
