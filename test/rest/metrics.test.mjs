// metrics.test.mjs - /metrics: Prometheus's own checker takes it, the counters move with what is
// done, and who may read it sees no key id in plain.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { Events } from './events.mjs';
import { Ftapi } from './ftapi.mjs';
import { key, order, SCOPES, sha256, SIM_HK, startGateway } from './gateway.mjs';

const scraper = key('scraper', ['metrics:read']), trader = key('trader'),
    watcher = key('watcher', ['qot:read']), limited = key('limited', SCOPES,
        { max_orders_per_minute: 0 }),
    odd = key('we\'ird,{id=}', ['qot:read']);
const keys = [scraper, trader, watcher, limited, odd];
const HELD = { security_list: [{ market: 1, code: '00700' }], sub_type_list: [1, 4],
    is_sub_or_un_sub: true,
    is_reg_or_un_reg_push: true };

const hidden = (k) => `kh_${sha256(k.id).slice(0, 8)}`;

async function scrape(g, k = scraper) {
    const a = await g.http('/metrics', { key: k });
    assert.equal(a.status, 200, a.text);
    return a.text;
}

// Name with its labels, in any order: value; of labels that are absent 0.
function value(text, name, labels = {}) {
    for (const line of text.split('\n')) {
        const m = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
        if (m?.[1] !== name)
            continue;
        const has = Object.fromEntries([...(m[2] ?? '')
            .matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((x) => [x[1], x[2]]));
        if (Object.entries(labels).every(([l, v]) => has[l] === v))
            return Number(m[3]);
    }
    return 0;
}

function promtool(text) {
    const r = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    assert.equal(r.error, undefined, 'promtool is of the Debian package prometheus');
    assert.equal(r.status, 0, r.stdout + r.stderr);
    assert.equal(r.stdout + r.stderr, '');
}

describe('with keys', () => {
    let g;
    before(async () => {
        g = await startGateway({ keys });
        await g.http('/api/subscribe', { key: watcher, body: HELD });
    });
    after(() => g.end());

    // What fn() adds to a series.
    async function added(fn, ...series) {
        const before = await scrape(g);
        await fn();
        return value(await scrape(g), ...series) - value(before, ...series);
    }

    it('is for the scope alone: 401 and 403', async () => {
        const none = await g.http('/metrics');
        assert.equal(none.status, 401);
        assert.ok(none.headers['www-authenticate']);
        const other = await g.http('/metrics', { key: watcher });
        assert.equal(other.status, 403);
        assert.equal(other.text, '{"error":"forbidden"}');
    });

    it('says its format', async () => {
        const a = await g.http('/metrics', { key: scraper });
        assert.equal(a.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
        assert.ok(a.text.endsWith('\n'));
    });

    it('promtool finds nothing to say, before and after there was something to count', async () => {
        promtool(await scrape(g));
        await g.http('/api/order', { key: trader, body: order() });
        await g.http('/api/order', { key: limited, body: order() });
        await g.http('/api/quote', { key: odd, body: { security_list: HELD.security_list } });
        await g.http('/api/order', { key: odd, body: order() });
        await g.http('/api/orders', { key: trader,
            body: { acc_id: SIM_HK, trd_env: 0, trd_market: 1 } });
        promtool(await scrape(g));
    });

    it('each series is there once', async () => {
        const names = (await scrape(g)).split('\n').filter((l) => l && !l.startsWith('#'))
            .map((l) => l.replace(/ \S+$/, ''));
        assert.deepEqual(names.filter((n, i) => names.indexOf(n) !== i), []);
    });

    it('key ids are digests', async () => {
        await g.http('/api/order', { key: odd, body: order() });
        await g.http('/api/order', { body: order() });
        const text = await scrape(g);
        for (const k of keys)
            assert.ok(!text.includes(`key_id="${k.id}"`), k.id);
        assert.match(text, new RegExp(`key_id="${hidden(odd)}"`));
        assert.match(text, /key_id="<missing>"/);
    });

    it('orders, refusals and limits are counted by surface, outcome and key', async () => {
        const auth = (outcome, k, iface = 'rest') =>
            ['futu_auth_events_total', { iface, outcome, key_id: k }];
        const send = (k) => () => g.http('/api/order', { key: k, body: order() });
        assert.equal(await added(send(trader), ...auth('success', hidden(trader))), 1);
        assert.equal(await added(send(limited), ...auth('reject', hidden(limited))), 1);
        assert.equal(await added(send(watcher), ...auth('reject', hidden(watcher))), 1);
        assert.equal(await added(send(), ...auth('reject', '<missing>')), 1);
        assert.equal(await added(send({ plain: 'x' }), ...auth('reject', '<invalid>')), 1);
        assert.equal(await added(send(limited), 'futu_auth_limit_rejects_total',
            { iface: 'rest', key_id: hidden(limited), reason: 'rate' }), 1);
        const bad = () => g.http('/api/order', { key: trader, body: order({ qty: 150 }) });
        assert.equal(await added(bad, ...auth('failure', hidden(trader))), 1);
        const c = await new Ftapi(g.wsPort, { key: trader }).open();
        assert.equal(await added(() => c.place(order()), ...auth('success', hidden(trader), 'ws')),
            1);
        c.close();
    });

    it('requests, their times and their failures are counted', async () => {
        const quote = () => g.http('/api/quote',
            { key: watcher, body: { security_list: HELD.security_list } });
        const labels = { proto: 'Qot_GetBasicQot', iface: 'rest' };
        assert.equal(await added(quote, 'futu_gateway_request_duration_seconds_count', labels), 1);
        assert.equal(await added(quote, 'futu_gateway_request_duration_seconds_bucket',
            { ...labels, le: '+Inf' }), 1);
        assert.equal(await added(quote, 'futu_gateway_requests_total'), 1);
        const bytes = await added(quote, 'futu_gateway_response_bytes_total');
        assert.ok(bytes > 100, `${bytes}`);
        const unheld = () => g.http('/api/quote',
            { key: watcher, body: { security_list: [{ market: 1, code: '00001' }] } });
        assert.equal(await added(unheld, 'futu_gateway_request_failures_total', labels), 1);
    });

    it('subscriptions are counted', async () => {
        const sub = (on) => g.http('/api/subscribe', { key: trader, body: { ...HELD, security_list:
            [{ market: 1, code: '03690' }], is_sub_or_un_sub: on } });
        assert.equal(await added(() => sub(true), 'futu_gateway_qot_subscribe_ops_total'), 1);
        assert.equal(await added(() => sub(false), 'futu_gateway_qot_unsubscribe_ops_total'), 1);
        assert.equal(value(await scrape(g), 'futu_gateway_sub_quota_used'), 4);
    });

    it('connections and pushes are counted', async () => {
        let c;
        const open = async () => {
            c = await new Events(g, { key: watcher }).open();
            await c.wait((e) => e.type === 'quote');
        };
        assert.ok(await added(open, 'futu_gateway_connections_total') >= 1);
        assert.equal(value(await scrape(g), 'futu_gateway_connections', { kind: 'ws_events' }), 1);
        const from = c.count;
        assert.ok(await added(() => c.wait(() => c.count > from + 3, { from: c.events.length }),
            'futu_gateway_pushes_sent_total') >= 3);
        assert.ok(value(await scrape(g), 'futu_gateway_backend_pushes_cmd_quote_total') > 3);
        assert.ok(value(await scrape(g),
            `futu_gateway_backend_pushes_cmd_quote_by_hour_${new Date().getUTCHours()}`) >= 0);
        assert.equal(await added(async () => {
            c.close();
            while (value(await scrape(g), 'futu_gateway_connections', { kind: 'ws_events' }) !== 0)
                await new Promise(setImmediate);
        }, 'futu_gateway_disconnections_total'), 1);
    });

    it('the state of the gateway is in it', async () => {
        const text = await scrape(g);
        assert.equal(value(text, 'futu_gateway_backend_online'), 1);
        assert.ok(Math.abs(value(text,
            'futu_gateway_start_time_seconds') - Date.now() / 1000) < 600);
        assert.match(text, /^futu_gateway_upstream_info\{kind="paper",version="[\d.]+"\} 1$/m);
    });
});

describe('in public', () => {
    for (const [what, opts] of [['--metrics-public', { more: ['--metrics-public'] }],
        ['FUTU_METRICS_PUBLIC=1', { env: { FUTU_METRICS_PUBLIC: '1' } }]])
        it(`${what}: without a key, and with plain ids`, async () => {
            const g = await startGateway({ keys, ...opts });
            try {
                await g.http('/api/order', { key: trader, body: order() });
                await g.http('/api/order', { key: odd, body: order() });
                const a = await g.http('/metrics');
                assert.equal(a.status, 200, a.text);
                assert.match(a.text, /key_id="trader"/);
                assert.match(a.text, /key_id="we'ird,\{id=\}"/);
                assert.doesNotMatch(a.text, /kh_/);
                promtool(a.text);
                assert.equal((await g.http('/api/accounts')).status, 401, 'nothing else is');
            } finally {
                await g.end();
            }
        });

    it('without keys it is open', async () => {
        const g = await startGateway();
        try {
            await g.http('/api/accounts');
            const a = await g.http('/metrics');
            assert.equal(a.status, 200);
            promtool(a.text);
        } finally {
            await g.end();
        }
    });
});
