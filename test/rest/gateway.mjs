// gateway.mjs - a paper gateway with REST, the WebSocket port, a state folder and API keys, for one
// test file; and what the tests ask it with.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkSecrets, secrets } from '../secrets.mjs';
import { Daemon, freePort } from '../sdk/daemon.mjs';

export const slow = process.env.FUTU_SLOW ? 4 : 1;      // under a sanitizer
export const REAL = 281756455983234, SIM_HK = 9100001, SIM_US = 9100002;
export const SCOPES = ['qot:read', 'acc:read', 'trade:simulate', 'trade:real', 'trade:unlock',
    'admin',
    'metrics:read'];

// A key of this name; `plain` is what a client presents.
export const key = (id, scopes = SCOPES, rules = {}) =>
    ({ id, plain: `fc_${id}_in_plain`, scopes, ...rules });
export const sha256 = (text) => createHash('sha256').update(text).digest('hex');

export class Gateway extends Daemon {
    // keys: undefined: open mode. more: further options.
    constructor({ keys, more = [], env } = {}) {
        super([], env);
        this.dir = mkdtempSync(join(tmpdir(), 'futu-rest-'));
        this.keysFile = join(this.dir, 'keys.json');
        this.keys = keys;
        this.more = more;
        this.agent = new Agent({ keepAlive: true, maxSockets: 64 });
        if (keys)
            this.writeKeys(keys);
    }

    // As an editor that is careful does it: a new file in the place of the old one.
    writeKeys(keys) {
        keys.forEach((k) => secrets.add(k.plain));
        const records = keys.map(({ plain, ...rest }) => ({ hash: `sha256:${sha256(plain)}`,
            created_at: '2026-01-01T00:00:00Z', ...rest }));
        this.replaceKeys(JSON.stringify({ version: 1, keys: records }));
    }

    replaceKeys(text) {
        const next = `${this.keysFile}.next`;
        writeFileSync(next, text, { mode: 0o600 });
        renameSync(next, this.keysFile);
    }

    async run() {
        this.restPort = await freePort();
        const keyed = this.keys ? ['--rest-keys-file', this.keysFile, '--ws-keys-file',
            this.keysFile] : [];
        this.args = ['--paper', '--paper-clock', 'always-open', '--state-dir',
            join(this.dir, 'state'),
            '--rest-port', String(this.restPort), ...keyed, ...this.more];
        return super.run();
    }

    // Resolves once standard error has a match.
    logged(re, ms = 10_000 * slow) {
        return new Promise((resolve, reject) => {
            const look = () => {
                const found = re.exec(this.err);
                if (!found)
                    return;
                clearTimeout(timer);
                this.child.stderr.off('data', look);
                resolve(found);
            };
            const timer = setTimeout(() => reject(new Error(`not logged: ${re}\n${this.err}`)), ms);
            this.child.stderr.on('data', look);
            look();
        });
    }

    // One HTTP exchange. body: an object goes as JSON. The answer: { status, headers, text, json }.
    http(path, { method, key: k, body, headers = {} } = {}) {
        const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
        const all = { ...(text === undefined ? {} : { 'content-type': 'application/json',
            'content-length': Buffer.byteLength(text) }),
            ...(k ? { authorization: `Bearer ${k.plain}` } : {}), ...headers };
        return new Promise((resolve, reject) => {
            const rq = request({ host: '127.0.0.1', port: this.restPort, path, agent: this.agent,
                method: method ?? (text === undefined ? 'GET' : 'POST'), headers: all }, (rs) => {
                let got = '';
                rs.setEncoding('utf8');
                rs.on('data', (d) => { got += d; });
                rs.on('error', reject);
                rs.on('end', () => resolve({ status: rs.statusCode, headers: rs.headers, text: got,
                    get json() { return JSON.parse(got); } }));
            });
            rq.on('error', reject);
            rq.end(text);
        });
    }

    // Ends it, and removes what it had on disk.
    async end() {
        this.agent.destroy();
        try {
            await this.stop();
            checkSecrets([], this.dir);
        } finally {
            this.remove();
        }
    }

    remove() {
        rmSync(this.dir, { recursive: true, force: true });
    }
}

export async function startGateway(opts) {
    const g = new Gateway(opts);
    try {
        await g.start();
    } catch (e) {
        g.remove();
        throw e;
    }
    return g;
}

// A limit order that waits in the book, or fills when its price is good.
export const order = (more = {}) => ({ acc_id: SIM_HK, trd_env: 0, trd_market: 1, trd_side: 1,
    order_type: 1,
    code: '00700', qty: 100, price: 300, ...more });

export function within(ms, what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Small and the same each time: what a run did can be done again.
export function random(seed) {
    let x = seed >>> 0 || 1;
    return (n) => {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        return (x >>> 0) % n;
    };
}
