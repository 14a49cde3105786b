// openapi.test.mjs - /api/openapi.json of a running daemon: a validator from outside takes it, and
// every example in it fits its own schema and is answered by the daemon.
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, startDaemon } from '../sdk/daemon.mjs';

const KEY = 'a-key-of-this-test';
// A paper exchange has no records of a broker, no derivatives and no order that is to be confirmed,
// and no order has the number of the examples.
const REFUSED = [/^\/api\/(cash-|biz-|margin-info|account-flag|bond-|option-|warrant|future-info)/,
    /^\/api\/((cancel|modify|reconfirm)-order|order-fee)$/];
// Some calls need what others do.
const FIRST = ['/api/subscribe', '/api/unlock-trade'];

let dir, gateway, base, doc;

function writeKeys(path) {
    const hash = `sha256:${createHash('sha256').update(KEY).digest('hex')}`;
    const scopes = ['qot:read', 'acc:read', 'trade:simulate', 'trade:real', 'trade:unlock', 'admin',
        'metrics:read'];
    writeFileSync(path, JSON.stringify({ version: 1, keys: [{ id: 'test', hash, scopes,
        created_at: '2026-01-01T00:00:00Z' }] }), { mode: 0o600 });
}

const call = (path, init = {}) => fetch(base + path, { ...init, headers: {
    authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...init.headers } });

before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'futu-rest-'));
    writeKeys(join(dir, 'keys.json'));
    const port = await freePort();
    gateway = await startDaemon(['--rest-port', String(port), '--rest-keys-file',
        join(dir, 'keys.json')]);
    base = `http://127.0.0.1:${port}`;
    const answer = await call('/api/openapi.json');
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^application\/json/);
    doc = await answer.json();
});

after(async () => {
    await gateway?.stop();
    rmSync(dir, { recursive: true });
});

test('a validator takes the document', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(doc));
    assert.ok(valid, JSON.stringify(errors, null, 1));
});

const posts = () => Object.entries(doc.paths).filter(([, p]) => p.post)
    .map(([path, p]) => [path, p.post.requestBody?.content['application/json']]);

test('each example fits the schema of its call', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'doc', components: doc.components });
    const refs = (text) => JSON.parse(text.replaceAll('"#/', '"doc#/'));
    for (const [path, body] of posts().filter(([, b]) => b)) {
        const check = ajv.compile(refs(JSON.stringify(body.schema)));
        assert.ok(check(body.example), `${path}: ${JSON.stringify(check.errors, null, 1)}`);
    }
});

test('each example is answered', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'doc', components: doc.components });
    const rank = ([path]) => FIRST.includes(path) ? 0 : 1;
    const failed = [];
    for (const [path, body] of posts().sort((a, b) => rank(a) - rank(b))) {
        if (path.startsWith('/api/admin/'))
            continue;
        const answer = await call(path, { method: 'POST', body: JSON.stringify(body.example) });
        const text = await answer.text();
        const { ret_type, s2c } = answer.status === 200 ? JSON.parse(text) : {};
        const refused = REFUSED.some((r) => r.test(path));
        if (answer.status !== 200 || (ret_type !== 0) !== refused)
            failed.push(`${path}: ${answer.status} ${text.slice(0, 300)}`);
        if (ret_type !== 0)
            continue;
        const reply = doc.paths[path].post.responses['200'].content['application/json'].schema;
        const check = ajv.compile(JSON.parse(JSON.stringify(reply).replaceAll('"#/', '"doc#/')));
        if (!check({ ret_type, ret_msg: null, err_code: null, s2c }))
            failed.push(`${path}: ${JSON.stringify(check.errors.slice(0, 3), null, 1)}`);
    }
    assert.deepEqual(failed, []);
});

test('the order of the example can be changed and cancelled as in theirs', async () => {
    const example = (path) => doc.paths[path].post.requestBody.content['application/json'].example;
    const send = async (path, more) => {
        const body = JSON.stringify({ ...example(path), ...more });
        return (await call(path, { method: 'POST', body })).json();
    };
    const { s2c: { order_id } } = await send('/api/order', {});
    assert.equal((await send('/api/modify-order', { order_id })).ret_type, 0);
    assert.equal((await send('/api/cancel-order', { order_id })).ret_type, 0);
    const { s2c: { order_list } } = await send('/api/orders', {});
    const order = order_list.find((o) => o.order_id === order_id);
    assert.equal(order.order_status, 15);       // Cancelled_All
});

test('each GET without a required parameter is answered', async () => {
    const failed = [];
    for (const [path, { get }] of Object.entries(doc.paths)) {
        if (!get || path === '/ws' || get.parameters?.some((p) => p.required))
            continue;
        const answer = await call(path);
        const text = await answer.text();
        const type = Object.keys(get.responses['200'].content)[0];
        if (answer.status !== 200 || !answer.headers.get('content-type').startsWith(type))
            failed.push(`${path}: ${answer.status} ${text.slice(0, 300)}`);
    }
    assert.deepEqual(failed, []);
});

test('a GET takes the parameters of its list', async () => {
    const answer = await call('/api/snapshot?security_list=HK.00700,US.AAPL');
    const { ret_type, s2c } = await answer.json();
    assert.equal(ret_type, 0);
    assert.deepEqual(s2c.snapshot_list.map((s) => s.basic.security.code), ['00700', 'AAPL']);
});

test('every call of the protocol is answered at its alias', async () => {
    const rows = readFileSync(new URL('../../proto/protocols.tsv', import.meta.url), 'utf8')
        .trim().split('\n').slice(1).map((line) => line.split('\t'));
    const names = rows.filter((r) => r[3] === 'req' && r[1] !== 'InitConnect').map((r) => r[1]);
    assert.ok(names.length > 150);
    for (const name of names) {
        const { status } = await call(`/api/call/${name}`, { method: 'POST', body: '{}' });
        assert.ok([200, 400].includes(status), `${name}: ${status}`);
    }
});

test('what the document calls an error is one', async () => {
    const status = async (path, init) => (await call(path, init)).status;
    assert.equal(await status('/api/quotes'), 404);
    assert.equal(await status('/api/order'), 405);
    assert.equal(await status('/api/quote', { method: 'POST', body: '{' }), 400);
    assert.equal(await status('/api/quote', { method: 'POST', body: '{}',
        headers: { 'content-type': 'text/plain' } }), 415);
    assert.equal(await status('/api/quote', { method: 'POST', body: '{}',
        headers: { authorization: 'Bearer wrong' } }), 401);
});

test('an unknown member is named', async () => {
    const answer = await call('/api/quote', { method: 'POST', body: '{"securty_list":[]}' });
    assert.equal(answer.status, 400);
    assert.match((await answer.json()).error,
        /c2s\.securty_list: unknown field; did you mean 'security_list'\?/);
});
