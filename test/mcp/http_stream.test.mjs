// http_stream.test.mjs - what comes over the streams of /mcp: pushes and progress with the official
// SDK's client, streams that break off anywhere and go on, cancelled calls, keys that are taken away,
// readers that are stuck.
import assert from 'node:assert/strict';
import { connect as netConnect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';

import {
    StreamableHTTPClientTransport,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { Gateway, key, random, SIM_HK, slow, startGateway, within } from '../rest/gateway.mjs';
import { Daemon, freePort } from '../sdk/daemon.mjs';
import { connect, good } from './tools.mjs';
import { message, Session, toolCall } from './raw.mjs';

const SCOPES = ['qot:read', 'acc:read', 'trade:simulate'];
const all = key('all', SCOPES), goes = key('goes', SCOPES), qot = key('qot', ['qot:read']);
const BUY = { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK', symbol: 'HK.00700', side: 'BUY',
    order_type: 'NORMAL', qty: 100, price: 300 };
const QUOTE = { symbols: ['HK.00700'], sub_types: ['BASIC'], push: true };
const ping = (id) => message('ping', undefined, id);
const data = (m) => m.params?.data ?? {};
const isTrade = (m) => data(m).type === 'trade';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What stands between a client and the gateway, and can be cut.
class Cable {
    constructor(to) {
        Object.assign(this, { to, cuts: 0, sockets: new Set() });
    }

    open() {
        this.server = createServer((a) => {
            const b = netConnect(this.to, '127.0.0.1');
            for (const [one, other] of [[a, b], [b, a]]) {
                this.sockets.add(one);
                one.on('error', () => {});
                one.on('close', () => { this.sockets.delete(one); other.destroy(); });
                one.pipe(other);
            }
        });
        return new Promise((resolve) => this.server.listen(0, '127.0.0.1', () => {
            this.port = this.server.address().port;
            resolve(this);
        }));
    }

    cut() {
        this.cuts++;
        for (const s of this.sockets)
            s.destroy();
    }

    close() {
        this.server.close();
        this.cut();
    }
}

// A gateway whose upstream is another one.
class Relay extends Gateway {
    constructor(up, opts) {
        super(opts);
        this.up = up;
    }

    async run() {
        this.restPort = await freePort();
        this.args = ['--upstream', `127.0.0.1:${this.up.port}`, '--rest-port',
            String(this.restPort), '--rest-keys-file', this.keysFile];
        return Daemon.prototype.run.call(this);
    }
}

describe('with the official SDK', () => {
    let g;
    before(async () => { g = await startGateway({ keys: [all, qot] }); });
    after(() => g.end());

    const open = async (k, port = g.restPort) => {
        const transport = new StreamableHTTPClientTransport(
            new URL(`http://127.0.0.1:${port}/mcp`),
            { requestInit: { headers: { authorization: `Bearer ${k.plain}` } },
                reconnectionOptions: { initialReconnectionDelay: 10, maxReconnectionDelay: 50,
                    reconnectionDelayGrowFactor: 1.1, maxRetries: 100 } });
        const client = await connect(transport);
        client.logs = [];
        client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
            client.logs.push(params);
        });
        client.until = (test) => within(20_000 * slow, 'log message', (async () => {
            while (!client.logs.some(test))
                await pause(5);
            return client.logs.find(test);
        })());
        client.bye = async () => { await transport.terminateSession(); await client.close(); };
        return client;
    };

    it('orders are told to the session that asked, in the documented form', async () => {
        const client = await open(all), deaf = await open(all);
        const { json } = await good(client, 'futu_sub_acc_push', { acc_ids: [SIM_HK] });
        assert.deepEqual(json, { acc_ids: [String(SIM_HK)] });
        const { json: placed } = await good(client, 'futu_place_order', BUY);
        const log = await client.until((l) =>
            l.data.event?.order?.order_id_str === placed.order_id_str);
        assert.equal(log.level, 'notice');
        assert.equal(log.logger, 'futu.trade');
        assert.equal(log.data.proto_id, 2208);
        assert.equal(log.data.acc_id, SIM_HK);
        assert.equal(log.data.acc_id_str, String(SIM_HK));
        assert.equal(log.data.market, 'HK');
        assert.ok(Buffer.from(log.data.body_b64, 'base64').length > 20);
        const ended = await good(client, 'futu_unsub_acc_push', {});
        assert.deepEqual(ended.json, { acc_ids: [] });
        const had = client.logs.length;
        await good(client, 'futu_cancel_order', { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK',
            order_id: placed.order_id_str });
        await client.ping();
        assert.equal(client.logs.length, had);
        assert.deepEqual(deaf.logs, []);
        await client.bye();
        await deaf.bye();
    });

    it('without a list it is every account of the key', async () => {
        const client = await open(all);
        const { json } = await good(client, 'futu_sub_acc_push', {});
        assert.ok(json.acc_ids.length >= 3 && json.acc_ids.includes(String(SIM_HK)));
        await client.bye();
        const reader = await open(qot);
        const r = await reader.callTool({ name: 'futu_sub_acc_push', arguments: {} });
        assert.equal(r.isError, true);
        assert.match(r.content[0].text, /unauthorized/);
        await reader.bye();
    });

    it('its own reconnecting loses no event and repeats none', async () => {
        const cable = await new Cable(g.restPort).open();
        const client = await open(all, cable.port), trader = await open(all);
        await good(client, 'futu_sub_acc_push', { acc_ids: [SIM_HK] });
        const told = () => client.logs.map((l) => l.data.event.order?.order_id_str);
        for (let i = 0; i < 30; i++) {
            if (i % 3 === 1)
                cable.cut();
            const { json } = await good(trader, 'futu_place_order', BUY);
            await good(trader, 'futu_cancel_order', { env: 'SIMULATE', acc_id: SIM_HK,
                market: 'HK', order_id: json.order_id_str });
            if (i % 3 === 2)
                await client.until(() => told().includes(json.order_id_str));
        }
        assert.equal(cable.cuts, 10);
        const seqs = client.logs.map((l) => l.data.seq);
        assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i));
        await client.bye();
        await trader.bye();
        cable.close();
    });

    it('quotes and books are told, and the level decides', async () => {
        const client = await open(qot);
        await good(client, 'futu_subscribe', { symbols: ['HK.00700'],
            sub_types: ['BASIC', 'ORDER_BOOK'], push: true });
        const quote = await client.until((l) => l.data.proto_id === 3005);
        assert.equal(quote.level, 'info');
        assert.equal(quote.logger, 'futu.quote');
        assert.equal(quote.data.symbol, 'HK.00700');
        assert.equal(quote.data.event.basic_qot_list[0].symbol, 'HK.00700');
        const book = await client.until((l) => l.data.proto_id === 3013);
        assert.ok(book.data.event.order_book_ask_list.length > 0);
        // While another session hears of many, one with a higher level hears of none.
        const witness = await open(qot), seqs = (c) => c.logs.map((l) => l.data.seq);
        await good(witness, 'futu_subscribe', { ...QUOTE, is_first_push: false });
        await client.setLoggingLevel('notice');
        witness.logs.length = 0;
        await witness.until((l) => l.data.seq > seqs(witness)[0] + 3);
        await client.ping();
        const heard = client.logs.filter((l) => l.data.proto_id === 3005).map((l) => l.data.seq);
        assert.ok(Math.max(...heard) < Math.max(...seqs(witness)) - 2);
        await client.setLoggingLevel('info');
        client.logs.length = 0;
        await client.until((l) => l.data.type === 'quote');
        await client.bye();
        await witness.bye();
    });
});

