// login.test.mjs - the SDK logs in over ws and wss, with and without a key.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { md5, secrets } from '../secrets.mjs';
import { startDaemon } from './daemon.mjs';
import { Client, useTls, within } from './sdk.mjs';

const KEY = 'open sesame';
const keyArgs = ['--websocket-key-md5', md5(KEY)];
secrets.add(KEY);
let dir, certArgs, ca;

before(() => {
    dir = mkdtempSync(join(tmpdir(), 'futu-sdk-'));
    const cert = join(dir, 'cert.pem'), key = join(dir, 'key.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
        '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
        { stdio: 'ignore' });
    certArgs = ['--websocket-cert', cert, '--websocket-private-key', key];
    ca = readFileSync(cert);
});
after(() => rmSync(dir, { recursive: true }));

async function serves(client) {
    const s2c = await client.call('GetGlobalState', { userID: 0 });
    assert.equal(s2c.qotLogined, true);
    assert.ok(Math.abs(Number(s2c.time) - Date.now() / 1000) < 10, `time ${s2c.time}`);
}

// Hundreds of kB in one message: many TLS records, the longest form of a WebSocket length.
async function servesMuch(client) {
    const { staticInfoList } = await client.call('Qot_GetStaticInfo', { market: 1, secType: 3 });
    assert.ok(staticInfoList.length > 2000, `${staticInfoList.length} securities`);
    const codes = staticInfoList.map((x) => x.basic.security.code);
    assert.equal(new Set(codes).size, codes.length);
    assert.ok(codes.includes('00700'));
}

async function logsIn(port, ssl, key) {
    const client = new Client();
    try {
        const { ok } = await client.login({ port, ssl, key });
        assert.equal(ok, true);
        assert.ok(client.sdk.getConnID().gt(0));
        await serves(client);
        await servesMuch(client);
    } finally {
        client.close();
    }
}

async function isRefused(port, ssl, key) {
    const client = new Client();
    try {
        const { ok, answer } = await client.login({ port, ssl, key });
        assert.equal(ok, false);
        assert.equal(answer, -1);
        const ws = client.sdk.websock.websock;
        if (ws.readyState !== ws.CLOSED)
            await within(5000, 'close', new Promise((done) => ws.addEventListener('close', done)));
        assert.deepEqual(client.logins, [false]);
    } finally {
        client.close();
    }
}

for (const ssl of [false, true]) {
    const scheme = ssl ? 'wss' : 'ws';

    describe(`${scheme} without a key`, () => {
        let daemon;
        before(async () => {
            daemon = await startDaemon(ssl ? certArgs : []);
            useTls(ssl ? { ca } : {});
        });
        after(() => daemon.stop());

        it('lets everybody in', () => logsIn(daemon.wsPort, ssl, undefined));
        it('does not mind a key that it does not ask for', () => logsIn(daemon.wsPort, ssl, 'any'));
        it('gives each connection its own id', async () => {
            const clients = [new Client(), new Client()];
            const ids = new Set();
            for (const c of clients) {
                assert.equal((await c.login({ port: daemon.wsPort, ssl })).ok, true);
                ids.add(String(c.sdk.getConnID()));
            }
            clients.forEach((c) => c.close());
            assert.equal(ids.size, 2);
        });
    });

    describe(`${scheme} with a key`, () => {
        let daemon;
        before(async () => {
            daemon = await startDaemon(ssl ? [...certArgs, ...keyArgs] : keyArgs);
            useTls(ssl ? { ca } : {});
        });
        after(() => daemon.stop());

        it('lets the right key in', () => logsIn(daemon.wsPort, ssl, KEY));
        it('refuses a wrong key and closes', () => isRefused(daemon.wsPort, ssl, 'wrong'));
        it('refuses no key and closes', () => isRefused(daemon.wsPort, ssl, undefined));
        it('goes on serving', () => logsIn(daemon.wsPort, ssl, KEY));
    });
}

// Sends raw bytes and resolves when the other side closes.
function closes(port, bytes) {
    return within(10_000, `end after ${bytes.length} bytes`, new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.on('data', () => {});
        socket.on('error', () => {});
        socket.on('close', resolve);
    }));
}

it('what is no TLS ends its connection alone', async () => {
    const daemon = await startDaemon(certArgs);
    useTls({ ca });
    const client = new Client();
    assert.equal((await client.login({ port: daemon.wsPort, ssl: true })).ok, true);
    for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'ft-v1.0\0\0\0\0\x01',
        Buffer.alloc(100_000, 0x5a), Buffer.from('16030100050100000100', 'hex')]) {
        await closes(daemon.wsPort, bytes);
        await serves(client);
    }
    client.close();
    await daemon.stop();
});

it('a client that does not trust the certificate gets no connection, others do', async () => {
    const daemon = await startDaemon(certArgs);
    const client = new Client();
    useTls({});
    const refused = new Promise((resolve) => {
        client.sdk.start('127.0.0.1', daemon.wsPort, true);
        client.sdk.websock.onerror = resolve;
    });
    const error = await within(10_000, 'TLS error', refused);
    assert.match(error.message, /certificate/);
    client.close();
    useTls({ ca });
    await logsIn(daemon.wsPort, true);
    await daemon.stop();
});
