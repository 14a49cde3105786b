// raw.mjs - /mcp byte by byte, for what an SDK hides: requests with any header, streams that can be cut
// anywhere and come again.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';

import { slow, within } from '../rest/gateway.mjs';
import { secrets } from '../secrets.mjs';

export const BOTH = 'application/json, text/event-stream';
export const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
export const message = (method, params, id) => ({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }),
    method, ...(params ? { params } : {}) });
export const toolCall = (id, name, args = {}, meta) => message('tools/call',
    { name, arguments: args, ...(meta ? { _meta: meta } : {}) }, id);

// What is sent as it is, and how the answer begins; the rest of it as it comes.
export class Exchange {
    constructor(g, { method = 'POST', body, headers = {} }) {
        this.events = [];
        this.text = this.rest = '';
        this.waiters = new Set();
        const text = body === undefined ? undefined
            : typeof body === 'string' ? body : JSON.stringify(body);
        this.rq = request({ host: '127.0.0.1', port: g.restPort, path: '/mcp', method,
            agent: new Agent({ keepAlive: false }), headers: { ...(text === undefined ? {}
                : { 'content-type': 'application/json',
                    'content-length': Buffer.byteLength(text) }), ...headers } });
        this.head = new Promise((resolve, reject) => {
            this.rq.on('error', (e) => { this.over(e); reject(e); });
            this.rq.on('response', (rs) => {
                this.rs = rs;
                this.status = rs.statusCode;
                this.type = rs.headers['content-type'];
                rs.setEncoding('utf8');
                rs.on('data', (d) => this.take(d));
                rs.on('error', (e) => this.over(e));
                rs.on('end', () => this.over());
                resolve(this);
            });
        });
        this.head.catch(() => {});
        this.end = new Promise((resolve) => { this.ended = resolve; });
        this.rq.end(text);
    }

    over(error) {
        this.closed = true;
        this.error = error;
        this.wake();
        this.ended(this);
    }

    wake() {
        for (const w of [...this.waiters])
            w();
    }

    take(d) {
        this.text += d;
        if (this.type !== 'text/event-stream')
            return;
        const parts = (this.rest + d).split('\n\n');
        this.rest = parts.pop();
        for (const part of parts)
            this.event(part);
        this.wake();
    }

    event(part) {
        const e = {};
        for (const line of part.split('\n')) {
            const [, name, value] = /^([^:]*): ?([^]*)$/.exec(line);
            e[name || 'comment'] = value;
        }
        if (e.id)
            this.lastId = e.id;
        if (e.data)
            e.json = JSON.parse(e.data);
        this.events.push(e);
        this.onEvent?.(e);
    }

    get messages() { return this.events.filter((e) => e.json).map((e) => e.json); }
    get json() { return JSON.parse(this.text); }

    // Resolves with the first message for which it holds.
    wait(what, test) {
        return within(20_000 * slow, what, new Promise((resolve, reject) => {
            const look = () => {
                const found = this.messages.find(test);
                if (!found && !this.closed)
                    return;
                this.waiters.delete(look);
                if (found)
                    resolve(found);
                else
                    reject(new Error(`${what}: the stream has ended: ${this.text.slice(-500)}`));
            };
            this.waiters.add(look);
            look();
        }));
    }

    // As a cable that is cut: what is on its way is lost.
    cut() {
        this.rq.destroy();
    }
}

// One session, by hand.
export class Session {
    constructor(g, key, { revision = '2025-11-25' } = {}) {
        Object.assign(this, { g, key, revision, lastRequest: 100 });
    }

    headers(more = {}) {
        const all = { ...(this.key ? { authorization: `Bearer ${this.key.plain}` } : {}),
            ...(this.id ? { 'mcp-session-id': this.id,
                'mcp-protocol-version': this.revision } : {}), accept: BOTH, ...more };
        return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
    }

    // The whole answer, when it is no stream; a stream from its head on.
    async post(body, headers) {
        const x = await new Exchange(this.g, { body, headers: this.headers(headers) }).head;
        return x.type === 'text/event-stream' ? x : x.end;
    }

    // The stream of the session, or with an id the one that broke off.
    async get(lastId, headers = {}) {
        const x = await new Exchange(this.g, { method: 'GET',
            headers: this.headers({ accept: 'text/event-stream', ...headers,
                ...(lastId ? { 'last-event-id': lastId } : {}) }) }).head;
        return x.type === 'text/event-stream' ? x : x.end;
    }

    async delete() {
        return (await new Exchange(this.g, { method: 'DELETE', headers: this.headers() }).head).end;
    }

    async open() {
        const x = await this.post(message('initialize', { protocolVersion: this.revision,
            capabilities: {}, clientInfo: { name: 'raw', version: '1' } }, 1));
        assert.equal(x.status, 200, x.text);
        this.result = x.json.result;
        assert.equal(this.result.protocolVersion, this.revision);
        this.id = x.rs.headers['mcp-session-id'];
        assert.match(this.id, /^[0-9a-f]{32}$/);
        secrets.add(this.id);
        assert.equal((await this.post(message('notifications/initialized'))).status, 202);
        return this;
    }

    // The result of a tool, which must be a good one.
    async tool(name, args) {
        const id = ++this.lastRequest;
        const x = await this.post(toolCall(id, name, args));
        const m = x.type === 'text/event-stream' ? await x.wait(name, (e) => e.id === id) : x.json;
        assert.equal(m.id, id);
        assert.ok(!m.result?.isError, JSON.stringify(m));
        return JSON.parse(m.result.content[0].text);
    }
}
