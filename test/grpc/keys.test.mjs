// keys.test.mjs - who may do what: keys, scopes, accounts and limits, which are one for gRPC, REST and FTAPI.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Ftapi } from '../rest/ftapi.mjs';
import { minimal } from '../sdk/fill.mjs';
import { passwordMD5 } from '../secrets.mjs';
import { api, call, decode, encode, HK, key, metadata, ORDER, order, pathOf, protocols, raw, REAL, SCOPES, SIM_HK, SIM_US,
    startGateway, STATE, status, types } from './client.mjs';

const PER_MINUTE = 25;
const all = key('all');
const only = Object.fromEntries(SCOPES.map((s) => [s, key(s.replace(':', '-'), [s])]));
const keys = [all, ...Object.values(only), key('old', SCOPES, { expires_at: '2020-01-01T00:00:00Z' }),
    key('accounts', SCOPES, { allowed_acc_ids: [SIM_US] }), key('us', SCOPES, { allowed_markets: ['US'] }),
    key('buys', SCOPES, { allowed_trd_sides: ['BUY'] }), key('cap', SCOPES, { max_order_value: 40_000 }),
    key('rate', SCOPES, { max_orders_per_minute: PER_MINUTE }), key('day', SCOPES, { max_daily_value: 100_000 })];
const named = (id) => keys.find((k) => k.id === id);

let g, generic, quote, trade;
before(async () => {
    g = await startGateway({ keys });
    generic = g.client(api.futu.service.FutuOpenD);
    quote = g.client(api.futu.v1.Quote);
    trade = g.client(api.futu.v1.Trade);
});
after(() => g.end());

const byNumber = (name, c2s, k) => call(generic, 'Request', { proto_id: protocols.find((p) => p.name === name).id,
    body: encode(`${name}.Request`, { c2s }) }, k);
const place = (k, more = {}, word) => call(trade, 'PlaceOrder', { c2s: { ...ORDER, ...more } }, k,
    word ? { 'idempotency-key': word } : {});

describe('a key', () => {
    const refused = (r) => {
        assert.equal(r.code, status.UNAUTHENTICATED);
        assert.match(r.details, /API key/);
        assert.doesNotMatch(r.details, /in_plain/);
    };

    it('that is missing, unknown or expired is refused, for a call, a stream and an unknown method', async () => {
        for (const k of [undefined, key('nobody'), named('old')]) {
            refused(await call(quote, 'GetMarketState', STATE, k));
            refused(await byNumber('Qot_GetMarketState', STATE.c2s, k));
            refused(await raw(generic, '/futu.v1.Quote/Nothing', Buffer.alloc(0), k));
            const s = generic.SubscribePush({}, metadata(k));
            refused(await new Promise((resolve) => { s.once('error', resolve); }));
        }
    });

    it('stands behind "Bearer"', async () => {
        const ask = async (value) => {
            const m = metadata();
            m.set('authorization', value);
            return new Promise((resolve) => { quote.GetMarketState(STATE, m, (e) => resolve(e?.code ?? 0)); });
        };
        for (const scheme of ['Bearer ', 'bearer '])
            assert.equal(await ask(scheme + all.plain), 0);
        for (const value of [all.plain, `Basic ${all.plain}`, `Bearer${all.plain}`, `Bearer ${all.plain}x`])
            assert.equal(await ask(value), status.UNAUTHENTICATED, value);
    });
});

describe('a scope', () => {
    const session = { client: { packetID: () => ({ connID: 0, serialNo: 1 }) },
        real: { trdEnv: 0, accID: SIM_HK, trdMarket: 1 } };
    for (const p of protocols)
        it(`${p.name} needs ${p.scope}`, async () => {
            const T = types.lookupType(p.request), c2s = T.fields.c2s?.resolve().resolvedType;
            const body = Buffer.from(T.encode(T.fromObject(c2s ? { c2s: minimal(c2s, session) } : {})).finish());
            const enough = p.scope === 'none' ? SCOPES : p.scope.split(',');
            for (const [scope, k] of Object.entries(only)) {
                const number = await call(generic, 'Request', { proto_id: p.id, body }, k);
                const method = await raw(generic, pathOf(p.name), body, k);
                if (number.code === status.NOT_FOUND)           // gone
                    assert.equal(method.code, status.UNIMPLEMENTED);
                else if (!enough.includes(scope))
                    assert.deepEqual([number.code, number.details, method.code, method.details],
                        [status.PERMISSION_DENIED, 'forbidden', status.PERMISSION_DENIED, 'forbidden'], scope);
                else if (scope !== 'trade:real' || p.scope === scope)
                    assert.deepEqual([number.code, method.code], [0, 0], `${scope}: ${number.details}`);
            }
        });

    it('trade:simulate trades no real account, nor the other way', async () => {
        const real = { trdEnv: 1, accID: REAL, trdMarket: 1 };
        assert.equal((await place(only['trade:simulate'])).value.retType, 0);
        assert.equal((await place(only['trade:simulate'], { header: real })).code, status.PERMISSION_DENIED);
        assert.equal((await place(only['trade:real'])).code, status.PERMISSION_DENIED);
        assert.equal((await place(only['trade:real'], { header: real })).code, 0);
    });
});

