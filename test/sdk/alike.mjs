// alike.mjs - two clients of one exchange, on different ways to it, get the same answer to a call.
//
// Answers are compared as the SDK decodes them, whole: retType, retMsg, errCode and every field of
// s2c, also whether it is there at all. What can't be the same is named in `different`, with the
// reason.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { root } from './sdk.mjs';

const kind = (v) => (Array.isArray(v) ? 'list' : typeof v);
const own = (list) => list.filter((x) => x.isOwnConnData);
export const unmarked = (remark) => remark.replace(/ ?~[a-z2-7]{17}$/, '');

// Paths go through lists. as: what is compared in place of the value; its type when absent.
export const different = [
    { name: 'GetGlobalState', path: 's2c.connID', why: 'each connection has its own' },
    { name: 'GetGlobalState', path: 's2c.localTime', why: 'the clock when it was answered' },
    { name: 'GetDelayStatistics', path: 's2c', why: 'each gateway measures what it does itself' },
    { name: 'Qot_GetSubInfo', path: 's2c.connSubInfoList', as: own,
      why: 'a gateway tells of its own connections alone' },
    { name: 'Qot_GetOrderBook', path: 's2c.svrRecvTimeAsk', why: 'when it was read' },
    { name: 'Qot_GetOrderBook', path: 's2c.svrRecvTimeAskTimestamp', why: 'when it was read' },
    { name: 'Qot_GetOrderBook', path: 's2c.svrRecvTimeBid', why: 'when it was read' },
    { name: 'Qot_GetOrderBook', path: 's2c.svrRecvTimeBidTimestamp', why: 'when it was read' },
    { name: 'Qot_GetTicker', path: 's2c.tickerList.recvTime', why: 'when they were read' },
    { name: 'Qot_GetSecuritySnapshot', path: 's2c.snapshotList.basic.volumeRatio',
      as: (v) => v.toPrecision(3), why: 'of the time that is over today, to the microsecond' },
    { name: 'Qot_SetPriceReminder', path: 's2c.key', why: 'two reminders' },
    { name: 'Trd_PlaceOrder', path: 's2c.orderID', why: 'two orders' },
    { name: 'Trd_PlaceOrder', path: 's2c.orderIDEx', why: 'two orders' },
    { name: 'Trd_ModifyOrder', path: 's2c.orderID', why: 'two orders' },
    { name: 'Trd_ModifyOrder', path: 's2c.orderIDEx', why: 'two orders' },
    { name: 'Trd_GetOrderFee', path: 's2c.orderFeeList.orderIDEx', why: 'two orders' },
    { name: 'Trd_GetOrderList', path: 's2c.orderList.remark', as: unmarked,
      why: 'a relay marks its orders, and takes the marks out again' },
    { name: 'Trd_GetHistoryOrderList', path: 's2c.orderList.remark', as: unmarked,
      why: 'a relay marks its orders, and takes the marks out again' },
];

// A decoded message as plain data; a field that is not there is not there.
export const plain = (type, message) => root.lookupType(type).toObject(message,
    { longs: String, bytes: String });

// Replaces the values at `path`; they go to `seen`.
function replace(value, [step, ...rest], as, seen) {
    for (const at of Array.isArray(value) ? value : [value]) {
        if (at?.[step] === undefined)
            continue;
        if (rest.length > 0) {
            replace(at[step], rest, as, seen);
        } else {
            seen.push(JSON.stringify(at[step]));
            at[step] = as(at[step]);
        }
    }
}

// The answers without what differs by nature.
function comparable(name, replies) {
    const found = replies.map((r) => plain(`${name}.Response`, r));
    for (const d of different.filter((x) => x.name === name)) {
        const [a, b] = found.map((x) => {
            const seen = [];
            replace(x, d.path.split('.'), d.as ?? kind, seen);
            return seen.join();
        });
        d.used ||= a !== b;
    }
    return found;
}

// Under a sanitizer the first filter over a whole market may be too late, at both ends.
const slow = Boolean(process.env.FUTU_SLOW), AWHILE_MS = slow ? 40_000 : 4000, TIMEOUT = -100;

// Sends the call to each client, one after the other, and resolves with both replies. Prices move,
// and news need a moment on the longer way: a read is repeated for a while, until the answers are
// the same once. once: it has an effect, and is sent one time only. list: so long that some item
// always moves; each item must be the same once, all else at the same time.
export async function alike(clients, name, argsOf, { once = false, list, ms = AWHILE_MS } = {}) {
    const agreed = new Set();
    for (const end = Date.now() + ms; ;) {
        const replies = [];
        for (const [i, c] of clients.entries())
            replies.push(await c.reply(name, argsOf(i)));
        const [a, b] = comparable(name, replies);
        if (list && b.s2c?.[list].length === a.s2c?.[list].length) {
            a.s2c[list].forEach((x, i) => isDeepStrictEqual(x, b.s2c[list][i]) && agreed.add(i));
            for (const { s2c } of [a, b])
                s2c[list] = s2c[list].filter((_, i) => !agreed.has(i));
        }
        try {
            assert.deepEqual(b, a, `${name}: the end of the chain (actual) says something else`);
            assert.ok(!slow || a.retType !== TIMEOUT, `${name}: too late`);
            return replies;
        } catch (e) {
            if (once || Date.now() > end)
                throw e;
        }
    }
}
