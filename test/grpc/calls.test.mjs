// calls.test.mjs - calls of both kinds of service, keys, statuses, deadlines, health and reflection.
import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';

import { api, call, decode, encode, filled, grpc, key, metadata, pathOf, protocols, raw, SCOPES, SIM_HK,
    startGateway, status, types } from './client.mjs';

const HK = { market: 1, code: '00700' };
const ORDER = { packetID: { connID: 0, serialNo: 1 }, header: { trdEnv: 0, accID: SIM_HK, trdMarket: 1 }, trdSide: 1,
    orderType: 1, code: '00700', qty: 100, price: 1 };

// Served from a database that gateways no longer have.
const GONE = [3100, 3101, 3102, 3200];

describe('with keys', () => {
    const all = key('all'), qot = key('qot', ['qot:read']), acc = key('acc', ['acc:read']);
    const old = key('old', SCOPES, { expires_at: '2020-01-01T00:00:00Z' });
    const us = key('us', SCOPES, { allowed_markets: ['US'] });
    const once = key('once', SCOPES, { max_orders_per_minute: 1 });
    let g, generic, quote, trade;
    before(async () => {
        g = await startGateway({ keys: [all, qot, acc, old, us, once] });
        generic = g.client(api.futu.service.FutuOpenD);
        quote = g.client(api.futu.v1.Quote);
        trade = g.client(api.futu.v1.Trade);
    });
    after(() => g.end());

    it('answers every protocol by its number and by its method', async () => {
        assert.ok(protocols.length > 100);
        for (const p of protocols) {
            const body = encode(p.request, filled(types.lookupType(p.request)));
            const byNumber = await call(generic, 'Request', { proto_id: p.id, body }, all);
            const byMethod = await raw(generic, pathOf(p.name), body, all);
            if (GONE.includes(p.id)) {
                assert.deepEqual([byNumber.code, byMethod.code], [status.NOT_FOUND, status.UNIMPLEMENTED], p.name);
                continue;
            }
            assert.deepEqual([byNumber.code, byMethod.code], [0, 0], `${p.name}: ${byNumber.details} ${byMethod.details}`);
            const inner = decode(p.response, byNumber.value.body), direct = decode(p.response, byMethod.value);
            assert.equal(byNumber.value.proto_id, p.id);
            assert.equal(byNumber.value.ret_type, inner.retType, p.name);
            assert.equal(byNumber.value.ret_msg, inner.retMsg ?? '');
            assert.equal(direct.retType, inner.retType, p.name);
        }
    });

    it('takes the C2S alone as well', async () => {
        const c2s = encode('Qot_GetMarketState.C2S', { securityList: [HK] });
        const { value } = await call(generic, 'Request', { proto_id: 3223, body: c2s }, qot);
        assert.equal(decode('Qot_GetMarketState.Response', value.body).s2c.marketInfoList[0].security.code, '00700');
    });

    it('says in the status who may not', async () => {
        const ask = async (k, proto_id, body) => (await call(generic, 'Request', { proto_id, body }, k)).code;
        const state = encode('Qot_GetMarketState.Request', { c2s: { securityList: [HK] } });
        assert.equal(await ask(undefined, 3223, state), status.UNAUTHENTICATED);
        assert.equal(await ask(key('nobody'), 3223, state), status.UNAUTHENTICATED);
        assert.equal(await ask(old, 3223, state), status.UNAUTHENTICATED);
        assert.equal(await ask(acc, 3223, state), status.PERMISSION_DENIED);
        assert.equal(await ask(all, 98765, state), status.NOT_FOUND);
        assert.equal(await ask(all, 3006, Buffer.from([0xff])), status.INVALID_ARGUMENT);
        assert.equal((await raw(generic, '/futu.v1.Quote/Nothing', state, all)).code, status.UNIMPLEMENTED);
    });

    it('holds orders to the limits of their key', async () => {
        const place = (k, word, serialNo = 1) => call(trade, 'PlaceOrder', { c2s: { ...ORDER,
            packetID: { connID: 0, serialNo } } }, k, word ? { 'idempotency-key': word } : {});
        assert.equal((await place(us)).code, status.PERMISSION_DENIED);
        const first = await place(once), second = await place(once);
        assert.deepEqual([first.code, second.code], [0, status.RESOURCE_EXHAUSTED]);
        assert.equal(first.value.retType, 0, first.value.retMsg);
        const a = await place(all, 'word'), b = await place(all, 'word'), c = await place(all, 'word', 2);
        assert.equal(a.value.retType, 0, a.value.retMsg);
        assert.deepEqual(b.value, a.value);
        assert.equal(c.code, status.ALREADY_EXISTS);
    });

    it('refuses what is too large, and takes what is compressed', async () => {
        const big = await call(generic, 'Request', { proto_id: 3223, body: Buffer.alloc(4 << 20) }, all);
        assert.equal(big.code, status.RESOURCE_EXHAUSTED);
        const gzip = new api.futu.v1.Quote(`127.0.0.1:${g.grpcPort}`, grpc.credentials.createInsecure(),
            { 'grpc.default_compression_algorithm': 2 });
        assert.equal((await call(gzip, 'GetMarketState', { c2s: { securityList: [HK] } }, all)).code, 0);
        gzip.close();
    });

    it('ends a call at its deadline, and goes on', async () => {
        const late = await call(quote, 'GetMarketState', { c2s: { securityList: [HK] } }, all, {},
            { deadline: Date.now() - 1 });
        assert.equal(late.code, status.DEADLINE_EXCEEDED);
        const s = generic.SubscribePush({}, metadata(all), { deadline: Date.now() + 300 });
        s.on('data', () => {});
        const e = await new Promise((resolve) => { s.on('error', resolve); });
        assert.equal(e.code, status.DEADLINE_EXCEEDED);
        assert.equal((await call(quote, 'GetMarketState', { c2s: { securityList: [HK] } }, all)).code, 0);
    });

    it('answers a thousand calls at a time', async () => {
        const some = await Promise.all(Array.from({ length: 1000 }, () => call(quote, 'GetMarketState',
            { c2s: { securityList: [HK] } }, all)));
        assert.ok(some.every((r) => r.code === 0 && r.value.retType === 0));
    });

    it('tells HTTP/2 clients that speak no gRPC so', async () => {
        const h = connect(`http://127.0.0.1:${g.grpcPort}`);
        const ask = (headers) => new Promise((resolve, reject) => {
            const rq = h.request(headers);
            rq.on('response', resolve);
            rq.on('error', reject);
            rq.end();
        });
        assert.equal((await ask({ ':path': '/', ':method': 'GET' }))[':status'], 405);
        assert.equal((await ask({ ':path': '/', ':method': 'POST', 'content-type': 'text/html' }))[':status'], 415);
        const odd = await ask({ ':path': '/x', ':method': 'POST', 'content-type': 'application/grpc', 'grpc-timeout': '1' });
        assert.equal(odd['grpc-status'], String(status.INVALID_ARGUMENT));
        h.close();
    });

    it('tells its health without a key', async () => {
        const h = g.client(api.grpc.health.v1.Health);
        for (const service of ['', 'futu.service.FutuOpenD', 'futu.v1.Quote', 'futu.v1.Trade'])
            assert.equal((await call(h, 'Check', { service })).value.status, 'SERVING', service);
        assert.equal((await call(h, 'Check', { service: 'x' })).code, status.NOT_FOUND);
        const w = h.Watch({ service: 'x' });
        assert.equal((await new Promise((resolve) => { w.once('data', resolve); })).status, 'SERVICE_UNKNOWN');
        w.on('error', () => {});
        w.cancel();
    });

    for (const v of ['v1', 'v1alpha'])
        it(`describes itself by reflection ${v}`, async () => {
            const s = g.client(api.grpc.reflection[v].ServerReflection).ServerReflectionInfo();
            const ask = (q) => new Promise((resolve) => {
                s.once('data', resolve);
                s.write(q);
            });
            const names = (await ask({ list_services: '' })).list_services_response.service.map((x) => x.name);
            for (const name of ['futu.service.FutuOpenD', 'futu.v1.System', 'futu.v1.Quote', 'futu.v1.Trade',
                'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection'])
                assert.ok(names.includes(name), name);
            // Every message of every service, by the files alone.
            const seen = new Set(), open = [{ file_containing_symbol: 'futu.v1.Quote' },
                { file_containing_symbol: 'futu.service.FutuOpenD.Request' }];
            while (open.length) {
                const [bytes] = (await ask(open.pop())).file_descriptor_response.file_descriptor_proto;
                const { name, dependency } = grpcFile(bytes);
                seen.add(name);
                open.push(...dependency.filter((d) => !seen.has(d)).map((d) => ({ file_by_filename: d })));
                dependency.forEach((d) => seen.add(d));
            }
            assert.ok(seen.has('Qot_GetBasicQot.proto') && seen.has('Qot_Common.proto') && seen.size > 100);
            assert.equal((await ask({ file_containing_symbol: 'no.Such' })).error_response.error_code, status.NOT_FOUND);
            await new Promise((resolve) => { s.once('end', resolve); s.end(); });
        });
});

// Name and imports of a FileDescriptorProto.
function grpcFile(bytes) {
    const out = { name: '', dependency: [] };
    for (let at = 0; at < bytes.length;) {
        const tag = bytes[at++];
        if (tag !== 0x0a && tag !== 0x1a && tag !== 0x12)
            break;                  // imports come before all messages
        let n = bytes[at++];
        if (n >= 0x80)
            n = (n & 0x7f) | bytes[at++] << 7;
        const text = bytes.subarray(at, at += n).toString();
        if (tag === 0x0a)
            out.name = text;
        if (tag === 0x1a)
            out.dependency.push(text);
    }
    return out;
}

describe('without keys', () => {
    it('reads, and refuses writes with a hint', async () => {
        const g = await startGateway({});
        const c = g.client(api.futu.v1.Quote), t = g.client(api.futu.v1.Trade);
        assert.equal((await call(c, 'GetMarketState', { c2s: { securityList: [HK] } })).value.retType, 0);
        const r = await call(t, 'PlaceOrder', { c2s: ORDER });
        assert.equal(r.code, status.UNAUTHENTICATED);
        assert.match(r.details, /--grpc-keys-file/);
        assert.equal(await g.end(), 0);
    });
});
