// streams.test.mjs - SubscribePush: what it brings, to whom, to how many at once, and how it ends.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { api, call, decode, grpc, GrpcGateway, key, ORDER, Pushes, SIM_HK, slow, startGateway, status, STATE, SUB,
    within } from './client.mjs';

const FAST = ['--paper-clock', 'always-open,x20'];
const codes = ['00700', '09988', '03690', '01810', '00981'].map((code) => ({ market: 1, code }));
const many = ['00001', '00002', '00003', '00005', '00011', '00016', '00388', '00857', '00883', '00939', '00941', '01299',
    '01398', '02318', '02388', '03988'].map((code) => ({ market: 1, code }));
const SUB_ALL = { c2s: { securityList: codes, subTypeList: [1, 4], isSubOrUnSub: true, isRegOrUnRegPush: true } };
const ok = (r) => assert.deepEqual([r.code, r.value?.retType], [0, 0], r.details ?? r.value?.retMsg);

describe('a stream', () => {
    const all = key('all'), qot = key('qot', ['qot:read']), acc = key('acc', ['acc:read']), sim = key('sim', ['trade:simulate']);
    const more = key('more');
    let g, generic, quote, trade;
    before(async () => {
        g = await startGateway({ keys: [all, qot, acc, sim, more] });
        generic = g.client(api.futu.service.FutuOpenD);
        quote = g.client(api.futu.v1.Quote);
        trade = g.client(api.futu.v1.Trade);
    });
    after(() => g.end());

    it('brings quotes of what was subscribed, counted', async () => {
        const p = new Pushes(generic, qot);
        await p.opened;
        ok(await call(quote, 'Sub', SUB, qot));
        const e = await p.find((x) => Number(x.seq) >= 1);
        assert.deepEqual([e.proto_id, e.sec_key, e.sub_type, e.event_type, e.acc_id], [3005, '1_00700', 1, 'quote', '0']);
        assert.equal(decode('Qot_UpdateBasicQot.Response', e.body).s2c.basicQotList[0].security.code, '00700');
        assert.equal((await p.cancel()).code, status.CANCELLED);
    });

    it('brings every kind of quote', async () => {
        const p = new Pushes(generic, all), kinds = { 1: 3005, 2: 3013, 4: 3011, 5: 3009, 11: 3007 };
        await p.opened;
        ok(await call(quote, 'Sub', { c2s: { ...SUB.c2s, subTypeList: Object.keys(kinds).map(Number) } }, all));
        for (const [sub, proto] of Object.entries(kinds))
            await p.find((e) => e.proto_id === proto && e.sub_type === Number(sub));
        await p.cancel();
    });

    it('brings events of orders to keys that may read accounts, and to them alone', async () => {
        const p = new Pushes(generic, all), other = new Pushes(generic, qot);
        await Promise.all([p.opened, other.opened]);
        ok(await call(trade, 'SubAccPush', { c2s: { accIDList: [SIM_HK] } }, all));
        ok(await call(trade, 'PlaceOrder', { c2s: ORDER }, all));
        const e = await p.find((x) => x.proto_id === 2208);
        assert.deepEqual([e.event_type, e.acc_id, e.trd_market], ['trade', String(SIM_HK), 'HK']);
        await other.find((x) => x.event_type === 'quote');
        assert.ok(other.events.every((x) => x.event_type !== 'trade'));
        await Promise.all([p.cancel(), other.cancel()]);
    });

    it('is opened by either read scope, and by no other', async () => {
        const p = new Pushes(generic, acc);
        await p.opened;
        await p.cancel();
        const e = await new Pushes(generic, sim).ended;
        assert.deepEqual([e.code, e.details], [status.PERMISSION_DENIED, 'forbidden']);
    });

    it('may be one of a thousand on a connection, and each has every event of orders', async () => {
        const streams = Array.from({ length: 1000 }, () => new Pushes(generic, more));
        streams.forEach((p) => { p.keep = false; });
        await within(60_000 * slow, 'the streams', Promise.all(streams.map((p) => p.opened)));
        ok(await call(trade, 'SubAccPush', { c2s: { accIDList: [SIM_HK] } }, more));
        ok(await call(quote, 'Sub', SUB_ALL, more));
        const ids = [];
        for (let i = 0; i < 5; i++) {
            const r = await call(trade, 'PlaceOrder', { c2s: ORDER }, more);
            ok(r);
            ids.push(r.value.s2c.orderIDEx);
        }
        const orderOf = (e) => decode('Trd_UpdateOrder.Response', e.body).s2c.order.orderIDEx;
        for (const p of streams) {
            await p.until('quotes', () => p.count - p.events.length >= 3);
            await p.until('orders', () => {
                const had = new Set(p.events.filter((e) => e.proto_id === 2208).map(orderOf));
                return ids.every((id) => had.has(id));
            });
        }
        ok(await call(quote, 'GetMarketState', STATE, more));
        // Cancelled in the midst of events; the gateway forgets them.
        await Promise.all(streams.map((p) => p.cancel()));
        const events = async () => Number(/kind="ws_events"} (\d+)/.exec((await g.http('/metrics', { key: all })).text)[1]);
        await within(10_000 * slow, 'the end of all', (async () => {
            while (await events() > 0)
                await new Promise(setImmediate);
        })());
    });
});

