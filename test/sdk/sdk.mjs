// sdk.mjs - the vendor's JavaScript SDK, as it is published, with awaitable logins, calls and pushes.
//
// Its WebSocket is the one of the `ws` package, since Node.js 18 and 20 bring none.
import { register } from 'node:module';
import WS from 'ws';

register('./loader.mjs', import.meta.url);
const { default: FtWebsocket, ftCmdID } = await import('futu-api/main.js');
const { default: root } = await import('futu-api/proto.js');
root.resolveAll();

let tls = {};
globalThis.WebSocket = class extends WS {
    constructor(url) {
        super(url, [], tls);
    }
};
// The SDK tells its life on the console; failures of it show in what it returns.
console.debug = () => {};

export { ftCmdID, root };
// Options of TLS connections made from now on, such as { ca }.
export function useTls(options) {
    tls = options;
}

// The public method of the SDK that sends a command; a few commands have none and go out by _sendCmd.
const methods = new Map();
for (const name of Object.getOwnPropertyNames(FtWebsocket.prototype)) {
    const key = /_sendCmd\(ftCmdID\.(\w+)\.cmd/.exec(String(FtWebsocket.prototype[name]))?.[1];
    if (key)
        methods.set(ftCmdID[key].cmd, name);
}

export function within(ms, what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Client {
    constructor() {
        this.sdk = new FtWebsocket();
        this.pushes = [];
        this.waiters = new Set();
        this.logins = [];
        this.serial = 0;
        this.sdk.onPush = (cmd, msg) => {
            const push = { cmd, msg };
            this.pushes.push(push);
            for (const w of this.waiters)
                w(push);
        };
        this.sdk.onlogin = (ok, answer) => {
            this.logins.push(ok);
            this.onLogin?.(ok, answer);
        };
    }

    // Resolves with the login callback's { ok, answer }.
    login({ port, ssl = false, key }) {
        const done = new Promise((resolve) => {
            this.onLogin = (ok, answer) => resolve({ ok, answer });
        });
        this.sdk.start('127.0.0.1', port, ssl, key);
        return within(10_000, 'login', done);
    }

    nextLogin() {
        return within(15_000, 'next login', new Promise((resolve) => {
            this.onLogin = (ok) => resolve(ok);
        }));
    }

    // The decoded reply, be it success or a refusal.
    async reply(name, c2s) {
        const { cmd } = Object.values(ftCmdID).find((x) => x.name === name && x.cmd !== 1001);
        const request = root.lookupType(`${name}.Request`);
        request.decode(request.encode(request.fromObject({ c2s })).finish());   // all required set?
        const method = methods.get(cmd);
        if (this.unanswered)
            throw new Error(`${this.unanswered} had no answer before`);
        const promise = method ? this.sdk[method]({ c2s }) : this.sdk._sendCmd(cmd, { c2s }, name);
        try {
            return await within(8_000, name, promise);
        } catch (e) {
            if (e.retType !== undefined)
                return e;
            // The SDK's own words ("timeout") and errors of decoding: nothing more is to be expected.
            this.unanswered = name;
            throw e instanceof Error ? e : new Error(`${name}: ${e}`);
        }
    }

    // The decoded reply's s2c; a refusal rejects with the decoded reply.
    async call(name, c2s) {
        const reply = await this.reply(name, c2s);
        if (reply.retType !== 0)
            throw reply;
        return reply.s2c;
    }

    // A new packetID, as user code of the SDK keeps it: its own count from 0.
    packetID() {
        return { connID: this.sdk.getConnID(), serialNo: this.serial++ };
    }

    // The first push of `cmd` since `from` (a position in this.pushes) that `match` accepts.
    push(cmd, match = () => true, { from = 0, ms = 20_000 } = {}) {
        const fits = (p) => p.cmd === cmd && match(p.msg.s2c);
        const there = this.pushes.slice(from).find(fits);
        if (there)
            return Promise.resolve(there.msg.s2c);
        let waiter;
        const come = new Promise((resolve) => {
            waiter = (p) => fits(p) && resolve(p.msg.s2c);
            this.waiters.add(waiter);
        });
        return within(ms, `push ${cmd}`, come).finally(() => this.waiters.delete(waiter));
    }

    close() {
        this.sdk.stop();
        this.sdk.websock?.close();
    }
}
