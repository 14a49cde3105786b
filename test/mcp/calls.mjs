// calls.mjs - a good call of every tool, in an order in which each finds what it needs on a paper exchange.
import assert from 'node:assert/strict';

import { REAL, SIM_HK } from '../rest/gateway.mjs';

export const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

const HK = 'HK.00700', US = 'US.AAPL';
const sim = { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK' };
const real = { env: 'REAL', acc_id: String(REAL), market: 'HK' };
const list = (name, n = 1) => (r) => assert.ok(r[name].length >= n, `${name}: ${JSON.stringify(r).slice(0, 300)}`);
const member = (name, value) => (r) => assert.equal(r[name], value, name);
// Without a published form, and so not of a paper exchange; a relay's upstream says that it does not know it.
const NOT_HERE = /not offered by this gateway's upstream|22[0-9]{3}|unknown protocol|未知的协议|不支持/i;
const NO_DATA = /the paper exchange has no such data/;
const query = (name, args = {}) => [name, { ...real, market: undefined, ...args }, { refused: NOT_HERE }];

const order = { ...sim, side: 'BUY', order_type: 'NORMAL', symbol: HK, qty: 100, price: 300 };

// [tool, arguments or a function of what was kept, what is expected]. refused: the gateway says no for a good
// reason. keep: what later calls need.
export const calls = [
    ['futu_ping', {}, { check: (r) => {
        assert.ok(r.round_trip_ms >= 0 && r.round_trip_ms < 60_000 && Math.abs(r.time - Date.now() / 1000) < 100_000);
        member('qot_logined', true)(r);
    } }],
    ['futu_get_global_state', {}, { check: member('qot_logined', true) }],
    ['futu_get_user_info', { flag: 4 }],
    ['futu_get_delay_statistics', { type_list: ['REQ_REPLY'], segments: [10, -1] },
        { check: (r) => assert.ok(r.req_reply_statistics_list.some((x) => x.proto_id === 1005 && x.count >= 1)) }],
    ['futu_get_used_quota', {}],
    ['futu_get_gateway_info', { stale: true }],
    ['futu_subscribe', { symbols: [HK], sub_types: ['QUOTE', 'K_DAY', 4], push: false }],
    ['futu_get_sub_info', { all_conn: false }, { check: list('conn_sub_info_list') }],
    ['futu_unsubscribe', { symbols: [HK], sub_types: ['TICKER'] }, { refused: /60|minute|1分钟/ }],
    ['futu_get_quote', { symbol: HK }, { check: (r) => {
        member('symbol', HK)(r);
        member('currency', 'HKD')(r);
        assert.match(r.update_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+08:00$/);
        assert.deepEqual(r.markets.map((m) => [m.market, m.time_zone, m.utc_offset]), [['HK', 'Asia/Hong_Kong', '+08:00']]);
    } }],
    ['futu_get_snapshot', { symbols: [HK, US] }, { check: (r) => {
        list('snapshot_list', 2)(r);
        assert.deepEqual(r.snapshot_list.map((s) => s.basic.currency), ['HKD', 'USD']);
    } }],
    ['futu_get_kline', { symbol: US, kl_type: 'K_DAY', num: 5, rehab_type: 'NONE' }, { check: list('kl_list', 5) }],
    ['futu_get_orderbook', { symbol: HK, num: 3 }, { check: list('order_book_ask_list') }],
    ['futu_get_ticker', { symbol: HK, num: 5 }],
    ['futu_get_rt', { symbol: HK }],
    ['futu_get_static', { symbols: [HK] }, { check: list('static_info_list') }],
    ['futu_get_broker', { symbol: HK }],
    ['futu_get_capital_flow', { symbol: HK, period_type: 'INTRADAY' },
        { check: (r) => assert.match(r.flow_item_list[0].time, /T\d\d:\d\d:\d\d\+08:00$/) }],
    ['futu_get_capital_distribution', { symbol: HK }],
    ['futu_get_market_state', { symbols: [HK] }, { check: list('market_info_list') }],
    ['futu_get_history_kline', { symbol: HK, kl_type: 'K_DAY', start: day(40), end: day(5), max_count: 10 },
        { check: (r) => { list('kl_list', 10)(r); assert.match(r.truncated, /further rows/); } }],
    ['futu_get_history_kl_quota', { detail: true }],
    ['futu_get_rehab', { symbol: HK }],
    ['futu_get_trading_days', { market: 'HK', start: '2026-01-01', end: '2026-01-31' }, { check: list('trade_date_list', 15) }],
    ['futu_get_suspend', { symbols: [HK], start: '2026-01-01', end: '2026-01-31' }],
    ['futu_get_code_change', { types: ['SPLIT'] }],
    ['futu_list_plates', { market: 'HK', plate_set: 'ALL' }, { check: list('plate_info_list') }],
    ['futu_plate_stocks', { plate: 'HK.LIST01001', sort_field: 'CODE', ascend: true }, { check: list('static_info_list') }],
    ['futu_get_owner_plate', { symbols: [HK] }],
    ['futu_get_stock_filter', { market: 'HK', plate: 'HK.LIST01002', num: 5, base_filter_list: [{ field_name: 'CUR_PRICE', filter_min: 1 }] },
        { check: list('data_list') }],
    ['futu_get_ipo_list', { market: 'HK' }],
    ['futu_get_reference', { symbol: HK, reference_type: 'WARRANT' }],
    ['futu_get_option_chain', { symbol: HK, start: day(0), end: day(-20), option_type: 'CALL',
        data_filter: { delta_min: 0 } }, { refused: NO_DATA }],
    ['futu_get_option_expiration_date', { symbol: HK }, { refused: NO_DATA }],
    ['futu_get_warrant', { symbol: HK, num: 5, sort_field: 'VOLUME', type_list: ['BULL'] }, { refused: NO_DATA }],
    ['futu_get_future_info', { symbols: ['HK.HSImain'] }, { refused: /未知股票 HSImain/ }],
    ['futu_get_user_security_group', { group_type: 'ALL' }],
    ['futu_modify_user_security', { group: 'paper', op: 'ADD', symbols: [US] }],
    ['futu_get_user_security', { group: 'paper' }, { check: (r) => assert.ok(JSON.stringify(r).includes(US)) }],
    ['futu_set_price_reminder', { symbol: HK, op: 'ADD', reminder_type: 'PRICE_UP', freq: 'ALWAYS', value: 9999 },
        { keep: (r) => ({ reminder: r.key_str ?? r.key }) }],
    ['futu_get_price_reminder', { symbol: HK }, { check: list('price_reminder_list') }],
    ['futu_list_accounts', {}, { check: list('acc_list', 2) }],
    ['futu_get_funds', { ...sim, currency: 'HKD', refresh: true }, { check: (r) => assert.equal(typeof r.funds.cash, 'number') }],
    ['futu_get_max_trd_qtys', { ...sim, symbol: HK, order_type: 'NORMAL', price: 300 }],
    ['futu_get_margin_ratio', { ...real, symbols: [HK] }],
    ['futu_place_order', order, { check: member('sent', true), keep: (r) => ({ id: r.order_id_str, idEx: r.order_id_ex }) }],
    ['futu_get_orders', { ...sim, symbol: HK, status: ['SUBMITTED', 'WAITING_SUBMIT'] }, { check: (r, kept) => {
        const mine = r.order_list.find((o) => o.order_id_str === kept.id);
        assert.equal(mine.symbol, HK);
        assert.equal(mine.price, 300);
        assert.match(mine.create_time, /T.*\+08:00$/);
    } }],
    ['futu_modify_order', (kept) => ({ ...sim, order_id: kept.id, op: 'NORMAL', qty: 200, price: 299 }), { check: member('sent', true) }],
    ['futu_cancel_order', (kept) => ({ ...sim, order_id: kept.id })],
    ['futu_place_order', { ...order, price: 900 }, { keep: (r) => ({ filled: r.order_id_str }) }],
    ['futu_get_positions', { ...sim, symbol: HK }, { check: list('position_list') }],
    ['futu_get_history_orders', sim, { check: (r) => assert.ok(Array.isArray(r.order_list)) }],
    ['futu_unlock_trade', { acc_ids: [String(REAL)] }],
    ['futu_get_deals', { ...real, refresh: true }],
    ['futu_get_history_deals', { ...real, start: day(30), end: `${day(0)} 23:59:59` }],
    ['futu_get_order_fee', (kept) => ({ ...real, order_ids: [kept.idEx] }), { refused: /has no order/ }],
    ['futu_get_cash_flow', { ...real, date: '2026-01-05', direction: 'IN' }],
    ['futu_cancel_all_order', real, { check: (r) => { member('sent', false)(r); assert.match(r.confirm_token, /^[0-9a-f]{32}$/); } }],
    ['futu_reconfirm_order', (kept) => ({ ...sim, order_id: kept.filled, reason: 1 }),
        { refused: /not supported by the paper exchange/ }],
    query('futu_get_cash_log', { in_out: 1, max_cnt: 10 }), query('futu_get_cash_detail', { inner: { log_id: '1' } }),
    query('futu_get_biz_group'), query('futu_get_margin_info'), query('futu_get_account_flag'),
    query('futu_get_bond_total_asset'), query('futu_get_bond_single_asset'), query('futu_get_bond_position_list'),
    query('futu_get_bond_answer_state'), query('futu_get_bond_trade_reminder'),
    ['futu_sub_acc_push', { acc_ids: [SIM_HK] }, { check: (r) => assert.deepEqual(r.acc_ids, [String(SIM_HK)]) }],
    ['futu_unsub_acc_push', {}, { check: (r) => assert.deepEqual(r.acc_ids, []) }],
    ['futu_set_price_reminder', (kept) => ({ symbol: HK, op: 'DEL', key: kept.reminder })],
];
