// cheatsheet.mjs FUTU-OPEND FUTUCLI - the command blocks of a user's cheat sheet, run by the shell
// as they are printed there: each block is shown, then what was seen. Not as printed are the
// account, which is the paper exchange here, and the ports, which are free ones.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync,
    writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { checkSecrets, passwordMD5, secrets } from '../secrets.mjs';
import { freePort } from '../sdk/daemon.mjs';

const [opend, futucli] = process.argv.slice(2).map((p) => resolve(p));
const slow = /[at]san/.test(opend) ? 4 : 1, WAIT_MS = 20_000 * slow;
const home = mkdtempSync(join(tmpdir(), 'futu-cheatsheet-')), log = join(home, 'var-log');
const env = { ...process.env, HOME: home, PATH: `${home}/bin:${process.env.PATH}`, TZ: 'UTC',
    FUTU_OPEND_PORT: '0', FUTU_OPEND_PAPER_CLOCK: 'always-open' };
const running = new Set();
let checks = 0;

mkdirSync(join(home, 'bin'));
mkdirSync(log);
symlinkSync(opend, join(home, 'futu-opend'));
symlinkSync(futucli, join(home, 'bin', 'futucli'));
process.on('exit', () => {
    for (const p of running)
        process.kill(-p.pid, 'SIGKILL');
    rmSync(home, { recursive: true, force: true });
});

function seen(what, ok = true) {
    assert.ok(ok, what);
    checks++;
    console.log(`    seen: ${what}`);
}

async function until(what, fn) {
    for (const end = Date.now() + WAIT_MS; Date.now() < end;) {
        const v = await fn();
        if (v)
            return v;
        await new Promise((r) => setTimeout(r, 20));
    }
    throw new Error(`${what}: not within ${WAIT_MS} ms`);
}

const printed = (block) => console.log(`\n${block.replace(/^/gm, '  $ ')}`);

// As a user runs it, who is not @X and has no log folder of the system.
const local = (block) => block.replace('--login-account X --login-pwd Y', '--paper')
    .replace('/var/log/futu-opend', log);

// A block that is a daemon, or ends in one: { out, err, end() }.
async function daemon(block, more = {}) {
    printed(block);
    const restPort = more.FUTU_OPEND_REST_PORT ?? await freePort();
    const child = spawn('bash', ['-c', local(block)], { cwd: home, detached: true,
        env: { ...env, FUTU_OPEND_REST_PORT: String(restPort), ...more },
            stdio: ['ignore', 'pipe', 'pipe'] });
    const d = { child, out: '', err: '', restPort };
    running.add(child);
    child.stdout.on('data', (t) => { d.out += t; });
    child.stderr.on('data', (t) => { d.err += t; });
    const ended = new Promise((r) => child.once('close',
        (code, signal) => { d.how = signal ?? code; r(d.how); }));
    ended.then(() => running.delete(child));
    d.end = () => {
        process.kill(-child.pid, 'SIGTERM');
        return ended.then((how) => {
            checkSecrets([['standard error', d.err], ['standard output', d.out]], log);
            return how;
        });
    };
    await until('the gateway', async () => {
        assert.equal(d.how, undefined, d.out + d.err);
        return (await http(restPort, '/health')).status === 200;
    });
    d.port = Number(/^ *FTAPI +\S+:(\d+)/m.exec(d.out)?.[1] ?? 0);
    return d;
}

// A block that ends by itself: its output.
function command(block, more = {}) {
    printed(block);
    return execFileSync('bash', ['-c', local(block)],
        { cwd: home, env: { ...env, ...more }, encoding: 'utf8',
        timeout: WAIT_MS, stdio: ['ignore', 'pipe', 'pipe'] });
}

const quietly = (program, args, input = '', more = {}) =>
    execFileSync(program, args, { env: { ...env, ...more },
    cwd: home, encoding: 'utf8', input, timeout: WAIT_MS, stdio: ['pipe', 'pipe', 'pipe'] });

