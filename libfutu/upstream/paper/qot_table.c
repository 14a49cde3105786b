/* qot_table.c - which handler answers which protocol of the quote half.
 *
 * A protocol that is not here is answered by paper.c with a failure that names it.
 */
#include "upstream/paper/qot.h"

const struct handler qot_handlers[] = {
    { 1002, qot_global_state },
    { 1005, qot_user_info },
    { 1006, qot_verification },
    { 1008, qot_test_cmd },
    { 1010, qot_used_quota },
    { 3004, qot_get_basic },
    { 3006, qot_get_kl },
    { 3008, qot_get_rt },
    { 3010, qot_get_ticker },
    { 3012, qot_get_book },
    { 3014, qot_get_broker },
    { 3103, qot_history_kl },
    { 3104, qot_history_quota },
    { 3105, qot_rehab },
    { 3201, qot_suspend },
    { 3202, qot_static_info },
    { 3203, qot_snapshot },
    { 3204, qot_plate_set },
    { 3205, qot_plate_security },
    { 3206, qot_reference },
    { 3207, qot_owner_plate },
    { 3208, qot_holding_change },
    { 3211, qot_capital_flow },
    { 3212, qot_capital_distribution },
    { 3213, qot_user_security },
    { 3214, qot_modify_user_security },
    { 3215, qot_stock_filter },
    { 3216, qot_code_change },
    { 3217, qot_ipo_list },
    { 3218, qot_future_info },
    { 3219, qot_trade_date },
    { 3220, qot_set_reminder },
    { 3221, qot_get_reminder },
    { 3222, qot_user_security_group },
    { 3223, qot_market_state },
};
const size_t qot_handlers_n = ARRAY_LEN(qot_handlers);
