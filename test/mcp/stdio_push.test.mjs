// stdio_push.test.mjs - pushes, cancelling and progress of `futucli mcp`: to clients that read, and to one
// that does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';

import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { key, sha256, SIM_HK, slow, startGateway, within } from '../rest/gateway.mjs';
import { checkSecrets, secrets } from '../secrets.mjs';
import { message, REVISIONS, toolCall } from './raw.mjs';
import { connect, good } from './tools.mjs';

const command = process.env.FUTU_CLI;
const all = key('stdio-all', ['qot:read', 'acc:read', 'trade:simulate']);
const other = key('stdio-other', ['acc:read']);
const BUY = { env: 'SIMULATE', acc_id: SIM_HK, market: 'HK', symbol: 'HK.00700', side: 'BUY',
    order_type: 'NORMAL', qty: 100, price: 300 };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let g, file;

function writeKeys(keys) {
    const records = keys.map((k) => ({ id: k.id, scopes: k.scopes,
        hash: `sha256:${sha256(k.plain)}`, created_at: '2026-01-01T00:00:00Z' }));
    writeFileSync(`${file}.next`, JSON.stringify({ version: 1, keys: records }), { mode: 0o600 });
    renameSync(`${file}.next`, file);
}

before(async () => {
    g = await startGateway({ more: ['--paper-clock', 'always-open,x3600'] });
    file = join(g.dir, 'mcp-keys.json');
    writeKeys([all, other]);
    [all, other].forEach((k) => secrets.add(k.plain));
});
after(() => g.end());

let clis = 0;

// What it says on standard error is looked through at its end.
class Cli {
    constructor() {
        this.child = spawn(command, ['mcp', '--gateway', `127.0.0.1:${g.port}`, '--keys-file', file,
            '--audit-log', join(g.dir, `audit-${++clis}.jsonl`)],
        { stdio: 'pipe', env: { ...process.env, FUTU_MCP_API_KEY: all.plain } });
        this.lines = [];
        this.err = this.rest = '';
        this.child.stderr.on('data', (d) => { this.err += d; });
        this.ended = once(this.child, 'close');
    }

    read() {
        this.child.stdout.setEncoding('utf8');
        this.child.stdout.on('data', (d) => {
            const parts = (this.rest + d).split('\n');
            this.rest = parts.pop();
            this.lines.push(...parts.map((l) => JSON.parse(l)));
        });
        return this;
    }

    say(m) { this.child.stdin.write(`${JSON.stringify(m)}\n`); }

    async until(what, test) {
        return within(30_000 * slow, what, (async () => {
            while (!this.lines.some(test))
                await pause(5);
            return this.lines.find(test);
        })());
    }

    async ask(m) {
        this.say(m);
        return this.until(`answer ${m.id}`, (l) => l.id === m.id);
    }

    async begin(revision = '2025-11-25') {
        const { result } = await this.ask(message('initialize', { protocolVersion: revision }, 1));
        assert.equal(result.protocolVersion, revision);
        this.say(message('notifications/initialized'));
        return this;
    }

    async end() {
        this.child.stdin.end();
        const [code] = await this.ended;
        assert.equal(code, 0, this.err);
        assert.equal(this.rest, '');
        checkSecrets([['standard error', this.err]]);
    }
}

it('orders and quotes come to a client of the official SDK', async () => {
    const logs = [];
    const client = await connect(new StdioClientTransport({ command,
        args: ['mcp', '--gateway', `127.0.0.1:${g.port}`, '--keys-file', file],
        env: { ...process.env, FUTU_MCP_API_KEY: all.plain } }));
    client.setNotificationHandler(LoggingMessageNotificationSchema,
        ({ params }) => { logs.push(params); });
    const until = (test) => within(20_000 * slow, 'log message', (async () => {
        while (!logs.some(test))
            await pause(5);
    })());
    await good(client, 'futu_sub_acc_push', {});
    const { json } = await good(client, 'futu_place_order', BUY);
    await until((l) => l.logger === 'futu.trade' && l.level === 'notice' &&
        l.data.event.order?.order_id_str === json.order_id_str && l.data.body_b64);
    await good(client, 'futu_subscribe', { symbols: 'US.AAPL', sub_types: 'BASIC', push: true });
    await until((l) => l.logger === 'futu.quote' && l.data.symbol === 'US.AAPL');
    await client.close();
});

