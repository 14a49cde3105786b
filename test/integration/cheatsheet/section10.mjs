// section10.mjs - the files of a login: their names, modes, and when to remove them.
import { createHash } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { Emulator, Front, User, printed, scenario, seen } from './frame.mjs';

export const title = 'Credential file locations';
export const changed = [['the vendor\'s change of a password',
    'a second emulator, which knows the ' +
    'new one and none of the old tickets']];

const PASSWORD = 'pw-in-the-files', OTHER = 'pw-after-change', MOOMOO = 'pw-on-the-other';
const hashOf = (account) => createHash('md5').update(account).digest('hex').slice(0, 16);
const CODE = [/Code of the SMS: $/, '123456'];

async function start(accounts, auth = {}) {
    const m = await Emulator.start(scenario({ auth: { code: '123456', ...auth },
        accounts: accounts.map((a) => ({ password: PASSWORD, brokers: 1001, ...a })) }));
    const front = await Front.start({ 1: m, 2: m });
    const s = { m, front, user: new User().at(m, front.url) };
    s.sms = () => front.count('GET', '/authority/req_device_code');
    s.end = async () => { await front.end(); await m.end(); };
    return s;
}

const line = (account, more = '', password = PASSWORD) =>
    `./futu-opend --setup-only --login-account '${account}' --login-pwd ${password}${more}`;

// With the code of an SMS when one is wanted.
async function setup(user, account, more = '', password = PASSWORD) {
    const p = await user.onTerminal(line(account, more, password), [CODE]);
    await p.ended;
    return user.check(p);
}

const mode = (path) => (statSync(path).mode & 0o777).toString(8);

async function tree() {
    const s = await start([{ name: '13900000000', region: 86 }]), { user } = s;
    printed(`~/.futu-opend-rs/
├── device-<hash>.dat # 16-hex device_id (one per account)
├── credentials-<hash>.json # device_sig + tgtgt + rand_key + uid
└── keys.json # (optional) API key file`);
    const hash = hashOf('13900000000');
    seen('a login', (await setup(user, '+86-13900000000')).how === 0);
    seen(`~/.futu-opend-rs/: ${user.files().join(', ')}`, user.files().join() ===
        `credentials-${hash}.json,device-${hash}.dat`);
    seen(`<hash> = md5("13900000000")[..16] = ${hash}`, hash === '46eec3f33e3d86a4');
    const id = user.read(`device-${hash}.dat`),
        saved = JSON.parse(user.read(`credentials-${hash}.json`));
    seen('device: 16 hex digits', /^[0-9a-f]{16}$/.test(id));
    seen('credentials: device_sig, tgtgt, rand_key, uid', saved.device_sig.length > 0 &&
        saved.tgtgt.length > 0 && Buffer.from(saved.rand_key, 'base64').length === 32 &&
        saved.uid > 0);
    await user.quietly('futucli gen-key --keys-file ~/.futu-opend-rs/keys.json --scopes qot:read');
    seen(`with an API key: ${user.files().join(', ')}`, user.files().join() ===
        `credentials-${hash}.json,device-${hash}.dat,keys.json`);
    seen('the folder 0700', mode(user.dir) === '700');
    for (const name of user.files())
        seen(`${name} 0600`, mode(join(user.dir, name)) === '600');
    const before = s.sms(), again = await user.quietly(line('13900000000'));
    seen('13900000000 without its region uses the same files, and needs no SMS', again.how === 0 &&
        s.sms() === before && user.read(`device-${hash}.dat`) === id &&
        user.files().filter((f) => /^(device|credentials)/.test(f)).length === 2, again.err);
    await s.end();
}

// What a gateway that ran leaves beside them is not of the sheet: which orders were sent.
async function running() {
    const s = await start([{ name: '12345678', sms: 'no' }]), { user } = s;
    const d = await user.start(`./futu-opend --login-account 12345678 --login-pwd ${PASSWORD}`);
    seen('ends with 0', await d.end() === 0);
    const hash = hashOf('12345678'), extra = 'orders-broker-12345678.journal';
    seen(`a gateway leaves beside them: ${extra} (0600)`, user.files().join() ===
        `credentials-${hash}.json,device-${hash}.dat,${extra}` &&
        mode(join(user.dir, extra)) === '600', user.files().join());
    await s.end();
}

async function oneForEachAccount() {
    const s = await start([{ name: '12345678' }, { name: 'user@example.com' }]), { user } = s;
    for (const account of ['12345678', 'user@example.com'])
        await setup(user, account);
    const expected = ['12345678', 'user@example.com'].map(hashOf);
    for (const hash of expected)
        seen(`device-${hash}.dat, credentials-${hash}.json`, user.files()
            .includes(`device-${hash}.dat`) && user.files().includes(`credentials-${hash}.json`));
    seen('two device ids', new Set(expected.map((h) => user.read(`device-${h}.dat`))).size === 2);
    await s.end();
}

