// mcp.mjs - MCP over standard input and over HTTP beside a server of the official SDK (npm) that answers the same
// list and a result of the same size.
//
// usage: node mcp.mjs BUILD. Both servers get the same bytes from the same loader, in rounds that alternate.
// In flight: 1, and 16 (of standard input on one stream, of HTTP on 16 connections).
// CPU: microseconds of the server's processor per request; of `futucli mcp` with those of the gateway behind it. It
//      is the number to trust when others use the machine, and when the loader, this one process, is the slower side.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../sdk/daemon.mjs';

const build = process.argv[2], ROUNDS = 3, ROUND_MS = 1000, HZ = 100;
const dir = mkdtempSync(join(tmpdir(), 'futu-mcp-bench-'));
const children = [];

function start(file, args, options = {}) {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], ...options });
    children.push(child);
    return child;
}

// Processor time of these processes so far, in microseconds.
const cpu = (pids) => pids.reduce((sum, pid) => {
    const f = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return sum + (Number(f[11]) + Number(f[12])) * 1e6 / HZ;
}, 0);

// ---- one client: send(text) resolves with the answer's text ----

class Stdio {
    constructor(child) {
        this.child = child;
        this.waits = [];
        this.parts = [];
        child.stdout.on('data', (d) => this.take(d));
    }

    take(d) {
        let from = 0;
        for (let at; (at = d.indexOf(10, from)) >= 0; from = at + 1) {
            const text = this.parts.length ? Buffer.concat([...this.parts, d.subarray(from, at)]) : d.subarray(from, at);
            this.parts = [];
            this.waits.shift()(text);
        }
        if (from < d.length)
            this.parts.push(Buffer.from(d.subarray(from)));
    }

    send(text) {
        this.child.stdin.write(`${text}\n`);
        return new Promise((resolve) => { this.waits.push(resolve); });
    }

    note(text) {
        this.child.stdin.write(`${text}\n`);
    }
}

class Http {
    constructor(port) {
        this.port = port;
        this.agent = new Agent({ keepAlive: true, maxSockets: 16 });
        this.session = {};
    }

    send(text) {
        return new Promise((resolve, reject) => {
            const rq = request({ host: '127.0.0.1', port: this.port, path: '/mcp', method: 'POST', agent: this.agent,
                headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text),
                    accept: 'application/json, text/event-stream', ...this.session } }, (rs) => {
                const parts = [];
                if (rs.headers['mcp-session-id'])
                    this.session = { 'mcp-session-id': rs.headers['mcp-session-id'], 'mcp-protocol-version': '2025-06-18' };
                rs.on('data', (d) => parts.push(d));
                rs.on('end', () => resolve(Buffer.concat(parts)));
                rs.on('error', reject);
            });
            rq.on('error', reject);
            rq.end(text);
        });
    }

    note(text) {
        return this.send(text);
    }
}

let id = 0;
const rpc = (method, params = {}) => JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params });

// An answer may come as one JSON object, or as the events of a stream, of which the last one counts.
function parse(answer) {
    const text = answer.toString();
    return JSON.parse(text.startsWith('{') ? text : text.trim().split(/\n\n/).at(-1).replace(/^(?:id|event):.*\n/gm, '').replace(/^data: ?/gm, ''));
}

async function begin(client) {
    await client.send(rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } }));
    await client.note('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return client;
}

// So many requests in flight for ROUND_MS: how many a second, and the median of one.
async function round(client, make, depth) {
    const end = performance.now() + ROUND_MS, times = [];
    const from = performance.now();
    await Promise.all(Array.from({ length: depth }, async () => {
        while (performance.now() < end) {
            const t = performance.now();
            await client.send(make());
            times.push(performance.now() - t);
        }
    }));
    times.sort((a, b) => a - b);
    return { n: times.length, s: (performance.now() - from) / 1000, p50: times[times.length >> 1] };
}

async function compare(name, ours, peer, make, depth) {
    const sums = [ours, peer].map(() => ({ n: 0, s: 0, p50: [], us: 0 }));
    for (let i = 0; i < ROUNDS; i++)
        for (const [at, side] of [ours, peer].entries()) {
            const before = cpu(side.pids), r = await round(side.client, make, depth), sum = sums[at];
            sum.n += r.n;
            sum.s += r.s;
            sum.p50.push(r.p50);
            sum.us += cpu(side.pids) - before;
        }
    const [a, b] = sums.map((x) => ({ rate: x.n / x.s, p50: x.p50.sort((p, q) => p - q)[x.p50.length >> 1], us: x.us / x.n }));
    console.log(`  ${name.padEnd(34)} ${a.rate.toFixed(0).padStart(7)}/s ${(a.p50 * 1000).toFixed(0).padStart(6)} us ` +
        `${a.us.toFixed(0).padStart(6)} us cpu   ${b.rate.toFixed(0).padStart(7)}/s ${(b.p50 * 1000).toFixed(0).padStart(6)} us ` +
        `${b.us.toFixed(0).padStart(6)} us cpu   ratio ${(a.rate / b.rate).toFixed(2)}, cpu ${(b.us / a.us).toFixed(2)}`);
}

async function main() {
    const [port, ws, rest] = await Promise.all([freePort(), freePort(), freePort()]);
    const opend = start(join(build, 'futu-opend'), ['--paper', '--paper-clock', 'always-open', '--frequency-limits', 'off', '--state-dir', dir,
        '--port', String(port), '--websocket-port', String(ws), '--rest-port', String(rest)]);
    await once(opend.stdout, 'data');
    const cli = start(join(build, 'futucli'), ['mcp', '--gateway', `127.0.0.1:${port}`, '--state-dir', join(dir, 'mcp')]);
    const list = () => rpc('tools/list'), call = () => rpc('tools/call', { name: 'futu_get_quote', arguments: { symbol: 'HK.00700' } });
    const ours = { stdio: { client: await begin(new Stdio(cli)), pids: [cli.pid, opend.pid] },
        http: { client: await begin(new Http(rest)), pids: [opend.pid] } };
    const tools = parse(await ours.stdio.client.send(list())).result.tools, answer = parse(await ours.http.client.send(call()));
    if (answer.result.isError)
        throw new Error(answer.result.content[0].text);
    const file = join(dir, 'peer.json'), peerFile = fileURLToPath(new URL('../mcp/peer.mjs', import.meta.url));
    writeFileSync(file, JSON.stringify({ tools, result: answer.result }));
    const run = (kind) => start(process.execPath, [peerFile, kind, file]);
    const peerStdio = run('stdio'), peerHttp = run('http');
    const [peerPort] = await once(peerHttp.stdout, 'data');
    const peer = { stdio: { client: await begin(new Stdio(peerStdio)), pids: [peerStdio.pid] },
        http: { client: await begin(new Http(Number(peerPort))), pids: [peerHttp.pid] } };
    console.log(`mcp, beside a server of @modelcontextprotocol/sdk; ${tools.length} tools in ${(JSON.stringify(tools).length / 1024).toFixed(0)} KB, ` +
        `a quote of ${JSON.stringify(answer).length} bytes`);
    for (const kind of ['stdio', 'http'])
        for (const depth of [1, 16]) {
            await compare(`${kind}: tools/call, ${depth} in flight`, ours[kind], peer[kind], call, depth);
            await compare(`${kind}: tools/list, ${depth} in flight`, ours[kind], peer[kind], list, depth);
        }
}

try {
    await main();
} finally {
    for (const c of children)
        c.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
}
