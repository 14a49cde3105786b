// streams.test.mjs - SubscribePush: what it brings, to whom, and how it ends; TLS; the end of the gateway.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { api, call, decode, grpc, GrpcGateway, key, metadata, SIM_HK, slow, startGateway, status } from './client.mjs';

const HK = { market: 1, code: '00700' };
const SUB = { c2s: { securityList: [HK], subTypeList: [1], isSubOrUnSub: true, isRegOrUnRegPush: true } };
const ORDER = { packetID: { connID: 0, serialNo: 1 }, header: { trdEnv: 0, accID: SIM_HK, trdMarket: 1 }, trdSide: 1,
    orderType: 1, code: '00700', qty: 100, price: 1 };

class Pushes {
    constructor(g, k, credentials) {
        this.events = [];
        this.s = g.client(api.futu.service.FutuOpenD, credentials).SubscribePush({}, metadata(k));
        this.opened = new Promise((resolve) => { this.s.once('metadata', resolve); });
        this.s.on('data', (e) => { this.events.push(e); this.look?.(); });
        this.ended = new Promise((resolve) => { this.s.once('error', resolve); });
    }

    // The first event that fits, now or later.
    find(fits) {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error('no such event')), 10_000 * slow);
            this.look = () => {
                const e = this.events.find(fits);
                if (e) {
                    clearTimeout(timer);
                    resolve(e);
                }
            };
            this.look();
        });
    }
}

describe('SubscribePush', () => {
    const all = key('all'), qot = key('qot', ['qot:read']), acc = key('acc', ['acc:read']), sim = key('sim', ['trade:simulate']);
    const goes = key('goes');
    let g, quote, trade;
    before(async () => {
        g = await startGateway({ keys: [all, qot, acc, sim, goes] });
        quote = g.client(api.futu.v1.Quote);
        trade = g.client(api.futu.v1.Trade);
    });
    after(() => g.end());

    it('brings quotes of what was subscribed, counted', async () => {
        const p = new Pushes(g, qot);
        await p.opened;
        assert.equal((await call(quote, 'Sub', SUB, qot)).value.retType, 0);
        const e = await p.find((x) => Number(x.seq) >= 1);
        assert.deepEqual([e.proto_id, e.sec_key, e.sub_type, e.event_type, e.acc_id], [3005, '1_00700', 1, 'quote', '0']);
        assert.equal(decode('Qot_UpdateBasicQot.Response', e.body).s2c.basicQotList[0].security.code, '00700');
        p.s.cancel();
        assert.equal((await p.ended).code, status.CANCELLED);
    });

    it('brings events of orders to keys that may read accounts', async () => {
        const p = new Pushes(g, all);
        await p.opened;
        assert.equal((await call(trade, 'SubAccPush', { c2s: { accIDList: [SIM_HK] } }, all)).value.retType, 0);
        assert.equal((await call(trade, 'PlaceOrder', { c2s: ORDER }, all)).value.retType, 0);
        const e = await p.find((x) => x.proto_id === 2208);
        assert.deepEqual([e.event_type, e.acc_id, e.trd_market], ['trade', String(SIM_HK), 'HK']);
        p.s.cancel();
        await p.ended;
    });

    it('is opened by either read scope, and by no other', async () => {
        const p = new Pushes(g, acc);
        await p.opened;
        p.s.cancel();
        await p.ended;
        assert.equal((await new Pushes(g, sim).ended).code, status.PERMISSION_DENIED);
        assert.equal((await new Pushes(g, undefined).ended).code, status.UNAUTHENTICATED);
    });

    it('ends when its key is revoked', async () => {
        const p = new Pushes(g, goes);
        await p.opened;
        g.writeKeys([all, qot, acc, sim]);
        const e = await p.ended;
        assert.equal(e.code, status.UNAUTHENTICATED);
        assert.match(e.details, /revoked/);
    });

    it('ends with the gateway', async () => {
        const p = new Pushes(g, all);
        await p.opened;
        g.child.kill('SIGTERM');
        assert.equal((await p.ended).code, status.UNAVAILABLE);
        assert.equal(await g.exit, 0);
    });
});

describe('TLS', () => {
    it('carries calls and streams', async () => {
        const g = new GrpcGateway({}), cert = join(g.dir, 'cert.pem'), pem = join(g.dir, 'key.pem');
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
            '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', pem, '-out', cert],
            { stdio: 'ignore' });
        g.extra = ['--grpc-tls-cert', cert, '--grpc-tls-key', pem];
        await g.start();
        const trust = grpc.credentials.createSsl(readFileSync(cert));
        const p = new Pushes(g, undefined, trust);
        await p.opened;
        assert.equal((await call(g.client(api.futu.v1.Quote, trust), 'Sub', SUB)).value.retType, 0);
        await p.find((x) => x.proto_id === 3005);
        p.s.cancel();
        await p.ended;
        assert.equal(await g.end(), 0);
    });
});
