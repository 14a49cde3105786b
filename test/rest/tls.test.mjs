// tls.test.mjs - REST and /ws over TLS: calls, sessions that are taken up again, clients that speak
// something else or say nothing, and what handshakes cost those who are connected already.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import WebSocket from 'ws';

import { Ftapi } from './ftapi.mjs';
import { key, order, slow, startGateway, within } from './gateway.mjs';

const HANDSHAKE_MS = 10_000;
const dir = mkdtempSync(join(tmpdir(), 'futu-tls-'));
after(() => rmSync(dir, { recursive: true }));

// Files of a certificate and its key, of so many bits.
function certificate(bits) {
    const cert = join(dir, `${bits}.pem`), pem = join(dir, `${bits}-key.pem`);
    execFileSync('openssl', ['req', '-x509', '-newkey', `rsa:${bits}`, '-nodes', '-days', '2',
        '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout', pem, '-out', cert], { stdio: 'ignore' });
    return { cert, options: ['--rest-tls-cert', cert, '--rest-tls-key', pem] };
}

const small = certificate(2048), ca = readFileSync(small.cert);

function ask(g, path, { key: k, body, agent } = {}) {
    const text = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
        const rq = request({ host: '127.0.0.1', port: g.restPort, path, ca, agent,
            method: text ? 'POST' : 'GET', headers: {
                ...(text ? { 'content-type': 'application/json' } : {}),
                ...(k ? { authorization: `Bearer ${k.plain}` } : {}) } }, (rs) => {
            let got = '';
            rs.setEncoding('utf8');
            rs.on('data', (d) => { got += d; });
            rs.on('end', () => resolve({ status: rs.statusCode, json: JSON.parse(got),
                port: rq.socket.localPort }));
        });
        rq.on('error', reject);
        rq.end(text);
    });
}

// A connection after its handshake; the ticket comes with it.
function shakeHands(g, opts = {}) {
    return within(20_000 * slow, 'a handshake', new Promise((resolve, reject) => {
        const s = connect({ host: '127.0.0.1', port: g.restPort, ca, ...opts }, () => resolve(s));
        s.on('error', reject);
    }));
}

// What a connection got until it was closed, and after how long.
function untilClosed(s, ms) {
    const from = performance.now(), got = [];
    s.on('error', () => {});
    s.on('data', (d) => got.push(d));
    return within(ms, 'the end', new Promise((resolve) => s.once('close', () =>
        resolve({ ms: performance.now() - from, got: Buffer.concat(got) }))));
}

// What a client says first.
function clientHello() {
    return within(5000 * slow, 'the first bytes', new Promise((resolve) => {
        const server = createServer((s) => s.once('data', (d) => {
            s.destroy();
            server.close();
            resolve(d);
        })).listen(0, '127.0.0.1', () =>
            connect({ host: '127.0.0.1', port: server.address().port }).on('error', () => {}));
    }));
}

