// limits.test.mjs - the limits of one key over two surfaces at once: REST and FTAPI in WebSocket
// messages, in random order and many under way together; and what a day has used, over a restart.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Ftapi } from './ftapi.mjs';
import { key, order, random, SCOPES, SIM_HK, slow, startGateway } from './gateway.mjs';

const CONNS = 4, PER_MINUTE = 25, DAILY = 500_000.5;

// The day of the limits ends at midnight, UTC: a run over it would begin a second one.
const left = 86_400_000 - Date.now() % 86_400_000;
if (left < 60_000 * slow)
    await new Promise((resolve) => setTimeout(resolve, left + 100));

// The seconds of an answer that came too early, which header, body and text say alike.
function retryAfter(a) {
    assert.equal(a.status, 429, a.text);
    assert.match(a.headers['retry-after'], /^[1-9][0-9]*$/);
    const seconds = Number(a.headers['retry-after']);
    assert.deepEqual(Object.keys(a.json), ['error', 'retry_after_s']);
    assert.equal(a.json.retry_after_s, seconds);
    if (a.json.error.startsWith('limit: '))
        assert.ok(a.json.error.endsWith(`; try again in ${seconds} s`), a.json.error);
    return seconds;
}

// One order over the surface of that number: 0 is REST. { ok, status, text }
async function place(g, k, conns, surface, o) {
    if (surface === 0) {
        const a = await g.http('/api/order', { key: k, body: o });
        const ok = a.status === 200 && a.json.ret_type === 0;
        if (a.status === 429)
        retryAfter(a);
    return { ok, status: a.status, text: a.status === 200 ? a.json.ret_msg : a.json.error };
    }
    const r = await conns[surface - 1].place(o);
    return { ok: r.retType === 0, text: r.retMsg };
}

const connect = (g, k, n = CONNS) => Promise.all(Array.from({ length: n },
    () => new Ftapi(g.wsPort, { key: k }).open()));

// All orders, some at once and some after one another, as the numbers fall.
async function stampede(g, k, orders, seed) {
    const pick = random(seed), conns = await connect(g, k), under = [];
    for (const o of orders) {
        under.push(place(g, k, conns, pick(CONNS + 1), o).then((r) => ({ ...r, o })));
        if (pick(8) === 0)
            await Promise.race(under.slice(-4));
    }
    const all = await Promise.all(under);
    for (const c of conns)
        c.close();
    return all;
}

const value = (o) => o.qty * o.price;
const sum = (list) => list.reduce((s, r) => s + value(r.o), 0);

async function ordersOf(g, k) {
    const a = await g.http('/api/orders', { key: k,
        body: { acc_id: SIM_HK, trd_env: 0, trd_market: 1 } });
    return a.json.s2c.order_list ?? [];
}

