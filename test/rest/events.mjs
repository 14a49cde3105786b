// events.mjs - a client of /ws: what it was sent, what it waits for, and the numbers of its
// streams.
import WebSocket from 'ws';

import { slow, within } from './gateway.mjs';

export const stream = (e) => e.sec_key ? `${e.sec_key}/${e.sub_type}/${e.rehab_type}`
    : `${e.type}/${e.acc_id ?? ''}`;

export class Events {
    // key: as header; query: what stands behind "/ws?".
    constructor(g, { key, query = '', headers = {}, keep = true } = {}) {
        this.events = [];
        this.count = 0;
        this.keep = keep;
        this.seq = new Map();
        this.missing = 0;           // numbers that were passed over, of all streams
        this.repeated = 0;
        this.lost = 0;              // what the gateway said of that
        this.waiters = new Set();
        this.ws = new WebSocket(`ws://127.0.0.1:${g.restPort}/ws${query && `?${query}`}`, {
            headers: { ...(key ? { authorization: `Bearer ${key.plain}` } : {}), ...headers },
            perMessageDeflate: false });
        this.ws.on('error', () => {});
        this.ws.on('message', (data, binary) => this.take(data, binary));
        this.closed = new Promise((resolve) => this.ws.once('close', (code, reason) => {
            this.closedAt = performance.now();
            resolve({ code, reason: reason.toString() });
        }));
        // { answer: head of the 101 } or { status, headers, json }, when it is refused
        this.answer = new Promise((resolve, reject) => {
            this.ws.once('upgrade', (rs) => resolve({ status: 101, headers: rs.headers }));
            this.ws.once('unexpected-response', (_, rs) => {
                let text = '';
                rs.on('data', (d) => { text += d; });
                rs.on('end', () => resolve({ status: rs.statusCode, headers: rs.headers, text,
                    get json() { return JSON.parse(text); } }));
            });
            this.ws.once('error', (e) => reject(e));
        });
        this.answer.catch(() => {});
    }

    // Resolves with itself once it was greeted.
    async open() {
        const { status, text } = await within(20_000 * slow, '/ws', this.answer);
        if (status !== 101)
            throw new Error(`/ws: ${status} ${text}`);
        this.hello = await this.wait((e) => e.type === 'hello');
        return this;
    }

    take(data, binary) {
        const e = JSON.parse(data);
        this.at = performance.now();
        this.count++;
        if (binary)
            throw new Error('a binary message');
        if (e.type === 'gap' && e.lost)
            this.lost += e.lost;
        if (e.seq !== undefined) {
            const last = this.seq.get(stream(e)) ?? e.seq - 1;
            this.missing += Math.max(e.seq - last - 1, 0);
            this.repeated += e.seq <= last;
            this.seq.set(stream(e), e.seq);
        }
        if (this.keep || e.type !== 'quote')
            this.events.push(e);
        for (const w of this.waiters)
            w(e);
    }

    // The first event that matches: of those that came, from position `from` on, or the next one.
    wait(match, { from = 0, ms = 20_000 * slow } = {}) {
        const there = this.events.slice(from).find(match);
        if (there)
            return Promise.resolve(there);
        let w;
        const come = new Promise((resolve, reject) => {
            w = (e) => match(e) && resolve(e);
            this.waiters.add(w);
            this.closed.then(({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)));
        });
        return within(ms, `an event like ${match}`, come).finally(() => this.waiters.delete(w));
    }

    send(o) {
        this.ws.send(typeof o === 'string' ? o : JSON.stringify(o));
    }

    // The answer to one message, which gets an id of its own.
    ask(o) {
        const id = this.asked = (this.asked ?? 0) + 1;
        const answer = this.wait((e) => e.id === id, { from: this.events.length });
        this.send({ ...o, id });
        return answer;
    }

    close() {
        this.ws.terminate();
    }
}
