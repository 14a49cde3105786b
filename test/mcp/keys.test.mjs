// keys.test.mjs - who may call what: lists by scope, keys of a call, revocation in the midst of a session, limits;
// and orders of real accounts, which are confirmed first.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { key, REAL, SIM_HK, slow } from '../rest/gateway.mjs';
import { bad, call, good } from './tools.mjs';
import { all, World } from './world.mjs';

const qot = key('qot', ['qot:read']), acc = key('acc', ['acc:read']);
const sim = key('sim', ['acc:read', 'trade:simulate']), real = key('real', ['acc:read', 'trade:real']);
const unlocker = key('unlocker', ['trade:unlock']), admin = key('admin', ['admin']);
const own = key('own', ['acc:read', 'trade:simulate'], { allowed_acc_ids: [SIM_HK] });
const carded = key('carded', ['acc:read', 'trade:simulate'], { allowed_card_nums: ['9999'] });
const small = key('small', ['acc:read', 'trade:simulate'], { max_order_value: 1000, allowed_trd_sides: ['BUY'] });
const ownReal = key('ownReal', ['trade:unlock'], { allowed_acc_ids: [REAL] });
const keys = [ownReal, all, qot, acc, sim, real, unlocker, admin, own, carded, small];
const order = (more) => ({ env: 'SIMULATE', acc_id: SIM_HK, market: 'HK', side: 'BUY', order_type: 'NORMAL', symbol: 'HK.00700',
    qty: 100, price: 300, ...more });
const realOrder = (more) => order({ env: 'REAL', acc_id: String(REAL), ...more });

