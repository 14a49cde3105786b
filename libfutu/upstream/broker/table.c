/* table.c - which handler answers which protocol; what is not here is refused by its name. */
#include "upstream/broker/state.h"

const struct row broker_rows[] = {
    { 1002, on_global_state },
    { 1005, on_user_info },
    { 2001, on_acc_list },
    { 2005, on_unlock },
    { 2101, on_funds },
    { 2102, on_positions },
    { 2111, on_max_qty },
    { 2201, on_order_list },
    { 2202, on_place },
    { 2205, on_modify },
    { 2211, on_fill_list },
    { 2221, on_history_orders },
    { 2222, on_history_fills },
    { 3004, on_basic },
    { 3010, on_ticker },
    { 3012, on_book },
    { 3202, on_static },
    { 3223, on_market_state },
};
const size_t broker_rows_n = ARRAY_LEN(broker_rows);
