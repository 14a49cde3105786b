// routes.test.mjs - every route with every method in every state of the caller: what is answered,
// and that a refusal does not say why.
//
// The routes are those of /api/openapi.json, so that a new one is judged as soon as it is there;
// what each must answer follows from its methods and scopes there, and from the rules below.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Gateway, key, order, SCOPES, SIM_HK, SIM_US, startGateway } from './gateway.mjs';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'BREW'];
// Not asked with a key that may: they end the daemon, need a direct login, or are no HTTP.
const NOT_TRIED = ['/api/admin/shutdown', '/api/admin/relogin', '/api/admin/verify-code', '/ws'];
const OPEN = ['/health', '/readyz'];
const keys = {
    right: key('right-key'),
    expired: key('expired-key', SCOPES, { expires_at: '2026-01-02T00:00:00Z' }),
    bound: key('bound-key', SCOPES, { allowed_machines: ['0'.repeat(64)] }),
    frozen: key('frozen-key', SCOPES, { allowed_machines: [] }),
    other: key('other-account-key', SCOPES, { allowed_acc_ids: [SIM_US] }),
    ...Object.fromEntries(SCOPES.map((s) => [s, key(`only-${s.replace(':', '-')}`, [s])])),
};
const wrong = { plain: 'fc_nobody_has_this' };
// What no refusal may contain.
const TELLING = new RegExp('qot:|acc:|trade:|metrics:|\\badmin\\b|scope|-key\\b|only-|cap\\b|expired|' +
    'revoked|bound|machine', 'i');

const exact = (text) => JSON.stringify({ error: text });

let gateway, doc, table;

before(async () => {
    gateway = await startGateway({ keys: Object.values(keys) });
    doc = (await gateway.http('/api/openapi.json', { key: keys.right })).json;
    table = Object.entries(doc.paths).map(([path, ops]) => {
        const op = ops.post ?? ops.get;
        const methods = [...(ops.get ? ['GET', 'HEAD'] : []), ...(ops.post ? ['POST'] : [])];
        return { path, methods, scopes: op['x-scope'],
            body: ops.post?.requestBody?.content['application/json'].example ?? {} };
    });
});
after(() => gateway.end());

const ask = (g, route, method, more = {}) => g.http(route.path, { method,
    body: method === 'POST' ? route.body : undefined, ...more });

function refused(answer, status, text, what) {
    assert.equal(answer.status, status, `${what}: ${answer.text}`);
    assert.match(answer.headers['content-type'], /^application\/json/, what);
    assert.equal(answer.headers['www-authenticate'] !== undefined, status === 401, what);
    if (text !== undefined)
        assert.equal(answer.text, exact(text), what);
    assert.deepEqual(Object.keys(answer.json), ['error'], what);
    assert.doesNotMatch(answer.json.error, TELLING, what);
}

// The same without a body, as HEAD has it.
function refusedHead(answer, status, what) {
    assert.equal(answer.status, status, what);
    assert.equal(answer.headers['www-authenticate'] !== undefined, status === 401, what);
    assert.equal(answer.text, '', what);
}

const refusedBy = (method, answer, status, text, what) => method === 'HEAD'
    ? refusedHead(answer, status, what) : refused(answer, status, text, what);

async function each(fn) {
    for (const route of table)
        for (const method of route.methods)
            await fn(route, method, `${method} ${route.path}`);
}