describe('streams that break off', () => {
    let g, s;
    before(async () => {
        g = await startGateway({ keys: [all], more: ['--paper-clock', 'always-open,x20'] });
        s = await new Session(g, all).open();
        await s.tool('futu_sub_acc_push', { acc_ids: [SIM_HK] });
        await s.tool('futu_subscribe', { ...QUOTE, sub_types: ['TICKER', 'BASIC'] });
    });
    after(() => g.end());

    // Two orders' worth of events.
    async function comeAndGo() {
        const { order_id_str: id } = await s.tool('futu_place_order', BUY);
        await s.tool('futu_cancel_order', { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK',
            order_id: id });
    }

    it('go on where they were: no event is lost, none comes twice', async () => {
        const n = random(7), seen = [];
        let last, bytes, cuts = 0, orders = 0;
        const placing = (async () => {
            for (; orders < 60; orders++)
                await comeAndGo();
        })();
        const more = () => orders < 60 || seen.filter(isTrade).length < 60;
        while (more()) {
            const x = await s.get(last, {});
            if (x.status === 409)               // the cut is not known there yet
                continue;
            assert.equal(x.status, 200, x.text);
            x.onEvent = (e) => {
                if (e.json)
                    seen.push({ ...e.json, id: e.id });
                last = e.id ?? last;
            };
            x.events.forEach(x.onEvent);
            bytes = 200 + n(6000);              // in the midst of an event, mostly
            while (x.text.length < bytes && !x.closed && more())
                await pause(1);
            x.onEvent = undefined;              // what comes later was not seen
            x.cut();
            cuts++;
        }
        await placing;
        assert.ok(cuts > 10, `${cuts}`);
        assert.deepEqual(seen.map((m) => m.id), seen.map((_, i) => `0-${i + 1}`));
        const trades = seen.filter(isTrade).map((m) => data(m).seq);
        assert.deepEqual(trades, trades.map((_, i) => trades[0] + i));
        const tickers = seen.filter((m) => data(m).proto_id === 3011).map((m) => data(m).seq);
        assert.deepEqual(tickers, tickers.map((_, i) => tickers[0] + i));
        assert.ok(!seen.some((m) => data(m).type === 'gap'));
    });

    it('tell what is not kept any more', async () => {
        const reader = await s.get('0-1');
        while (reader.events.length < 1100)
            await comeAndGo();
        reader.cut();
        const x = await s.get('0-1');
        const gap = await x.wait('gap', (m) => data(m).type === 'gap');
        assert.equal(data(gap).reason, 'resumed too late');
        const first = await x.wait('an event', (m) => data(m).type !== 'gap');
        const { id } = x.events.find((e) => e.json === first);
        assert.equal(Number(id.split('-')[1]), 2 + data(gap).lost);
        x.cut();
    });
});