function http(port, path, { method = 'GET', headers = {}, body } = {}) {
    return new Promise((r) => {
        const rq = request({ host: '127.0.0.1', port, path, method, headers }, (rs) => {
            let text = '';
            rs.on('data', (t) => { text += t; });
            rs.on('end', () => r({ status: rs.statusCode, text }));
        });
        rq.on('upgrade', (rs, socket) => { socket.destroy(); r({ status: rs.statusCode }); });
        rq.on('error', (e) => r({ status: 0, text: e.message }));
        rq.end(body);
    });
}

const post = (port, path, key, body) => http(port, path,
    { method: 'POST', body: JSON.stringify(body),
    headers: { 'content-type': 'application/json',
        ...(key ? { authorization: `Bearer ${key}` } : {}) } });

// ---- 5. debug and development ----

async function verbose() {
    const d = await daemon('# Verbose logs (protocol frames + HTTP requests/responses)\n' +
        './futu-opend --login-account X --login-pwd Y --log-level trace');
    const gateway = ['--gateway', `127.0.0.1:${d.port}`];
    quietly('futucli', [...gateway, 'quote', 'HK.00700']);
    quietly('futucli', [...gateway, 'unlock-trade'], '', { FUTU_TRADE_PWD: 'paper' });
    await http(d.restPort, '/api/snapshot?security_list=HK.00700',
        { headers: { authorization: 'Bearer my-own-secret' } });
    await http(d.restPort, '/api/accounts?token=my-other-secret');
    await post(d.restPort, '/api/unlock-trade', 'my-own-secret', { unlock: true, pwd_md5: passwordMD5 });
    await until('the frames in the log', () => /reply: .*Trd_UnlockTrade/.test(d.err) &&
        /HTTP answer: 401/.test(d.err));
    seen('frames: requests and replies by name', /request: .*Qot_GetBasicQot/.test(d.err) &&
        /reply: .*Qot_GetBasicQot/.test(d.err));
    seen('HTTP: request lines and answers', /HTTP request: GET \/api\/snapshot/.test(d.err) &&
        /HTTP answer: 200 \{/.test(d.err));
    seen('a warning that such a log tells much', /WARN .*(credentials|secrets)/.test(d.err));
    for (const secret of ['my-own-secret', 'my-other-secret', passwordMD5])
        seen(`no ${secret === passwordMD5 ? 'password digest' : secret}`, !d.err.includes(secret));
    seen('ends with 0', await d.end() === 0);
}

async function authFlow() {
    const block = '# Auth flow only (POST raw response / salt / tgtgt / error_code)\n' +
        './futu-opend --login-account X --login-pwd Y --log-level debug 2>&1 \\\n' +
        '| grep -E "POST.*raw|salt|tgtgt|error_code"';
    const d = await daemon(block);
    await d.end();
    seen('nothing: the paper exchange has no login', d.out === '' && d.err === '');
    const all = await daemon('./futu-opend --login-account X --login-pwd Y --log-level debug');
    const stranger = connect(all.port, '127.0.0.1', () =>
        stranger.end('GET / HTTP/1.1\r\n\r\n'.padEnd(64)));
    await until('a line of that level', () => / DEBUG /.test(all.err));
    seen(/ DEBUG +(.*)/.exec(all.err)[0].trim(), !/ TRACE /.test(all.err));
    seen('ends with 0', await all.end() === 0);
}

async function jsonLog() {
    const d = await daemon('# JSON structured logs (for Loki / ELK / logging pipelines)\n' +
        './futu-opend --login-account X --login-pwd Y --json-log');
    quietly('futucli', ['--gateway', `127.0.0.1:${d.port}`, 'ping']);
    await until('a line about the client', () => d.err.includes('futucli'));
    seen('ends with 0', await d.end() === 0);
    const lines = d.err.trim().split('\n').map((l) => JSON.parse(l));
    seen(`${lines.length} lines, each an object with time and level`, lines.length >= 2 &&
        lines.every((l) =>
        !Number.isNaN(Date.parse(l.timestamp)) && /^(ERROR|WARN|INFO)$/.test(l.level) && l.target &&
            l.message));
}

async function auditLog() {
    const d = await daemon('# Separate audit log (auth / trade events only; regular logs unchanged)\n' +
        './futu-opend --login-account X --login-pwd Y \\\n--audit-log /var/log/futu-opend/audit.jsonl');
    await post(d.restPort, '/api/order', null, {});
    quietly('futucli', ['--gateway', `127.0.0.1:${d.port}`, 'place-order', '--code', 'HK.00005',
        '--side', 'buy',
        '--qty', '400', '--price', '40']);
    const file = join(log, 'audit.jsonl');
    const lines = await until('its lines', () => {
        const l = readFileSync(file, 'utf8').split('\n').slice(0, -1).map((x) => JSON.parse(x));
        return l.some((x) => x.outcome === 'reject') && l.some((x) => x.outcome === 'success') && l;
    });
    seen(`${lines.length} lines of decisions and orders, and of nothing else`,
        lines.every((l) => l.target === 'futu_audit'));
    seen('the ordinary log stays text', / WARN /.test(d.err) && !d.err.startsWith('{'));
    seen('mode 0600', (statSync(file).mode & 0o777) === 0o600);
    seen('ends with 0', await d.end() === 0);
}

// ---- 8. REST / gRPC / core WebSocket auth ----

const upgrade = (port, key) => http(port, '/',
    { headers: { connection: 'Upgrade', upgrade: 'websocket',
    'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(key ? { authorization: `Bearer ${key}` } : {}) } });

async function auth() {
    const [rest, grpc, ws] = await Promise.all([freePort(), freePort(), freePort()]);
    const text = command('# 1. Generate an API key (limited scope + expiration)\nfutucli gen-key \\\n' +
        '--keys-file ~/.futu-opend-rs/keys.json \\\n--scopes quote,trade:read \\\n--expires 30d');
    const file = join(home, '.futu-opend-rs', 'keys.json'), key = /fc_[0-9a-f]{32}/.exec(text)?.[0];
    secrets.add(key);
    seen('the key, once', Boolean(key) && !readFileSync(file, 'utf8').includes(key));
    const [record] = JSON.parse(readFileSync(file, 'utf8')).keys;
    seen(`a name: ${record.id}`, /\S/.test(record.id) && text.includes(record.id));
    seen('the scopes qot:read and acc:read', record.scopes.join() === 'qot:read,acc:read');
    const days = (Date.parse(record.expires_at) - Date.now()) / 86_400_000;
    seen('30 days', days > 29.9 && days < 30.1);
    seen('mode 0600', (statSync(file).mode & 0o777) === 0o600);

    const d = await daemon('# 2. Start opend with the keys file\n' +
        './futu-opend --login-account X --login-pwd Y \\\n--rest-keys-file ~/.futu-opend-rs/keys.json \\\n' +
        '--grpc-keys-file ~/.futu-opend-rs/keys.json \\\n--ws-keys-file ~/.futu-opend-rs/keys.json \\\n' +
        `--rest-port ${rest} --grpc-port ${grpc} --websocket-port ${ws}`,
            { FUTU_OPEND_REST_PORT: rest });
    seen('gRPC is open, with keys',
        new RegExp(`^ *gRPC +\\S+:${grpc} \\(keys: `, 'm').test(d.out));
    seen('the FTAPI port is closed, and that is said', d.port === 0 &&
        /WARN .*FTAPI TCP port/.test(d.err));

    const answer = JSON.parse(command('# 3. Clients use the Bearer token\n' +
        `curl -H "Authorization: Bearer ${key}" \\\nhttp://localhost:${rest}/api/qot/get_global_state`));
    seen('the global state', answer.ret_type === 0 && answer.s2c.qot_logined === true);
    seen('the same on /api/global-state', (await http(rest, '/api/global-state', { headers: {
        authorization: `Bearer ${key}` } })).status === 200);
    seen('401 without the key', (await http(rest, '/api/qot/get_global_state')).status === 401);
    seen('403 for an order', (await post(rest, '/api/order', key, {})).status === 403);
    seen('a WebSocket with the key, 401 without', (await upgrade(ws, key)).status === 101 &&
        (await upgrade(ws)).status === 401);
    seen('ends with 0', await d.end() === 0);
}

// ---- 12. orders of a closed market ----

const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

async function closedMarket() {
    const paper = await daemon('./futu-opend --login-account X --login-pwd Y');
    const proxy = spawn('python3', ['-B', new URL('cli_proxy.py', import.meta.url).pathname,
        String(paper.port), 'later'],
        { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    running.add(proxy);
    const port = await new Promise((r) => proxy.stdout.once('data', (t) => r(Number(t))));
    // A calendar in which these days are holidays, so that it is closed whenever this runs.
    writeFileSync(join(home, 'holidays.tsv'), 'market\tdate\tkind\tlocal_close\n' +
        [-1, 0, 1].map((o) => `HK\t${day(o)}\tclosed\t\n`).join(''));
    const key = /fc_[0-9a-f]{32}/.exec(quietly('futucli',
        ['gen-key', '--keys-file', join(home, 'trade.json'),
        '--scopes', 'acc:read,trade:simulate']))[0];
    secrets.add(key);
    const relay = await daemon(`./futu-opend --upstream 127.0.0.1:${port} --state-dir relay --calendar-file holidays.tsv \\\n` +
        '--rest-keys-file trade.json --allow-tcp-unauthenticated');
    const order = { acc_id: 9100001, trd_env: 0, trd_market: 1, trd_side: 1, order_type: 1,
        code: '00700', qty: 100,
        price: 300 };
    await until('the relay', async () => (await http(relay.restPort, '/readyz')).status === 200);
    const answer = JSON.parse((await post(relay.restPort, '/api/order', key, order)).text);
    console.log(answer.ret_msg.replace(/^/gm, '      '));
    seen('the answer of the broker, and behind it a hint', answer.ret_type === -1 &&
        /^please retry later\n[^]*【hint】/.test(answer.ret_msg));
    seen('that no order waits here for the next session, and which flags do not change that',
        /fill_outside_rth/.test(answer.ret_msg) && /auction/i.test(answer.ret_msg));
    let said;
    try {
        quietly('futucli', ['--gateway', `127.0.0.1:${relay.port}`, 'place-order', '--code',
            'HK.00005', '--side', 'buy',
            '--qty', '400', '--price', '40']);
    } catch (e) {
        said = e.stderr;
    }
    seen('the same for FTAPI clients', /please retry later/.test(said) && /【hint】/.test(said));
    const us = JSON.parse((await post(relay.restPort, '/api/order', key,
        { ...order, acc_id: 9100002, trd_market: 2,
        code: 'AAPL', qty: 1, price: 10 })).text);
    const weekday = new Date().getUTCDay() % 6 !== 0, hour = new Date().getUTCHours();
    if (weekday && hour >= 15 && hour < 20)
        seen('no hint for a market that is open', us.ret_msg === 'please retry later');
    seen('ends with 0', await relay.end() === 0);
    process.kill(-proxy.pid);
    running.delete(proxy);

    const direct = await daemon(`./futu-opend --upstream 127.0.0.1:${paper.port} --state-dir relay --calendar-file holidays.tsv \\\n` +
        '--rest-keys-file trade.json');
    await until('the relay', async () => (await http(direct.restPort, '/readyz')).status === 200);
    const precise = JSON.parse((await post(direct.restPort, '/api/order', key,
        { ...order, qty: 150 })).text);
    seen('no hint behind an error that says its cause', precise.ret_type === -1 &&
        !/hint/.test(precise.ret_msg));
    await direct.end();
    seen('ends with 0', await paper.end() === 0);
}

for (const [title, ...parts] of [['5. Debug & development', verbose, authFlow, jsonLog, auditLog],
    ['8. REST / gRPC / core WebSocket auth', auth],
        ['12. Why can\'t I place orders during off-hours?', closedMarket]]) {
    console.log(`\n== ${title}`);
    for (const part of parts)
        await part();
}
console.log(`\ncheatsheet: ${checks} checks passed`);