// Until the changed keys file has been read.
async function until(what, ok) {
    for (const end = Date.now() + 10_000 * slow; Date.now() < end;) {
        if (await ok())
            return;
        await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    assert.fail(what);
}

for (const kind of ['http', 'sse', 'stdio'])
    describe(kind, () => {
        let w;

        before(async () => { w = await World.start(kind, { keys }); });
        afterEach(() => w.close());
        after(() => w.end());

        test('only what the key may call is listed', async () => {
            const names = async (k) => new Set((await (await w.open(k)).listTools()).tools.map((t) => t.name));
            const quotes = await names(qot);
            assert.ok(quotes.has('futu_get_quote') && quotes.has('futu_ping') && !quotes.has('futu_get_funds') && !quotes.has('futu_place_order'));
            const accounts = await names(acc);
            assert.ok(accounts.has('futu_get_funds') && accounts.has('futu_get_cash_log') && !accounts.has('futu_get_quote'));
            assert.ok((await names(sim)).has('futu_place_order') && (await names(real)).has('futu_place_order'));
            assert.deepEqual([...await names(unlocker)].filter((n) => !/ping|state|info|delay|quota/.test(n)), ['futu_unlock_trade']);
            assert.ok(![...await names(admin)].some((n) => /funds|order|quote|unlock/.test(n)));
        });

        test('what is not listed is refused by scope', async () => {
            const c = await w.open(qot);
            await bad(c, 'futu_get_funds', { market: 'HK', acc_id: SIM_HK }, /unauthorized: .*no scope/);
            await bad(c, 'futu_place_order', order(), /unauthorized: .*no scope/);
            await bad(c, 'futu_unlock_trade', {}, /unauthorized: .*no scope/);
            await good(c, 'futu_get_quote', { symbol: 'HK.00700' });
        });

        test('the key of a call counts before that of the session', async () => {
            const c = await w.open(qot);
            assert.ok(!(await call(c, 'futu_get_funds', { market: 'HK', env: 'SIMULATE', acc_id: SIM_HK, api_key: acc.plain })).isError);
            await bad(c, 'futu_get_quote', { symbol: 'HK.00700', api_key: 'fc_wrong' }, /unauthorized: the API key is not valid/);
            await bad(c, 'futu_get_quote', { symbol: 'HK.00700', api_key: acc.plain }, /unauthorized: .*no scope/);
        });

        test('environments, accounts and limits of a key hold', async () => {
            const s = await w.open(sim), r = await w.open(real), o = await w.open(own), c = await w.open(small);
            assert.equal((await call(s, 'futu_place_order', order())).json.sent, true);
            const preview = await call(s, 'futu_place_order', realOrder());
            await bad(s, 'futu_place_order', realOrder({ confirm_token: preview.json.confirm_token }), /unauthorized|scope/);
            await bad(r, 'futu_place_order', order(), /unauthorized|scope/);
            assert.deepEqual((await call(o, 'futu_list_accounts')).json.acc_list.map((a) => a.acc_id), [SIM_HK]);
            await bad(o, 'futu_get_funds', { market: 'HK', acc_id: String(REAL) }, /unauthorized: the account/);
            assert.ok(!(await call(o, 'futu_get_funds', { market: 'HK', env: 'SIMULATE' })).isError);
            const u = await w.open(ownReal);
            await bad(u, 'futu_unlock_trade', {}, /unauthorized: the account/);
            await bad(u, 'futu_unlock_trade', { acc_ids: [REAL, SIM_HK] }, /unauthorized: the account/);
            await good(u, 'futu_unlock_trade', { acc_ids: [String(REAL)] });
            await bad(o, 'futu_get_cash_log', { acc_id: SIM_HK }, /not offered|limited to accounts/);
            await bad(c, 'futu_place_order', order(), /limit/);
            await bad(c, 'futu_place_order', order({ side: 'SELL', qty: 1, price: 1 }), /limit: this side/);
            assert.deepEqual((await call(await w.open(carded), 'futu_list_accounts')).json.acc_list ?? [], []);
        });

        test('an account may be named by its card, or left out where one fits', async () => {
            const c = await w.open(all);
            const list = (await call(c, 'futu_list_accounts')).json.acc_list;
            const is = list.find((a) => a.acc_id === REAL), card = is.card_num ?? is.uni_card_num;
            const funds = async (args) => (await call(c, 'futu_get_funds', { market: 'HK', ...args })).json.header?.acc_id;
            assert.equal(await funds({ env: 'REAL', card_num: card }), REAL);
            assert.equal(await funds({ env: 'REAL', card_num: card.slice(-4) }), REAL);
            assert.equal(await funds({ env: 'REAL', card_num: card, acc_id: REAL }), REAL);
            assert.equal(await funds({ env: 'SIMULATE' }), SIM_HK);
            await bad(c, 'futu_get_funds', { market: 'HK', card_num: '0000' }, /card_num: no account has it/);
            await bad(c, 'futu_get_funds', { market: 'HK', env: 'REAL', card_num: card, acc_id: SIM_HK }, /no account of this acc_id/);
            await bad(c, 'futu_get_funds', { market: 'JP', env: 'SIMULATE' }, /acc_id: no account of this env and market/);
            const placed = await call(c, 'futu_place_order', { ...order(), acc_id: undefined });
            assert.equal(placed.json.header.acc_id, SIM_HK);
        });

        test('real orders take two calls', async () => {
            const c = await w.open(all), other = await w.open(real);
            const orders = async () => (await good(c, 'futu_get_orders', { env: 'REAL', acc_id: REAL, market: 'HK' })).json.order_list?.length ?? 0;
            await good(c, 'futu_unlock_trade', {});
            const ask = async (client, args) => (await good(client, 'futu_place_order', args)).json;
            const before = await orders();
            const p = await ask(c, realOrder());
            assert.deepEqual([p.status, p.sent, p.expires_in_s], ['preview', false, 60]);
            assert.equal(p.request.header.acc_id, String(REAL));
            assert.equal(await orders(), before);
            const token = { confirm_token: p.confirm_token };
            await bad(other, 'futu_place_order', realOrder(token), /no such preview/);
            await bad(c, 'futu_cancel_order', { env: 'REAL', acc_id: REAL, market: 'HK', order_id: '1', ...token }, /other arguments/);
            await bad(c, 'futu_place_order', realOrder(token), /was used/);
            for (const change of [{ qty: 200 }, { price: 301 }, { side: 'SELL' }, { symbol: 'HK.00005' }, { order_type: 'AUCTION_LIMIT' }, { remark: 'x' }]) {
                const q = await ask(c, realOrder());
                await bad(c, 'futu_place_order', realOrder({ ...change, confirm_token: q.confirm_token }), /other arguments/);
            }
            await bad(c, 'futu_place_order', realOrder({ confirm_token: 'x' }), /no such preview/);
            assert.equal(await orders(), before);
            const q = await ask(c, realOrder());
            const sent = await ask(c, realOrder({ confirm_token: q.confirm_token }));
            assert.equal(sent.sent, true);
            assert.equal(await orders(), before + 1);
            const cancel = { env: 'REAL', acc_id: REAL, market: 'HK', order_id: sent.order_id_str };
            const r = (await good(c, 'futu_cancel_order', cancel)).json;
            assert.equal(r.sent, false);
            assert.equal((await good(c, 'futu_cancel_order', { ...cancel, confirm_token: r.confirm_token })).json.sent, true);
            await good(c, 'futu_unlock_trade', { unlock: false });
            const locked = await ask(c, realOrder());
            await bad(c, 'futu_place_order', realOrder({ confirm_token: locked.confirm_token }), /unlock|解锁/);
        });

        test('a key that is revoked ends between two calls', async () => {
            const c = await w.open(qot), d = await w.open(all);
            await good(c, 'futu_get_quote', { symbol: 'HK.00700' });
            w.writeKeys(keys.filter((k) => k !== qot));
            await until('revoked', async () => {
                try {
                    return (await call(c, 'futu_get_quote', { symbol: 'HK.00700' })).isError;
                } catch {
                    return true;            /* HTTP: 401 */
                }
            });
            await bad(d, 'futu_get_quote', { symbol: 'HK.00700', api_key: qot.plain }, /not valid/);
            await good(d, 'futu_get_quote', { symbol: 'HK.00700' });
            w.writeKeys(keys);
        });
    });
