// chain.test.mjs - one client is connected to the paper exchange, another one to a relay of a relay
// of it: every call is answered alike, and pushes tell the same.
//
// FUTU_RELAYS=0 runs it with both clients at the exchange, to try the test itself.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { alike, different, plain, unmarked } from './alike.mjs';
import { passwordMD5 } from '../secrets.mjs';
import { answered, argsOf, refused, unknown } from './commands.mjs';
import { startChain } from './daemon.mjs';
import { minimal } from './fill.mjs';
import { Client, root } from './sdk.mjs';

const relays = Number(process.env.FUTU_RELAYS ?? 2);
const hk = (code) => ({ market: 1, code });
const us = (code) => ({ market: 11, code });
const tencent = hk('00700');
const near = new Client(), far = new Client(), clients = [near, far];
const sessions = clients.map((client) => ({ client }));
let chain;

before(async () => {
    chain = await startChain([], relays);
    assert.equal((await near.login({ port: chain.paper.wsPort })).ok, true);
    assert.equal((await far.login({ port: chain.end.wsPort })).ok, true);
});
after(async () => {
    clients.forEach((c) => c.close());
    await chain.stop();
});

// args: the C2S, or a function of the session that makes it.
const same = (name, args, how) => alike(clients, name, (i) => argsOf({ args }, sessions[i]), how);

// Reminders and orders are there twice when they are sent twice; the others leave the same behind.
const once = new Set(['Qot_SetPriceReminder', 'Trd_PlaceOrder', 'Trd_ModifyOrder']);

describe('answered alike:', () => {
    for (const c of answered)
        it(c.name, async () => {
            const replies = await same(c.name, c.args, { once: once.has(c.name) });
            replies.forEach((r, i) => {
                assert.equal(r.retType, 0, r.retMsg);
                c.check?.(r.s2c);
                c.keep?.(r.s2c, sessions[i]);
            });
        });
});

describe('refused alike:', () => {
    for (const { name, args } of unknown)
        it(name, async () => {
            for (const r of await same(name, args))
                assert.equal(r.retType, -1);
        });
    for (const name of refused)
        it(name, async () => {
            for (const r of await same(name, (session) => minimal(root.lookupType(`${name}.C2S`), session)))
                assert.equal(r.retType, -1);
        });
});

// Wrong in one thing each.
const order = (more) => (session) => ({ packetID: session.client.packetID(), header: session.real,
    trdSide: 1, orderType: 1, code: '00700', secMarket: 1, qty: 100, price: session.lowBid,
    ...more });