describe('one key over REST and FTAPI', () => {
    const keys = {
        rate: key('rate', SCOPES, { max_orders_per_minute: PER_MINUTE }),
        free: key('free'),
        daily: key('daily', SCOPES, { max_daily_value: DAILY }),
        back: key('back', SCOPES, { max_daily_value: 40_000 }),
        market: key('market', SCOPES, { max_daily_value: 300_000 }),
        cap: key('cap', SCOPES, { max_order_value: 40_000 }),
    };
    let g;
    before(async () => { g = await startGateway({ keys: Object.values(keys) }); });
    after(() => g.end());

    it('accepts as many orders a minute as it may, and not one more', async () => {
        const orders = Array.from({ length: 160 }, () => order({ price: 1 }));
        // has counters of its own
        const beside = stampede(g, keys.free, orders.slice(0, 60), 7);
        const all = await stampede(g, keys.rate, orders, 1), good = all.filter((r) => r.ok);
        assert.equal(good.length, PER_MINUTE);
        for (const r of all.filter((r) => !r.ok)) {
            assert.match(r.text, /^limit: too many orders/);
            assert.ok(r.status === undefined || r.status === 429, `${r.status}`);
        }
        for (const surface of [true, false])
            assert.ok(all.some((r) => (r.status !== undefined) === surface && !r.ok),
                'both were refused');
        assert.equal((await beside).filter((r) => r.ok).length, 60);
        assert.equal((await ordersOf(g, keys.free)).length, PER_MINUTE + 60, 'in the exchange');
    });

    it('accepts no more value in a day than it may, and leaves no room unused', async () => {
        const pick = random(3);
        const orders = Array.from({ length: 160 }, () => order({ qty: 100 * (1 + pick(5)),
            price: 1 + pick(200) / 2 }));
        const all = await stampede(g, keys.daily, orders, 5),
            room = DAILY - sum(all.filter((r) => r.ok));
        assert.ok(room >= 0, `${-room} too much`);
        const refused = all.filter((r) => !r.ok);
        assert.ok(refused.length > 0);
        for (const r of refused) {
            assert.match(r.text, /^limit: the value of today's orders/);
            assert.ok(value(r.o) > room, `${value(r.o)} was refused, ${room} were left`);
        }
    });

    it('gives back what the exchange refused', async () => {
        // no whole lots
        const bad = Array.from({ length: 40 }, () => order({ qty: 150, price: 200 }));
        const all = await stampede(g, keys.back, bad, 9);
        assert.equal(all.filter((r) => r.ok).length, 0);
        const [conn] = await connect(g, keys.back, 1);
        assert.equal((await place(g, keys.back, [conn], 1, order({ price: 400 }))).ok, true);
        const more = await place(g, keys.back, [conn], 0, order({ price: 1 }));
        assert.equal(more.status, 429);
        conn.close();
    });

    it('values market orders at the last price, on both surfaces', async () => {
        const orders = Array.from({ length: 40 }, () => order({ order_type: 2, price: 0 }));
        const all = await stampede(g, keys.market, orders, 11), good = all.filter((r) => r.ok);
        const filled = (await ordersOf(g, keys.market)).filter((o) => o.order_type === 2)
            .reduce((s, o) => s + o.qty * o.fill_avg_price, 0);
        assert.ok(good.length > 0 && good.length < all.length, `${good.length} accepted`);
        // What it fills at may lie a few steps beside the last price.
        assert.ok(filled < 300_000 * 1.03, `${filled} bought`);
        assert.ok(filled > 300_000 / 2, `${filled} bought`);
    });

    it('refuses what can\'t be valued, and what is too much for one order', async () => {
        const [conn] = await connect(g, keys.cap, 1);
        const lone = { order_type: 2, price: 0 };
        for (const surface of [0, 1]) {
            const refused = async (more) => {
                const r = await place(g, keys.cap, [conn], surface, order(more));
                assert.equal(r.ok, false, JSON.stringify(more));
                assert.match(r.text, /^limit: the order's value/);
                assert.ok(r.status === undefined || r.status === 403, `${r.status}`);
            };
            await refused({ price: 400.5 });
            await refused({ qty: 1e9, price: 300 });
            await refused(lone);                                // 100 at more than 600
            await refused({ ...lone, code: '99999' });          // there is no last price
            // a stop, without a price of its own
            await refused({ ...lone, order_type: 10, code: '00700' });
            const fine = await place(g, keys.cap, [conn], surface,
                order({ ...lone, code: '01810', qty: 200 }));
            assert.equal(fine.ok, true, fine.text);
        }
        conn.close();
    });

    it('names a value that is none, before it asks any limit', async () => {
        const [conn] = await connect(g, keys.cap, 1);
        const bad = { price: [-1, 'NaN', 'Infinity', '-Infinity'], qty: [-100, 'NaN'],
            aux_price: ['Infinity', -0.5], trail_value: ['NaN'], amount: [-1] };
        for (const [member, values] of Object.entries(bad)) {
            for (const v of values) {
                for (const path of ['/api/order', '/api/call/Trd_PlaceOrder']) {
                    const a = await g.http(path, { key: keys.cap, body: order({ [member]: v }) });
                    assert.equal(a.status, 400, `${member} ${v}: ${a.text}`);
                    assert.match(a.json.error, new RegExp(`^c2s\\.${member}: a finite number`));
                }
            }
        }
        const r = await conn.place(order({ price: -1 }));
        assert.equal(r.retType, -1);
        assert.match(r.retMsg, /^c2s\.price: a finite number/);
        conn.close();
    });

    it('a change counts as an order of the new size', async () => {
        const placed = (await g.http('/api/order', { key: keys.cap, body: order({ price: 1 }) }))
            .json;
        const change = (more) => g.http('/api/modify-order',
            { key: keys.cap, body: { acc_id: SIM_HK, trd_env: 0,
            trd_market: 1, order_id: placed.s2c.order_id, modify_order_op: 1, qty: 100, price: 300,
                ...more } });
        assert.equal((await change({ qty: 1000 })).status, 403);
        assert.equal((await change({ price: 400.5 })).status, 403);
        assert.equal((await change({})).json.ret_type, 0);
        // to cancel needs no value
        assert.equal((await change({ modify_order_op: 2 })).json.ret_type, 0);
    });
});

describe('an answer of 429 says when to come back', () => {
    const minute = (ms) => {
        const d = new Date(ms);
        return [d.getUTCHours(), d.getUTCMinutes()].map((n) => String(n).padStart(2, '0')).join(':');
    };
    const begins = Math.ceil(Date.now() / 60_000) * 60_000 + 3_600_000;
    const keys = {
        rate: key('rate', SCOPES, { max_orders_per_minute: 1 }),
        hours: key('hours', SCOPES, { hours_window: `${minute(begins)}-${minute(begins + 60_000)}` }),
        daily: key('daily', SCOPES, { max_daily_value: 1000 }),
        free: key('free'),
    };
    let g;
    before(async () => { g = await startGateway({ keys: Object.values(keys),
        more: ['--tz', 'UTC', '--frequency-limits',
        'on'] }); });
    after(() => g.end());
    const send = (k, more) => g.http('/api/order', { key: k, body: order({ price: 1, ...more }) });
    const near = (seconds, from, to) =>
        assert.ok(seconds >= from && seconds <= to, `${seconds} is not in ${from}..${to}`);

    it('of the rate, when the minute of the oldest order is over', async () => {
        const from = Date.now();
        assert.equal((await send(keys.rate)).status, 200);
        const a = await send(keys.rate), spent = (Date.now() - from) / 1000;
        near(retryAfter(a), Math.floor(60 - spent), 60);
    });

    it('of the hours, when they begin', async () => {
        const from = Date.now(), a = await send(keys.hours);
        near(retryAfter(a), Math.floor((begins - Date.now()) / 1000), Math.ceil((begins - from)
            / 1000) + 1);
    });

    it('of the day, when it ends in UTC', async () => {
        const end = (ms) => 86_400 - Math.floor(ms / 1000) % 86_400;
        const from = Date.now(), a = await send(keys.daily, { price: 11 });
        near(retryAfter(a), end(Date.now()), end(from));
    });

    it('of a frequency limit, when its 30 seconds are over; other surfaces get the envelope',
        async () => {
            const from = Date.now();
            const ask = () => g.http('/api/history-kl-quota', { key: keys.free, body: {} });
            let a;
            for (let i = 0; i < 200 && (a = await ask()).status === 200; i++)
                assert.equal(a.json.ret_type, 0);
            near(retryAfter(a), Math.floor(30 - (Date.now() - from) / 1000), 31);
            assert.match(a.json.error, /每30秒最多/);
        });
});

describe('the value of a day', () => {
    const k = key('day', SCOPES, { max_daily_value: 100_000 });
    let g;
    before(async () => { g = await startGateway({ keys: [k] }); });
    after(() => g.end());
    const send = (price) => place(g, k, [], 0, order({ price }));

    it('outlives the end of the gateway', async () => {
        for (let i = 0; i < 3; i++)
            assert.equal((await send(300)).ok, true);
        await g.restart();
        assert.equal((await send(300)).status, 429);
        assert.equal((await send(50)).ok, true);
        await g.restart();
        assert.equal((await send(60)).status, 429);
        assert.equal((await send(50)).ok, true);
        assert.equal((await send(0.5)).status, 429);
    });
});

describe('the file of the values of a day', () => {
    const k = key('a-key-with-a-name-as-long-as-it-may-be-so-that-lines-are-long', SCOPES,
        { max_daily_value: 1_000_000 });
    const ROOM = 256 << 10;
    let g;
    before(async () => { g = await startGateway({ keys: [k] }); });
    after(() => g.end());
    const state = () => join(g.dir, 'state'),
        size = () => statSync(join(state(), readdirSync(state()).find((n) => /^daily/.test(n)))).size;

    it('begins anew when it has grown, and is right after the gateway was killed', async () => {
        assert.equal((await place(g, k, [], 0, order({ price: 300 }))).ok, true);
        let largest = 0, last = 0, anew = 0;
        for (let i = 0; i < 6000 && anew < 2; i += 20) {
            // no whole lots: held, refused and given back, two lines each
            await Promise.all(Array.from({ length: 20 }, () =>
                place(g, k, [], 0, order({ qty: 150, price: 1 }))));
            const n = size();
            anew += n < last;
            last = n;
            largest = Math.max(largest, n);
        }
        assert.equal(anew, 2, `${largest} bytes at most`);
        assert.ok(largest < ROOM + 20_000, `${largest} bytes`);
        assert.equal((await place(g, k, [], 0, order({ price: 200 }))).ok, true);
        await g.kill();
        await g.start();
        assert.equal((await place(g, k, [], 0, order({ qty: 1000, price: 950.5 }))).status, 429);
        assert.equal((await place(g, k, [], 0, order({ qty: 1000, price: 950 }))).ok, true);
    });
});

describe('the value of a day, with the gateway killed', () => {
    const k = key('killed', SCOPES, { max_daily_value: 2_000_000 });
    const runs = [];
    let g;
    before(async () => { g = await startGateway({ keys: [k] }); });
    after(() => g.end());

    // More at once than are answered: those may have been accepted, and count.
    async function run(pick, n) {
        const conns = await connect(g, k), seen = [];
        const fire = async () => {
            for (let i = 0; i < 400; i++) {
                const o = order({ qty: 100 * (1 + pick(3)), price: 1 + pick(100) });
                const r = await place(g, k, conns, pick(CONNS + 1), o);
                seen.push({ ...r, o });
                if (n > 0 && --n === 0)
                    await g.kill();
            }
        };
        await Promise.all(Array.from({ length: 12 }, () => fire().catch(() => {})));
        for (const c of conns)
            c.close();
        return seen;
    }

    it('is never more than it may be, however often that happens', async () => {
        const pick = random(21);
        for (let i = 0; i < 4; i++) {
            runs.push(...await run(pick, 10 + pick(60)));
            await g.start();
        }
        const before = sum(runs.filter((r) => r.ok));
        runs.push(...await run(pick, 0));
        const accepted = sum(runs.filter((r) => r.ok));
        assert.ok(before > 0 && accepted > before);
        assert.ok(runs.some((r) => !r.ok && /today's orders/.test(r.text)), 'the cap was reached');
        assert.ok(accepted <= 2_000_000, `${accepted}`);
        // Not much is lost either: what was under way when it was killed.
        assert.ok(accepted > 2_000_000 - 4 * 12 * 30_300 - 30_300, `${accepted}`);
    });
});
