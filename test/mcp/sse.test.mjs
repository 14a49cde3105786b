// sse.test.mjs - /sse and /mcp/sse with the SDK's client of revision 2024-11-05: its stream is its session.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { key, SIM_HK, slow, within } from '../rest/gateway.mjs';
import { bad, checkHistory, checkOrders, checkReads, checkTools, connect, good } from './tools.mjs';
import { all, TRADER, World } from './world.mjs';

const qot = key('qot', ['qot:read']), goes = key('goes', TRADER);
let w;
before(async () => { w = await World.start('sse', { keys: [all, qot, goes] }); });
after(() => w.end());

const url = (path) => `http://127.0.0.1:${w.g.restPort}${path}`;
const bearer = (k) => ({ authorization: `Bearer ${k.plain}` });
const text = (method, params, id) => JSON.stringify({ jsonrpc: '2.0', id, method, params });

test('tools, reads and orders', async () => {
    const client = await w.open();
    const tools = await checkTools(client);
    assert.ok(tools.has('futu_place_order'));
    await checkReads(client);
    await checkHistory(client, true);
    await checkOrders(client);
});

test('the other path is the same', async () => {
    const client = w.keep(await connect(w.transport(SSEClientTransport, '/mcp/sse')));
    await checkReads(client);
});

test('a key sees what its scopes allow, and without one there is no session', async () => {
    const client = await w.open(qot);
    await bad(client, 'futu_get_funds', { acc_id: 1, market: 'HK' }, /unauthorized/);
    await assert.rejects(connect(w.transport(SSEClientTransport, '/sse', null)), /401/);
    await assert.rejects(connect(w.transport(SSEClientTransport, '/sse', { plain: 'fc_wrong' })), /401/);
});

// The events of a stream, as they come: { event, data }.
async function* events(response) {
    let rest = '';
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        const whole = (rest + piece).split('\n\n');
        rest = whole.pop();
        for (const e of whole)
            yield Object.fromEntries(e.split('\n').map((l) => l.split(/: (.*)/s)));
    }
}

test('as the revision says it: endpoint first, then every message as an event', async () => {
    const stop = new AbortController();
    const get = await fetch(url('/sse'), { headers: { accept: 'text/event-stream', ...bearer(all) }, signal: stop.signal });
    assert.equal(get.headers.get('content-type'), 'text/event-stream');
    const read = events(get), next = async () => (await within(10_000 * slow, 'an event', read.next())).value;
    const first = await next();
    assert.equal(first.event, 'endpoint');
    assert.match(first.data, /^\/sse\?session_id=[0-9a-f]{32}$/);
    const post = (body, k = all) => fetch(new URL(first.data, url('/sse')), { method: 'POST', body,
        headers: { 'content-type': 'application/json', ...bearer(k) } });
    const said = async (body) => {
        const r = await post(body);
        assert.deepEqual([r.status, await r.text()], [202, '']);
    };
    await said(text('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'x', version: '1' } }, 1));
    const begun = await next();
    assert.equal(begun.event, 'message');
    assert.equal(JSON.parse(begun.data).result.protocolVersion, '2024-11-05');
    await said(text('notifications/initialized'));
    await said(text('ping', undefined, 'x'));
    assert.deepEqual(JSON.parse((await next()).data), { jsonrpc: '2.0', id: 'x', result: {} });
    assert.equal((await post('{')).status, 400);
    assert.equal((await post(text('ping', undefined, 2), goes)).status, 404);
    stop.abort();
    for (let status = 202; status !== 404; status = (await post(text('ping', undefined, 3))).status)
        await new Promise(setImmediate);
});

test('orders come to the session that asked, until it is closed', async () => {
    const client = await w.open(), told = new Promise((resolve) => {
        client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
            if (params.data.event?.order)
                resolve(params);
        });
    });
    await good(client, 'futu_sub_acc_push', { acc_ids: [SIM_HK] });
    await good(client, 'futu_place_order', { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK', symbol: 'HK.00700', side: 'BUY',
        order_type: 'NORMAL', qty: 100, price: 300 });
    const { logger, data } = await within(10_000 * slow, 'the push', told);
    assert.deepEqual([logger, data.acc_id], ['futu.trade', SIM_HK]);
});

test('it ends with its key, and no other session does', async () => {
    const client = await w.open(goes), stays = await w.open();
    const gone = new Promise((resolve) => { client.onerror = resolve; });
    w.writeKeys([all, qot]);
    await within(10_000 * slow, 'its end', gone);
    await assert.rejects(client.ping(), /40[14]/);
    await stays.ping();
});

test('both transports beside each other', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, (_, i) =>
        connect(i % 2 ? w.transport(SSEClientTransport, '/sse') : w.transport(StreamableHTTPClientTransport, '/mcp'))));
    await Promise.all(clients.map((c) => good(c, 'futu_get_quote', { symbol: 'HK.00700' })));
    await Promise.all(clients.map((c) => c.close()));
});
