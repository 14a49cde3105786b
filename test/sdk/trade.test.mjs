// trade.test.mjs - orders of a simulated and of the real account through the SDK: placed, partly
// filled, modified, cancelled, with the pushes that go with it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { passwordMD5 } from '../secrets.mjs';
import { startGateway } from './daemon.mjs';
import { Client } from './sdk.mjs';

const PART = 10, ALL = 11, CANCELLED_PART = 14;
// Thinly traded and cheap, so that the rest of an order stands for a while.
const codes = ['00003', '00883', '00001', '00005', '02388', '00941', '01398', '03988'];
let gateway, client, accounts;

before(async () => {
    gateway = await startGateway();
    client = new Client();
    assert.equal((await client.login({ port: gateway.wsPort })).ok, true);
    accounts = (await client.call('Trd_GetAccList', { userID: 0 })).accList;
    await client.call('Trd_SubAccPush', { accIDList: accounts.map((a) => a.accID) });
    await client.call('Qot_Sub', { securityList: codes.map((code) => ({ market: 1, code })),
        subTypeList: [2], isSubOrUnSub: true });
});
after(async () => {
    client.close();
    await gateway.stop();
});

function header(env) {
    const a = accounts.find((x) => x.trdEnv === env && x.trdMarketAuthList.includes(1));
    assert.ok(a, `no account with trdEnv ${env} for Hong Kong`);
    return { trdEnv: env, accID: a.accID, trdMarket: 1 };
}

const order = (h, code, more) => ({ packetID: client.packetID(), header: h, trdSide: 1, orderType: 1,
    code, secMarket: 1, ...more });
const refusal = (promise) => promise.then(() => assert.fail('not refused'), (e) => {
    if (e instanceof Error)
        throw e;
    assert.equal(e.retType, -1);
    return e.retMsg;
});

async function lotOf(code) {
    const s = await client.call('Qot_GetStaticInfo', { securityList: [{ market: 1, code }] });
    return s.staticInfoList[0].basic.lotSize;
}

const orderPush = (id, match, from) =>
    client.push(2208, (s) => s.order.orderID.eq(id) && match(s.order), { from });

// More than the best ask offers, at its price, as far as the money goes: it is filled at once as far
// as the offer goes, the rest stands. null: it was filled whole, or there is no money for more.
async function partlyFilled(h, code) {
    const from = client.pushes.length, lot = await lotOf(code);
    const book = await client.call('Qot_GetOrderBook', { security: { market: 1, code }, num: 10 });
    const { price, volume } = book.orderBookAskList[0];
    const { funds } = await client.call('Trd_GetFunds', { header: h });
    const rest = Math.min(50, Math.floor((funds.power * 0.5 / price - volume) / lot) - 1);
    if (rest < 1)
        return null;
    const request = order(h, code, { qty: Number(volume) + rest * lot, price });
    const placed = await client.call('Trd_PlaceOrder', request);
    assert.ok(placed.orderID.gt(0));
    assert.notEqual(placed.orderIDEx, '');
    const { order: o } = await orderPush(placed.orderID, (x) => x.fillQty > 0, from);
    assert.ok([PART, ALL].includes(o.orderStatus), `status ${o.orderStatus}`);
    return o.orderStatus === PART ? { code, lot, from, request, placed, price } : null;
}

// Prices move: when the rest of an order is filled before its life is through, another code is tried.
async function lifeOfAnOrder(h) {
    for (const code of codes) {
        const part = await partlyFilled(h, code);
        if (!part)
            continue;
        try {
            return await restOfItsLife(h, part);
        } catch (e) {
            if (!client.pushes.some((p) => p.cmd === 2208 && p.msg.s2c.order.orderStatus === ALL &&
                p.msg.s2c.order.orderID.eq(part.placed.orderID)))
                throw e;
        }
    }
    throw new Error('every order was filled whole');
}

