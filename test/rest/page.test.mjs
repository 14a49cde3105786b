// page.test.mjs - the script of examples/ws.html, in a page that consists of what it touches: it
// connects as a browser does, and its table fills.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import WebSocket from 'ws';

import { key, slow, startGateway, within } from './gateway.mjs';

const html = readFileSync(new URL('../../examples/ws.html', import.meta.url), 'utf8');
const script = /<script>([^]*)<\/script>/.exec(html)[1];
const k = key('page', ['qot:read']);
let g;
before(async () => { g = await startGateway({ keys: [k] }); });
after(() => g.end());

class Page {
    constructor(values) {
        this.elements = new Map();
        this.values = values;
        this.sockets = [];
        const page = this;
        class Socket extends WebSocket {
            constructor(url) {
                super(url, [], { origin: 'http://127.0.0.1:8000' });
                this.on('error', () => {});
                page.sockets.push(this);
            }
        }
        runInContext(script, createContext({ WebSocket: Socket, encodeURIComponent, document: {
            getElementById: (id) => this.element(id) } }));
    }

    element(id) {
        if (!this.elements.has(id)) {
            assert.match(html, new RegExp(`id="${id}"`));
            const value = this.values[id] ?? new RegExp(`id="${id}"[^>]* value="([^"]*)"`)
                .exec(html)?.[1] ?? '';
            const e = { value, rows: [], textContent: '' };
            e.replaceChildren = () => { e.rows = []; };
            e.insertRow = () => {
                const row = { cells: [] };
                row.insertCell = () => row.cells.push({ textContent: '', className: '' });
                e.rows.push(row);
                return row;
            };
            e.addEventListener = (_, fn) => { e.submit = () => fn({ preventDefault() {} }); };
            this.elements.set(id, e);
        }
        return this.elements.get(id);
    }

    until(what, fn) {
        return within(15_000 * slow, what, (async () => {
            while (!fn())
                await new Promise((resolve) => setTimeout(resolve, 20));
        })());
    }

    close() {
        this.sockets.forEach((s) => s.terminate());
    }
}

it('shows quotes', async () => {
    const page = new Page({ gateway: `ws://127.0.0.1:${g.restPort}`, key: k.plain });
    page.element('form').submit();
    await page.until('five rows', () => page.element('quotes').rows.length === 5);
    assert.equal(page.element('state').textContent, 'connected');
    const rows = page.element('quotes').rows.map((r) => r.cells.map((c) => String(c.textContent)));
    assert.deepEqual(rows.map((r) => r[0]).sort(),
        ['HK.00700', 'HK.03690', 'HK.09988', 'US.AAPL', 'US.TSLA']);
    for (const [, last, change, high, low, volume, time] of rows) {
        assert.ok(Number(last) > 0 && Number(high) >= Number(low), last);
        assert.match(change, /^[+-]\d+\.\d\d %$/);
        assert.match(volume, /^[\d,]+$/);
        assert.match(time, /^\d\d:\d\d:\d\d/);
    }
    page.close();
});

it('says why not', async () => {
    const wrong = new Page({ gateway: `ws://127.0.0.1:${g.restPort}`, key: 'wrong' });
    wrong.element('form').submit();
    await wrong.until('a reason', () => /does it know this key/.test(wrong.element('state')
        .textContent));
    const typo = new Page({ gateway: `ws://127.0.0.1:${g.restPort}`, key: k.plain,
        symbols: 'HK.NOTHING' });
    typo.element('form').submit();
    await typo.until('a reason', () => !/^(|connecting …|connected)$/.test(typo.element('state')
        .textContent));
    typo.close();
});