describe('an account that is not of the key', () => {
    const k = named('accounts'), header = (accID, trdMarket) => ({ header: { trdEnv: 0, accID, trdMarket } });

    it('is not there', async () => {
        const list = (await call(trade, 'GetAccList', { c2s: { userID: 0 } }, k)).value;
        assert.deepEqual(list.s2c.accList.map((a) => Number(a.accID)), [SIM_US]);
        for (const method of ['GetFunds', 'GetPositionList', 'GetOrderList', 'GetOrderFillList']) {
            assert.equal((await call(trade, method, { c2s: header(SIM_US, 2) }, k)).code, 0, method);
            assert.equal((await call(trade, method, { c2s: header(SIM_HK, 1) }, k)).code, status.PERMISSION_DENIED);
            const other = await byNumber(`Trd_${method}`, header(SIM_HK, 1), k);
            assert.deepEqual([other.code, other.details], [status.PERMISSION_DENIED, 'forbidden']);
        }
        assert.equal((await call(trade, 'SubAccPush', { c2s: { accIDList: [SIM_US, SIM_HK] } }, k)).code,
            status.PERMISSION_DENIED);
        assert.equal((await place(k)).code, status.PERMISSION_DENIED);
    });

    it('is not unlocked: a key with accounts names those that are, all of them its own', async () => {
        const unlock = (who, accIDList) => call(trade, 'UnlockTrade',
            { c2s: { unlock: true, pwdMD5: passwordMD5, accIDList } }, who);
        for (const list of [undefined, [SIM_HK], [SIM_US, SIM_HK]])
            assert.equal((await unlock(k, list)).code, status.PERMISSION_DENIED);
        assert.equal((await unlock(only['trade:real'])).code, status.PERMISSION_DENIED);
        const real = { header: { trdEnv: 1, accID: REAL, trdMarket: 1 } };
        assert.match((await place(all, real)).value.retMsg, /unlock|解锁/i);
        const wrong = await call(trade, 'UnlockTrade', { c2s: { unlock: true, pwdMD5: '0'.repeat(32) } }, all);
        assert.deepEqual([wrong.code, wrong.value.retType], [0, -1]);
        assert.equal((await unlock(k, [SIM_US])).value.retType, 0);
        assert.match((await place(all, real)).value.retMsg, /unlock needed/);
        assert.equal((await unlock(all)).value.retType, 0);
        assert.equal((await place(all, real)).value.retType, 0);
    });
});

describe('a limit', () => {
    it('of markets, sides and values is told by the status', async () => {
        const r = await place(named('us'));
        assert.equal(r.code, status.PERMISSION_DENIED);
        assert.match(r.details, /^limit: /);
        assert.equal((await place(named('buys'), { trdSide: 2 })).code, status.PERMISSION_DENIED);
        assert.equal((await place(named('buys'))).code, 0);
        const cap = await place(named('cap'), { price: 400.5 });
        assert.equal(cap.code, status.PERMISSION_DENIED);
        assert.doesNotMatch(cap.details, /\d/);
        assert.equal((await place(named('cap'), { price: 400 })).value.retType, 0);
    });

    it('of orders a minute is one for gRPC by number and by method, REST and FTAPI', async () => {
        const k = named('rate'), conn = await new Ftapi(g.wsPort, { key: k }).open();
        const ways = [
            () => place(k).then((r) => [r.code === 0 && r.value.retType === 0, r.code, r.details]),
            () => byNumber('Trd_PlaceOrder', ORDER, k)
                .then((r) => [r.code === 0 && r.value.ret_type === 0, r.code, r.details]),
            () => g.http('/api/order', { key: k, body: order({ price: 1 }) })
                .then((r) => [r.status === 200, r.status, r.json.error]),
            () => conn.place(order({ price: 1 })).then((r) => [r.retType === 0, r.retType, r.retMsg]),
        ];
        const told = [status.RESOURCE_EXHAUSTED, status.RESOURCE_EXHAUSTED, 429, -1];
        const done = await Promise.all(Array.from({ length: 100 }, async (_, i) => [i % 4, ...await ways[i % 4]()]));
        conn.close();
        assert.equal(done.filter(([, ok]) => ok).length, PER_MINUTE);
        for (const [way, ok, code, text] of done) {
            assert.equal(ok || code, ok || told[way], text);
            assert.ok(ok || /^limit: too many orders/.test(text), text);
        }
        const list = await call(trade, 'GetOrderList', { c2s: { header: ORDER.header } }, k);
        assert.ok(list.value.s2c.orderList.length >= PER_MINUTE, 'in the exchange');
    });

    it('of a day\'s value is one with REST', async () => {
        const k = named('day');
        assert.equal((await place(k, { price: 500 })).value.retType, 0);
        assert.equal((await g.http('/api/order', { key: k, body: order({ price: 400 }) })).status, 200);
        assert.equal((await place(k, { price: 101 })).code, status.RESOURCE_EXHAUSTED);
        assert.equal((await place(k, { price: 100 })).value.retType, 0);
        assert.equal((await g.http('/api/order', { key: k, body: order({ price: 1 }) })).status, 429);
    });
});

