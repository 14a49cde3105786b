// section1.mjs - accounts of two platforms, in three spellings each.
import { Emulator, Front, User, printed, scenario, seen } from './frame.mjs';

export const title = 'Account platform selection';
export const changed = [['one block of several gateways',
    'its lines run one after the other, each ' +
    'until it is ready']];

// The same address is an account on both, with a password of its own on each.
const passwords = { futunn: 'pw-of-futubull', moomoo: 'pw-of-moomoo-x' };
const side = (refused, accounts, password, more) => scenario({ auth: { [refused]: 'none' },
    accounts: accounts.map((a) => ({ password, sms: 'no', ...more, ...a })) });
const futubull = side('moomoo-type', [{ name: '12345678' }, { name: '13900000000', region: 86 },
    { name: 'user@example.com' }], passwords.futunn, { attribution: 1, brokers: 1001 });
const moomoo = side('futunn-type', [{ name: '87654321' }, { name: '4155551234', region: 1 },
    { name: 'user@example.com' }], passwords.moomoo, { attribution: 2, brokers: 1007 });

const BLOCKS = [['futunn', 'https://auth.futunn.com', '1',
`# Futubull (default, CN / HK) — numeric ID / phone / email (any)
./futu-opend --login-account 12345678 --login-pwd Y
./futu-opend --login-account '+86-13900000000' --login-pwd Y
./futu-opend --login-account 'user@example.com' --login-pwd Y`],
['moomoo', 'https://auth.moomoo.com', '2',
`# moomoo (US / SG / AU / JP / CA) — same three formats + --platform moomoo
./futu-opend --login-account 87654321 --login-pwd Y --platform moomoo
./futu-opend --login-account '+1-4155551234' --login-pwd Y --platform moomoo
./futu-opend --login-account 'user@example.com' --login-pwd Y --platform moomoo`]];

async function vendor() {
    const f = await Emulator.start(futubull), m = await Emulator.start(moomoo);
    const front = await Front.start({ 1: f, 2: m });
    const brokers = `${f.brokers};${m.brokers}`;
    return { front, brokers, async end() { await front.end(); await f.end(); await m.end(); } };
}

// What the platform's server was asked: of the salt call, { account, is_phone, region_no }.
function salted(front, kind) {
    const calls = front.calls.splice(0).filter((c) => c.path.startsWith('/authority/'));
    const salt = calls.find((c) => c.path.startsWith('/authority/salt?'));
    const of = new URL(salt.path, 'http://x').searchParams;
    return { all: calls.every((c) => c.kind === kind), account: of.get('account'),
        phone: of.get('is_phone'), region: of.get('region_no') };
}

async function line(user, front, text, [platform, url, kind]) {
    const who = /--login-account '?([^' ]+)/.exec(text)[1], phone = /^\+(\d+)-(\d+)$/.exec(who);
    // With no other server named, the platform's own is chosen; nothing beyond loopback is dialled.
    const alone = await user.quietly(`${text} --setup-only --state-dir ~/alone`,
        { FUTU_OPEND_AUTH_SERVER: '', FUTU_OPEND_BROKER_ADDR: '' });
    seen(`${who}: platform ${platform}, ${url}`, alone.how === 1 &&
        alone.err.includes(`account ${who}, platform ${platform}, auth server ${url}, `),
        alone.err);
    const d = await user.start(text);
    const asked = salted(front, kind);
    seen(`${who}: a ${platform} client in every call, asks as ${asked.account}` +
        (phone ? `, a phone of region ${asked.region}` : ''),
        asked.all && asked.account === (phone ? phone[2] : who) &&
        asked.region === (phone ? phone[1] : null) && asked.phone === (phone ? 'true' : null));
    seen(`${who}: ${/logged in as user \d+/.exec(d.err)?.[0]}`, /logged in as user/.test(d.err),
        d.err);
    seen(`${who}: the broker is connected`, /upstream +broker, connected/.test(d.out),
        d.out + d.err);
    seen('a warning of the password among the arguments',
        /WARN .*--login-pwd: .*ps aux/.test(d.err));
    seen('ends with 0', await d.end() === 0);
}

async function both() {
    const v = await vendor();
    for (const [platform, url, kind, block] of BLOCKS) {
        // A folder for each platform: one account is on both.
        const user = new User({ words: [['--login-pwd Y', `--login-pwd ${passwords[platform]}`]] })
            .at(v, v.front.url);
        printed(block);
        for (const text of block.split('\n').filter((l) => !l.startsWith('#')))
            await line(user, v.front, text, [platform, url, kind]);
    }
    await v.end();
}

async function wrongForms() {
    const user = new User();
    for (const who of ['+8613900000000', '+86 13900000000', '86-13900000000', '+86-139-0000',
        '+-13900000000', '+86-']) {
        const { how, err } = await user.quietly(`./futu-opend --login-account '${who}' ` +
            '--login-pwd Y');
        seen(err.trim(), how === 2 && /--login-account: /.test(err), `${how} ${err}`);
    }
    const { how, err } = await user.quietly(
        './futu-opend --login-account 12345678 --login-pwd Y --platform mooomoo');
    seen(err.trim(), how === 2 && /moomoo/.test(err), `${how} ${err}`);
}

export const parts = [both, wrongForms];
