// direct.test.mjs - the vendor's SDK through a direct login: quotes and orders from the emulated
// broker, and what its servers may do meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { md5, secrets } from '../secrets.mjs';
import { freePort } from './daemon.mjs';
import { Broker } from './emulator.mjs';
import { Client } from './sdk.mjs';

const TRADE_PWD = 'not-a-real-trade-password';
secrets.add(md5(TRADE_PWD));
const channel = `[channel]\ntrade-password = ${TRADE_PWD}\n`;
const tencent = { market: 1, code: '00700' }, apple = { market: 11, code: 'AAPL' };

async function meet(scenario, brokers) {
    const broker = new Broker(channel + scenario, brokers);
    await broker.start();
    const gateway = await broker.gateway().start();
    const client = new Client();
    assert.equal((await client.login({ port: gateway.wsPort })).ok, true);
    return { broker, gateway, client };
}

async function part({ broker, gateway, client }) {
    client.close();
    await gateway.stop();
    await broker.stop();
}

const refusal = (promise) => promise.then(() => assert.fail('not refused'), (e) => {
    if (e instanceof Error)
        throw e;
    return e.retMsg;
});

async function until(what, check) {
    for (const end = Date.now() + 20_000; ; ) {
        const value = await check();
        if (value)
            return value;
        assert.ok(Date.now() < end, `${what}: not in time`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

const unlock = (client, more) => client.call('Trd_UnlockTrade', { unlock: true,
    pwdMD5: md5(TRADE_PWD), ...more });
const state = (client) => client.call('GetGlobalState', { userID: 0 });
const accountsOf = async (client) =>
    (await client.call('Trd_GetAccList', { userID: 0 })).accList;

function header(accounts, market) {
    const a = accounts.find((x) => x.trdMarketAuthList.includes(market));
    return { trdEnv: 1, accID: a.accID, trdMarket: market };
}

const order = (client, h, code, qty, price) => ({ packetID: client.packetID(), header: h,
    trdSide: 1, orderType: 1, code, qty, price, secMarket: h.trdMarket });

describe('a direct login', () => {
    let world, client, accounts;
    before(async () => {
        world = await meet('');
        client = world.client;
        accounts = await until('accounts', () => accountsOf(client).catch(() => null));
        await client.call('Trd_SubAccPush', { accIDList: accounts.map((a) => a.accID) });
    });
    after(() => part(world));

    it('says who is logged in, and where', async () => {
        const s = await state(client);
        assert.ok(s.qotLogined && s.trdLogined);
        assert.equal(s.programStatus.type, 10);
        assert.ok(world.broker.addresses(1).includes(s.qotSvrIpAddr));
        assert.equal((await client.call('GetUserInfo', {})).userID.toNumber(), 9000001);
    });

    it('names the accounts of both brokers', () => {
        assert.deepEqual(accounts.map((a) => a.securityFirm).sort(), [1, 2]);
        assert.ok(accounts.every((a) => a.trdEnv === 1));
    });

    it('brings quotes, books and ticks', async () => {
        const from = client.pushes.length;
        await client.call('Qot_Sub', { securityList: [tencent, apple], subTypeList: [1, 2, 4],
            isSubOrUnSub: true, isRegOrUnRegPush: true, isFirstPush: true });
        const q = await client.push(3005, (s) => s.basicQotList[0].security.code === '00700',
            { from });
        assert.ok(q.basicQotList[0].curPrice > 0);
        const b = await client.push(3013, (s) => s.security.code === 'AAPL', { from });
        assert.ok(b.orderBookBidList[0].price < b.orderBookAskList[0].price);
        const t = await client.push(3011, (s) => s.tickerList.length > 0, { from });
        assert.ok(t.tickerList[0].volume.gt(0));
        const read = await client.call('Qot_GetBasicQot', { securityList: [tencent] });
        assert.equal(read.basicQotList[0].security.code, '00700');
    });

    it('places, changes and cancels an order', async () => {
        assert.match(await refusal(client.call('Trd_PlaceOrder',
            order(client, header(accounts, 1), '00700', 100, 300))), /解锁/);
        await unlock(client);
        const from = client.pushes.length, h = header(accounts, 1);
        const placed = await client.call('Trd_PlaceOrder', order(client, h, '00700', 100, 300));
        const push = await client.push(2208, (s) => s.order.orderIDEx === placed.orderIDEx,
            { from });
        assert.ok(push.order.orderID.eq(placed.orderID));
        assert.equal(push.order.orderStatus, 5);
        await client.call('Trd_ModifyOrder', { packetID: client.packetID(), header: h,
            orderID: placed.orderID, modifyOrderOp: 1, qty: 200, price: 301 });
        const { orderList } = await client.call('Trd_GetOrderList', { header: h });
        assert.equal(orderList[0].qty, 200);
        assert.equal(orderList[0].price, 301);
        await client.call('Trd_ModifyOrder', { packetID: client.packetID(), header: h,
            orderID: 0, orderIDEx: placed.orderIDEx, modifyOrderOp: 2, qty: 0, price: 0 });
        await client.push(2208, (s) => s.order.orderIDEx === placed.orderIDEx &&
            s.order.orderStatus === 15, { from });
    });

    it('fills an order, and tells fill, funds and position', async () => {
        await unlock(client);
        const from = client.pushes.length, h = header(accounts, 2);
        const placed = await client.call('Trd_PlaceOrder', order(client, h, 'AAPL', 5, 1000));
        const fill = await client.push(2218, (s) => s.orderFill.orderIDEx === placed.orderIDEx,
            { from });
        assert.ok(fill.header.accID.eq(h.accID));
        const { positionList } = await client.call('Trd_GetPositionList', { header: h });
        assert.equal(positionList.find((p) => p.code === 'AAPL').qty, 5);
        const { funds } = await client.call('Trd_GetFunds', { header: h });
        assert.ok(funds.totalAssets > 0);
    });

    it('refuses what is not served by its name', async () => {
        assert.match(await refusal(client.call('Qot_GetPlateSet', { market: 1, plateSetType: 0 })),
            /^not supported over the direct login: Qot_GetPlateSet$/);
    });

    it('comes back after its servers went away, with all subscriptions', async () => {
        const [address] = world.broker.addresses(1);
        await world.broker.command(`stop ${address}`);
        await until('offline', async () => !(await state(client)).qotLogined);
        assert.match(await refusal(client.call('Qot_GetBasicQot', { securityList: [tencent] })),
            /platform is not connected/);
        const from = client.pushes.length;
        await world.broker.command(`start ${address}`);
        await until('online', async () => (await state(client)).qotLogined);
        await client.push(3005, () => true, { from });
    });

    it('locks the accounts of a broker whose connection broke', async () => {
        await unlock(client);
        const before = await world.broker.logins(1001);
        await world.broker.command('drop 1001');
        await until('login', async () => await world.broker.logins(1001) > before);
        assert.match(await refusal(client.call('Trd_PlaceOrder',
            order(client, header(accounts, 1), '00700', 100, 300))), /is locked/);
    });

    it('stays offline after a kick-out, and says so', async () => {
        await world.broker.command('kick 1');
        const s = await until('kicked', async () => {
            const now = await state(client);
            return now.programStatus.type === 11 ? now : null;
        });
        assert.match(s.programStatus.strExtDesc, /the server ended the login/);
        assert.ok(s.trdLogined);
    });
});

// What the servers may be like; in each of them a client gets quotes and can trade.
const scenes = {
    'dead addresses': `[server]
host = 127.0.0.2
dead = yes
[server]
host = 127.0.0.3
[server]
identity = 1001
host = 127.0.0.2
dead = yes
[server]
identity = 1001
[server]
identity = 1007
`,
    'a slow address': '[server]\nhost = 127.0.0.4\nslow = 700\n[server]\nidentity = 1001\n' +
        '[server]\nidentity = 1007\n',
    'no session key': 'session-key = no\n',
    'packed pushes': 'pack = yes\n',
};
for (const [name, scenario] of Object.entries(scenes))
    it(`${name}: quotes and orders all the same`, async () => {
        const world = await meet(scenario);
        try {
            const { client } = world;
            await until('online', async () => (await state(client)).qotLogined);
            await client.call('Qot_Sub', { securityList: [tencent], subTypeList: [1],
                isSubOrUnSub: true, isRegOrUnRegPush: true, isFirstPush: true });
            await client.push(3005, () => true, { from: 0 });
            const accounts = await until('accounts', () => accountsOf(client).catch(() => null));
            await unlock(client);
            await client.call('Trd_PlaceOrder',
                order(client, header(accounts, 1), '00700', 100, 300));
        } finally {
            await part(world);
        }
    });

it('the status of the daemon names each broker', async () => {
    const broker = new Broker(channel);
    await broker.start();
    const key = broker.key('admin'), port = await freePort();
    secrets.add(key.token);
    const gateway = await broker.gateway('--rest-port', String(port), '--rest-keys-file',
        key.file).start();
    try {
        const brokers = await until('accounts', async () => {
            const reply = await fetch(`http://127.0.0.1:${port}/api/admin/status`,
                { headers: { authorization: `Bearer ${key.token}` } });
            const all = (await reply.json()).brokers;
            return all.every((b) => b.accounts === 1) && all;
        });
        assert.deepEqual(brokers.map((b) => [b.broker_id, b.name, b.status, b.addr]),
            [[1001, 'Futu HK', 'up', broker.addresses(1001)[0]],
                [1007, 'Futu US', 'up', broker.addresses(1007)[0]]]);
    } finally {
        await gateway.stop();
        await broker.stop();
    }
});

it('a redirect is followed', async () => {
    const world = await meet('[server]\n[server]\nhost = 127.0.0.5\n' +
        '[server]\nidentity = 1001\n[server]\nidentity = 1007\n');
    try {
        const other = world.broker.addresses(1)[1];
        await world.broker.command(`redirect 1 1 ${other}`);
        await world.broker.command('drop 1');
        await until('redirected', async () =>
            (await state(world.client)).qotSvrIpAddr === other);
    } finally {
        await part(world);
    }
});

it('one broker with a bad account does not keep the other one from trading', async () => {
    const world = await meet(`[trade-account]
broker = 1001
number = 7001
[trade-account]
broker = 1007
number = 7002
market = 2
bad = yes
`);
    try {
        const { client } = world;
        const accounts = await until('accounts', () => accountsOf(client).catch(() => null));
        await unlock(client);
        await client.call('Trd_PlaceOrder', order(client, header(accounts, 1), '00700', 100, 300));
        assert.match(await refusal(client.call('Trd_PlaceOrder',
            order(client, header(accounts, 2), 'AAPL', 1, 100))), /-20416/);
    } finally {
        await part(world);
    }
});

describe('the remote configuration of a direct login', () => {
    const conf = (servers) => JSON.stringify({ guaranteed_ip_for_conn: servers, limit_time: 300 });
    // Nothing but what the configuration names leads to the platform's servers.
    const login = async (broker, key) => {
        const gateway = await broker.gateway('--conf-key', key, '--broker-addr',
            `+1001=${broker.addresses(1001)[0]}`).start();
        const client = new Client();
        assert.equal((await client.login({ port: gateway.wsPort })).ok, true);
        return { broker, gateway, client };
    };
    const begin = async () => {
        const broker = new Broker(`${channel}[auth]\nconf-key = the key\n`, '1001');
        await broker.start();
        await broker.command(`conf ${conf({ 1: JSON.stringify(broker.addresses(1)) })}`);
        return broker;
    };

    it('says where the servers are', async () => {
        const world = await login(await begin(), 'hex:746865206b6579');
        await until('logged in', async () => (await state(world.client)).qotLogined);
        await part(world);
    });

    it('stops no login when it can not be had', async () => {
        const world = await login(await begin(), 'another key');
        await until('trading', async () => (await state(world.client)).trdLogined);
        assert.equal((await state(world.client)).qotLogined, false);
        assert.match(world.gateway.err, /configuration: status 403; addresses are looked for/);
        await part(world);
    });
});