it('has the four revisions, and batches in one of them', async () => {
    for (const revision of REVISIONS) {
        const c = await new Cli().read().begin(revision);
        c.say([message('ping', undefined, 5), message('ping', undefined, 6)]);
        const answer = await c.until('answer', (l) => Array.isArray(l) || l.error);
        if (revision === '2025-03-26')
            assert.deepEqual(answer.map((m) => m.id), [5, 6]);
        else
            assert.equal(answer.error.code, -32600);
        await c.end();
    }
});

it('what is cancelled is not answered', async () => {
    const c = await new Cli().read().begin();
    g.child.kill('SIGSTOP');
    c.say(toolCall(7, 'futu_get_snapshot', { symbols: ['HK.00700'] }));
    c.say(message('notifications/cancelled', { requestId: 7, reason: 'enough' }));
    await c.ask(message('ping', undefined, 8));
    g.child.kill('SIGCONT');
    const { result } = await c.ask(toolCall(9, 'futu_get_snapshot', { symbols: ['HK.00700'] }));
    assert.ok(!result.isError);
    assert.ok(!c.lines.some((l) => l.id === 7));
    await c.end();
});

it('pushes end with the key they were asked for with', async () => {
    const c = await new Cli().read().begin();
    await c.ask(toolCall(2, 'futu_sub_acc_push', { acc_ids: [SIM_HK], api_key: other.plain }));
    writeKeys([all]);
    const end = await c.until('end', (l) => l.params?.data?.type === 'end');
    assert.equal(end.params.level, 'error');
    assert.equal(end.params.data.reason, 'pushes have ended: the API key is revoked');
    const { result } = await c.ask(toolCall(3, 'futu_sub_acc_push', { acc_ids: [SIM_HK] }));
    assert.ok(!result.isError, 'the other one holds');
    writeKeys([all, other]);
    await c.end();
});

it('a client that does not read gets the newest quotes, and every order, once it does', async () => {
    const c = new Cli(), order = await new Cli().read().begin();
    const quotes = { symbols: ['HK.00700', 'HK.09988', 'US.AAPL'],
        sub_types: ['BASIC', 'ORDER_BOOK'], push: true };
    c.say(message('initialize', { protocolVersion: '2025-11-25' }, 1));
    c.say(toolCall(2, 'futu_sub_acc_push', { acc_ids: [SIM_HK] }));
    c.say(toolCall(3, 'futu_subscribe', quotes));
    await order.ask(toolCall(3, 'futu_subscribe', quotes));
    const ids = [];
    let bytes = 0, counted = 0;
    // So much was told to one that reads.
    const told = async (n) => {
        for (; bytes < n; await pause(5))
            for (; counted < order.lines.length; counted++)
                bytes += JSON.stringify(order.lines[counted]).length;
    };
    for (let i = 0; i < 10; i++) {
        const { result } = await order.ask(toolCall(10 + i, 'futu_place_order', { ...BUY, qty: 100 }));
        ids.push(JSON.parse(result.content[0].text).order_id_str);
        await order.ask(toolCall(100 + i, 'futu_cancel_order', { env: 'SIMULATE', acc_id: SIM_HK,
            market: 'HK', order_id: ids[i] }));
        await told((i + 1) * 200_000);
    }
    c.read();
    for (const id of ids)
        await c.until(`order ${id}`, (l) => l.params?.data?.event?.order?.order_id_str === id);
    const gap = await c.until('gap', (l) => l.params?.data?.type === 'gap');
    assert.ok(gap.params.data.lost > 0);
    const trades = c.lines.filter((l) => l.params?.data?.type === 'trade')
        .map((l) => l.params.data.seq);
    assert.deepEqual(trades, trades.map((_, i) => trades[0] + i));
    assert.deepEqual((await c.ask(message('ping', undefined, 99))).result, {});
    await order.end();
    await c.end();
});
