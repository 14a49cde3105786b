/* calendar.c - body of futu_calendar_load(). */
#include "futu/gateway.h"
#include "market/hint.h"

futu_err futu_calendar_load(const char *path, char *why, size_t why_size)
{
    return market_calendar_load(path, why, why_size);
}
