// ws.test.mjs - /ws as its clients see it: who gets in, what they are sent, what they may say, and
// what becomes of those who do not read.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';

import { passwordMD5 } from '../secrets.mjs';
import { Events, stream } from './events.mjs';
import { decode, pushes } from './ftapi.mjs';
import { key, order, REAL, SCOPES, SIM_HK, SIM_US, slow, startGateway,
    within } from './gateway.mjs';

const HK = ['00700', '09988', '03690', '01810', '00981'];
const STREAMS = [1, 2, 4, 5, 6, 11, 14];
const security = (code) => ({ market: 1, code });
const subscribe = (g, k, codes = HK, types = STREAMS) => g.http('/api/subscribe', { key: k, body: {
    security_list: codes.map(security), sub_type_list: types, is_sub_or_un_sub: true,
    is_reg_or_un_reg_push: true } });

describe('who may open it', () => {
    const k = key('viewer', ['qot:read']), odd = { ...key('odd', ['qot:read']),
        plain: 'a b&c=ä%/+?' };
    const keys = [k, odd, key('account', ['acc:read', 'trade:simulate', 'admin', 'metrics:read']),
        key('old', SCOPES, { expires_at: '2026-01-02T00:00:00Z' })];
    let g;
    before(async () => {
        g = await startGateway({ keys, more: ['--rest-allowed-origins',
            'https://desk.example, http://x.example:81'] });
    });
    after(() => g.end());

    async function answer(opts) {
        const c = new Events(g, opts), a = await c.answer;
        c.close();
        return a;
    }
    function refused(a, status) {
        assert.equal(a.status, status, a.text);
        assert.match(a.headers['content-type'], /^application\/json/);
        assert.deepEqual(Object.keys(a.json), ['error']);
        assert.equal(a.headers['www-authenticate'] !== undefined, status === 401);
        assert.doesNotMatch(a.json.error, /qot|scope|viewer|old|account/);
    }

    it('a key in the header, or in the query as a browser sends it', async () => {
        assert.equal((await answer({ key: k })).status, 101);
        assert.equal((await answer({ query: `token=${k.plain}` })).status, 101);
        assert.equal((await answer({ query: `format=json&token=${encodeURIComponent(odd.plain)}` }))
            .status, 101);
        assert.equal((await answer({ key: k, query: 'token=wrong' })).status, 101,
            'the header counts');
    });

    it('none, a wrong one and an expired one are 401 before the upgrade', async () => {
        for (const opts of [{}, { query: 'token=' }, { query: 'token=wrong' },
            { query: `Token=${k.plain}` },
            { headers: { authorization: 'Bearer wrong' }, query: `token=${k.plain}` },
            { headers: { authorization: 'Basic eDp5' }, query: `token=${k.plain}` },
                { key: keys[3] }])
            refused(await answer(opts), 401);
    });

    it('one without quotes is 403', async () => refused(await answer({ key: keys[2] }), 403));

    it('pages of loopback and of the list are let in, others are 403', async () => {
        const from = (origin) => answer({ key: k, headers: { origin } });
        for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443',
            'https://desk.example', 'http://x.example:81'])
            assert.equal((await from(origin)).status, 101, origin);
        for (const origin of ['https://evil.example', 'https://desk.example.evil',
            'http://desk.example',
            'https://desk.example:444', 'http://x.example', 'http://localhost.evil',
                'http://127.0.0.1.evil',
            'null', 'file://', 'https://127.0.0.1@evil.example']) {
            const a = await from(origin);
            assert.equal(a.status, 403, origin);
            assert.deepEqual(Object.keys(a.json), ['error']);
        }
    });

    it('the answer has no subprotocol and no extension, also when some are offered', async () => {
        const ws = new WebSocket(`ws://127.0.0.1:${g.restPort}/ws?token=${k.plain}`,
            ['futu', k.plain]);
        ws.on('error', () => {});
        const rs = await new Promise((resolve) => ws.once('upgrade', resolve));
        assert.equal(rs.headers['sec-websocket-protocol'], undefined);
        assert.equal(rs.headers['sec-websocket-extensions'], undefined);
        ws.terminate();
    });

    it('without an upgrade it says what it is', async () => {
        const a = await g.http('/ws', { key: k });
        assert.equal(a.status, 426);
        assert.equal(a.headers.upgrade, 'websocket');
        assert.equal((await g.http('/ws', { key: k, method: 'POST' })).status, 405);
        const elsewhere = new WebSocket(`ws://127.0.0.1:${g.restPort}/api/quote?token=${k.plain}`);
        elsewhere.on('error', () => {});
        const rs = await new Promise((resolve) =>
            elsewhere.once('unexpected-response', (_, r) => resolve(r)));
        assert.equal(rs.statusCode, 404);
        rs.destroy();
    });

    it('messages are texts', async () => {
        const c = await new Events(g, { key: k }).open();
        c.ws.send(Buffer.from('{"op":"ping"}'), { binary: true });
        assert.equal((await within(5000 * slow, 'close', c.closed)).code, 1003);
    });
});

