/* tables.h - documented numbers of the broker: commands, firms, platforms, markets, states, units.
 *
 * Tests:   test/unit/upstream/broker/tables_test.c
 */
#ifndef UPSTREAM_BROKER_TABLES_H
#define UPSTREAM_BROKER_TABLES_H

#include "base/str.h"

enum bk_command {
    CMD_CONN_IP = 1321, CMD_ACCOUNTS = 2282, CMD_UNLOCK = 2900, CMD_TOKEN = 2901,
    CMD_ASSETS = 3020, CMD_ORDER_NEW = 4701, CMD_ORDER_REPLACE = 4702, CMD_ORDER_CANCEL = 4703,
    CMD_FILLS = 4710, CMD_HISTORY_ORDERS = 4711, CMD_HISTORY_FILLS = 4712, CMD_MAX_QTY = 4713,
    CMD_ASSETS_PUSH = 4716, CMD_ORDERS_PUSH = 14716, CMD_SUB = 6211, CMD_QUOTE_PUSH = 6212,
    CMD_STATES = 6823, CMD_SECURITIES = 20106, CMD_FIRMS = 20176, CMD_FIRM_CHANGE = 20177,
    CMD_ADDR_CHANGE = 20147, CMD_RIGHTS_CHANGE = 6651,
};

/* Data bits of subscriptions and pushes. */
enum bk_bit { BIT_PRICE = 0, BIT_QUOTE_A = 1, BIT_BOOK = 3, BIT_QUOTE_B = 5, BIT_TICKS = 35 };

/* Kinds of NotifyMsg. */
enum { NOTIFY_ORDERS_A = 4, NOTIFY_ORDERS_B = 5, NOTIFY_STATISTICS = 8, NOTIFY_ACCOUNT = 10,
       NOTIFY_ASSETS = 11 };

/* Of answers: a general failure; a server behind it was late; of those to an unlock, that a
 * one-time password is wanted, and that an account may not. */
enum { CODE_GENERAL = 2, CODE_TIMEOUT = 100012, CODE_OTP = -8, CODE_OTP_MOOMOO = -20011,
       CODE_NO_PERMISSION = -20416 };

#define UNIT_PRICE 1000000000.0
#define UNIT_TURNOVER 1000.0
#define UNIT_RATE 100000.0

#define PLATFORM_PORT 9595
#define FIRM_PORT 443

struct bk_platform {
    int32_t attribution;
    const char *name;                   /* that gives its addresses */
    const char *const *pool;            /* those that are printed publicly; NULL: none is */
};
const struct bk_platform *bk_platform(int32_t attribution);     /* NULL: unknown */

struct bk_firm {
    int32_t broker_id;
    int32_t security_firm;              /* Trd_Common.SecurityFirm */
    const char *name;
};
const struct bk_firm *bk_firm(int32_t broker_id);               /* NULL: unknown */

/* Qot_Common.QotMarket of a market id; 0: not one that is served. `code` decides between Shanghai
 * and Shenzhen, whose ids are one range. */
int32_t bk_market_of_id(int32_t market_id, futu_str code);
/* The first market id of a public market's shares; 0: none is known. */
int32_t bk_state_id(int32_t qot_market);
/* All of them; false: none is known. Shanghai and Shenzhen share theirs. */
bool bk_state_ids(int32_t qot_market, int32_t *from, int32_t *to);
/* The "HK" of 00700.HK; NULL: none. */
const char *bk_suffix(int32_t qot_market);

/* What an order says of its exchange. security_type: 1 shares, 2 options, 4 futures. */
struct bk_exchange {
    int32_t code;
    const char *text;                   /* NULL: not documented */
};
bool bk_exchange_of(int32_t sec_market, struct bk_exchange *out);

#define BK_ORDER_PENDING 1              /* the server's state of an order that is new */
/* Trd_Common.OrderStatus of the server's state; -1: unknown. */
int32_t bk_order_status(int32_t state);
/* Trd_Common.TrdMarket of an account's raw market. */
int32_t bk_trd_market(int32_t raw);

#define BK_ACC_ID(broker, market, number)                                                          \
    ((uint64_t)(uint32_t)(broker) << 48 | (uint64_t)(uint32_t)(market) << 32 | (uint32_t)(number))

#endif
