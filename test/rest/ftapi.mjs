// ftapi.mjs - FTAPI frames in binary WebSocket messages, as the gateway's WebSocket port takes
// them, with awaitable answers. Messages are those of the vendor's package.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import WebSocket from 'ws';

import { sha256, slow, within } from './gateway.mjs';

const HEAD = 44;
const folder = fileURLToPath(new URL('node_modules/futu-api/proto', import.meta.url));
export const root = new protobuf.Root();
root.resolvePath = (_, target) => `${folder}/${target}`;
root.loadSync(readdirSync(folder).filter((f) =>
    /^(Trd|Qot_(Common|Sub|Get|Update))|^(Init|Notify|KeepAlive|Get)/
    .test(f)));
root.resolveAll();

// Protocol numbers of the messages that are used here.
const ids = { InitConnect: 1001, GetGlobalState: 1002, KeepAlive: 1004, Trd_GetAccList: 2001,
    Trd_SubAccPush: 2008, Trd_PlaceOrder: 2202, Trd_ModifyOrder: 2205, Trd_GetOrderList: 2201,
        Qot_Sub: 3001,
    Qot_GetBasicQot: 3004 };
export const pushes = { 1003: 'Notify', 2208: 'Trd_UpdateOrder', 2218: 'Trd_UpdateOrderFill',
    3005: 'Qot_UpdateBasicQot', 3007: 'Qot_UpdateKL', 3009: 'Qot_UpdateRT',
        3011: 'Qot_UpdateTicker',
    3013: 'Qot_UpdateOrderBook', 3015: 'Qot_UpdateBroker' };

const type = (name) => root.lookupType(name);
const plain = { longs: String, bytes: String };

export const decode = (name, bytes) => type(name).toObject(type(name).decode(bytes), plain);

function frame(id, serial, body) {
    const head = Buffer.alloc(HEAD);
    head.write('FT', 'latin1');
    head.writeUInt32LE(id, 2);
    head.writeUInt32LE(serial, 8);
    head.writeUInt32LE(body.length, 12);
    createHash('sha1').update(body).digest().copy(head, 16);
    return Buffer.concat([head, body]);
}

export class Ftapi {
    // token: of an API key, as header, or in the query when `query` is set.
    constructor(port, { key, query = false } = {}) {
        const token = key ? key.plain : '';
        this.ws = new WebSocket(`ws://127.0.0.1:${port}/${query ? `?token=${token}` : ''}`, {
            headers: key && !query ? { authorization: `Bearer ${token}` } : {},
                perMessageDeflate: false });
        this.serial = 0;
        this.waiting = new Map();
        this.pushed = [];
        this.onPush = () => {};
        this.ws.on('message', (data) => this.take(data));
        this.closed = new Promise((resolve) => this.ws.once('close', (code, reason) => {
            this.closedAt = performance.now();
            for (const { reject } of this.waiting.values())
                reject(new Error(`closed: ${code} ${reason}`));
            this.waiting.clear();
            resolve({ code, reason: reason.toString() });
        }));
        this.ws.on('error', () => {});
    }

    // Resolves with the connection number.
    async open({ recvNotify = false } = {}) {
        await within(20_000 * slow, 'FTAPI connection', new Promise((resolve, reject) => {
            this.ws.once('open', resolve);
            this.ws.once('error', reject);
        }));
        const s2c = await this.call('InitConnect',
            { clientVer: 100, clientID: 'test', recvNotify });
        this.connID = s2c.connID;
        return this;
    }

    take(data) {
        for (let at = 0; at < data.length;) {
            const id = data.readUInt32LE(at + 2), serial = data.readUInt32LE(at + 8);
            const n = data.readUInt32LE(at + 12), body = data.subarray(at + HEAD, at + HEAD + n);
            at += HEAD + n;
            const w = this.waiting.get(serial);
            if (w && w.id === id) {
                this.waiting.delete(serial);
                w.resolve(body);
            } else if (pushes[id]) {
                this.onPush(id, body);
            }
        }
    }

    // The whole Response, and how the audit trail names the request.
    reply(name, c2s) {
        const request = type(`${name}.Request`), serial = ++this.serial, id = ids[name];
        const body = request.encode(request.fromObject({ c2s })).finish();
        return within(15_000 * slow, name, new Promise((resolve, reject) => {
            if (this.ws.readyState !== WebSocket.OPEN)
                throw new Error('not connected');
            this.waiting.set(serial, { id, resolve, reject });
            this.ws.send(frame(id, serial, Buffer.from(body)));
        })).then((rsp) => ({ ...decode(`${name}.Response`, rsp), argsHash: sha256(body)
            .slice(0, 8) }));
    }

    async call(name, c2s) {
        const r = await this.reply(name, c2s);
        if (r.retType !== 0)
            throw new Error(`${name}: ${r.retMsg}`);
        return r.s2c;
    }

    place(o) {
        return this.reply('Trd_PlaceOrder', { packetID: { connID: this.connID,
            serialNo: this.serial + 1 },
            header: { trdEnv: o.trd_env, accID: o.acc_id, trdMarket: o.trd_market },
                trdSide: o.trd_side,
            orderType: o.order_type, code: o.code, qty: o.qty, price: o.price, secMarket: 1 });
    }

    close() {
        this.ws.terminate();
    }
}
