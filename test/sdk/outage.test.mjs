// outage.test.mjs - a gateway in the middle of a chain is killed and comes back: the SDK at the end is
// told so, does nothing, and has all of its pushes again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { plain } from './alike.mjs';
import { passwordMD5 } from '../secrets.mjs';
import { startChain } from './daemon.mjs';
import { Client } from './sdk.mjs';

const hk = ['00700', '09988', '03690', '01810', '00981'].map((code) => ({ market: 1, code }));
const streams = [[1, 3005, 'Basic'], [2, 3013, 'OrderBook'], [4, 3011, 'Ticker'], [5, 3009, 'RT'],
    [11, 3007, 'KL_1Min'], [14, 3015, 'Broker']];
const CONN_STATUS = 3, SUBMITTED = 5, CANCELLED = 15;

const sequences = (client) => client.pushes
    .filter((p) => p.cmd === 3011 && p.msg.s2c.security.code === '00700')
    .flatMap((p) => p.msg.s2c.tickerList.map((t) => String(t.sequence)));
// Quotes and trading have connections of their own, and so are lost and found one by one.
const status = (client, up, from) => client.push(1003, (s) => s.type === CONN_STATUS &&
    s.connectStatus.qotLogined === up && s.connectStatus.trdLogined === up, { from });

async function subscribe(client) {
    await client.call('Qot_Sub', { securityList: hk, subTypeList: streams.map(([sub]) => sub),
        isSubOrUnSub: true, isRegOrUnRegPush: true, isFirstPush: false });
}

// Resolves when each stream has brought something since `from`.
async function flows(client, from) {
    for (const [, cmd] of streams)
        await client.push(cmd, () => true, { from });
}

// The fast clock: more trades are missed than a first push tells. A fast exchange would start again at
// an earlier time of the same day, with the same trades.
for (const [what, index, clock] of [['the relay in the middle', 1, 'always-open,x120'],
    ['the exchange itself', 0, 'always-open']])
    describe(`${what} is killed and started again`, () => {
        // Beside it one who is connected to the exchange and hears all there is.
        const client = new Client(), witness = new Client();
        let chain, header, connID, down, up;

        before(async () => {
            chain = await startChain(['--paper-clock', clock], 2);
            assert.equal((await witness.login({ port: chain.paper.wsPort })).ok, true);
            await subscribe(witness);
            assert.equal((await client.login({ port: chain.end.wsPort })).ok, true);
            connID = client.sdk.getConnID();
            const { accList } = await client.call('Trd_GetAccList', { userID: 0 });
            const real = accList.find((a) => a.trdEnv === 1);
            header = { trdEnv: 1, accID: real.accID, trdMarket: 1 };
            await client.call('Trd_SubAccPush', { accIDList: [real.accID] });
            await subscribe(client);
            await flows(client, 0);
            down = client.pushes.length;
            await chain.daemons[index].kill();
        });
        after(async () => {
            client.close();
            witness.close();
            await chain.stop();
        });

        it('the client is told that the upstream is lost', async () => {
            await status(client, false, down);
        });

        it('calls are answered meanwhile', async () => {
            const state = await client.call('GetGlobalState', { userID: 0 });
            assert.equal(state.qotLogined, false);
            assert.equal(state.trdLogined, false);
            const r = await client.reply('Trd_GetFunds', { header });
            assert.notEqual(r.retType, 0);
            assert.notEqual(r.retMsg, '');
        });

        it('the client is told that it is back', async () => {
            up = client.pushes.length;
            await chain.daemons[index].start();
            await status(client, true, up);
        });

        it('every stream flows again, on the same connection', async () => {
            await flows(client, up);
            assert.deepEqual(client.logins, [true]);
            assert.ok(client.sdk.getConnID().eq(connID));
            const info = await client.call('Qot_GetSubInfo', { isReqAllConn: true });
            assert.equal(info.totalUsedQuota, hk.length * streams.length);
        });

        it('it was told once of each', () => {
            const told = client.pushes.slice(down).filter((p) => p.cmd === 1003)
                .map((p) => plain('Notify.Response', p.msg).s2c)
                .filter((s) => s.type === CONN_STATUS).map((s) => s.connectStatus);
            for (const what of ['qotLogined', 'trdLogined']) {
                const turns = told.map((s) => s[what])
                    .filter((v, i, all) => v !== (all[i - 1] ?? true));
                assert.deepEqual(turns, [false, true], what);
            }
        });

        it('no trade came twice', async () => {
            const from = client.pushes.length;
            await client.push(3011, () => true, { from });
            const got = sequences(client);
            assert.deepEqual(got, [...new Set(got)].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
        });

        it('trades of the time between were brought later', { skip: index === 0 }, async () => {
            const got = sequences(client), last = got[got.length - 1];
            while (!sequences(witness).includes(last))
                await witness.push(3011, () => true, { from: witness.pushes.length });
            const all = sequences(witness), from = all.indexOf(got[0]);
            assert.deepEqual(got, all.slice(from, from + got.length));
        });

        it('orders are placed, and told of', async () => {
            const from = client.pushes.length;
            await client.call('Trd_UnlockTrade', { unlock: true, pwdMD5: passwordMD5 });
            const { orderID } = await client.call('Trd_PlaceOrder', { packetID: client.packetID(),
                header, trdSide: 1, orderType: 1, code: '00005', secMarket: 1, qty: 400, price: 40 });
            const reaches = (wanted) => client.push(2208, (s) => s.order.orderID.eq(orderID) &&
                s.order.orderStatus === wanted, { from });
            await reaches(SUBMITTED);
            await client.call('Trd_ModifyOrder', { packetID: client.packetID(), header, orderID,
                modifyOrderOp: 2, qty: 0, price: 0 });
            await reaches(CANCELLED);
        });
    });