describe('with keys', () => {
    it('the document has the documented routes', () => {
        assert.ok(table.length >= 80, `${table.length} routes`);
        for (const path of ['/health', '/readyz', '/metrics', '/ws', '/api/order',
            '/api/cancel-order',
            '/api/unlock-trade', '/api/admin/status', '/api/quote', '/api/accounts'])
            assert.ok(doc.paths[path], path);
    });

    it('no key is 401', () => each(async (route, method, what) => {
        const answer = await ask(gateway, route, method);
        if (OPEN.includes(route.path))
            assert.equal(answer.status, 200, what);
        else
            refusedBy(method, answer, 401, 'an API key is needed: Authorization: Bearer KEY', what);
    }));

    for (const [name, k] of [['a wrong', wrong], ['an expired', keys.expired],
        ['a frozen', keys.frozen],
        ['another machine\'s', keys.bound]])
        it(`${name} key is 401, told alike`, () => each(async (route, method, what) => {
            const answer = await ask(gateway, route, method, { key: k });
            if (!OPEN.includes(route.path))
                refusedBy(method, answer, 401, 'the API key is not valid', what);
        }));

    for (const headers of [{ authorization: 'Basic dXNlcjpwYXNz' }, { authorization: 'Bearer' },
        { authorization: `Token ${keys.right.plain}` }, { 'x-api-key': keys.right.plain }])
        it(`${Object.entries(headers)} is no key`, async () => {
            refused(await gateway.http('/api/accounts', { headers }), 401, undefined, 'accounts');
        });

    it('the word Bearer has any case, ?token= is for /ws alone', async () => {
        const headers = { authorization: `bEaReR ${keys.right.plain}` };
        assert.equal((await gateway.http('/api/accounts', { headers })).status, 200);
        refused(await gateway.http(`/api/accounts?token=${keys.right.plain}`), 401, undefined,
            'token');
    });

    for (const scope of SCOPES)
        it(`a key with ${scope} alone opens what needs it and nothing else`, () =>
            each(async (route, method, what) => {
                if (NOT_TRIED.includes(route.path) && route.scopes.includes(scope))
                    return;
                const answer = await ask(gateway, route, method, { key: keys[scope] });
                const may = OPEN.includes(route.path) || route.scopes.length === 0 ||
                    route.scopes.includes(scope);
                if (!may) {
                    refusedBy(method, answer, 403, 'forbidden', what);
                } else if (/^trade:(real|simulate)$/.test(scope) && route.scopes.includes(scope) &&
                    (route.body.trd_env === 1) !== (scope === 'trade:real')) {
                    refused(answer, 403, 'forbidden', what);        // the other environment's key
                } else {
                    assert.ok([200, 400].includes(answer.status),
                        `${what}: ${answer.status} ${answer.text}`);
                }
            }));

    it('the right key is answered', () => each(async (route, method, what) => {
        if (NOT_TRIED.includes(route.path))
            return;
        const answer = await ask(gateway, route, method, { key: keys.right });
        if (answer.status === 400)      // a GET lacks what its call needs, and is told what
            assert.match(method === 'HEAD' ? 'missing' : answer.json.error,
                /required|missing|needed|unknown/,
                `${what}: ${answer.text}`);
        else
            assert.equal(answer.status, 200, `${what}: ${answer.text}`);
        assert.equal(answer.headers['www-authenticate'], undefined, what);
    }));

    it('another method is 405 with Allow, whoever asks', async () => {
        for (const route of table)
            for (const method of METHODS.filter((m) => !route.methods.includes(m) &&
                m !== 'OPTIONS'))
                for (const k of [undefined, wrong, keys.right]) {
                    const what = `${method} ${route.path}`;
                    const answer = await ask(gateway, route, method, { key: k });
                    // What is no method at all need not reach a route.
                    assert.ok(answer.status === 405 || (method === 'BREW' && answer.status === 400),
                        `${what}: ${answer.status} ${answer.text}`);
                    if (answer.status !== 405)
                        continue;
                    const allow = answer.headers.allow.split(', ').sort();
                    assert.ok(route.methods.every((m) => allow.includes(m)), `${what}: ${allow}`);
                    assert.ok(!allow.includes(method), `${what}: ${allow}`);
                }
    });

    it('OPTIONS tells the methods and no more', async () => {
        for (const route of table) {
            const answer = await gateway.http(route.path, { method: 'OPTIONS', headers: {
                origin: 'http://localhost:3000', 'access-control-request-method': 'POST' } });
            assert.equal(answer.status, 204, route.path);
            const methods = answer.headers['access-control-allow-methods'].split(', ');
            assert.ok(route.methods.every((m) => methods.includes(m)), `${route.path}: ${methods}`);
            assert.equal(answer.headers['access-control-allow-origin'], 'http://localhost:3000');
            assert.equal(answer.text, '');
        }
    });

    it('an unknown path is 404 for everybody', async () => {
        for (const path of ['/', '/api', '/api/', '/api/quotes', '/api/order/', '/api/order/1',
            '/API/ORDER',
            '/api/admin', '/api/admin/stop', '/api/call/', '/api/call/9999',
                '/api/call/Trd_Nothing',
            '/api/qot/place_order', '/api/call/Qot_UpdateBasicQot', '/api/call/InitConnect',
                '/metrics/x',
            '/api//order', '/api/./order', '/api/%6frder'])
            for (const k of [undefined, wrong, keys.right])
                for (const method of ['GET', 'POST'])
                    refused(await gateway.http(path, { method, key: k }), 404, undefined,
                        `${method} ${path}`);
    });
});

