// client.mjs - a paper gateway with a gRPC port, and what the tests call it with.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';

import { Gateway } from '../rest/gateway.mjs';
import { freePort } from '../sdk/daemon.mjs';

export { grpc };
export { key, SCOPES, SIM_HK, slow } from '../rest/gateway.mjs';
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
types.loadSync(['futu_service.proto', 'futu_v1.proto', 'Qot_UpdateBasicQot.proto'], { keepCase: true });

// Requests of protocols.tsv: { id, name, request, response }.
export const protocols = readFileSync(`${proto}/protocols.tsv`, 'utf8').trim().split('\n')
    .filter((l) => !l.startsWith('#')).slice(1).map((l) => l.split('\t'))
    .map((c) => ({ id: Number(c[0]), name: c[1], kind: c[3], request: c[11], response: c[12] }))
    .filter((r) => r.kind === 'req' && r.request !== '-' && r.name !== 'InitConnect');

// The path of a protocol's own method.
export function pathOf(name) {
    if (name.startsWith('Qot_'))
        return `/futu.v1.Quote/${name.slice(4)}`;
    return name.startsWith('Trd_') ? `/futu.v1.Trade/${name.slice(4)}` : `/futu.v1.System/${name}`;
}

export class GrpcGateway extends Gateway {
    async run() {
        this.grpcPort ??= await freePort();
        this.more = ['--grpc-port', String(this.grpcPort),
            ...(this.keys ? ['--grpc-keys-file', this.keysFile] : []), ...(this.extra ?? [])];
        return super.run();
    }

    // A client of one of the services, such as api.futu.v1.Quote.
    client(Service, credentials = grpc.credentials.createInsecure()) {
        const c = new Service(`127.0.0.1:${this.grpcPort}`, credentials, { 'grpc.max_receive_message_length': -1 });
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

// A message with its required members: 0, "" or a message like this.
export function filled(type) {
    const out = {};
    for (const f of type.fieldsArray.filter((x) => x.required))
        out[f.name] = f.resolve().resolvedType instanceof protobuf.Type ? filled(f.resolvedType)
            : f.type === 'string' ? '' : f.type === 'bytes' ? Buffer.alloc(0) : f.type === 'bool' ? false : 0;
    return out;
}

export const encode = (name, value) => {
    const t = types.lookupType(name);
    return Buffer.from(t.encode(t.fromObject(value)).finish());
};
export const decode = (name, bytes) => {
    const t = types.lookupType(name);
    return t.toObject(t.decode(bytes), { longs: String });
};