describe('calls that take long', () => {
    let up, g, s;
    // The gateway behind stops, so that nothing is answered until it goes on.
    const stop = () => up.child.kill('SIGSTOP'), goOn = () => up.child.kill('SIGCONT');
    before(async () => {
        up = await startGateway();
        g = new Relay(up, { keys: [all] });
        await g.start();
        s = await new Session(g, all).open();
        await s.tool('futu_get_market_state', { symbols: ['HK.00700'] });
    });
    after(async () => {
        goOn();
        await g.end();
        await up.end();
    });
    const call = (id) => toolCall(id, 'futu_get_snapshot', { symbols: ['HK.00700'] });

    it('are answered by a stream, which may break off', async () => {
        stop();
        const x = await s.post(call(1));
        assert.equal(x.type, 'text/event-stream');
        while (!x.lastId)
            await pause(5);
        assert.match(x.lastId, /^[1-9]\d*-0$/);
        x.cut();
        const again = await s.get(x.lastId);
        assert.equal(again.status, 200);
        goOn();
        const m = await again.wait('answer', (e) => e.id === 1);
        assert.ok(!m.result.isError);
        await again.end;
        assert.equal(again.error, undefined);
        assert.equal(again.messages.length, 1);
        const answered = await s.get(x.lastId);          // and once more, as it was
        assert.deepEqual(await answered.wait('answer', (e) => e.id === 1), m);
        assert.equal((await s.get(again.lastId)).status, 405, 'there is no more of it');
    });

    it('are not answered when they are cancelled', async () => {
        stop();
        const cancel = (id) => s.post(message('notifications/cancelled', { requestId: id }));
        const streams = await s.post(call(2));           // a stream by now
        const waits = s.post(call(3));
        assert.equal((await cancel(2)).status, 202);
        await streams.end;
        assert.equal(streams.error, undefined);
        assert.deepEqual(streams.messages, []);
        let x;
        do                                               // it may not have come yet
            x = await cancel(3);
        while (!await Promise.race([waits, pause(20)]));
        assert.equal(x.status, 202);
        const late = await waits;
        if (late.type === 'text/event-stream')
            await late.end;
        assert.deepEqual(late.messages, []);
        goOn();
        await s.tool('futu_get_snapshot', { symbols: ['HK.00700'] });
        assert.deepEqual(streams.messages, []);
    });

    it('are ended by DELETE, and by the end of the gateway', async () => {
        stop();
        const streams = await s.post(call(4)), plain = s.post(call(5),
            { accept: 'application/json' });
        const own = await s.get();
        await s.post(ping(6));
        assert.equal((await s.delete()).status, 204);
        await streams.end;
        await own.end;
        assert.deepEqual([streams.messages, own.messages], [[], []]);
        assert.equal((await plain).status, 404);
        s.id = undefined;
        await s.open();
        const last = await s.get();
        goOn();
        const stopped = g.stop();
        await last.end;
        assert.equal(last.error, undefined, 'it ends as a stream should');
        assert.equal(last.events.at(-1).retry, '1000');
        await stopped;
        await g.start();
    });
});

