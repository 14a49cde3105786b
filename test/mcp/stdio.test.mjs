// stdio.test.mjs - `futucli mcp` with the official SDK's client, and what no SDK would send.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { key, sha256, startGateway } from '../rest/gateway.mjs';
import { checkHistory, checkOrders, checkReads, checkTools, connect } from './tools.mjs';

const command = process.env.FUTU_CLI;
const all = key('all', ['qot:read', 'acc:read', 'trade:simulate', 'trade:real', 'trade:unlock']);
let g, file;

before(async () => {
    g = await startGateway();
    file = join(g.dir, 'mcp-keys.json');
    writeFileSync(file, JSON.stringify({ version: 1, keys: [{ id: all.id, scopes: all.scopes,
        hash: `sha256:${sha256(all.plain)}`, created_at: '2026-01-01T00:00:00Z' }] }),
    { mode: 0o600 });
});
after(() => g.end());

const args = (...more) => ['mcp', '--gateway', `127.0.0.1:${g.port}`, ...more];

test('tools, reads and orders', async () => {
    const client = await connect(new StdioClientTransport({ command,
        args: args('--keys-file', file),
        env: { ...process.env, FUTU_MCP_API_KEY: all.plain, FUTU_TRADE_PWD: 'paper' } }));
    await checkTools(client);
    await checkReads(client);
    await checkHistory(client, true);
    await checkOrders(client);
    await client.close();
});

test('without keys nothing may trade', async () => {
    const client = await connect(new StdioClientTransport({ command, args: args() }));
    const tools = await checkTools(client);
    assert.ok(tools.has('futu_get_funds') && !tools.has('futu_place_order'));
    await checkReads(client);
    await client.close();
});

test('a bad line is answered, and the end of the input ends it', async () => {
    const child = spawn(command, args(), { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping","params":NaN}\nnonsense\n\n');
    child.stdin.write(`${' '.repeat(2 ** 20 + 10)}\n`);
    child.stdin.end('{"jsonrpc":"2.0","id":2,"method":"ping"}');
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    const lines = out.trim().split('\n').map((l) => JSON.parse(l));
    assert.deepEqual(lines.map((l) => l.error?.code ?? l.result), [-32700, -32700, -32600, {}]);
});