const account = (more) => (session) => ({ header: { ...session.real, ...more } });
const wrong = [
    ['a quote that is not subscribed', 'Qot_GetBasicQot', { securityList: [hk('00005')] }],
    ['a quote of nothing', 'Qot_GetBasicQot', { securityList: [hk('nothing')] }],
    ['a candle that is not subscribed', 'Qot_GetKL', { rehabType: 1, klType: 3, security: tencent,
        reqNum: 10 }],
    ['a k-line type that there is not', 'Qot_GetKL', { rehabType: 1, klType: 99, security: tencent,
        reqNum: 10 }],
    ['no candles', 'Qot_GetKL', { rehabType: 1, klType: 1, security: tencent, reqNum: 0 }],
    ['a book of no levels', 'Qot_GetOrderBook', { security: tencent, num: 0 }],
    ['a subscription of nothing', 'Qot_Sub', { securityList: [hk('nothing')], subTypeList: [1],
        isSubOrUnSub: true }],
    ['a subscription of one thing and of nothing', 'Qot_Sub', { securityList: [hk('00005'),
        hk('nothing')], subTypeList: [1], isSubOrUnSub: true }],
    ['a sub type that there is not', 'Qot_Sub', { securityList: [tencent], subTypeList: [1, 23],
        isSubOrUnSub: true }],
    ['a sub type that the exchange has not', 'Qot_Sub', { securityList: [tencent],
        subTypeList: [22], isSubOrUnSub: true }],
    ['a subscription without a security', 'Qot_Sub', { securityList: [], subTypeList: [1],
        isSubOrUnSub: true }],
    ['unsubscribing what is not subscribed', 'Qot_Sub', { securityList: [hk('00005')],
        subTypeList: [1], isSubOrUnSub: false }],
    ['pushes of what is not subscribed', 'Qot_RegQotPush', { securityList: [hk('00005')],
        subTypeList: [1], isRegOrUnReg: true }],
    ['history of nothing', 'Qot_RequestHistoryKL', { rehabType: 1, klType: 2,
        security: hk('nothing'), beginTime: '2026-01-05', endTime: '2026-01-09' }],
    ['history of no date', 'Qot_RequestHistoryKL', { rehabType: 1, klType: 2, security: tencent,
        beginTime: 'yesterday', endTime: '2026-01-09' }],
    ['history that ends before it begins', 'Qot_RequestHistoryKL', { rehabType: 1, klType: 2,
        security: tencent, beginTime: '2026-01-09', endTime: '2026-01-05' }],
    ['static data of nothing', 'Qot_GetStaticInfo', { securityList: [hk('nothing')] }],
    ['static data of no market', 'Qot_GetStaticInfo', { market: 99, secType: 3 }],
    ['a snapshot of nothing', 'Qot_GetSecuritySnapshot',
        { securityList: [tencent, hk('nothing')] }],
    ['a snapshot of too much', 'Qot_GetSecuritySnapshot',
        { securityList: Array.from({ length: 401 }, () => tencent) }],
    ['a plate that there is not', 'Qot_GetPlateSecurity', { plate: hk('nothing') }],
    ['a group that there is not', 'Qot_GetUserSecurity', { groupName: 'nothing' }],
    ['a group that is nobody\'s', 'Qot_ModifyUserSecurity', { groupName: 'nothing', op: 1,
        securityList: [tencent] }],
    ['a reminder that there is not', 'Qot_SetPriceReminder', { security: tencent, op: 2,
        key: 12345 }],
    ['trading days of no market', 'Qot_RequestTradeDate', { market: 99, beginTime: '2026-01-05',
        endTime: '2026-01-09' }],
    ['statistics of no kind', 'GetDelayStatistics', { typeList: [99], qotPushStage: 1,
        segmentList: [] }],
    ['a wrong password', 'Trd_UnlockTrade', { unlock: true, pwdMD5: '0'.repeat(32) }],
    ['an account that there is not', 'Trd_GetFunds', account({ accID: 12345 })],
    ['an account of another environment', 'Trd_GetFunds', account({ trdEnv: 0 })],
    ['a market that the account has not', 'Trd_GetPositionList', account({ trdMarket: 5 })],
    ['fills of a simulated account', 'Trd_GetOrderFillList', (s) => ({ header: s.simulated })],
    ['pushes of an account that there is not', 'Trd_SubAccPush', { accIDList: [12345] }],
    ['an order for nothing', 'Trd_PlaceOrder', order({ code: 'nothing' })],
    ['an order for no shares', 'Trd_PlaceOrder', order({ qty: 0 })],
    ['an order for an odd lot', 'Trd_PlaceOrder', order({ qty: 1 })],
    ['an order off the price steps', 'Trd_PlaceOrder', order({ price: 300.01 })],
    ['an order for more than there is money for', 'Trd_PlaceOrder', order({ qty: 100_000_000 })],
    ['an order of a type that there is not', 'Trd_PlaceOrder', order({ orderType: 99 })],
    ['an order for the wrong account', 'Trd_PlaceOrder', (s) => order({ header: { ...s.real,
        accID: 12345 } })(s)],
    ['an order with a packetID of another connection', 'Trd_PlaceOrder', order({
        packetID: { connID: 1, serialNo: 7 } })],
    ['a change of an order that there is not', 'Trd_ModifyOrder', (s) => ({
        packetID: s.client.packetID(), header: s.real, orderID: 12345, modifyOrderOp: 2, qty: 0,
        price: 0 })],
    ['a change of an order that is over', 'Trd_ModifyOrder', (s) => ({
        packetID: s.client.packetID(), header: s.real, orderID: sessions[0].order.orderID,
        modifyOrderOp: 2, qty: 0, price: 0 })],
];
describe('told alike what is wrong:', () => {
    for (const [what, name, args] of wrong)
        it(`${what} (${name})`, () => same(name, args));
});