async function restOfItsLife(h, { code, lot, from, request, placed, price }) {
    const filter = { header: h, filterConditions: { orderIDExList: [placed.orderIDEx] } };
    const { orderList } = await client.call('Trd_GetOrderList', filter);
    assert.equal(orderList.length, 1);
    assert.equal(orderList[0].code, code);
    assert.ok(orderList[0].fillQty > 0);
    assert.ok(orderList[0].fillAvgPrice <= price);

    // The same packetID again: the first answer, and no second order. Another body: refused.
    const again = await client.call('Trd_PlaceOrder', request);
    assert.ok(again.orderID.eq(placed.orderID));
    await refusal(client.call('Trd_PlaceOrder', { ...request, qty: lot }));

    const qty = request.qty + lot;
    const steps = { packetID: client.packetID(), header: h, orderID: placed.orderID };
    const modified = await client.call('Trd_ModifyOrder', { ...steps, modifyOrderOp: 1, qty, price });
    assert.ok(modified.orderID.eq(placed.orderID));
    await orderPush(placed.orderID, (o) => o.qty === qty, from);

    await client.call('Trd_ModifyOrder', { ...steps, packetID: client.packetID(), modifyOrderOp: 2,
        qty: 0, price: 0 });
    const { order: last } = await orderPush(placed.orderID, (o) => o.orderStatus === CANCELLED_PART,
        from);
    assert.equal(last.qty, qty);
    assert.ok(last.fillQty > 0 && last.fillQty < qty);

    const { positionList } = await client.call('Trd_GetPositionList', { header: h });
    const position = positionList.find((x) => x.code === code);
    assert.ok(position.qty >= last.fillQty);
    return { code, from, placed, last };
}

describe('simulated account', () => {
    it('an order is placed, partly filled, modified, cancelled', async () => {
        const { from } = await lifeOfAnOrder(header(0));
        assert.deepEqual(client.pushes.slice(from).filter((p) => p.cmd === 2218), [],
            'simulated accounts have no fill pushes');
    });

    it('tells that it has no fills', async () => {
        assert.match(await refusal(client.call('Trd_GetOrderFillList', { header: header(0) })),
            /模拟交易不支持成交数据/);
    });

    it('refuses more than there is money for', async () => {
        await refusal(client.call('Trd_PlaceOrder', order(header(0), '00005',
            { qty: 400_000_000, price: 1 })));
    });
});

describe('real account', () => {
    it('is locked at first', async () => {
        assert.match(await refusal(client.call('Trd_PlaceOrder', order(header(1), '00005',
            { qty: 400, price: 1 }))), /没有解锁交易，请先解锁交易/);
    });

    it('wants the right password', async () => {
        await refusal(client.call('Trd_UnlockTrade', { unlock: true, pwdMD5: '0'.repeat(32) }));
        await client.call('Trd_UnlockTrade', { unlock: true, pwdMD5: passwordMD5 });
    });

    it('an order is placed, partly filled, modified, cancelled, with fill pushes', async () => {
        const h = header(1);
        const { from, placed, last } = await lifeOfAnOrder(h);
        const mine = (s) => s.orderFill.orderID.eq(placed.orderID);
        const { orderFill } = await client.push(2218, mine, { from });
        assert.ok(orderFill.qty > 0 && orderFill.price > 0);
        const { orderFillList } = await client.call('Trd_GetOrderFillList', { header: h });
        const fills = orderFillList.filter((f) => f.orderID.eq(placed.orderID));
        const pushed = client.pushes.slice(from).filter((p) => p.cmd === 2218 && mine(p.msg.s2c))
            .map((p) => p.msg.s2c.orderFill);
        const sum = (list) => list.reduce((n, f) => n + f.qty, 0);
        assert.equal(sum(fills), last.fillQty);
        assert.equal(sum(pushed), last.fillQty);
    });

    it('a market order is filled whole', async () => {
        const from = client.pushes.length, lot = await lotOf('00005');
        const { orderID } = await client.call('Trd_PlaceOrder', order(header(1), '00005',
            { orderType: 2, qty: lot }));
        const { order: o } = await orderPush(orderID, (x) => x.orderStatus === ALL, from);
        assert.equal(o.fillQty, lot);
    });

    it('locks again', async () => {
        await client.call('Trd_UnlockTrade', { unlock: false, pwdMD5: '' });
        await refusal(client.call('Trd_PlaceOrder', order(header(1), '00005', { qty: 400, price: 1 })));
    });
});
