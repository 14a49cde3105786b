// world.mjs - a paper gateway, and sessions with it over each transport: /mcp and /sse of the gateway itself, and
// `futucli mcp` in front of one. What every process printed and wrote is looked through for secrets at the end.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
    StreamableHTTPClientTransport,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { Gateway, key, sha256 } from '../rest/gateway.mjs';
import { checkSecrets, secrets } from '../secrets.mjs';
import { connect } from './tools.mjs';

export const TRADER = ['qot:read', 'acc:read', 'trade:simulate', 'trade:real', 'trade:unlock'];
export const all = key('all', TRADER);
const PASSWORD = 'paper';

export class World {
    // kind: 'http', 'sse' or 'stdio'. more: options of the gateway.
    static async start(kind, { keys = [all], more = [], env = {} } = {}) {
        const w = new World();
        const http = kind !== 'stdio';
        w.kind = kind;
        w.keys = keys;
        w.clients = [];
        w.errors = [];
        for (const k of keys)
            secrets.add(k.plain);
        w.g = new Gateway({ more: [...more], keys: http ? keys : undefined,
            env: http ? { FUTU_TRADE_PWD: PASSWORD, ...env } : env });
        w.trail = join(w.g.dir, 'trail.jsonl');
        if (http)
            w.g.more.push('--audit-log', w.trail);
        else
            w.g.writeKeys(keys);
        try {
            await w.g.start();
        } catch (e) {
            w.g.remove();
            throw e;
        }
        return w;
    }

    writeKeys(keys) {
        this.keys = keys;
        this.g.writeKeys(keys);
    }

    // A session with this key; null: none. The key comes with each request, or from the environment.
    open(k = all, opts = {}) {
        return this.kind === 'stdio' ? this.openStdio(k, opts) : this.openHttp(k);
    }

    // A transport of the SDK to this path of the gateway.
    transport(Kind, path, k = all) {
        return new Kind(new URL(`http://127.0.0.1:${this.g.restPort}${path}`),
            { requestInit: { headers: k ? { authorization: `Bearer ${k.plain}` } : {} } });
    }

    async openHttp(k) {
        return this.keep(await connect(this.kind === 'sse' ? this.transport(SSEClientTransport, '/sse', k)
            : this.transport(StreamableHTTPClientTransport, '/mcp', k)));
    }

    async openStdio(k, { args = [], env = {}, keysFile = this.g.keysFile, gateway = true } = {}) {
        const home = join(this.g.dir, 'home');
        mkdirSync(home, { recursive: true });
        const t = new StdioClientTransport({ command: process.env.FUTU_CLI, stderr: 'pipe',
            args: ['mcp', ...(gateway ? ['--gateway', `127.0.0.1:${this.g.port}`] : []),
                ...(keysFile ? ['--keys-file', keysFile] : []),
                ...(this.errors.length ? [] : ['--audit-log', this.trail]), ...args],
            env: { PATH: process.env.PATH, HOME: home, FUTU_TRADE_PWD: PASSWORD,
                ...(process.env.ASAN_OPTIONS ? { ASAN_OPTIONS: process.env.ASAN_OPTIONS } : {}),
                ...(process.env.TSAN_OPTIONS ? { TSAN_OPTIONS: process.env.TSAN_OPTIONS } : {}),
                ...(k ? { FUTU_MCP_API_KEY: k.plain } : {}), ...env } });
        const at = this.errors.push('') - 1;
        t.stderr.on('data', (d) => { this.errors[at] += d; });
        return this.keep(await connect(t));
    }

    keep(client) {
        this.clients.push(client);
        return client;
    }

    // A file in the gateway's folder, which is looked through and removed with it.
    file(name, text) {
        const path = join(this.g.dir, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
    }

    async close() {
        for (const c of this.clients.splice(0))
            await c.close();
    }

    async end() {
        try {
            await this.close();
            checkSecrets(this.errors.map((text, i) => [`futucli ${i}`, text]), this.g.dir);
            for (const [i, text] of this.errors.entries())
                if (/AddressSanitizer|ThreadSanitizer|runtime error/.test(text))
                    throw new Error(`futucli ${i}: ${text}`);
        } finally {
            await this.g.end();
        }
    }
}

export { sha256 };
