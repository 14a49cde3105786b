// section11.mjs - trading is unlocked at one broker, or at all of them.
import { Emulator, User, http, printed, scenario, secrets, seen, until } from './frame.mjs';

export const title = 'Per-broker unlock-trade';
export const changed = [['the trade password',
    'it is asked for on a terminal as ever; here it comes ' +
    'from FUTU_TRADE_PWD'],
['the block', 'its commands run one by one, each on accounts that were locked before']];

const PASSWORD = 'pw-of-the-login', TRADE = 'pw-of-the-trade';
const FIRMS = [['1', 'FutuHK', 'hk', 1001], ['2', 'FutuUS', 'us', 1007],
    ['3', 'FutuSG', 'sg', 1008], ['4', 'FutuAU', 'au', 1009], ['5', 'FutuCA', 'ca'],
    ['6', 'FutuMY', 'my'],
    ['7', 'FutuJP', 'jp', 1012]];
const account = (broker, number, more = '') =>
    `[trade-account]\nbroker = ${broker}\nnumber = ${number}\n` +
    `market = ${broker === 1001 ? 1 : 2}\n${more}`;
const BLOCK = `futucli unlock-trade --security-firm hk # HK only (FutuHK / 1)
futucli unlock-trade --security-firm us # US / moomoo only (FutuUS / 2)
futucli unlock-trade # default: all brokers`;
const [hkOnly, usOnly, all] = BLOCK.split('\n');

// brokers: of the user; accounts: sections of the scenario.
async function start(brokers, accounts) {
    secrets.add(TRADE);
    const m = await Emulator.start(scenario({ accounts: [{ name: '12345678', password: PASSWORD,
        sms: 'no', brokers: brokers.join(' ') }],
    more: `[channel]\ntrade-password = ${TRADE}\n${accounts.join('')}` }));
    const user = new User({ env: { FUTU_TRADE_PWD: TRADE } }).at(m);
    // More unlocks than ten in half a minute are tried here.
    const d = await user.start(`./futu-opend --login-account 12345678 --login-pwd ${PASSWORD} ` +
        '--frequency-limits off');
    await until('the accounts', async () => {
        const list = JSON.parse((await http(d.restPort, '/api/accounts')).text);
        return list.s2c?.acc_list?.length === accounts.length;
    });
    return { user, async end() {
        seen('ends with 0', await d.end() === 0);
        await m.end();
    } };
}

// The rows: [account, firm, "unlocked", "failed" or "locked"], by firm and account.
const rows = (out) => [...out.matchAll(/^(\d{10,}) +\S+ +(Futu\w\w) +(unlocked|failed|locked)/gm)]
    .map((m) => m.slice(1)).sort();
const firms = (out, what) => rows(out).filter((r) => r[2] === what).map((r) => r[1]).join(', ');

// Whether an order of real money is taken: '', or the reason why not.
async function ordered(user, firm) {
    const list = (await user.quietly('futucli account')).out;
    const id = new RegExp(`^(\\d+) .* ${firm} `, 'm').exec(list)[1];
    const what = firm === 'FutuHK' ? '--code HK.00700 --qty 100 --price 600'
        : '--code US.AAPL --qty 1 --price 100';
    const r = await user.quietly('futucli place-order --side buy --env real --confirm --market ' +
        `${firm.slice(-2)} --acc-id ${id} ${what}`);
    return r.how === 0 ? '' : r.err.trim();
}

async function oneByOne() {
    const { user, end } = await start([1001, 1007], [account(1001, 7001), account(1007, 7002)]);
    const first = await ordered(user, 'FutuHK');
    seen(`before: ${first.split('\n')[0]}`, /unlock|解锁/i.test(first), first);
    printed(BLOCK);
    for (const [line, open, shut] of [[hkOnly, 'FutuHK', 'FutuUS'], [usOnly, 'FutuUS', 'FutuHK']]) {
        const r = await user.quietly(line);
        seen(`${line}: ${firms(r.out, 'unlocked')}`, r.how === 0 &&
            firms(r.out, 'unlocked') === open && rows(r.out).length === 1, r.out + r.err);
        seen(`an order at ${open} is taken`, await ordered(user, open) === '',
            await ordered(user, open));
        seen(`none at ${shut}`, await ordered(user, shut) !== '');
        const lock = await user.quietly('futucli unlock-trade --lock');
        seen('locked again', lock.how === 0 && await ordered(user, open) !== '', lock.err);
    }
    const r = await user.quietly(all);
    seen(`${all}: ${firms(r.out, 'unlocked')}`, r.how === 0 && rows(r.out).length === 2,
        r.out + r.err);
    seen('orders are taken at both', await ordered(user, 'FutuHK') === '' &&
        await ordered(user, 'FutuUS') === '');
    await end();
}

async function hidden() {
    const { user, end } = await start([1001, 1007], [account(1001, 7001), account(1007, 7002),
        account(1007, 7003, 'bad = yes\n')]);
    const r = await user.quietly(all);
    seen(`a hidden account blocks: unlocked ${firms(r.out, 'unlocked')}; failed ` +
        firms(r.out, 'failed'), r.how === 1 && firms(r.out, 'unlocked') === 'FutuHK',
        r.out + r.err);
    seen(r.err.trim().split('\n')[0]);
    await user.quietly('futucli unlock-trade --lock');
    const scoped = await user.quietly(hkOnly);
    seen(`${hkOnly}: the failure is not met`, scoped.how === 0 &&
        firms(scoped.out, 'unlocked') === 'FutuHK' && firms(scoped.out, 'failed') === '',
        scoped.out);
    seen('and an order is taken', await ordered(user, 'FutuHK') === '');
    await end();
}

async function spellings() {
    const mine = FIRMS.filter((f) => f[3]);
    const { user, end } = await start(mine.map((f) => f[3]),
        mine.map((f, i) => account(f[3], 7001 + i)));
    const has = mine.map(([number, name]) => `${number} (${name})`).join(', ');
    for (const [number, name, alias, broker] of FIRMS) {
        const said = [];
        for (const word of [number, name, alias])
            said.push(await user.quietly(`futucli unlock-trade --security-firm ${word}`));
        const right = (r) => (broker ? r.how === 0 && firms(r.out, 'unlocked') === name
            : r.how === 1 && r.err.includes(has));
        seen(`${number}, ${name}, ${alias}: ${broker ? name : said[2].err.trim()}`,
            said.every(right), said.map((r) => r.out + r.err).join(''));
    }
    for (const word of ['8', '0', 'xx', 'FutuXX']) {
        const r = await user.quietly(`futucli unlock-trade --security-firm ${word}`);
        seen(r.err.trim(), r.how === 2 && r.err.includes(has), r.err);
    }
    await end();
}

export const parts = [oneByOne, hidden, spellings];