describe('accounts of a key', () => {
    // A body names the account, or a key that is limited says which ones the call is for.
    const others = (route) => ({ ...route.body,
        ...('acc_id' in route.body || route.scopes.includes('acc:read')
        ? { acc_id: SIM_HK, trd_env: 0, trd_market: 1 } : {}) });
    const OWN = ['/api/accounts', '/api/sub-acc-push', '/api/unlock-trade'];

    it('a key of another account is 403 wherever an account is named', async () => {
        let n = 0;
        for (const route of table) {
            const account = route.scopes.some((s) => s === 'acc:read' || s.startsWith('trade:'));
            if (!account || OWN.includes(route.path))
                continue;
            const answer = await ask(gateway, { ...route, body: others(route) }, 'POST',
                { key: keys.other });
            refused(answer, 403, 'forbidden', `${route.path} ${JSON.stringify(others(route))}`);
            n++;
        }
        assert.ok(n >= 25, `${n} routes`);
    });

    it('also when a GET names it', async () => {
        const query = `acc_id=${SIM_HK}&trd_env=0&trd_market=1`;
        for (const path of ['/api/funds', '/api/positions', '/api/orders', '/api/order-fills'])
            refused(await gateway.http(`${path}?${query}`, { key: keys.other }), 403, 'forbidden',
                path);
    });

    it('by card as by account', async () => {
        const card = (c) => gateway.http('/api/funds', { key: keys.other,
            body: { card_num: c, trd_env: 0, trd_market: 2 } });
        const own = await card('PAPER-SIM-US');
        assert.equal(own.status, 200);
        assert.equal(own.json.ret_type, 0);
        // A card that this key can't see is to it a card that nobody has.
        const foreign = await card('PAPER-SIM-HK'), none = await card('NO-SUCH-CARD');
        assert.ok([400, 403].includes(foreign.status), foreign.text);
        if (foreign.status === 400)
            assert.equal(foreign.text, none.text);
    });

    it('its own account is answered', async () => {
        const answer = await gateway.http('/api/funds', { key: keys.other,
            body: { acc_id: SIM_US, trd_env: 0, trd_market: 2 } });
        assert.equal(answer.json.ret_type, 0, answer.text);
    });

    it('the account list is cut down to its own', async () => {
        const list = async (k) => (await gateway.http('/api/accounts', { key: k }))
            .json.s2c.acc_list
            .map((a) => a.acc_id);
        assert.deepEqual(await list(keys.other), [SIM_US]);
        assert.ok((await list(keys.right)).length >= 4);
    });

    it('an unlock and a subscription must name its accounts alone', async () => {
        const unlock = (more) => gateway.http('/api/unlock-trade', { key: keys.other,
            body: { ...table.find((r) => r.path === '/api/unlock-trade').body, ...more } });
        refused(await unlock({}), 403, 'forbidden', 'no account');
        refused(await unlock({ acc_ids: [SIM_HK] }), 403, 'forbidden', 'another account');
        refused(await unlock({ acc_ids: [SIM_US, SIM_HK] }), 403, 'forbidden', 'one more account');
        assert.equal((await unlock({ acc_ids: [SIM_US] })).status, 200);
        const push = (ids) => gateway.http('/api/sub-acc-push',
            { key: keys.other, body: { acc_id_list: ids } });
        refused(await push([SIM_HK]), 403, 'forbidden', 'another account');
        refused(await push([SIM_US, SIM_HK]), 403, 'forbidden', 'one more account');
        assert.equal((await push([SIM_US])).json.ret_type, 0);
    });
});

describe('aliases', () => {
    const rows = readFileSync(new URL('../../proto/protocols.tsv', import.meta.url), 'utf8').trim()
        .split('\n')
        .slice(1).map((l) => l.split('\t')).map(([id, name, , kind, scope]) =>
            ({ id: Number(id), name, kind, scope }));
    const READS = ['qot:read', 'acc:read', 'none'];

    it('each request is at /api/call/NAME behind the same gate, pushes are not', async () => {
        for (const row of rows) {
            const path = `/api/call/${row.name}`;
            const post = (k) => gateway.http(path, { method: 'POST', key: k });
            if (row.kind !== 'req' || row.name === 'InitConnect') {
                refused(await post(keys.right), 404, undefined, path);
                continue;
            }
            refused(await post(), 401, undefined, path);
            refused(await post(keys.expired), 401, undefined, path);
            if (row.scope !== 'none')
                refused(await post(keys['metrics:read']), 403, 'forbidden', path);
            if (!READS.includes(row.scope))
                for (const scope of ['qot:read', 'acc:read'])
                    refused(await post(keys[scope]), 403, 'forbidden', path);
        }
    });

    it('without keys they refuse what the documented path refuses', async () => {
        const open = await startGateway();
        try {
            for (const row of rows.filter((r) => r.kind === 'req' && r.name !== 'InitConnect')) {
                const answer = await open.http(`/api/call/${row.name}`, { method: 'POST' });
                if (row.id === 2008)
                    refused(answer, 403, undefined, row.name);
                else if (!READS.includes(row.scope))
                    refused(answer, 401, undefined, row.name);
                else
                    assert.ok([200, 400].includes(answer.status), `${row.name}: ${answer.text}`);
            }
        } finally {
            await open.end();
        }
    });

    it('the short spellings lead to the same', async () => {
        for (const path of ['/api/qot/get_global_state', '/api/call/GetGlobalState'])
            assert.equal((await gateway.http(path, { key: keys.right })).json.ret_type ?? path, 0,
                path);
        for (const path of ['/api/trd/place_order', '/api/call/Trd_PlaceOrder',
            '/api/call/trd_placeorder']) {
            refused(await gateway.http(path, { method: 'GET', key: keys.right }), 405, undefined,
                path);
            refused(await gateway.http(path, { key: keys['qot:read'], body: order() }), 403,
                'forbidden', path);
        }
    });
});