// More of what is only read, and much of it.
const days = { beginTime: '2025-11-03', endTime: '2026-01-30' };
const reads = [
    ...[1, 11, 21, 22].flatMap((market) => [
        ['every security of a market', 'Qot_GetStaticInfo', { market, secType: 3 }],
        ['every plate of a market', 'Qot_GetPlateSet', { market, plateSetType: 0 }],
    ]),
    ...[1, 2, 3].map((market) => ['trading days', 'Qot_RequestTradeDate', { market, ...days }]),
    ...[1, 2, 3, 4, 6, 7, 10, 11, 15].map((klType) => [`k-line type ${klType}`,
        'Qot_RequestHistoryKL', { rehabType: 0, klType, security: us('AAPL'), ...days,
            maxAckKLNum: 500 }]),
    ...[0, 1, 2].map((rehabType) => [`rehab type ${rehabType}`, 'Qot_RequestHistoryKL',
        { rehabType, klType: 2, security: us('AAPL'), ...days }]),
    ['every trade of the day', 'Qot_GetTicker', { security: tencent, maxRetNum: 1000 }],
    ['states of markets', 'Qot_GetMarketState', { securityList: [tencent, us('AAPL'),
        { market: 21, code: '600519' }, { market: 22, code: '000001' }] }],
    ['a filter with conditions', 'Qot_StockFilter', { begin: 0, num: 50, market: 1,
        baseFilterList: [{ fieldName: 1, sortDir: 1 }] }],
    ['plates of many', 'Qot_GetOwnerPlate',
        { securityList: ['00001', '00005', '00700', '09988'].map(hk) }],
];
describe('read alike:', () => {
    for (const [what, name, args] of reads)
        it(`${what} (${name} ${JSON.stringify(args)})`, async () => {
            for (const r of await same(name, args))
                assert.equal(r.retType, 0, r.retMsg);
        });

    it('history page by page', async () => {
        const args = { rehabType: 1, klType: 1, security: tencent, ...days, maxAckKLNum: 200 };
        const keys = clients.map(() => undefined);
        for (let page = 0; page < 4; page++) {
            const replies = await alike(clients, 'Qot_RequestHistoryKL', (i) => ({ ...args,
                nextReqKey: keys[i] }));
            replies.forEach((r, i) => {
                assert.equal(r.retType, 0, r.retMsg);
                assert.equal(r.s2c.klList.length, 200);
                assert.ok(r.s2c.nextReqKey.length > 0);
                keys[i] = r.s2c.nextReqKey;
            });
        }
    });

    // Sanitizers make everything several times slower; the SDK's five seconds stay.
    const most = process.env.FUTU_SLOW ? 40 : 400;
    it(`a snapshot of ${most} securities`, async () => {
        const { staticInfoList } = await near.call('Qot_GetStaticInfo', { market: 1, secType: 3 });
        const securityList = staticInfoList.slice(-most).map((x) => x.basic.security);
        const [{ s2c }] = await same('Qot_GetSecuritySnapshot', { securityList },
            { list: 'snapshotList' });
        assert.equal(s2c.snapshotList.length, most);
    });
});