describe('keys and readers', () => {
    let g;
    before(async () => {
        g = new Gateway({ keys: [all, goes], more: ['--paper-clock', 'always-open,x3600'] });
        g.level = 'debug';                      // so much is pushed
        await g.start();
    });
    after(() => g.end());

    it('a key that is taken away ends its sessions at once, and no others', async (t) => {
        const stays = await new Session(g, all).open(), rest = await stays.get();
        const ended = [];
        for (let i = 0; i < 20; i++) {
            const s = await new Session(g, goes).open();
            if (i % 2)
                await s.tool('futu_sub_acc_push', { acc_ids: [SIM_HK] });
            ended.push({ s, x: await s.get() });
        }
        let busy = 0;
        for (let i = 0; i < 10; i++) {
            const at = performance.now();
            await g.http('/health');
            busy = Math.max(busy, performance.now() - at);
        }
        const at = performance.now();
        g.writeKeys([all]);
        await within(10_000 * slow, 'the streams\' end', Promise.all(ended.map(({ x }) => x.end)));
        const took = performance.now() - at;
        t.diagnostic(`the last stream ended after ${took.toFixed(1)} ms`);
        assert.ok(took < 100 * slow + 2 * busy, `${took}`);
        for (const { s, x } of ended) {
            assert.equal(x.error, undefined);
            assert.equal(data(x.messages.at(-1)).reason,
                'the session has ended: the API key is revoked');
            assert.equal((await s.post(ping(1))).status, 401);
        }
        g.writeKeys([all, goes]);
        while ((await ended[0].s.post(ping(1))).status === 401)
            await pause(5);
        assert.equal((await ended[0].s.post(ping(1))).status, 404, 'its sessions are gone');
        assert.equal((await stays.post(ping(1))).status, 200);
        assert.equal(rest.closed, undefined);
        rest.cut();
    });

    it('a reader that is stuck loses its session with a reason, and nobody else notices', async () => {
        const stuck = await new Session(g, all).open(), well = await new Session(g, all).open();
        const symbols = ['HK.00700', 'HK.09988', 'HK.03690', 'HK.01810', 'HK.00981'];
        const x = await stuck.get(), y = await well.get();
        x.rs.pause();
        x.rs.socket.pause();
        await well.tool('futu_sub_acc_push', { acc_ids: [SIM_HK] });
        await stuck.tool('futu_sub_acc_push', { acc_ids: [SIM_HK] });
        await stuck.tool('futu_subscribe', { symbols, sub_types: ['TICKER', 'BASIC'], push: true });
        await within(120_000 * slow, 'the end of the stuck session', (async () => {
            while ((await stuck.post(ping(1))).status === 200)
                await pause(100);
        })());
        assert.match(g.err, /WARN .*mcp: the session has ended: reads too slowly: \d+ bytes wait/);
        x.rs.resume();
        x.rs.socket.resume();
        await within(30_000 * slow, 'its last word', x.end);
        assert.match(data(x.messages.at(-1)).reason, /^the session has ended: reads too slowly/);
        const { order_id_str: id } = await well.tool('futu_place_order', BUY);
        await y.wait('the order', (m) => data(m).event?.order?.order_id_str === id);
        y.cut();
    });
});
