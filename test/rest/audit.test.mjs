// audit.test.mjs - the trail of decisions on disk: what is in it, that it holds after the gateway
// was killed in the middle of orders, and that a changed byte is found.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync,
    writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Ftapi } from './ftapi.mjs';
import { Gateway, key, order, random, SCOPES, SIM_HK, startGateway } from './gateway.mjs';

const KILLS = 25;       // of each kind of trail

// futucli audit verify: { status, out }
const verify = (...args) => new Promise((resolve) =>
    execFile(process.env.FUTU_CLI, ['audit', 'verify', ...args],
    (e, out, err) => resolve({ status: e?.code ?? 0, out: out + err })));

// All lines of a file, or of a folder's files in their order.
const text = (path) => path.endsWith('/') ? readdirSync(path)
    .filter((f) => f.startsWith('futu-audit.log.')).sort()
    .map((f) => readFileSync(path + f, 'utf8')).join('') : readFileSync(path, 'utf8');
const lines = (path) => text(path).split('\n').slice(0, -1).map((l) => JSON.parse(l));
const mode = (path) => statSync(path).mode & 0o777;

describe('what is in it', () => {
    const full = key('full'), reader = key('reader', ['qot:read']),
        limited = key('limited', SCOPES, { max_order_value: 100 }), keys = [full, reader, limited];
    let g, path, trail, placed;
    before(async () => {
        g = new Gateway({ keys });
        path = join(g.dir, 'trail', 'audit.jsonl');
        mkdirSync(join(g.dir, 'trail'));
        g.more = ['--audit-log', path];
        await g.start();
        await g.http('/api/order', { key: full, body: order() });
        await g.http('/api/order', { key: full, body: order({ qty: 150 }) });
        placed = (await g.http('/api/order', { key: full, body: order(),
            headers: { 'idempotency-key': 'k1' } })).json;
        await g.http('/api/order', { key: full, body: order(),
            headers: { 'idempotency-key': 'k1' } });
        await g.http('/api/order', { key: limited, body: order() });
        await g.http('/api/order', { key: reader, body: order() });
        await g.http('/api/order', { body: order() });
        await g.http('/api/order', { key: { plain: 'nobody\'s' }, body: order() });
        await g.http('/api/ordr', { key: full, body: order() });
        await g.http('/api/unlock-trade', { key: full,
            body: { unlock: true, pwd_md5: '0'.repeat(32) } });
        await g.http('/api/quote?security_list=HK.00700', { key: reader });
        await g.http('/api/admin/status', { key: full });
        const conn = await new Ftapi(g.wsPort, { key: full }).open();
        await conn.place(order());
        conn.close();
        await g.stop();
        trail = lines(path);
    });
    after(() => g.remove());

    const found = (want) => trail.filter((l) => Object.entries(want).every(([k, v]) => l[k] === v));

    it('each line has the documented members', () => {
        assert.ok(trail.length >= 15);
        for (const l of trail) {
            assert.match(l.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
            assert.equal(l.target, 'futu_audit');
            assert.match(l.iface, /^(rest|ws)$/);
            assert.match(l.endpoint, /\S/);
            assert.match(l.key_id, /\S/);
            assert.match(l.outcome, /^(allow|reject|request|success|failure|unknown)$/);
            const trade = l.args_hash !== undefined || l.cache_outcome !== undefined;
            assert.equal(l.level, l.outcome === 'allow' ? 'INFO' : 'WARN', JSON.stringify(l));
            if (trade)
                assert.match(l.args_hash ?? '00000000', /^[0-9a-f]{8}$/);
            if (l.outcome === 'reject' || l.outcome === 'failure')
                assert.match(l.reason, /\S/);
            if (l.outcome === 'allow')
                assert.match(l.scope, /^(qot:read|acc:read|admin|none|metrics:read)$/);
        }
    });

    it('each call left what it must', () => {
        const rest = { iface: 'rest', endpoint: '/api/order' };
        assert.equal(found({ ...rest, key_id: 'full', outcome: 'request', acc_id: String(SIM_HK) })
            .length, 3);
        for (const cache_outcome of ['no_key', 'executed', 'cached'])
            assert.equal(found({ ...rest, key_id: 'full', outcome: 'success', cache_outcome })
                .length, 1);
        assert.deepEqual(found({ ...rest, outcome: 'success', cache_outcome: 'executed' })
            .map((l) => l.order_id),
            [placed.s2c.order_id_ex]);
        assert.equal(found({ ...rest, key_id: 'full', outcome: 'failure' }).length, 1);
        const [cap] = found({ ...rest, key_id: 'limited', outcome: 'reject' });
        assert.match(cap.reason, /^limit: .*30000.*100/);        // here it is told
        assert.equal(found({ ...rest, key_id: 'reader', outcome: 'reject' }).length, 1);
        assert.equal(found({ ...rest, key_id: '<missing>', outcome: 'reject' }).length, 1);
        assert.equal(found({ ...rest, key_id: '<invalid>', outcome: 'reject' }).length, 1);
        assert.equal(found({ endpoint: '/api/ordr', key_id: 'full', outcome: 'reject' }).length, 1);
        assert.equal(found({ endpoint: '/api/unlock-trade', outcome: 'request' }).length, 1);
        assert.equal(found({ endpoint: '/api/unlock-trade', outcome: 'failure' }).length, 1);
        assert.equal(found({ endpoint: '/api/quote', key_id: 'reader', outcome: 'allow',
            scope: 'qot:read' }).length, 1);
        assert.equal(found({ endpoint: '/api/admin/status', key_id: 'full', outcome: 'allow',
            scope: 'admin' }).length, 1);
        assert.equal(found({ iface: 'ws', endpoint: 'proto_id=2202', outcome: 'success' }).length,
            1);
    });

    it('no secret is in it', () => {
        for (const secret of [...keys.map((k) => k.plain), 'nobody', '0'.repeat(32) + '"}'])
            assert.ok(secret.startsWith('0') || !text(path).includes(secret), secret);
    });

    it('nobody else may read it', () => assert.equal(mode(path), 0o600));

    it('its chain holds', async () => {
        const { status, out } = await verify(path);
        assert.equal(status, 0, out);
        assert.match(out, new RegExp(`\\b${trail.length}\\b`));
    });

    // A copy with one thing changed; the line that must be named.
    async function broken(change, line) {
        const copy = join(g.dir, 'copy.jsonl');
        copyFileSync(path, copy);
        writeFileSync(copy, change(readFileSync(copy)));
        const { status, out } = await verify(copy);
        assert.equal(status, 1, out);
        if (line)
            assert.match(out, new RegExp(`\\b(${line}|${line + 1})\\b`), out);
    }
    const all = () => readFileSync(path, 'latin1').split('\n');
    const joined = (l) => Buffer.from(l.join('\n'), 'latin1');

    it('a changed byte is found, wherever it is', async () => {
        // Of the last line the hash is in no other: it must be kept elsewhere.
        const size = text(path).trimEnd().lastIndexOf('\n'), pick = random(5);
        for (let i = 0; i < 12; i++) {
            const at = i === 0 ? 5 : pick(size);
            const line = readFileSync(path).subarray(0, at).toString('latin1').split('\n').length;
            await broken((b) => { b[at] ^= b[at] === 0x0b ? 2 : 1; return b; }, line);
        }
    });

    it('a line that is gone, doubled, moved or put in is found', async () => {
        const l = all();
        await broken(() => joined([...l.slice(0, 4), ...l.slice(5)]), 5);
        await broken(() => joined(l.slice(1)), 1);
        await broken(() => joined([...l.slice(0, 5), l[4], ...l.slice(5)]), 6);
        await broken(() => joined([...l.slice(0, 4), l[5], l[4], ...l.slice(6)]), 5);
        await broken((b) => b.subarray(0, b.length - 7), l.length - 1);
    });
});

describe('in a folder', () => {
    it('there is a file for each day, and nobody else may read them', async () => {
        const g = new Gateway();
        g.more = ['--audit-log', join(g.dir, 'audit')];
        await g.start();
        try {
            await g.http('/api/nothing');
            await g.stop();
            const [file, ...more] = readdirSync(join(g.dir, 'audit'))
                .filter((f) => !f.endsWith('.lock'));
            assert.match(file, /^futu-audit\.log\.\d{4}-\d\d-\d\d$/);
            assert.deepEqual(more, []);
            assert.equal(mode(join(g.dir, 'audit')), 0o700);
            assert.equal(mode(join(g.dir, 'audit', file)), 0o600);
            assert.equal((await verify(join(g.dir, 'audit'))).status, 0);
        } finally {
            g.remove();
        }
    });
});

for (const [kind, name] of [['a file', 'audit.jsonl'], ['a folder', 'audit/']])
    describe(`killed ${KILLS} times while orders come, into ${kind}`, () => {
        const k = key('orders');
        let g, path;
        before(() => {
            g = new Gateway({ keys: [k] });
            path = join(g.dir, name);
            g.more = ['--audit-log', path];
        });
        after(() => g.remove());

        // Orders over both surfaces until so many were accepted; then the end. What clients saw
        // accepted: hashes of the FTAPI ones, and how many over REST.
        async function run(limit) {
            const seen = { hashes: [], rest: 0 };
            let n = 0, dead = false;
            const accepted = async () => {
                if (++n === limit) {
                    dead = true;
                    await g.kill();
                }
            };
            const conns = await Promise.all([0, 1].map(() => new Ftapi(g.wsPort, { key: k })
                .open()));
            const ftapi = async (c) => {
                while (!dead) {
                    const r = await c.place(order({ price: 1 }));
                    if (r.retType === 0) {
                        seen.hashes.push(r.argsHash);
                        await accepted();
                    }
                }
            };
            const rest = async () => {
                while (!dead) {
                    const a = await g.http('/api/order', { key: k, body: order({ price: 1 }) });
                    if (a.json.ret_type === 0) {
                        seen.rest++;
                        await accepted();
                    }
                }
            };
            await Promise.all([...conns.map(ftapi), rest(), rest()].map((p) => p.catch(() => {})));
            conns.forEach((c) => c.close());
            return seen;
        }

        it('each order that was accepted is in it, and its chain holds', async () => {
            const pick = random(name.length);
            let rest = 0;
            for (let i = 0; i < KILLS; i++) {
                await g.start();
                const seen = await run(1 + pick(25));
                rest += seen.rest;
                // A line that was being written is no line yet.
                const trail = lines(path).filter((l) => l.outcome === 'request');
                const hashes = new Set(trail.filter((l) => l.iface === 'ws')
                    .map((l) => l.args_hash));
                for (const h of seen.hashes)
                    assert.ok(hashes.has(h), `run ${i}: the order ${h} is not in the trail`);
                const over = trail.filter((l) => l.endpoint === '/api/order').length;
                assert.ok(over >= rest, `run ${i}: ${over} of ${rest} orders are in the trail`);
            }
            await g.start();
            await g.stop();
            const { status, out } = await verify(path);
            assert.equal(status, 0, out);
            assert.match(out, new RegExp(`\\b${lines(path).length}\\b`), out);
        });

        it('a changed byte in it is found', async () => {
            const file = name.endsWith('/') ? path + readdirSync(path).sort()[0] : path;
            const b = readFileSync(file), at = Math.floor(b.length / 2);
            b[at] ^= 1;
            writeFileSync(file, b);
            assert.equal((await verify(path)).status, 1);
        });
    });

describe('what does not go together', () => {
    it('--json-log with --audit-log is wrong usage', async () => {
        const g = new Gateway();
        try {
            g.more = ['--json-log', '--audit-log', join(g.dir, 'audit.jsonl')];
            await assert.rejects(g.start(), /ended with 2[^]*--json-log/);
        } finally {
            g.remove();
        }
    });

    it('two gateways with one trail', async () => {
        const g = await startGateway(), other = new Gateway();
        const path = join(g.dir, 'audit.jsonl');
        try {
            await g.stop();
            g.more = other.more = ['--audit-log', path];
            await g.start();
            await assert.rejects(other.start(), /ended with 1[^]*audit\.jsonl/);
        } finally {
            await g.end();
            other.remove();
        }
    });
});
