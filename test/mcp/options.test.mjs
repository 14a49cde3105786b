// options.test.mjs - how `futucli mcp` is told what to do: options, the TOML file, the environment; keyless
// trading by its two switches; and lines that are no messages.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { key, REAL, SIM_HK } from '../rest/gateway.mjs';
import { bad, call, good } from './tools.mjs';
import { all, World } from './world.mjs';

const qot = key('qot', ['qot:read']);
let w;

before(async () => { w = await World.start('stdio', { keys: [all, qot] }); });
afterEach(() => w.close());
after(() => w.end());

const names = async (c) => (await c.listTools()).tools.map((t) => t.name);
const order = (env, acc) => ({ env, acc_id: String(acc), side: 'BUY', order_type: 'NORMAL', symbol: 'HK.00700', qty: 100, price: 300 });
const keyless = (...args) => w.open(null, { keysFile: null, args });

// Runs it with wrong options: its exit status and what it said.
async function wrong(...args) {
    const child = spawn(process.env.FUTU_CLI, ['mcp', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (d) => { err += d; });
    const [code] = await once(child, 'close');
    return [code, err];
}

test('without keys reads are open and nothing trades', async () => {
    const c = await keyless(), list = await names(c);
    assert.ok(list.includes('futu_get_funds') && !list.includes('futu_place_order') && !list.includes('futu_unlock_trade'));
    await bad(c, 'futu_place_order', order('SIMULATE', SIM_HK), /unauthorized: without a keys file/);
    await bad(c, 'futu_unlock_trade', {}, /unauthorized: without a keys file/);
});

test('--enable-trading opens simulated accounts alone', async () => {
    for (const more of [[], ['--mcp-direct-orders']]) {
        const c = await keyless('--enable-trading', ...more), list = await names(c);
        assert.ok(list.includes('futu_place_order') && !list.includes('futu_unlock_trade'));
        assert.equal((await good(c, 'futu_place_order', order('SIMULATE', SIM_HK))).json.sent, true);
        await bad(c, 'futu_place_order', order('REAL', REAL), /real accounts are closed/);
        await bad(c, 'futu_unlock_trade', {}, /unauthorized/);
    }
});

test('--allow-real-trading opens real ones, confirmed or direct', async () => {
    const c = await keyless('--enable-trading', '--allow-real-trading');
    assert.ok((await names(c)).includes('futu_unlock_trade'));
    await good(c, 'futu_unlock_trade', {});
    const p = await good(c, 'futu_place_order', order('REAL', REAL));
    assert.equal(p.json.sent, false);
    assert.equal((await good(c, 'futu_place_order', { ...order('REAL', REAL), confirm_token: p.json.confirm_token })).json.sent, true);
    const d = await keyless('--enable-trading', '--allow-real-trading', '--mcp-direct-orders');
    assert.equal((await good(d, 'futu_place_order', order('REAL', REAL))).json.sent, true);
    await good(d, 'futu_unlock_trade', { unlock: false });
});

test('--mcp-tools chooses groups', async () => {
    const c = await w.open(all, { args: ['--mcp-tools', 'core,trade'] });
    const list = await names(c);
    assert.ok(list.includes('futu_ping') && list.includes('futu_place_order') && !list.includes('futu_get_quote'));
    await bad(c, 'futu_get_quote', { symbol: 'HK.00700' }, /unknown tool/);
    const [code, err] = await wrong('--mcp-tools', 'core,qoute');
    assert.equal(code, 1);
    assert.match(err, /core, subscribe, quote/);
});

test('--mcp-no-output-schemas leaves them out of the list, and results as they are', async () => {
    const c = await w.open(all, { args: ['--mcp-no-output-schemas'] }), whole = await w.open(all);
    const short = (await c.listTools()).tools, { tools } = await whole.listTools();
    assert.deepEqual(short, tools.map(({ outputSchema, ...rest }) => (assert.ok(outputSchema), rest)));
    assert.ok(2 * JSON.stringify(short).length < JSON.stringify(tools).length);
    await good(c, 'futu_get_market_state', { symbols: ['HK.00700'] });
    const config = w.file('short.toml', 'mcp_no_output_schemas = true\n');
    const { tools: same } = await (await w.open(all, { args: ['--config', config] })).listTools();
    assert.deepEqual(same, short);
});

test('the TOML file says the same; the command line and the environment win', async () => {
    const config = w.file('mcp.toml', `gateway = "127.0.0.1:${w.g.port}"\nkeys_file = "${w.g.keysFile}"\n` +
        `audit_log = "${join(w.g.dir, 'toml-trail.jsonl')}"\napi_key = "${qot.plain}"\nmcp-tools = "core,quote"\n`);
    const opts = { gateway: false, keysFile: null, args: ['--config', config] };
    const c = await w.open(null, opts);
    assert.ok((await names(c)).includes('futu_get_quote') && !(await names(c)).includes('futu_get_funds'));
    await good(c, 'futu_get_quote', { symbol: 'HK.00700' });
    await c.close();
    const d = await w.open(all, { ...opts, args: ['--config', config, '--mcp-tools', 'account'] });
    assert.deepEqual((await names(d)).filter((n) => !n.startsWith('futu_get_')), ['futu_list_accounts']);
    await bad(d, 'futu_get_funds', { market: 'HK', acc_id: 1, no_such: 1 }, /unknown field/);
    await d.close();
    assert.match(readFileSync(join(w.g.dir, 'toml-trail.jsonl'), 'latin1'), /"iface":"mcp"/);
    w.file('mcp.toml', '');                 /* its key is no leak */
});

test('wrong options are told by name', async () => {
    const rows = [
        [['--http-listen', ':38765'], /--http-listen: .*futu-opend .*--rest-port/],
        [['--allow-real-trading'], /--allow-real-trading goes with --enable-trading/],
        [['--config', '/no/such/file'], /--config: \/no\/such\/file can't be read/],
        [['--config', w.file('a.toml', 'http_listen = ":38765"\n')], /line 1: http_listen: .*--rest-port/],
        [['--config', w.file('b.toml', 'gatway = "x"\n')], /unknown option gatway; did you mean gateway\?/],
        [['--config', w.file('c.toml', 'gateway = 5\n')], /gateway: a text in quotes/],
        [['--config', w.file('d.toml', 'enable_trading = "yes"\n')], /enable_trading: true or false/],
        [['--config', w.file('e.toml', 'gateway = "x"\ngateway = "y"\n')], /line 2: gateway: it is there twice/],
        [['--config', w.file('f.toml', 'gateway = "x:y:z"\n')], /gateway: x:y:z is not HOST:PORT/],
        [['--keys-fil', 'x'], /--keys-fil/],
    ];
    for (const [args, re] of rows) {
        const [code, err] = await wrong(...args);
        assert.equal(code, 2, `${args}: ${err}`);
        assert.match(err, re);
    }
});

test('without a trade password nothing is unlocked; with a wrong one neither', async () => {
    const c = await w.open(all, { env: { FUTU_TRADE_PWD: '' } });
    await bad(c, 'futu_unlock_trade', {}, /no trade password is set/);
    const d = await w.open(all, { env: { FUTU_TRADE_PWD: 'wrong one' } });
    await bad(d, 'futu_unlock_trade', {}, /密码|password/i);
    const e = await w.open(all, { env: { FUTU_TRADE_PWD: '  paper\n' } });
    await good(e, 'futu_unlock_trade', {});
    const f = await w.open(all, { args: ['--trade-pwd-account', 'nobody', '--keychain', 'off'] });
    await good(f, 'futu_unlock_trade', {});
    const g = await w.open(all, { args: ['--trade-pwd-account', 'nobody', '--keychain', 'off'], env: { FUTU_TRADE_PWD: '' } });
    await bad(g, 'futu_unlock_trade', {}, /no trade password is set/);
    assert.match(w.errors.at(-1), /no trade password of nobody/);
});

test('several servers at once have each their own journal', async () => {
    const home = join(w.g.dir, 'home', '.futu-opend-rs');
    const two = [await w.open(all), await w.open(all)];
    for (const c of two)
        assert.equal((await good(c, 'futu_place_order', order('SIMULATE', SIM_HK))).json.sent, true);
    assert.ok(existsSync(join(home, 'mcp')) && existsSync(join(home, 'mcp-2')), `${readdirSync(home)}`);
    const own = join(w.g.dir, 'own-state');
    const c = await w.open(all, { args: ['--state-dir', own] });
    await good(c, 'futu_place_order', order('SIMULATE', SIM_HK));
    assert.ok(readdirSync(join(own, 'mcp')).some((n) => n.startsWith('orders-')));
});

test('lines that are no messages are answered, and the server goes on', async () => {
    const child = spawn(process.env.FUTU_CLI, ['mcp', '--gateway', `127.0.0.1:${w.g.port}`], { stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, HOME: join(w.g.dir, 'home') } });
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    const garbage = ['{"jsonrpc":"2.0","id":1,"method":"ping","params":NaN}', '{"jsonrpc":"2.0","id":1,"x":Infinity}', '{"a":-Infinity}',
        'nonsense', '{', '\0', '{"a":"\\ud800"}', 'Content-Length: 20', '[[[[', '{"jsonrpc":"2.0","id":1,"method":"ping"}}'];
    for (const line of garbage)
        child.stdin.write(`${line}\n`);
    child.stdin.write(Buffer.from([0xff, 0xfe, 0x0a]));
    child.stdin.end('{"jsonrpc":"2.0","id":2,"method":"ping"}\n');
    const [code] = await once(child, 'close');
    const lines = out.trim().split('\n').map((l) => JSON.parse(l));
    assert.equal(code, 0);
    assert.deepEqual(lines.slice(0, -1).map((l) => [l.id, l.error?.code]), Array(garbage.length + 1).fill([null, -32700]));
    assert.deepEqual(lines.at(-1), { jsonrpc: '2.0', id: 2, result: {} });
});

test('a gateway that is not there is told as such', async () => {
    const c = await w.open(all, { gateway: false, args: ['--gateway', '127.0.0.1:1'] });
    const r = await call(c, 'futu_get_quote', { symbol: 'HK.00700' });
    assert.equal(r.isError, true);
    assert.match(r.json.error, /connect/);
});
