// readme.test.mjs - the configurations that README.md shows for LLM clients, tried as they stand: their program,
// arguments, environment and headers, with the SDK's client in the place of the desktop program. Only what a user
// puts in is put in: the path of the program, of the keys file, the key, and the ports.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
    StreamableHTTPClientTransport,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { Gateway, SIM_HK } from '../rest/gateway.mjs';
import { secrets } from '../secrets.mjs';
import { connect, good } from './tools.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const configs = [...readme.matchAll(/```json\n(\{\s+"(?:mcpServers|servers)"[^`]*)```/g)].map((m) => JSON.parse(m[1]))
    .map((c) => Object.values(c.mcpServers ?? c.servers)[0]);
let g, key, snippet;

before(async () => {
    g = new Gateway({ keys: [], more: ['--allow-tcp-unauthenticated'] });
    const said = execFileSync(process.env.FUTU_CLI, ['gen-key', '--id', 'llm', '--scopes', 'qot:read,acc:read,trade:simulate',
        '--keys-file', g.keysFile], { encoding: 'utf8' });
    key = /^key\s+(fc_\w+)$/m.exec(said)[1];
    snippet = JSON.parse(/^\s*(\{"mcpServers"[^]*\}\}\})$/m.exec(said)[1]).mcpServers.futu;
    secrets.add(key);
    await g.start();
});
after(() => g.end());

const put = (text) => text.replaceAll('/usr/local/bin/futucli', process.env.FUTU_CLI).replaceAll('127.0.0.1:11111', `127.0.0.1:${g.port}`)
    .replaceAll('/etc/futu/keys.json', g.keysFile).replaceAll('22222', String(g.restPort)).replaceAll('fc_...', key);

function transport(config) {
    const c = JSON.parse(put(JSON.stringify(config)));
    if (c.url)
        return new StreamableHTTPClientTransport(new URL(c.url), { requestInit: { headers: c.headers } });
    return new StdioClientTransport({ command: c.command, args: c.args, stderr: 'inherit',
        env: { PATH: process.env.PATH, HOME: join(g.dir, 'home'), ...c.env } });
}

async function use(config) {
    const client = await connect(transport(config));
    try {
        const names = (await client.listTools()).tools.map((t) => t.name);
        assert.ok(names.includes('futu_get_quote') && names.includes('futu_place_order') && !names.includes('futu_unlock_trade'));
        const quote = await good(client, 'futu_get_quote', { symbol: 'HK.00700' });
        assert.equal(quote.json.currency, 'HKD');
        const placed = await good(client, 'futu_place_order', { env: 'SIMULATE', acc_id: SIM_HK, side: 'BUY', order_type: 'NORMAL',
            symbol: 'HK.00700', qty: 100, price: 300 });
        assert.equal(placed.json.sent, true);
    } finally {
        await client.close();
    }
}

test('every configuration of the README works as it stands', async () => {
    assert.equal(configs.length, 4);
    assert.deepEqual(configs.map((c) => Boolean(c.url)), [false, false, true, true]);
    for (const c of configs)
        await use(c);
});

test('so does the one that gen-key prints', async () => {
    assert.equal(snippet.command, process.env.FUTU_CLI);
    assert.deepEqual(snippet.args.slice(3), ['--keys-file', g.keysFile]);
    await use(snippet);
});