describe('without keys', () => {
    let g;
    before(async () => { g = await startGateway(); });
    after(() => g.end());

    it('anybody on this machine gets in, a foreign page does not', async () => {
        const c = await new Events(g).open();
        c.close();
        const page = new Events(g, { headers: { origin: 'https://evil.example' } });
        assert.equal((await page.answer).status, 403);
        const rebound = new Events(g, { headers: { host: 'gateway.evil.example' } });
        assert.equal((await rebound.answer).status, 403);
    });

    it('quotes come, orders can\'t be watched', async () => {
        const c = await new Events(g).open();
        assert.equal((await subscribe(g)).json.ret_type, 0);
        await c.wait((e) => e.type === 'quote');
        assert.equal((await c.ask({ op: 'sub_acc_push', acc_id_list: [SIM_HK] })).type, 'error');
        c.close();
    });
});

describe('what it sends', () => {
    const one = key('one'), two = key('two'), fresh = key('fresh');
    let g, c, d;
    before(async () => {
        g = await startGateway({ keys: [one, two, fresh],
            more: ['--paper-clock', 'always-open,x20'] });
        [c, d] = await Promise.all([one, two].map((k) => new Events(g, { key: k }).open()));
        await subscribe(g, one);
        await subscribe(g, two, ['00005'], [1]);
    });
    after(async () => {
        c.close();
        d.close();
        await g.end();
    });

    it('a greeting first', () => {
        assert.deepEqual(Object.keys(c.events[0]), ['type', 'version', 'boot_id', 'time_ms']);
        assert.ok(Math.abs(c.events[0].time_ms - Date.now()) < 60_000);
    });

    it('each kind of quote with the documented members, the body in protobuf', async () => {
        for (const sub of STREAMS) {
            const e = await c.wait((x) => x.type === 'quote' && x.sub_type === sub);
            assert.deepEqual(Object.keys(e), ['type', 'proto_id', 'sec_key', 'sub_type',
                'rehab_type', 'seq',
                'body_b64']);
            const { retType, s2c } = decode(`${pushes[e.proto_id]}.Response`,
                Buffer.from(e.body_b64, 'base64'));
            assert.equal(retType, 0);
            const sec = s2c.security ?? s2c.basicQotList[0].security;
            assert.equal(e.sec_key, `${sec.market}_${sec.code}`);
            assert.equal(e.rehab_type, s2c.rehabType ?? 0);
        }
    });

    it('what was subscribed over REST with the same key, and nothing of another', async () => {
        await d.wait((e) => e.sec_key === '1_00005');
        await c.wait((e) => e.sec_key === '1_00700', { from: c.events.length });
        const of = (x) => [...new Set(x.events.filter((e) => e.type === 'quote')
            .map((e) => e.sec_key))].sort();
        assert.deepEqual(of(d), ['1_00005']);
        assert.deepEqual(of(c), HK.map((h) => `1_${h}`).sort());
    });

    it('to a newcomer what is known already, at once, behind the greeting', async () => {
        const e = await new Events(g, { key: one }).open();
        assert.equal(e.events[0].type, 'hello');
        const streams = HK.length * STREAMS.length, met = new Set();
        await e.wait((x) => x.type === 'quote' && met.add(stream(x)).size === streams);
        e.close();
    });

    it('the body as JSON on request', async () => {
        const e = await new Events(g, { query: `token=${one.plain}&format=json` }).open();
        const q = await e.wait((x) => x.type === 'quote' && x.sub_type === 1);
        assert.deepEqual(Object.keys(q), ['type', 'proto_id', 'sec_key', 'sub_type', 'rehab_type',
            'seq', 'body']);
        const [b] = q.body.basic_qot_list;
        assert.equal(`${b.security.market}_${b.security.code}`, q.sec_key);
        assert.equal(typeof b.cur_price, 'number');
        e.close();
    });

    it('numbers without holes, to every client that reads', async () => {
        const more = await Promise.all([0, 1, 2].map((i) => new Events(g, { key: one,
            query: i === 1 ? 'format=json' : '' }).open()));
        const from = c.count;
        await Promise.all([c, ...more].map((x) =>
            x.wait(() => c.count - from > 600 && x.count > 600,
            { from: x.events.length, ms: 30_000 * slow })));
        for (const x of [c, ...more]) {
            assert.equal(x.missing, 0);
            assert.equal(x.repeated, 0);
            assert.equal(x.lost, 0);
            if (x !== c)
                x.close();
        }
    });

    it('subscriptions of its own, until it goes', async () => {
        const e = await new Events(g, { key: fresh }).open(),
            other = await new Events(g, { key: fresh }).open();
        const r = await e.ask({ op: 'subscribe', symbols: ['HK.00388'], sub_type_list: [1, 4] });
        assert.deepEqual([r.type, r.op, r.ret_type], ['reply', 'subscribe', 0]);
        await e.wait((x) => x.sec_key === '1_00388' && x.sub_type === 4);
        const info = await e.ask({ op: 'sub_info' });
        assert.equal(info.ret_type, 0);
        assert.equal(info.s2c.conn_sub_info_list.filter((s) => s.is_own_conn_data).length, 1);
        assert.equal(other.events.filter((x) => x.type === 'quote').length, 0,
            'not another client\'s');
        const un = await e.ask({ op: 'unsubscribe', symbols: ['HK.00388'], sub_type_list: [1] });
        assert.equal(un.ret_type, -1, 'only after a minute');
        assert.match(un.ret_msg, /\S/);
        e.close();
        other.close();
    });

    it('a stream once, to whom holds it twice', async () => {
        const e = await new Events(g, { key: one }).open();
        assert.equal((await e.ask({ op: 'subscribe', symbols: ['HK.00700'], sub_type_list: [4] }))
            .ret_type, 0);
        const from = e.events.length, is = (x) => x.sec_key === '1_00700' && x.sub_type === 4;
        await e.wait(() => e.events.slice(from).filter(is).length > 4, { from });
        const seqs = e.events.slice(from).filter(is).map((x) => x.seq);
        assert.deepEqual(seqs, [...new Set(seqs)]);
        e.close();
    });

    it('pong, and an error for what it can\'t read; it stays open', async () => {
        const pong = await d.ask({ op: 'ping' });
        assert.deepEqual(Object.keys(pong), ['type', 'id', 'time_ms']);
        for (const text of ['', '{', '[]', 'null', '{"op":1}', '{"op":"sing"}', '{"id":1}',
            '{"op":"ping"} x',
            '{"op":"ping","op":"ping"}', '{"op":"subscribe","symbls":["HK.00700"]}',
            '{"op":"subscribe","symbols":["HK.00700"],"sub_type_list":["no such"]}',
                `{"op":"ping","id":"${'x'.repeat(99)}"}`,
            '\u0000', '{"op":"pla\\u0063e"}']) {
            const from = d.events.length;
            d.send(text);
            const e = await d.wait((x) => x.type === 'error', { from });
            assert.match(e.error, /\S/, text);
        }
        for (const id of [7, 'seven'])
            assert.equal((await Promise.all([d.wait((e) => e.type === 'pong' && e.id === id),
                d.send({ op: 'ping', id })]))[0].id, id);
    });

    it('a pong to the last of many pings, however many come at once', async () => {
        const e = await new Events(g, { key: two }).open(), last = `last${'x'.repeat(100)}`;
        const pong = new Promise((resolve) => e.ws.on('pong', (data) => {
            if (data.toString() === last)
                resolve();
        }));
        for (let i = 0; i < 3000; i++)
            e.ws.ping(`${i} ${'x'.repeat(100)}`);
        e.ws.ping(last);
        await within(10_000 * slow, 'the pong', Promise.race([pong, e.closed.then(({ code }) =>
            assert.fail(`closed: ${code}`))]));
        assert.equal((await e.ask({ op: 'ping' })).type, 'pong');
        e.close();
    });

    it('a message that is too long ends it', async () => {
        const e = await new Events(g, { key: two }).open();
        e.ws.on('error', () => {});
        e.send(`{"op":"ping","x":"${'x'.repeat(20 << 20)}"}`);
        assert.ok([1009, 1006].includes((await within(10_000 * slow, 'close', e.closed)).code));
    });
});

