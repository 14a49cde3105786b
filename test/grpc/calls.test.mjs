// calls.test.mjs - what a call may look like, its deadline, its cancellation, and many at a time.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import { Daemon, freePort } from '../sdk/daemon.mjs';
import { api, call, decode, encode, exchange, grpc, key, metadata, raw, slow, startGateway, STATE, status,
    within } from './client.mjs';

const all = key('all');
const framed = (bytes) => Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes]);

describe('a call', () => {
    const body = encode('Qot_GetMarketState.Request', STATE);
    let g, generic, quote;
    before(async () => {
        g = await startGateway({ keys: [all] });
        generic = g.client(api.futu.service.FutuOpenD);
        quote = g.client(api.futu.v1.Quote);
    });
    after(() => g.end());

    it('that can\'t be read says what is wrong', async () => {
        const ask = (proto_id, bytes) => call(generic, 'Request', { proto_id, body: bytes }, all);
        assert.equal((await ask(98765, body)).code, status.NOT_FOUND);
        const bad = await ask(3006, Buffer.from([0xff]));
        assert.equal(bad.code, status.INVALID_ARGUMENT);
        assert.match(bad.details, /as a whole Request: .*; as its C2S alone: /);
        const short = await raw(generic, '/futu.v1.Quote/GetKL', encode('Qot_GetMarketState.Request', STATE), all);
        assert.equal(short.code, status.INVALID_ARGUMENT);
        assert.match(short.details, /\w/);
        assert.equal((await raw(generic, '/futu.v1.Quote/Nothing', body, all)).code, status.UNIMPLEMENTED);
        assert.equal((await raw(generic, '/futu.service.FutuOpenD/Request', Buffer.from([0x0a]), all)).code,
            status.INVALID_ARGUMENT);
    });

    it('may be as large as 4 MiB, and no larger', async () => {
        const ask = (n) => call(generic, 'Request', { proto_id: 3223, body: Buffer.alloc(n) }, all);
        assert.equal((await ask((4 << 20) - 16)).code, status.INVALID_ARGUMENT);
        assert.equal((await ask(4 << 20)).code, status.RESOURCE_EXHAUSTED);
    });

    it('may be one of a thousand at a time', async () => {
        const some = await Promise.all(Array.from({ length: 1000 }, () => call(quote, 'GetMarketState', STATE, all)));
        assert.ok(some.every((r) => r.code === 0 && r.value.retType === 0));
    });

    it('that is no gRPC is told so', async () => {
        const h = connect(`http://127.0.0.1:${g.grpcPort}`);
        assert.equal((await exchange(h, { ':path': '/', ':method': 'PUT' })).headers[':status'], 405);
        assert.equal((await exchange(h, { ':path': '/', 'content-type': 'text/html' })).headers[':status'], 415);
        const odd = (await exchange(h, { ':path': '/x', 'grpc-timeout': '1' })).headers;
        assert.equal(odd['grpc-status'], String(status.INVALID_ARGUMENT));
        h.close();
    });

    it('needs one message, whole', async () => {
        const h = connect(`http://127.0.0.1:${g.grpcPort}`);
        const ask = async (bytes) => {
            const { headers, trailers } = await exchange(h, { ':path': '/futu.v1.Quote/GetMarketState',
                authorization: `Bearer ${all.plain}` }, bytes);
            return Number((trailers ?? headers)['grpc-status']);
        };
        assert.equal(await ask(framed(body)), 0);
        assert.equal(await ask(Buffer.alloc(0)), status.UNIMPLEMENTED);
        assert.equal(await ask(framed(body).subarray(0, 9)), status.INVALID_ARGUMENT);
        assert.equal(await ask(Buffer.concat([framed(body), framed(body)])), status.UNIMPLEMENTED);
        h.close();
    });

    describe('with gzip', () => {
        const shares = encode('Qot_GetStaticInfo.Request', { c2s: { market: 1, secType: 3 } });
        let h;
        before(() => { h = connect(`http://127.0.0.1:${g.grpcPort}`); });
        after(() => h.close());
        // { encoding, packed, status, message } of an answer.
        async function ask(headers, bytes = framed(shares)) {
            const a = await exchange(h, { ':path': '/futu.v1.Quote/GetStaticInfo', authorization: `Bearer ${all.plain}`,
                ...headers }, bytes);
            return { encoding: a.headers['grpc-encoding'], packed: a.bytes[0], message: a.bytes.subarray(5),
                status: Number((a.trailers ?? a.headers)['grpc-status']), takes: a.headers['grpc-accept-encoding'] };
        }

        it('is packed when the client takes that, and not else', async () => {
            const plain = await ask({}), packed = await ask({ 'grpc-accept-encoding': 'identity,deflate,gzip' });
            assert.deepEqual([plain.status, plain.encoding ?? 'identity', plain.packed], [0, 'identity', 0]);
            assert.deepEqual([packed.status, packed.encoding, packed.packed], [0, 'gzip', 1]);
            assert.match(packed.takes, /\bgzip\b/);
            assert.ok(plain.message.length > 100_000 && packed.message.length < plain.message.length / 3);
            assert.ok(gunzipSync(packed.message).equals(plain.message));
        });

        it('may come packed', async () => {
            const inside = gzipSync(shares), sent = Buffer.concat([Buffer.from([1, 0, 0, 0, inside.length]), inside]);
            const a = await ask({ 'grpc-encoding': 'gzip' }, sent);
            assert.equal(a.status, 0);
            assert.ok(decode('Qot_GetStaticInfo.Response', a.packed ? gunzipSync(a.message) : a.message)
                .s2c.staticInfoList.length > 1000);
            assert.notEqual((await ask({}, sent)).status, 0, 'packed, and the headers do not say so');
            const other = await ask({ 'grpc-encoding': 'deflate' });
            assert.equal(other.status, status.UNIMPLEMENTED);
            assert.match(other.takes, /\bgzip\b/);
        });

        it('goes both ways with a client library', async () => {
            const c = g.client(api.futu.v1.Quote, undefined, { 'grpc.default_compression_algorithm': 2 });
            const { code, value } = await call(c, 'GetStaticInfo', { c2s: { market: 1, secType: 3 } }, all);
            assert.equal(code, 0);
            assert.ok(value.s2c.staticInfoList.length > 1000);
        });
    });

    it('ends at its deadline, a stream too', async () => {
        const late = await call(quote, 'GetMarketState', STATE, all, {}, { deadline: Date.now() - 1 });
        assert.equal(late.code, status.DEADLINE_EXCEEDED);
        const s = generic.SubscribePush({}, metadata(all), { deadline: Date.now() + 300 });
        s.on('data', () => {});
        const e = await new Promise((resolve) => { s.on('error', resolve); });
        assert.equal(e.code, status.DEADLINE_EXCEEDED);
        assert.equal((await call(quote, 'GetMarketState', STATE, all)).code, 0);
    });

    it('may be given up as it begins, a thousand times', async () => {
        const ends = Array.from({ length: 1000 }, (_, i) => new Promise((resolve) => {
            const c = quote.GetMarketState(STATE, metadata(all), (e, value) => resolve(e?.code ?? value.retType));
            if (i % 2)
                c.cancel();
            else
                setImmediate(() => c.cancel());
        }));
        assert.ok((await Promise.all(ends)).every((c) => c === status.CANCELLED || c === 0));
        assert.equal((await call(quote, 'GetMarketState', STATE, all)).code, 0);
    });
});