describe('an idempotency-key', () => {
    it('makes one order of two calls, by number and by method', async () => {
        const a = await place(all, {}, 'word'), b = await place(all, {}, 'word');
        assert.equal(a.value.retType, 0, a.value.retMsg);
        assert.deepEqual(b.value, a.value);
        assert.equal((await place(all, { qty: 200 }, 'word')).code, status.ALREADY_EXISTS);
        const ask = () => call(generic, 'Request', { proto_id: 2202, body: encode('Trd_PlaceOrder.C2S', ORDER) }, all,
            { 'idempotency-key': 'other' });
        const c = await ask(), d = await ask();
        assert.equal(c.value.ret_type, 0, c.value.ret_msg);
        assert.deepEqual(decode('Trd_PlaceOrder.Response', d.value.body), decode('Trd_PlaceOrder.Response', c.value.body));
        assert.equal((await place(all, {}, 'x'.repeat(65))).code, status.INVALID_ARGUMENT);
    });

    it('makes one order of many at once', async () => {
        const some = await Promise.all(Array.from({ length: 20 }, () => place(all, { qty: 700 }, 'once')));
        const good = some.filter((r) => r.code === 0), ids = new Set(good.map((r) => r.value.s2c.orderIDEx));
        assert.ok(some.every((r) => r.code === 0 || r.code === status.ABORTED));
        assert.equal(ids.size, 1);
        const list = await call(trade, 'GetOrderList', { c2s: { header: ORDER.header } }, all);
        assert.equal(list.value.s2c.orderList.filter((o) => o.qty === 700).length, 1);
    });
});

it('the trail has each decision, and the key\'s name', () => {
    const trail = readFileSync(join(g.dir, 'audit.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
    const found = (want) => trail.filter((l) => l.iface === 'grpc' && Object.entries(want).every(([k, v]) => l[k] === v));
    assert.ok(found({ key_id: '<missing>', outcome: 'reject' }).length > 0);
    assert.ok(found({ key_id: '<invalid>', outcome: 'reject' }).length > 0);
    assert.ok(found({ key_id: 'qot-read', outcome: 'reject', endpoint: '/futu.v1.Trade/PlaceOrder' }).length > 0);
    assert.equal(found({ key_id: 'rate', outcome: 'success', endpoint: '/futu.v1.Trade/PlaceOrder' }).length +
        found({ key_id: 'rate', outcome: 'success', endpoint: '/futu.service.FutuOpenD/Request proto_id=2202' }).length +
        trail.filter((l) => l.key_id === 'rate' && l.outcome === 'success' && l.iface !== 'grpc').length, PER_MINUTE);
    assert.ok(found({ key_id: 'all', outcome: 'success', endpoint: '/futu.v1.Trade/PlaceOrder',
        cache_outcome: 'cached' }).length > 0);
});

it('without a file of keys reads are open, and writes are refused with a hint', async () => {
    const open = await startGateway({});
    const r = await call(open.client(api.futu.v1.Quote), 'GetMarketState', { c2s: { securityList: [HK] } });
    assert.equal(r.value.retType, 0);
    const t = open.client(api.futu.v1.Trade);
    for (const [method, c2s] of [['PlaceOrder', ORDER], ['UnlockTrade', { unlock: true, pwdMD5: passwordMD5 }],
        ['SubAccPush', { accIDList: [SIM_HK] }]]) {
        const w = await call(t, method, { c2s });
        assert.equal(w.code, status.UNAUTHENTICATED);
        assert.match(w.details, /--grpc-keys-file/);
    }
    assert.equal(await open.end(), 0);
});