describe('a client that stops reading', () => {
    const k = key('all');
    let g;
    before(async () => {
        g = await startGateway({ keys: [k], level: 'warn' }, ['--paper-clock', 'always-open,x600']);
    });
    after(() => g.end());
    const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${g.child.pid}/status`, 'utf8'))[1]);

    it('keeps nobody waiting, costs little, and is told of newer quotes when it reads again', async () => {
        const generic = g.client(api.futu.service.FutuOpenD), beside = g.client(api.futu.service.FutuOpenD);
        const quote = g.client(api.futu.v1.Quote);
        const lazy = Array.from({ length: 50 }, () => new Pushes(generic, k)), busy = new Pushes(beside, k);
        await Promise.all([...lazy, busy].map((p) => p.opened));
        [busy, ...lazy].forEach((p) => { p.keep = false; });
        lazy.forEach((p) => p.s.pause());
        ok(await call(quote, 'Sub', { c2s: { ...SUB_ALL.c2s, securityList: [...codes, ...many], subTypeList: [1, 2, 4, 5] } },
            k));
        await busy.until('many events', () => busy.count >= 5000 / slow);
        assert.ok(memory() < 200_000 * slow, `${memory()} kB`);
        assert.ok(lazy.every((p) => p.count < busy.count / 2), 'they have stopped');
        ok(await call(quote, 'GetMarketState', STATE, k));
        // The newest that the reader had of each kind is not newer than what these get in the end.
        const newest = new Map(busy.numbers);
        lazy.forEach((p) => p.s.resume());
        for (const p of lazy)
            await p.until('newer quotes', () => [...newest].every(([of, seq]) => p.numbers.get(of) >= seq));
        assert.ok(lazy.every((p) => p.holes > 0), 'what was passed over is seen in the numbers');
        await Promise.all([...lazy, busy].map((p) => p.cancel()));
    });
});

describe('a key that is revoked', () => {
    const stays = key('stays'), keys = ['a', 'b', 'c'].map((id) => key(id));
    let g;
    before(async () => {
        g = await startGateway({ keys: [stays, ...keys] }, FAST);
    });
    after(() => g.end());

    // The longest of a few round trips, in ms: how busy the machine is.
    async function trip(quote) {
        let longest = 0;
        for (let i = 0; i < 10; i++) {
            const at = performance.now();
            ok(await call(quote, 'GetMarketState', STATE, stays));
            longest = Math.max(longest, performance.now() - at);
        }
        return longest;
    }

    it('ends its streams within 100 ms, and no other', async (t) => {
        const quote = g.client(api.futu.v1.Quote), took = [], gone = new Set();
        const rest = Array.from({ length: 20 }, () => new Pushes(g.client(api.futu.service.FutuOpenD), stays));
        await Promise.all(rest.map((p) => p.opened));
        ok(await call(quote, 'Sub', SUB_ALL, stays));
        // A machine that has other things to do may be late once or twice; all the rest is done each time.
        for (const k of keys) {
            const generic = g.client(api.futu.service.FutuOpenD), streams = Array.from({ length: 200 }, () => new Pushes(generic, k));
            await Promise.all(streams.map((p) => p.opened));
            ok(await call(quote, 'Sub', SUB_ALL, k));
            await Promise.all(streams.map((p) => p.until('events', () => p.count >= 3)));
            const most = 100 * slow + 2 * await trip(quote);
            gone.add(k);
            g.writeKeys([stays, ...keys].filter((x) => !gone.has(x)));
            const at = performance.now();
            for (const e of await within(10_000 * slow, 'their end', Promise.all(streams.map((p) => p.ended)))) {
                assert.equal(e.code, status.UNAUTHENTICATED);
                assert.match(e.details, /revoked/);
            }
            took.push(Math.max(...streams.map((p) => p.endedAt)) - at);
            assert.equal((await call(quote, 'GetMarketState', STATE, k)).code, status.UNAUTHENTICATED);
            for (const p of rest) {
                const had = p.count;
                await p.until('events', () => p.count >= had + 5);
            }
            if (took.at(-1) < most)
                break;
            assert.notEqual(k, keys.at(-1), `${took} ms, ${most} at most`);
        }
        t.diagnostic(`the last stream ended after ${took.map((ms) => ms.toFixed(1))} ms`);
        await Promise.all(rest.map((p) => p.cancel()));
    });

    it('ends a stream when its time is over', async () => {
        const short = key('short'), at = Date.now() + 1500 * slow;
        g.writeKeys([stays, { ...short, expires_at: new Date(at).toISOString() }]);
        const generic = g.client(api.futu.service.FutuOpenD);
        let p;
        do {
            p = new Pushes(generic, short);
        } while (await Promise.race([p.opened.then(() => false), p.ended.then(() => true)]));
        const e = await within(10_000 * slow, 'its end', p.ended);
        assert.ok(Date.now() >= at - 5, 'not before');
        assert.equal(e.code, status.UNAUTHENTICATED);
    });
});

describe('the end of the gateway', () => {
    it('ends a stream, and the exit status is 0', async () => {
        const g = await startGateway({}), p = new Pushes(g.client(api.futu.service.FutuOpenD));
        await p.opened;
        g.child.kill('SIGTERM');
        const e = await within(10_000 * slow, 'its end', p.ended);
        assert.equal(e.code, status.UNAVAILABLE);
        assert.match(e.details, /the gateway ends/);
        assert.equal(await g.exit, 0);
        await g.end();
    });
});

describe('TLS', () => {
    it('carries calls and streams', async () => {
        const g = new GrpcGateway({}), cert = join(g.dir, 'cert.pem'), pem = join(g.dir, 'key.pem');
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
            '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', pem, '-out', cert],
            { stdio: 'ignore' });
        g.extra = ['--grpc-tls-cert', cert, '--grpc-tls-key', pem];
        await g.start();
        const trust = grpc.credentials.createSsl(readFileSync(cert));
        const named = { 'grpc.ssl_target_name_override': 'localhost' };
        const p = new Pushes(g.client(api.futu.service.FutuOpenD, trust, named));
        await p.opened;
        ok(await call(g.client(api.futu.v1.Quote, trust, named), 'Sub', SUB));
        await p.find((x) => x.proto_id === 3005);
        await p.cancel();
        const plain = await call(g.client(api.futu.v1.Quote), 'GetMarketState', STATE, undefined, {},
            { deadline: Date.now() + 1000 });
        assert.notEqual(plain.code, 0);
        assert.equal(await g.end(), 0);
    });
});
