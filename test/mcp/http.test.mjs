// http.test.mjs - /mcp of the REST port with the official SDK's client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
    StreamableHTTPClientTransport,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { key, startGateway } from '../rest/gateway.mjs';
import { bad, checkHistory, checkOrders, checkReads, checkTools, connect } from './tools.mjs';

const all = key('all', ['qot:read', 'acc:read', 'trade:simulate', 'trade:real', 'trade:unlock']);
const qot = key('qot', ['qot:read']);
let g;

before(async () => {
    g = await startGateway({ keys: [all, qot], env: { FUTU_TRADE_PWD: 'paper' } });
});
after(() => g.end());

const transport = (k) => new StreamableHTTPClientTransport(
    new URL(`http://127.0.0.1:${g.restPort}/mcp`),
    { requestInit: { headers: k ? { authorization: `Bearer ${k.plain}` } : {} } });

test('tools, reads and orders', async () => {
    const client = await connect(transport(all));
    const tools = await checkTools(client);
    assert.ok(tools.has('futu_place_order') && tools.has('futu_unlock_trade'));
    assert.equal(tools.get('futu_place_order').annotations.destructiveHint, true);
    assert.equal(tools.get('futu_get_quote').annotations.readOnlyHint, true);
    await checkReads(client);
    await checkHistory(client, true);
    await checkOrders(client);
    await client.close();
});

test('a key sees what its scopes allow', async () => {
    const client = await connect(transport(qot));
    const tools = await checkTools(client);
    assert.ok(tools.has('futu_get_quote'));
    assert.ok(!tools.has('futu_place_order') && !tools.has('futu_get_funds'));
    await bad(client, 'futu_get_funds', { acc_id: 1, market: 'HK' }, /unauthorized/);
    await client.close();
});

test('without a key there is no session', async () => {
    await assert.rejects(connect(transport(null)));
    await assert.rejects(connect(transport({ plain: 'fc_wrong' })));
});

test('a session ends when it is told to', async () => {
    const t = transport(qot);
    const client = await connect(t);
    await client.ping();
    await t.terminateSession();
    await client.close();
});