const listens = (port) => new Promise((resolve) => {
    const s = createConnection(port, '127.0.0.1', () => { s.destroy(); resolve(true); });
    s.on('error', () => resolve(false));
});

// A relay whose upstream stands still: calls stay under way as long as the test likes.
describe('a call under way', () => {
    const paper = new Daemon(['--paper', '--paper-clock', 'always-open']);
    let dir, relay, port, quote, health;
    before(async () => {
        dir = mkdtempSync(join(tmpdir(), 'futu-grpc-'));
        await paper.start();
        port = await freePort();
        relay = new Daemon(['--upstream', `127.0.0.1:${paper.port}`, '--state-dir', dir, '--grpc-port', String(port)]);
        await relay.start();
        // Clients of one address share a connection.
        quote = new api.futu.v1.Quote(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
        health = new api.grpc.health.v1.Health(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
        assert.equal((await call(quote, 'GetMarketState', STATE)).value.retType, 0);
    });
    after(async () => {
        paper.child.kill('SIGCONT');
        await paper.stop();
        rmSync(dir, { recursive: true });
    });
    // The calls of a connection are read in their order, and health is not asked of the upstream: when this
    // is answered, the calls before it are under way.
    const allRead = async () => assert.equal((await call(health, 'Check', { service: '' })).code, 0);
    const plates = (opts) => call(quote, 'GetPlateSet', { c2s: { market: 1, plateSetType: 0 } }, undefined, {}, opts);

    it('ends at its deadline, which the gateway keeps by itself', async () => {
        paper.child.kill('SIGSTOP');
        assert.equal((await plates({ deadline: Date.now() + 200 })).code, status.DEADLINE_EXCEEDED);
        // Nobody but the gateway watches the time of this one.
        const h = connect(`http://127.0.0.1:${port}`), at = performance.now();
        const body = encode('Qot_GetPlateSet.Request', { c2s: { market: 1, plateSetType: 0 } });
        const { headers, trailers } = await exchange(h, { ':path': '/futu.v1.Quote/GetPlateSet', 'grpc-timeout': '150m' },
            framed(body));
        assert.equal(Number((trailers ?? headers)['grpc-status']), status.DEADLINE_EXCEEDED);
        const took = performance.now() - at;
        assert.ok(took >= 149 && took < 150 + 500 * slow, `${took} ms`);
        h.close();
    });

    it('may be cancelled; the next one is answered', async () => {
        let c;
        const ended = new Promise((resolve) => {
            c = quote.GetPlateSet({ c2s: { market: 1, plateSetType: 0 } }, (e) => resolve(e.code));
        });
        await allRead();
        c.cancel();
        assert.equal(await ended, status.CANCELLED);
        const next = plates();
        paper.child.kill('SIGCONT');
        const { code, value } = await next;
        assert.equal(code, 0);
        assert.ok(value.s2c.plateInfoList.length > 0);
    });

    it('is answered before the gateway ends; a new one is refused', async () => {
        paper.child.kill('SIGSTOP');
        const last = plates();
        await allRead();
        relay.child.kill('SIGTERM');
        while (await listens(port))
            await new Promise(setImmediate);
        paper.child.kill('SIGCONT');
        const { code, details, value } = await last;
        assert.equal(code, 0, details);
        assert.ok(value.s2c.plateInfoList.length > 0);
        assert.equal(await within(10_000 * slow, 'the end of the gateway', relay.exit), 0);
        const refused = await call(quote, 'GetMarketState', STATE, undefined, {}, { deadline: Date.now() + 5000 });
        assert.equal(refused.code, status.UNAVAILABLE);
        quote.close();
        health.close();
    });
});
