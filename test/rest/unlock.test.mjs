// unlock.test.mjs - trade unlock by account: what keys open, what the answers tell, what is kept.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { passwordMD5 } from '../secrets.mjs';
import { key, order, REAL, SIM_US, startGateway } from './gateway.mjs';

const all = key('all'), own = key('own', undefined, { allowed_acc_ids: [REAL] }),
    other = key('other', undefined, { allowed_acc_ids: [SIM_US] });

let g;
before(async () => {
    g = await startGateway({ keys: [all, own, other], more: ['--frequency-limits', 'off'] });
});
after(() => g.end());

const unlock = async (k, more = {}, headers = {}) => {
    const r = await g.http('/api/unlock-trade', { key: k, headers,
        body: { unlock: true, pwd_md5: passwordMD5, ...more } });
    return r.status === 200 ? r.json : r.status;
};
const lock = (k = all, more = {}) => unlock(k, { unlock: false, pwd_md5: '', ...more });
const results = (r) => r.s2c.acc_result_list.map((a) => [a.acc_id, a.success]);

// Whether a real order goes through.
async function open() {
    const { json } = await g.http('/api/order', { key: all,
        body: order({ acc_id: REAL, trd_env: 1, qty: 100, price: 1 }) });
    if (json.ret_type === 0)
        return true;
    assert.equal(json.err_code, -401, json.ret_msg);
    assert.match(json.ret_msg, new RegExp(`unlock needed: account ${REAL} is locked`));
    return false;
}

async function told() {
    const { cache } = (await g.http('/api/admin/status', { key: all })).json;
    const metrics = (await g.http('/metrics', { key: all })).text;
    const one = (name) => Number(new RegExp(`^futu_gateway_${name} (\\d+)$`, 'm').exec(metrics)[1]);
    assert.equal(one('trade_unlocked'), Number(cache.trade_unlocked));
    assert.equal(one('unlocked_accounts'), cache.cached_cipher_count);
    return cache.cached_cipher_count;
}

describe('an unlock', () => {
    it('of a key that is limited to another account opens nothing else', async () => {
        assert.equal(await open(), false);
        for (const more of [{}, { security_firm: 1 }, { acc_ids: [REAL] }, { acc_ids: [SIM_US, REAL] }])
            assert.equal(await unlock(other, more), 403);
        assert.equal((await unlock(other, { acc_ids: [SIM_US] })).ret_type, 0);
        assert.equal(await told(), 0);
        assert.equal(await open(), false);
    });

    it('of a key that may do it opens its account, which the other one can\'t lock', async () => {
        assert.deepEqual(results(await unlock(own, { acc_ids: [REAL] })), [[REAL, true]]);
        assert.equal(await told(), 1);
        assert.equal(await open(), true);
        for (const more of [{}, { security_firm: 1 }, { acc_ids: [REAL] }])
            assert.equal(await lock(other, more), 403);
        assert.equal((await lock(other, { acc_ids: [SIM_US] })).ret_type, 0);
        assert.equal(await open(), true);
        assert.equal((await lock(own, { acc_ids: [REAL] })).ret_type, 0);
        assert.equal(await open(), false);
    });

    it('by firm and accounts means those of both, and tells of no others', async () => {
        const none = await unlock(other, { acc_ids: [SIM_US], security_firm: 1 });
        assert.equal(none.ret_type, -1);
        assert.doesNotMatch(none.ret_msg, new RegExp(REAL));
        assert.match((await unlock(own, { acc_ids: [REAL], security_firm: 2 })).ret_msg,
            new RegExp(`${REAL} is of securityFirm 1`));
        assert.match((await unlock(all, { security_firm: 2 })).ret_msg,
            new RegExp(`no real account of securityFirm 2; there is ${REAL} \\(securityFirm 1\\)`));
        assert.equal(await told(), 0);
        const both = { acc_ids: [REAL, SIM_US], security_firm: 1 };
        assert.deepEqual(results(await unlock(all, both)), [[REAL, true]]);
        assert.equal((await lock()).ret_type, 0);
    });

    it('is refused when it names no account or none that is a number', async () => {
        for (const ids of [[0], ['x'], [-1], 5.5])
            assert.notEqual((await unlock(all, { acc_ids: ids })).ret_type, 0, JSON.stringify(ids));
        assert.equal(await told(), 0);
    });
});

describe('an Idempotency-Key', () => {
    it('keeps a complete success alone, and that until something is locked', async () => {
        const word = (w) => ({ 'idempotency-key': w });
        const some = { acc_ids: [REAL, 77] };
        const half = await unlock(all, some, word('a'));
        assert.deepEqual(results(half), [[REAL, true], [77, false]]);
        assert.equal((await lock()).ret_type, 0);
        assert.deepEqual(results(await unlock(all, some, word('a'))), results(half));
        assert.equal(await told(), 1);
        assert.equal((await unlock(all, { acc_ids: [REAL] }, word('a'))).ret_type, 0);
        assert.equal(await unlock(all, some, word('a')), 409);
        assert.equal((await lock()).ret_type, 0);
        assert.equal((await unlock(all, { acc_ids: [REAL] }, word('a'))).ret_type, 0);
        assert.equal(await told(), 1);
        assert.equal(await open(), true);
    });
});

describe('two wrong passwords in a row', () => {
    it('are followed by a minute in which even the right one is not looked at', async () => {
        const wrong = { pwd_md5: '0'.repeat(32) };
        for (const [more, ret] of [[wrong, -1], [{}, 0], [wrong, -1], [wrong, -1], [{}, -1]])
            assert.equal((await unlock(all, more)).ret_type, ret);
        assert.match((await unlock(all)).ret_msg, /try again in \d+ s/);
        assert.equal(await told(), 1);          // what was open stays open
        assert.equal((await lock()).ret_type, 0);
        assert.equal(await open(), false);
    });
});
