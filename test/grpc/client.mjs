// client.mjs - a paper gateway with a gRPC port, and what the tests call it with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';

import { Gateway, SIM_HK, slow, within } from '../rest/gateway.mjs';
import { freePort } from '../sdk/daemon.mjs';

export { grpc };
export { key, order, REAL, SCOPES, SIM_HK, SIM_US, slow, within } from '../rest/gateway.mjs';
export const status = grpc.status;

const proto = fileURLToPath(new URL('../../proto', import.meta.url));
const dirs = [proto, process.env.FUTU_PROTO ?? fileURLToPath(new URL('../../build/gen', import.meta.url))];
const files = ['futu_service.proto', 'futu_v1.proto', 'grpc/health/v1/health.proto',
    'grpc/reflection/v1/reflection.proto', 'grpc/reflection/v1alpha/reflection.proto'];
const options = { includeDirs: dirs, keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
export const api = grpc.loadPackageDefinition(loader.loadSync(files, options));

// The same files as types by name.
export const types = new protobuf.Root();
types.resolvePath = (origin, name) => (name.startsWith('google/') ? name
    : `${name === 'futu_v1.proto' ? dirs[1] : proto}/${name}`);
types.loadSync(['futu_service.proto', 'futu_v1.proto'], { keepCase: true });

// Rows of protocols.tsv: { id, name, kind, scope, request, response }, those of requests, and those of them
// that have messages and may be sent over gRPC.
export const rows = readFileSync(`${proto}/protocols.tsv`, 'utf8').trim().split('\n')
    .filter((l) => !l.startsWith('#')).slice(1).map((l) => l.split('\t'))
    .map((c) => ({ id: Number(c[0]), name: c[1], kind: c[3], scope: c[4], request: c[11], response: c[12] }));
export const requests = rows.filter((r) => r.kind === 'req');
export const protocols = requests.filter((r) => r.request !== '-' && r.name !== 'InitConnect');

// The service of a protocol's own method in futu.v1, and the method's name there.
export function placeOf(name) {
    const service = { Qot_: 'Quote', Trd_: 'Trade' }[name.slice(0, 4)] ?? 'System';
    return [service, service === 'System' ? name : name.slice(4)];
}
export const pathOf = (name) => `/futu.v1.${placeOf(name).join('/')}`;

export class GrpcGateway extends Gateway {
    async run() {
        if (!this.opened)               // another port at each try, the same one after a restart
            this.grpcPort = await freePort();
        this.more = ['--grpc-port', String(this.grpcPort), '--audit-log', join(this.dir, 'audit.jsonl'),
            ...(this.keys ? ['--grpc-keys-file', this.keysFile] : []), ...(this.extra ?? [])];
        await super.run();
        this.opened = true;
        return this;
    }

    // A client of one of the services, such as api.futu.v1.Quote. It has a connection of its own.
    client(Service, credentials = grpc.credentials.createInsecure(), options = {}) {
        const c = new Service(`127.0.0.1:${this.grpcPort}`, credentials, { 'grpc.max_receive_message_length': -1,
            'grpc.use_local_subchannel_pool': 1, ...options });
        this.clients = [...(this.clients ?? []), c];
        return c;
    }

    async end() {
        for (const c of this.clients ?? [])
            c.close();
        await super.end();
        return this.exit;
    }
}

export async function startGateway(opts, extra) {
    const g = new GrpcGateway(opts);
    g.extra = extra;
    g.level = opts.level ?? g.level;
    await g.start();
    return g;
}

export function metadata(k, more = {}) {
    const m = new grpc.Metadata();
    if (k)
        m.set('authorization', `Bearer ${k.plain}`);
    for (const [name, value] of Object.entries(more))
        m.set(name, value);
    return m;
}

// One call of a method: { code, details, value }.
export const call = (client, method, request, k, more, opts = {}) => new Promise((resolve) => {
    client[method](request, metadata(k, more), opts, (e, value) =>
        resolve({ code: e?.code ?? 0, details: e?.details, value }));
});

const same = (b) => b;
// The same of any path, in bytes.
export const raw = (client, path, bytes, k, opts = {}) => new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, bytes, metadata(k), opts, (e, value) =>
        resolve({ code: e?.code ?? 0, details: e?.details, value }));
});

export const encode = (name, value) => {
    const t = types.lookupType(name);
    return Buffer.from(t.encode(t.fromObject(value)).finish());
};
export const decode = (name, bytes) => {
    const t = types.lookupType(name);
    return t.toObject(t.decode(bytes), { longs: String });
};

export const HK = { market: 1, code: '00700' };
export const STATE = { c2s: { securityList: [HK] } };           // of Qot_GetMarketState
export const SUB = { c2s: { securityList: [HK], subTypeList: [1], isSubOrUnSub: true, isRegOrUnRegPush: true } };
export const ORDER = { header: { trdEnv: 0, accID: SIM_HK, trdMarket: 1 }, trdSide: 1, orderType: 1, code: '00700',
    qty: 100, price: 1, packetID: { connID: 0, serialNo: 1 } };

// A stream of pushes: its events, their numbers, and its end.
export class Pushes {
    constructor(client, k) {
        this.events = [];
        this.count = this.holes = 0;
        this.keep = true;
        this.numbers = new Map();
        this.waiting = new Set();
        this.s = client.SubscribePush({}, metadata(k));
        this.opened = new Promise((resolve) => { this.s.once('metadata', resolve); });
        this.s.on('data', (e) => this.take(e));
        this.ended = new Promise((resolve) => {
            this.s.once('error', (e) => {
                this.endedAt = performance.now();
                resolve(e);
            });
        });
    }

    take(e) {
        const of = `${e.event_type} ${e.sec_key} ${e.sub_type} ${e.acc_id}`, seq = Number(e.seq);
        this.holes += seq - (this.numbers.get(of) ?? seq - 1) - 1;
        this.numbers.set(of, seq);
        this.count++;
        if (this.keep || e.event_type !== 'quote')
            this.events.push(e);
        for (const w of this.waiting)
            w();
    }

    // Resolves once fits() is true, with what it says; it is asked at each event.
    until(what, fits) {
        let look;
        const come = new Promise((resolve) => {
            look = () => {
                const r = fits();
                if (r)
                    resolve(r);
            };
            this.waiting.add(look);
            look();
        });
        return within(20_000 * slow, what, come).finally(() => this.waiting.delete(look));
    }

    // The first event that fits, now or later.
    find(fits) {
        return this.until('such an event', () => this.events.find(fits));
    }

    async cancel() {
        this.s.cancel();
        return this.ended;
    }
}

// One HTTP/2 stream without a client library: { headers, trailers, bytes }, once it is closed.
export const exchange = (session, headers, body) => new Promise((resolve, reject) => {
    const out = {}, pieces = [], rq = session.request({ ':method': 'POST', 'content-type': 'application/grpc',
        te: 'trailers', ...headers });
    rq.on('response', (h) => { out.headers = h; });
    rq.on('trailers', (h) => { out.trailers = h; });
    rq.on('data', (d) => pieces.push(d));
    rq.on('error', reject);
    rq.on('close', () => resolve({ ...out, bytes: Buffer.concat(pieces) }));
    rq.end(body);
});