describe('orders', () => {
    const free = key('free'), quotes = key('quotes', ['qot:read']),
        us = key('us', SCOPES, { allowed_markets: ['US'] }), mine = key('mine'),
            keys = [free, quotes, us, mine];
    let g, clients;
    const place = (more) => g.http('/api/order',
        { key: free, body: order({ price: 300, ...more }) });
    const placeUs = () => place({ acc_id: SIM_US, trd_market: 2, code: 'AAPL', qty: 1, price: 10 });
    const trades = (c) => c.events.filter((e) => e.type === 'trade');

    before(async () => {
        g = await startGateway({ keys });
        for (const k of [free, us, mine])
            assert.equal((await g.http('/api/sub-acc-push',
                { key: k, body: { acc_id_list: [SIM_HK, SIM_US, REAL] } }))
                .json.ret_type, 0);
        assert.equal((await g.http('/api/sub-acc-push',
            { key: quotes, body: { acc_id_list: [SIM_HK] } })).status, 403);
        clients = Object.fromEntries(await Promise.all(keys.map(async (k) => [k.id,
            await new Events(g, { key: k }).open()])));
    });
    after(async () => {
        Object.values(clients).forEach((c) => c.close());
        await g.end();
    });

    it('come with account and market, numbered by account', async () => {
        const { s2c } = (await place()).json;
        const e = await clients.free.wait((x) => x.type === 'trade');
        assert.deepEqual(Object.keys(e), ['type', 'proto_id', 'acc_id', 'trd_market', 'seq',
            'body_b64']);
        assert.deepEqual([e.proto_id, e.acc_id, e.trd_market], [2208, SIM_HK, 'HK']);
        const push = decode('Trd_UpdateOrder.Response', Buffer.from(e.body_b64, 'base64'));
        assert.equal(Number(push.s2c.order.orderID), s2c.order_id);
        await g.http('/api/unlock-trade', { key: free, body: { unlock: true,
            pwd_md5: passwordMD5 } });
        // simulated ones tell no fills
        await place({ acc_id: REAL, trd_env: 1, order_type: 2, price: 0 });
        const fill = await clients.free.wait((x) => x.proto_id === 2218);
        assert.equal(decode('Trd_UpdateOrderFill.Response', Buffer.from(fill.body_b64, 'base64'))
            .s2c
            .orderFill.code, '00700');
        assert.equal(clients.free.missing, 0);
    });

    it('not to a key without accounts, and only of its markets', async () => {
        await placeUs();
        await clients.us.wait((x) => x.trd_market === 'US');
        await clients.free.wait((x) => x.trd_market === 'US');
        assert.deepEqual([...new Set(trades(clients.us).map((e) => e.trd_market))], ['US']);
        assert.deepEqual(trades(clients.quotes), []);
        assert.ok(trades(clients.mine).some((e) => e.trd_market === 'HK'));
    });

    it('only of the accounts that the key has now', async () => {
        const from = clients.mine.events.length;
        g.writeKeys([free, quotes, us, { ...mine, allowed_acc_ids: [SIM_US] }]);
        // The change is in force once an answer shows it.
        while ((await g.http('/api/accounts', { key: mine })).json.s2c.acc_list.length !== 1)
            await new Promise(setImmediate);
        await place();
        await placeUs();
        await clients.mine.wait((e) => e.acc_id === SIM_US, { from });
        assert.deepEqual(trades({ events: clients.mine.events.slice(from) })
            .filter((e) => e.acc_id !== SIM_US), []);
        // What it may no longer see it can't ask for either.
        const r = await clients.mine.ask({ op: 'sub_acc_push', acc_id_list: [SIM_HK] });
        assert.equal(r.type, 'error');
        assert.equal(r.error, 'forbidden');
    });

    it('what was withheld is counted', async () => {
        const { text } = await g.http('/metrics', { key: free });
        assert.match(text,
            /^futu_ws_filtered_pushes_total\{required_scope="acc:read",key_id="kh_[0-9a-f]{8}"\} [1-9]/m);
    });
});