describe('REST over TLS', () => {
    const k = key('tls');
    let g;
    before(async () => { g = await startGateway({ keys: [k], more: small.options }); });
    after(() => g.end());

    it('calls are answered, many on one connection', async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 }), ports = new Set();
        for (let i = 0; i < 20; i++) {
            const a = await ask(g, '/api/global-state', { key: k, agent });
            assert.deepEqual([a.status, a.json.ret_type], [200, 0]);
            ports.add(a.port);
        }
        assert.equal(ports.size, 1);
        const placed = await ask(g, '/api/order', { key: k, agent, body: order() });
        assert.equal(placed.json.ret_type, 0, placed.json.ret_msg);
        assert.equal((await ask(g, '/api/global-state', { agent })).status, 401);
        agent.destroy();
    });

    it('answers larger than a record come whole', async () => {
        const a = await ask(g, '/api/openapi.json', { key: k });
        assert.equal(a.status, 200);
        assert.ok(JSON.stringify(a.json).length > 65_536);
    });

    it('/ws is wss', async () => {
        const ws = new WebSocket(`wss://127.0.0.1:${g.restPort}/ws?token=${k.plain}`, { ca });
        const hello = await within(10_000 * slow, 'hello', new Promise((resolve, reject) => {
            ws.once('message', (data) => resolve(JSON.parse(data)));
            ws.once('error', reject);
        }));
        assert.equal(hello.type, 'hello');
        ws.terminate();
    });

    it('a client that comes back takes its session up again', async () => {
        const first = await shakeHands(g), session = first.getSession();
        assert.equal(first.isSessionReused(), false);
        assert.ok(first.getTLSTicket()?.length > 0, 'a ticket');
        assert.equal(first.getProtocol(), 'TLSv1.2');
        first.destroy();
        for (let i = 0; i < 3; i++) {
            const again = await shakeHands(g, { session });
            assert.equal(again.isSessionReused(), true);
            again.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
            const { got } = await untilClosed(again, 10_000 * slow);
            assert.match(got.toString(), /^HTTP\/1\.1 200 /);
        }
        await g.restart();              // and with it the keys of the tickets
        const other = await shakeHands(g, { session });
        assert.equal(other.isSessionReused(), false);
        other.destroy();
    });

    it('older versions are refused', async () => {
        await assert.rejects(shakeHands(g, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1',
            ciphers: 'DEFAULT@SECLEVEL=0' }), /alert protocol version/);
    });

    it('what is no TLS ends the connection at once, and nobody else\'s', async () => {
        const beside = await shakeHands(g);
        const wrong = ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', Buffer.alloc(70_000, 0x16),
            Buffer.from('16030100020100', 'hex'), Buffer.from('1503010002022a', 'hex'),
            Buffer.concat([Buffer.from('1603010040', 'hex'), Buffer.alloc(64, 1)]),
            Buffer.from('8080010301', 'hex')];
        for (const bytes of wrong) {
            const s = connectPlain(g.restPort, '127.0.0.1');
            s.write(bytes);
            // some are no whole record yet; with the end of what is sent they are over
            s.end();
            const { ms, got } = await untilClosed(s, 9000 * slow);
            assert.ok(ms < HANDSHAKE_MS - 2000 || slow > 1, `${ms} ms`);
            assert.ok(got.length === 0 || got[0] === 0x15, 'an alert, if anything');
        }
        beside.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
        assert.match((await untilClosed(beside, 5000 * slow)).got.toString(), /^HTTP\/1\.1 200 /);
    });

    it('who stalls in the handshake is cut, wherever that is', async () => {
        const hello = await clientHello(), done = await shakeHands(g);
        const stalled = [Buffer.alloc(0), hello.subarray(0, 3), hello.subarray(0, hello.length - 1),
            hello].map((bytes) => {
            const s = connectPlain(g.restPort, '127.0.0.1');
            s.write(bytes);
            return untilClosed(s, HANDSHAKE_MS + 10_000 * slow);
        });
        for (const { ms } of await Promise.all(stalled))
            assert.ok(ms > HANDSHAKE_MS - 100, `after ${ms} ms`);
        done.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
        assert.match((await untilClosed(done, 5000 * slow)).got.toString(), /^HTTP\/1\.1 200 /,
            'who has done it may be silent');
    });
});

// With a key whose use takes long, so that what is measured is that.
describe('many handshakes at once', () => {
    const CLIENTS = 40;
    let g, plain;
    before(async () => {
        g = await startGateway({ more: certificate(3072).options });
        plain = await new Ftapi(g.wsPort).open();
    });
    after(async () => {
        plain.close();
        await g.end();
    });

    it('let the others\' requests through in between', async () => {
        const from = performance.now();
        let all, longest = 0, n = 0;
        const hands = Promise.all(Array.from({ length: CLIENTS }, () =>
            shakeHands(g, { rejectUnauthorized: false }))).then((list) => {
            all = performance.now() - from;
            list.forEach((s) => s.destroy());
        });
        for (; !all; n++) {
            const t = performance.now();
            await plain.call('GetGlobalState', { userID: 0 });
            longest = Math.max(longest, performance.now() - t);
        }
        await hands;
        assert.ok(longest < all / 4, `one of ${n} requests took ${longest} ms of ${all}`);
        assert.ok(n > CLIENTS / 2, `${n} requests`);
    });
});
