// direct_orders.test.mjs - orders through a direct login while its servers drop connections, swallow
// orders and answers, and the gateway itself is killed: a client that repeats each order with its
// key until it is told that it was placed has each of them exactly once at the exchange.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { md5, secrets } from '../secrets.mjs';
import { freePort } from './daemon.mjs';
import { Broker } from './emulator.mjs';

const ORDERS = 200, BATCH = 40, TRADE_PWD = 'not-a-real-trade-password';
const LIMIT_MS = 120_000;
secrets.add(md5(TRADE_PWD));

class Trader {
    constructor(port, token) {
        this.port = port;
        this.token = token;
        this.answers = new Map();       // by the order's number: the id that was told
        this.refused = new Map();       // how often with which words
    }

    // null: there was no answer at all.
    async ask(path, body, headers = {}) {
        try {
            const reply = await fetch(`http://127.0.0.1:${this.port}${path}`, { method: 'POST',
                headers: { 'content-type': 'application/json',
                    authorization: `Bearer ${this.token}`, ...headers },
                body: JSON.stringify(body) });
            // Numbers of accounts have more digits than a JavaScript number.
            return JSON.parse((await reply.text()).replace(/"acc_id":(\d+)/g, '"acc_id":"$1"'));
        } catch {
            return null;
        }
    }

    async unlock() {
        const r = await this.ask('/api/unlock-trade', { unlock: true, pwd_md5: md5(TRADE_PWD) });
        return r?.ret_type === 0;
    }

    async account() {
        const r = await this.ask('/api/accounts', {});
        return r?.ret_type === 0 && r.s2c.acc_list.find((a) => a.trd_market_auth_list.includes(1));
    }

    async place(i, end) {
        const body = { acc_id: this.acc, trd_env: 1, trd_market: 1, code: 'HK.00700', trd_side: 1,
            order_type: 1, qty: 100, price: 100 + i / 10, remark: `order ${i}` };
        for (;;) {
            assert.ok(Date.now() < end, `order ${i} is not placed in time; refusals: ` +
                JSON.stringify([...this.refused]));
            const r = await this.ask('/api/order', body, { 'idempotency-key': `key-${i}` });
            if (r?.ret_type === 0) {
                this.answers.set(i, r.s2c.order_id_ex);
                return;
            }
            const text = r?.ret_msg ?? r?.error ?? 'no answer';
            this.refused.set(text, (this.refused.get(text) ?? 0) + 1);
            if (/解锁/.test(text))
                await this.unlock();
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    async list() {
        const r = await this.ask('/api/orders', { acc_id: this.acc, trd_env: 1, trd_market: 1 });
        return r?.ret_type === 0 ? r.s2c.order_list ?? [] : null;
    }
}

async function until(what, check) {
    for (const end = Date.now() + 30_000; ; ) {
        const value = await check();
        if (value)
            return value;
        assert.ok(Date.now() < end, `${what}: not in time`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

const count = async (broker) => Number(/^orders \d+ (\d+)$/m.exec(
    await broker.command('orders 1001'))[1]);

// What happens to a batch while it is under way.
const troubles = {
    'nothing': async () => {},
    'connections break before and after orders are taken, and answers stay away': async (w) => {
        await w.broker.command('lose-orders answer 5');
        await w.broker.command('lose-orders after 3');
        await w.broker.command('lose-orders before 3');
    },
    'the gateway is killed with orders taken': async (w) => {
        await w.broker.command(`lose-orders answer ${BATCH}`);
        w.kill = (n) => n >= 5;
    },
    'the gateway is killed at once': async (w) => { w.kill = () => true; },
    'the gateway is killed while it looks for orders': async (w) => {
        await w.broker.command('lose-orders after 2');
        w.kill = (n) => n >= 1;
    },
};

async function batch(w, trader, from) {
    const names = Object.keys(troubles), name = names[from / BATCH % names.length];
    const before = await count(w.broker), end = Date.now() + LIMIT_MS;
    w.kill = null;
    await troubles[name](w);
    const all = Promise.all(Array.from({ length: BATCH }, (_, k) => trader.place(from + k, end)));
    all.catch(() => {});                // it is awaited below
    if (w.kill) {
        await until('some orders', async () => w.kill(await count(w.broker) - before));
        await w.gateway.kill();
        await w.broker.command('lose-orders answer 0');
        await w.gateway.run();
    }
    await all;
    assert.equal(await count(w.broker), before + BATCH, name);
}

it(`${ORDERS} orders are each placed exactly once, whatever breaks`, { timeout: 600_000 },
    async () => {
        const broker = new Broker(`[channel]\ntrade-password = ${TRADE_PWD}\n`, '1001');
        await broker.start();
        const key = broker.key('acc:read,trade:real,trade:unlock'), port = await freePort();
        secrets.add(key.token);
        const gateway = await broker.gateway('--rest-port', String(port), '--rest-keys-file',
            key.file).start();
        const trader = new Trader(port, key.token);
        try {
            trader.acc = (await until('accounts', () => trader.account())).acc_id;
            assert.ok(await until('unlocked', () => trader.unlock()));
            const w = { broker, gateway };
            for (let from = 0; from < ORDERS; from += BATCH)
                await batch(w, trader, from);
            const list = await until('list', () => trader.list());
            assert.equal(list.length, ORDERS);
            const ids = new Map(list.map((o) => [o.remark, o.order_id_ex]));
            for (let i = 0; i < ORDERS; i++)
                assert.equal(ids.get(`order ${i}`), trader.answers.get(i), `order ${i}`);
        } finally {
            await gateway.stop();
            await broker.stop();
        }
    });