const REPLACED = 'futu_gateway_qot_push_dropped_total', CUT = 'futu_gateway_slow_clients_cut_total';
const metric = async (g, k, name) => Number(new RegExp(`^${name} (\\d+)`, 'm')
    .exec((await g.http('/metrics', { key: k })).text)[1]);

// The clock runs fast, so that there is much to be sent.
describe('a client that does not read', () => {
    const k = key('slow');
    const codes = ['00700', '09988', '03690', '01810', '00981', '00005', '00388', '00939', '01299',
        '02318'];
    let g, watch;
    before(async () => {
        g = await startGateway({ keys: [k], more: ['--paper-clock', 'always-open,x60'] });
        // Books and quotes may be replaced by newer ones, trades may not.
        await subscribe(g, k, codes, [1, 2, 14]);
        watch = await new Events(g, { key: k, keep: false }).open();
    });
    after(async () => {
        watch.close();
        await g.end();
    });

    const replaced = () => metric(g, k, REPLACED);

    // The longest time without an event, in ms, while fn() runs.
    async function longestSilence(fn) {
        let last = performance.now(), longest = 0;
        const w = () => {
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
        };
        watch.waiters.add(w);
        await fn();
        watch.waiters.delete(w);
        return longest;
    }

    it('does not slow others, is told what it missed, and goes on with the newest', async (t) => {
        const stuck = await new Events(g, { key: k, keep: false }).open();
        stuck.ws._socket.pause();
        const dropped = await replaced();
        const silence = await longestSilence(async () => {
            while (await replaced() < dropped + 200)
                await new Promise((resolve) => setTimeout(resolve, 20));
        });
        t.diagnostic(`the longest time without an event was ${silence.toFixed()} ms`);
        assert.ok(silence < 1000 * slow, `nothing for ${silence} ms`);
        assert.equal(watch.missing, 0);
        assert.equal(watch.lost, 0);
        stuck.ws._socket.resume();
        await stuck.wait((e) => e.type === 'gap' && e.reason === 'slow reader' && e.lost > 0);
        // It reads again: from here on there are no more holes than were told.
        await stuck.wait(() => stuck.lost === stuck.missing);
        assert.ok(stuck.lost >= 200, `${stuck.lost}`);
        for (const [name, seq] of watch.seq)
            assert.ok(seq - stuck.seq.get(name) < 100, name);
        stuck.close();
    });
});