// Resolves when `done` returns true; what it returns until then says how far it is.
async function until(what, done) {
    for (const end = Date.now() + 20_000; ;) {
        const said = done();
        if (said === true)
            return;
        if (Date.now() > end)
            throw new Error(`${what}: not in time: ${said}`);
        await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
}

describe('pushes:', () => {
    const code = '09988';
    const kinds = [[1, 3005, 'Qot_UpdateBasicQot'], [2, 3013, 'Qot_UpdateOrderBook'],
        [5, 3009, 'Qot_UpdateRT'], [11, 3007, 'Qot_UpdateKL'], [14, 3015, 'Qot_UpdateBroker']];
    const codeOf = (s) => (s.security ?? s.basicQotList[0].security).code;
    const of = (client, cmd) => client.pushes.filter((p) => p.cmd === cmd &&
        codeOf(p.msg.s2c) === code);
    const ticks = (client) => of(client, 3011).flatMap((p) =>
        plain('Qot_UpdateTicker.Response', p.msg).s2c.tickerList);

    const direct = new Client(), relayed = new Client();
    let market;

    before(async () => {
        market = await startChain(['--paper-clock', 'always-open,x20'], relays);   // trades soon
        // The one who hears everything is there first.
        for (const [c, daemon] of [[direct, market.paper], [relayed, market.end]]) {
            assert.equal((await c.login({ port: daemon.wsPort })).ok, true);
            await c.call('Qot_Sub', { securityList: [hk(code)], subTypeList: [1, 2, 4, 5, 11, 14],
                isSubOrUnSub: true, isRegOrUnRegPush: true, isFirstPush: false });
        }
    });
    after(async () => {
        direct.close();
        relayed.close();
        await market.stop();
    });

    it('the same trades, each once and none left out', async () => {
        await until('ten trades', () => ticks(relayed).length >= 10 ||
            `${ticks(relayed).length} trades`);
        const got = ticks(relayed), last = got[got.length - 1].sequence;
        await until('the same directly', () => ticks(direct).some((t) => t.sequence === last) ||
            last);
        const all = ticks(direct);
        const from = all.findIndex((t) => t.sequence === got[0].sequence);
        assert.ok(from >= 0, 'the first trade was pushed to nobody else');
        assert.deepEqual(got, all.slice(from, from + got.length));
    });

    // A relay may leave out what is out of date when it could be sent, but makes nothing up.
    for (const [sub, cmd, name] of kinds)
        it(`nothing of sub type ${sub} that was not told directly`, async () => {
            const known = new Set(), text = (p) => JSON.stringify(plain(`${name}.Response`, p.msg));
            await until('a push', () => of(relayed, cmd).length > 2 || of(relayed, cmd).length);
            const told = of(relayed, cmd).map(text);
            await until('the same directly', () => {
                of(direct, cmd).forEach((p) => known.add(text(p)));
                return told.every((t) => known.has(t)) || told.find((t) => !known.has(t));
            });
        });
});

// Places, changes and cancels an order, then buys at the market; resolves with the two ids.
async function trade(client, header, remark) {
    const place = (more) => client.call('Trd_PlaceOrder', { packetID: client.packetID(), header,
        trdSide: 1, orderType: 1, code: '00005', secMarket: 1, qty: 400, remark, ...more });
    const from = client.pushes.length;
    const reaches = (id, status) => client.push(2208, (s) => s.order.orderID.eq(id) &&
        s.order.orderStatus === status, { from });
    const price = 40, { orderID } = await place({ price });
    const change = (more) => client.call('Trd_ModifyOrder', { packetID: client.packetID(), header,
        orderID, qty: 0, price: 0, ...more });
    await reaches(orderID, SUBMITTED);
    await change({ modifyOrderOp: 1, qty: 800, price });
    await change({ modifyOrderOp: 2 });
    await reaches(orderID, CANCELLED);
    const bought = await place({ orderType: 2, price: 0 });
    await reaches(bought.orderID, FILLED);
    return [orderID, bought.orderID].map(String);
}
const SUBMITTED = 5, FILLED = 11, CANCELLED = 15;

// What two orders at different times can't have in common; at the market also the price.
function outcome(o) {
    for (const name of ['orderID', 'orderIDEx', 'remark', 'createTime', 'updateTime',
        'createTimestamp', 'updateTimestamp',
        ...(o.orderType === 2 ? ['price', 'fillAvgPrice'] : [])])
        if (o[name] !== undefined)
            o[name] = typeof o[name];
    return o;
}

for (const kind of ['simulated', 'real'])
    describe(`orders of a ${kind} account:`, () => {
        const ids = [];
        let header, from;
        before(async () => {
            header = sessions[0][kind];
            from = clients.map((c) => c.pushes.length);
            await same('Trd_UnlockTrade', { unlock: true, pwdMD5: passwordMD5 });
            await same('Trd_SubAccPush', { accIDList: [header.accID] });
        });

        it('directly', async () => { ids.push(await trade(near, header, 'near')); });
        it('at the end of the chain', async () => { ids.push(await trade(far, header, 'far')); });

        it('have the same outcome', async () => {
            const replies = await same('Trd_GetOrderList', { header });
            for (const { s2c } of replies) {
                const [a, b] = ids.map((pair) => pair.map((id) => outcome(plain('Trd_Common.Order',
                    s2c.orderList.find((o) => String(o.orderID) === id)))));
                assert.deepEqual(b, a);
            }
            for (const name of ['Trd_GetPositionList', 'Trd_GetFunds'])
                await same(name, { header });
        });

        it('are told of alike, whoever placed them', async () => {
            const told = (i, cmd, what, type) => clients[i].pushes.slice(from[i])
                .filter((p) => p.cmd === cmd)
                .filter((p) => ids.flat().includes(String(p.msg.s2c[what].orderID)))
                .map((p) => plain(type, p.msg));
            const orders = (i) => told(i, 2208, 'order', 'Trd_UpdateOrder.Response')
                .map(({ s2c }) => ({ ...s2c, order: { ...s2c.order,
                    remark: unmarked(s2c.order.remark) } }));
            const fills = (i) => told(i, 2218, 'orderFill', 'Trd_UpdateOrderFill.Response');
            await until('as many pushes', () => (orders(0).length === orders(1).length &&
                fills(0).length === fills(1).length) ||
                [0, 1].map((i) => `${orders(i).length} orders ${fills(i).length} fills`).join());
            assert.deepEqual(orders(1), orders(0));
            assert.deepEqual(fills(1), fills(0));
            assert.equal(fills(0).length > 0, kind === 'real');
            const remarks = told(1, 2208, 'order', 'Trd_UpdateOrder.Response')
                .map(({ s2c }) => s2c.order.remark);
            assert.deepEqual([...new Set(remarks)], ['near', 'far']);
        });
    });

it('a lock that one closes is closed for both', async () => {
    await far.call('Trd_UnlockTrade', { unlock: false, pwdMD5: '' });
    for (const r of await same('Trd_PlaceOrder', order()))
        assert.match(r.retMsg, /没有解锁交易，请先解锁交易/);
});

it('every exception is one', { skip: relays === 0 }, () => {
    assert.deepEqual(different.filter((d) => !d.used), []);
});