// ---- when to delete ----

async function lockedDevice() {
    const s = await start([{ name: '12345678' }], { 'lock-after': 1 }), { user } = s;
    const hash = hashOf('12345678');
    await user.quietly(line('12345678'));
    await user.quietly(line('12345678', ' --verify-code 000000'));
    const locked = await user.quietly(line('12345678', ' --verify-code 000000'));
    seen(`locked by the server: ${/futu-opend: (.*?);/.exec(locked.err)?.[1]}`,
        /ret_type=15/.test(locked.err), locked.err);
    const id = user.read(`device-${hash}.dat`);
    for (const name of [`device-${hash}.dat`, `credentials-${hash}.json`])
        rmSync(join(user.dir, name), { force: true });
    const p = await setup(user, '12345678');
    seen('both files removed: another device id, a new SMS, logged in', p.how === 0 &&
        user.read(`device-${hash}.dat`) !== id, p.out);
    await s.end();
}

// The vendor's password is another one from now on.
async function passwordChanged() {
    const s = await start([{ name: '12345678' }]), { user } = s, hash = hashOf('12345678');
    await setup(user, '12345678');
    const t = await start([{ name: '12345678', password: OTHER }]);
    user.at(t.m, t.front.url);
    const kept = await user.quietly(line('12345678'));
    seen(`file kept, old password: ${/futu-opend: (.*)/.exec(kept.err)?.[1]}`, kept.how === 4 &&
        /account\/password mismatch/.test(kept.err), kept.err);
    const wanted = await user.quietly(line('12345678', '', OTHER));
    seen('file kept, new password: an SMS is asked for again', wanted.how === 3 && t.sms() === 1,
        wanted.err);
    const done = await user.quietly(line('12345678', ' --verify-code 123456', OTHER));
    seen('with its code it is logged in, and the file is a new one', done.how === 0 &&
        JSON.parse(user.read(`credentials-${hash}.json`)).tgtgt.length > 0, done.err);
    const next = await user.quietly(line('12345678', '', OTHER));
    seen('the next start needs no SMS', next.how === 0 && t.sms() === 1, next.err);
    await s.end();
    await t.end();
}

// One account on both platforms, with a password of its own on each.
async function platforms() {
    const account = { name: 'user@example.com' };
    const f = await start([account], { 'moomoo-type': 'none' });
    const m = await start([{ ...account, password: MOOMOO, attribution: 2, brokers: 1007 }],
        { 'futunn-type': 'none' });
    const front = await Front.start({ 1: f.m, 2: m.m });
    const user = new User().at(f.m, front.url);
    const sms = () => front.count('GET', '/authority/req_device_code');
    const futunn = () => setup(user, account.name);
    const moomoo = () => setup(user, account.name, ' --platform moomoo', MOOMOO);
    seen('futunn: an SMS', (await futunn()).how === 0 && sms() === 1);
    seen('moomoo: an SMS', (await moomoo()).how === 0 && sms() === 2);
    for (const [name, go] of [['futunn', futunn], ['moomoo', moomoo], ['futunn', futunn]]) {
        front.calls.length = 0;
        const p = await go();
        seen(`back to ${name}, nothing removed: no SMS, not even the password is used`,
            p.how === 0 && sms() === 0 && front.count('GET', '/authority/salt') === 0, p.out);
    }
    seen(user.files().filter((n) => /^cred/.test(n)).join(', '));
    await front.end();
    await f.end();
    await m.end();
}

async function cleanup() {
    const s = await start([{ name: '12345678' }]), { user } = s;
    await setup(user, '12345678');
    const gone = await user.quietly('rm -rf ~/.futu-opend-rs/');
    seen('rm -rf ~/.futu-opend-rs/: nothing is left', gone.how === 0 && !existsSync(user.dir));
    seen('the next login makes the folder anew, with an SMS',
        (await setup(user, '12345678')).how === 0 && s.sms() === 2 && mode(user.dir) === '700');
    await s.end();
}

async function whenToDelete() {
    printed(`| device_id locked by the server | device-<hash>.dat + credentials-<hash>.json |
| Password changed | Keep credentials-<hash>.json so SMS retriggers |
| Switching platform (futunn ↔ moomoo) | Nothing — the two platforms have independent caches |
| Total cleanup | rm -rf ~/.futu-opend-rs/ |`);
    await lockedDevice();
    await passwordChanged();
    await platforms();
    await cleanup();
}

export const parts = [tree, running, oneForEachAccount, whenToDelete];
