// push.test.mjs - every sub type is subscribed, and its pushes arrive and are decoded.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startGateway } from './daemon.mjs';
import { Client } from './sdk.mjs';

const tencent = { market: 1, code: '00700' };
const busy = [tencent, { market: 1, code: '09988' }, { market: 11, code: 'AAPL' },
    { market: 11, code: 'NVDA' }];
const codes = busy.map((x) => x.code);

// Sub types with their pushes; of k-lines also the k-line type.
const plain = [
    { sub: 1, cmd: 3005, name: 'Basic', check: (s) => assert.ok(s.basicQotList[0].curPrice > 0) },
    { sub: 2, cmd: 3013, name: 'OrderBook', check: (s) => {
        assert.ok(s.orderBookBidList[0].price < s.orderBookAskList[0].price);
        assert.ok(s.orderBookBidList[0].volume.gt(0));
    } },
    { sub: 4, cmd: 3011, name: 'Ticker', check: (s) => assert.ok(s.tickerList[0].price > 0) },
    { sub: 5, cmd: 3009, name: 'RT', check: (s) => assert.ok(s.rtList[0].price > 0) },
    { sub: 14, cmd: 3015, name: 'Broker', check: (s) => assert.ok(s.brokerBidList.length > 0) },
];
const klines = [[6, 2], [7, 6], [8, 7], [9, 8], [10, 9], [11, 1], [12, 3], [13, 4], [15, 11], [16, 5],
    [17, 10], [18, 12], [19, 13], [20, 14], [21, 15]];

const securityOf = (s) => s.security ?? s.basicQotList[0].security;
let gateway, client;

before(async () => {
    gateway = await startGateway(['--paper-clock', 'always-open,x20']);    // trades soon
    client = new Client();
    assert.equal((await client.login({ port: gateway.wsPort })).ok, true);
});
after(async () => {
    client.close();
    await gateway.stop();
});

const subscribe = (subTypeList, more) => client.call('Qot_Sub', { securityList: [tencent],
    subTypeList, isSubOrUnSub: true, isRegOrUnRegPush: true, ...more });

describe('first push of', () => {
    for (const { sub, cmd, name, check } of plain)
        it(name, async () => {
            const from = client.pushes.length;
            await subscribe([sub], { isFirstPush: true });
            check(await client.push(cmd, (s) => securityOf(s).code === '00700', { from }));
        });

    for (const [sub, klType] of klines)
        it(`k-line sub type ${sub}`, async () => {
            await subscribe([sub], { isFirstPush: true, regPushRehabTypeList: [1] });
            const s2c = await client.push(3007, (s) => s.klType === klType);
            assert.equal(s2c.security.code, '00700');
            assert.equal(s2c.rehabType, 1);
            const k = s2c.klList[s2c.klList.length - 1];
            assert.ok(k.lowPrice <= k.closePrice && k.closePrice <= k.highPrice);
        });
});

// 22 is the odd lot book, which the paper exchange does not keep; 3 and 23 are nothing at all.
for (const [sub, text] of [[22, /odd lot/], [3, /subTypeList.*3/], [23, /subTypeList.*23/]])
    it(`sub type ${sub} is refused, and nothing of the call is subscribed`, async () => {
        const used = async () => (await client.call('Qot_GetSubInfo', {})).totalUsedQuota;
        const usedBefore = await used();
        const reply = await subscribe([1, sub], { securityList: [{ market: 1, code: '00005' }] }).then(
            () => assert.fail('accepted'), (e) => e);
        assert.equal(reply.retType, -1);
        assert.match(reply.retMsg, text);
        assert.equal(await used(), usedBefore);
    });

describe('live pushes, without a first one, of', () => {
    let from;
    before(async () => {
        from = client.pushes.length;
        await client.call('Qot_Sub', { securityList: busy, subTypeList: [1, 2, 4, 5, 11],
            isSubOrUnSub: true, isRegOrUnRegPush: true, isFirstPush: false });
    });

    for (const { cmd, name, check } of [...plain.filter((x) => x.sub !== 14),
        { cmd: 3007, name: 'KL_1Min', check: (s) => assert.ok(s.klList.length > 0) }])
        it(name, async () => {
            const s2c = await client.push(cmd, (s) => cmd !== 3007 || s.klType === 1, { from });
            assert.ok(codes.includes(securityOf(s2c).code));
            check(s2c);
        });

    it('ticks: every sequence number once, rising', async () => {
        const ticks = (code) => client.pushes.slice(from).filter((p) => p.cmd === 3011 &&
            p.msg.s2c.security.code === code).flatMap((p) => p.msg.s2c.tickerList);
        const { security } = await client.push(3011, (s) => ticks(s.security.code).length >= 3, { from });
        const order = ticks(security.code).map((t) => t.sequence);
        for (let i = 1; i < order.length; i++)
            assert.ok(order[i].gt(order[i - 1]), `tick ${order[i]} after ${order[i - 1]}`);
    });
});

it('a second client gets nothing that it did not ask for', async () => {
    const other = new Client();
    assert.equal((await other.login({ port: gateway.wsPort })).ok, true);
    const from = client.pushes.length;
    await client.push(3005, () => true, { from });
    assert.deepEqual(other.pushes.filter((p) => p.cmd >= 3000), []);
    const reply = await other.call('Qot_GetBasicQot', { securityList: [tencent] }).then(
        () => assert.fail('read without a subscription'), (e) => e);
    assert.match(reply.retMsg, /Basic/);
    other.close();
});

it('a price reminder that is due comes as push 3019', async () => {
    const from = client.pushes.length;
    const { key } = await client.call('Qot_SetPriceReminder', { security: tencent, op: 1, type: 1,
        freq: 1, value: 0.01, note: 'above a cent' });
    const s2c = await client.push(3019, () => true, { from });
    assert.equal(s2c.security.code, '00700');
    assert.equal(s2c.note, 'above a cent');
    assert.ok(s2c.key.eq(key));
});

it('unsubscribing within a minute is refused', async () => {
    const reply = await client.call('Qot_Sub', { securityList: [tencent], subTypeList: [1],
        isSubOrUnSub: false }).then(() => assert.fail('accepted'), (e) => e);
    assert.equal(reply.retType, -1);
    assert.notEqual(reply.retMsg, '');
});

it('pushes stop when their registration is taken back', async () => {
    await client.call('Qot_RegQotPush', { securityList: busy, subTypeList: [4], isRegOrUnReg: false });
    const from = client.pushes.length;
    await client.push(3005, () => true, { from });
    await client.push(3013, () => true, { from });
    assert.deepEqual(client.pushes.slice(from).filter((p) => p.cmd === 3011), []);
});