describe('a client that does not read trades', () => {
    const k = key('trades'), other = key('other');
    let g, watch;
    before(async () => {
        g = await startGateway({ keys: [k, other], more: ['--paper-clock', 'always-open,x3600'] });
        const { s2c } = (await g.http('/api/static-info',
            { key: k, body: { market: 1, sec_type: 3 } })).json;
        await subscribe(g, k, s2c.static_info_list.slice(0, 60).map((i) => i.basic.security.code),
            [4]);
        await subscribe(g, other, ['00700'], [1]);
        watch = await new Events(g, { key: other, keep: false }).open();
    });
    after(async () => {
        watch.close();
        await g.end();
    });

    it('is cut with a reason before one would be lost', async () => {
        const cut = await new Events(g, { key: k, keep: false }).open(), from = watch.count;
        const before = await metric(g, k, CUT);
        cut.ws._socket.pause();
        while (await metric(g, k, CUT) === before)
            await new Promise((resolve) => setTimeout(resolve, 20));
        cut.ws._socket.resume();
        const { code, reason } = await within(20_000 * slow, 'close', cut.closed);
        assert.equal(code, 1013);
        assert.match(reason, /reads too slowly/);
        assert.equal(cut.missing, 0);
        assert.ok(watch.count > from, 'the other one had its quotes');
        assert.equal(watch.missing, 0);
    });
});