describe('without keys', () => {
    let open;
    before(async () => { open = await startGateway(); });
    after(() => open.end());

    it('reads are answered, writes and admin are 401 with a hint, sub-acc-push is 403', () =>
        each(async (route, method, what) => {
            if (route.path === '/ws')
                return;
            const answer = await ask(open, route, method);
            if (route.path === '/api/sub-acc-push') {
                assert.equal(answer.status, 403, what);
            } else if (route.scopes.some((s) => s === 'admin' || s.startsWith('trade:'))) {
                assert.equal(answer.status, 401, what);
                assert.ok(answer.headers['www-authenticate'], what);
                if (method !== 'HEAD')
                    assert.match(answer.json.error, /--rest-keys-file/, what);
            } else {
                assert.ok([200, 400].includes(answer.status),
                    `${what}: ${answer.status} ${answer.text}`);
            }
        }));

    it('a token changes nothing', async () => {
        assert.equal((await open.http('/api/accounts', { key: wrong })).status, 200);
        assert.equal((await open.http('/api/order', { key: wrong, body: order() })).status, 401);
    });

    it('it warned of this when it started', () =>
        assert.match(open.err, /WARN .*--rest-keys-file/));
});

describe('limits of a key', () => {
    const limited = {
        market: [key('m-key', SCOPES, { allowed_markets: ['US'] }), 403, {}],
        symbol: [key('s-key', SCOPES, { allowed_symbols: ['HK.00005'] }), 403, {}],
        side: [key('d-key', SCOPES, { allowed_trd_sides: ['SELL'] }), 403, {}],
        value: [key('v-key', SCOPES, { max_order_value: 29999.5 }), 403, {}],
        rate: [key('r-key', SCOPES, { max_orders_per_minute: 0 }), 429, {}],
        daily: [key('a-key', SCOPES, { max_daily_value: 29999.5 }), 429, {}],
        hours: [key('h-key', SCOPES, { hours_window: '00:00-00:01' }), 429, {}],
    };
    let g;
    before(async () => {
        // Away from midnight, whatever the time is.
        const hour = (new Date().getUTCHours() + 12) % 24, two = (n) => String(n % 24)
            .padStart(2, '0');
        limited.hours[0].hours_window = `${two(hour)}:00-${two(hour + 1)}:00`;
        g = await startGateway({ keys: Object.values(limited).map(([k]) => k),
            env: { TZ: 'UTC' } });
    });
    after(() => g.end());

    for (const name of Object.keys(limited))
        it(`${name}: refused without its cap`, async () => {
            const [k, status] = limited[name];
            const answer = await g.http('/api/order', { key: k, body: order() });
            assert.equal(answer.status, status, answer.text);
            assert.match(answer.json.error, /^limit: /);
            const text = answer.json.error.replace(/; try again in \d+ s$/, '');
            assert.doesNotMatch(text, /\d|HK|US|SELL|-key/);
            // a rate of 0 never lets one through
            assert.equal(answer.headers['retry-after'] !== undefined,
                status === 429 && name !== 'rate');
            assert.equal(answer.headers['www-authenticate'], undefined);
        });

    it('none of them reached the exchange', async () => {
        const { s2c } = (await g.http('/api/orders', { key: limited.side[0],
            body: { acc_id: SIM_HK, trd_env: 0, trd_market: 1 } })).json;
        assert.deepEqual(s2c.order_list ?? [], []);
    });
});
