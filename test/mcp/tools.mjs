// tools.mjs - what a client of the official SDK expects of a session, whatever carries it.
import assert from 'node:assert/strict';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import Ajv from 'ajv';

import { REAL, SIM_HK } from '../rest/gateway.mjs';

export async function connect(transport) {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(transport);
    return client;
}

export async function call(client, name, args = {}) {
    const r = await client.callTool({ name, arguments: args });
    return { ...r, json: JSON.parse(r.content[0].text), lines: r.content[1]?.text ?? '' };
}

export async function good(client, name, args) {
    const r = await call(client, name, args);
    assert.ok(!r.isError, `${name}: ${r.content[0].text}`);
    assert.deepEqual(r.structuredContent, r.json);
    return r;
}

export async function bad(client, name, args, re) {
    const r = await call(client, name, args);
    assert.equal(r.isError, true, `${name}: ${r.content[0].text}`);
    assert.equal(r.json.status, 'error');
    assert.match(r.json.error, re);
}

// Each schema compiles, and asks for no secret.
export async function checkTools(client) {
    const { tools } = await client.listTools();
    const ajv = new Ajv({ strict: false });
    for (const t of tools) {
        ajv.compile(t.inputSchema);
        assert.equal(t.inputSchema.additionalProperties, false, t.name);
        assert.ok(t.description.length > 10, t.name);
        assert.equal(typeof t.annotations.readOnlyHint, 'boolean', t.name);
        for (const arg of Object.keys(t.inputSchema.properties))
            assert.doesNotMatch(arg, /pwd|password/i, t.name);
    }
    return new Map(tools.map((t) => [t.name, t]));
}

export async function checkReads(client) {
    const quote = await good(client, 'futu_get_quote', { symbol: 'HK.00700' });
    assert.equal(quote.json.symbol, 'HK.00700');
    for (const member of ['cur_price', 'last_close', 'change_rate'])
        assert.equal(typeof quote.json[member], 'number', member);
    assert.match(quote.lines, /HKD[^]*Asia\/Hong_Kong \(UTC\+08:00\)/);
    const days = await good(client, 'futu_get_kline',
        { symbol: 'US.AAPL', kl_type: 'K_DAY', num: 5 });
    assert.equal(days.json.kl_list.length, 5);
    const book = await good(client, 'futu_get_orderbook', { symbol: 'HK.00700', num: 5 });
    assert.ok(book.json.order_book_ask_list.length > 0);
    for (const [tool, args] of [['futu_get_ticker', { symbol: 'HK.00700' }],
        ['futu_get_rt', { symbol: 'HK.00700' }], ['futu_get_broker', { symbol: 'HK.00700' }],
        ['futu_get_snapshot', { symbols: ['HK.00700', 'US.AAPL'] }],
        ['futu_get_static', { symbols: 'HK.00700' }], ['futu_list_plates', { market: 'HK' }],
        ['futu_get_market_state', { symbols: ['HK.00700'] }],
        ['futu_get_trading_days', { market: 'HK', start: '2026-01-01', end: '2026-01-31' }],
        ['futu_get_global_state', {}], ['futu_ping', {}], ['futu_get_sub_info', {}]])
        await good(client, tool, args);
    await bad(client, 'futu_get_quote', { stock: 'HK.00700' }, /stock: unknown field.*symbol/);
    await bad(client, 'futu_get_kline', { symbol: 'US.AAPL', kl_type: 'dayly' }, /K_DAY/);
    await bad(client, 'futu_get_qoute', {}, /did you mean futu_get_quote/);
}

// A history that takes several pages, with its progress.
export async function checkHistory(client, notes) {
    const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const seen = [];
    const r = await client.callTool({ name: 'futu_get_history_kline', arguments: {
        symbol: 'HK.00700', kl_type: 'K_1M', start: day(30), end: day(2),
        max_count: 2500 } }, undefined, { onprogress: (p) => seen.push(p.progress) });
    assert.ok(!r.isError, r.content[0].text);
    assert.equal(r.structuredContent.kl_list.length, 2500);
    const times = r.structuredContent.kl_list.map((k) => k.time);
    assert.deepEqual(times, [...times].sort());
    assert.equal(new Set(times).size, 2500);
    if (notes)
        assert.deepEqual(seen, [1000, 2000, 2500]);
}

const buy = (more) => ({ market: 'HK', side: 'BUY', order_type: 'NORMAL', symbol: 'HK.00700',
    qty: 100, price: 300, ...more });

export async function checkOrders(client) {
    const sim = buy({ env: 'SIMULATE', acc_id: SIM_HK });
    const placed = await good(client, 'futu_place_order', sim);
    const id = placed.json.order_id_str;
    assert.match(id, /^\d+$/);
    const mine = { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK' };
    const orders = await good(client, 'futu_get_orders', mine);
    const it = orders.json.order_list.find((o) => o.order_id_str === id);
    assert.equal(it.symbol, 'HK.00700');
    assert.equal(it.trd_side_name, 'Buy');
    await good(client, 'futu_cancel_order', { ...mine, order_id: id });
    // Real: locked, then in two steps.
    const real = buy({ env: 'REAL', acc_id: String(REAL) });
    await good(client, 'futu_unlock_trade', {});
    const preview = await good(client, 'futu_place_order', real);
    assert.equal(preview.json.sent, false);
    assert.match(preview.lines, /NOT SENT YET: Buy 100 of 00700 .*300 HKD.*\(Real\)/);
    const token = { confirm_token: preview.json.confirm_token };
    const account = { env: 'REAL', acc_id: REAL, market: 'HK' };
    assert.equal((await good(client, 'futu_get_orders', account)).json.order_list?.length ?? 0, 0);
    await bad(client, 'futu_place_order', { ...real, qty: 200, ...token }, /other arguments/);
    const again = await good(client, 'futu_place_order', real);
    const sent = await good(client, 'futu_place_order',
        { ...real, confirm_token: again.json.confirm_token });
    assert.match(sent.json.order_id_str, /^\d+$/);
    await bad(client, 'futu_place_order', { ...real, confirm_token: again.json.confirm_token },
        /was used/);
    assert.equal((await good(client, 'futu_get_orders', account)).json.order_list.length, 1);
    await good(client, 'futu_unlock_trade', { unlock: false });
}
