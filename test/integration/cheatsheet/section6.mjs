// section6.mjs - recovery: a locked device id, the wrong platform, a connection that stalls, and
// the clients' common symptoms, each provoked and then mended as the sheet says.
import http2 from 'node:http2';
import { existsSync } from 'node:fs';

import { Emulator, Front, User, post, printed, scenario, secrets, seen, until } from './frame.mjs';

export const title = 'Recovery';
export const changed = [['a block of three options',
    'they exclude each other: its commands run one ' +
    'by one, each where it is needed'],
['"If you\'re on an overseas account ... you need a VPN"', 'no network of an ISP stands here']];

const PASSWORD = 'pw-to-recover', HASH = '25d55ad283aa400a';
const WORDS = [['--login-account X', '--login-account 12345678'],
    ['--login-pwd Y', `--login-pwd ${PASSWORD}`]];
const SMS = [/Code of the SMS: $/, '123456'];
const SETUP = './futu-opend --setup-only --login-account X --login-pwd Y';

async function start({ auth = {}, account = {}, more = '', front = undefined } = {}) {
    const m = await Emulator.start(scenario({ auth: { code: '123456', ...auth }, more,
        accounts: [{ name: '12345678', password: PASSWORD, brokers: 1001, ...account }] }));
    const f = await Front.start(front ? front(m) : { 1: m, 2: m });
    const s = { m, front: f, user: new User({ words: WORDS }).at(m, f.url) };
    s.sms = () => f.count('GET', '/authority/req_device_code');
    s.end = async () => { await f.end(); await m.end(); };
    return s;
}

// ---- a locked device id ----

const OPTIONS = `# Option A: clear files + fresh setup (recommended, thorough)
./futu-opend --reset-device --setup-only \\
--login-account X --login-pwd Y --platform moomoo
# Option B: switch to a specific device_id (e.g. machine migration,
# skips new SMS)
./futu-opend --device-id abcdef0123456789 \\
--login-account X --login-pwd Y
# Option C: nuke everything (when all caches are suspect)
rm -rf ~/.futu-opend-rs/`;
const option = (letter) => new RegExp(`# Option ${letter}:[^]*?\\n([^#][^]*?)(\\n#|$)`)
    .exec(OPTIONS)[1];

async function optionA() {
    const s = await start({ account: { attribution: 2, brokers: 1007 } }), { user } = s;
    const setup = `${SETUP} --platform moomoo`;
    await user.quietly(setup);
    let r;
    for (let i = 0; i < 4; i++) {
        r = await user.quietly(`${setup} --verify-code 000000`);
        if (i === 0)
            seen(`a wrong code: ${/futu-opend: (.*)/.exec(r.err)[1]}`, /ret_type=21/.test(r.err));
    }
    seen(`after three of them: ${/futu-opend: (.*?);/.exec(r.err)[1]}`, /ret_type=15/.test(r.err),
        r.err);
    const line = /.*--reset-device --setup-only.*/.exec(r.err)?.[0].trim();
    seen(line, /^\[3\]/.test(line));
    const old = user.read(`device-${HASH}.dat`);
    const done = await user.onTerminal(option('A'), [[/\(y\/N\) $/, 'y'], SMS]);
    await done.ended;
    user.check(done);
    seen('option A asks first: Forget device id and saved login of account 12345678? ... (y/N)',
        /Forget device id and saved login of account 12345678\?.*\(y\/N\)/.test(done.out),
        done.out);
    seen('then for the code of a new SMS, and is logged in', done.how === 0 &&
        /logged in as user/.test(done.out), done.out);
    seen('with another device id', user.read(`device-${HASH}.dat`) !== old);
    const before = s.sms();
    const none = await user.quietly(option('A'));
    seen(/WARN .*--reset-device.*/.exec(none.err)?.[0].replace(/.*WARN +/, ''),
        none.how === 3 && s.sms() === before + 1, none.err);
    await s.end();
}

async function optionB() {
    const s = await start(), { user } = s;
    // The machine that was verified, and another one in its place.
    const before = await user.onTerminal(`${SETUP} --device-id abcdef0123456789`, [SMS]);
    seen('one machine was verified with abcdef0123456789', await before.ended === 0, before.out);
    const other = new User({ words: WORDS }).at(s.m, s.front.url);
    const d = await other.start(option('B'));
    seen('option B: another machine with that id logs in without SMS', s.sms() === 1 &&
        /logged in as user/.test(d.err), d.err);
    seen(`device-${HASH}.dat holds it`, other.read(`device-${HASH}.dat`) === 'abcdef0123456789');
    seen('ends with 0', await d.end() === 0);
    const wrong = await other.quietly(option('B').replace('abcdef0123456789', 'abc'));
    seen(/futu-opend: .*/.exec(wrong.err)[0], wrong.how === 2);
    await s.end();
}

async function optionC() {
    const s = await start(), { user } = s;
    await (await user.onTerminal(SETUP, [SMS])).ended;
    seen('a saved login', user.files().includes(`credentials-${HASH}.json`));
    const gone = await user.quietly(option('C'));
    seen('option C: nothing is left', gone.how === 0 && !existsSync(user.dir));
    const p = await user.onTerminal(SETUP, [SMS]);
    seen('the next setup makes all anew, with an SMS', await p.ended === 0 && s.sms() === 2, p.out);
    await s.end();
}

async function lockedDevice() {
    printed(OPTIONS);
    await optionA();
    await optionB();
    await optionC();
}

async function rotation() {
    const s = await start(), { user } = s;
    const ids = new Set();
    const wrong = [SMS[0], () => { ids.add(user.read(`device-${HASH}.dat`)); return '000000'; }];
    const fine = await user.onTerminal(SETUP, [wrong, wrong, SMS]);
    seen('error_code=21 changes the device id by itself, twice at most: the third code is right',
        await fine.ended === 0 && /device id \(1 of 2\)/.test(fine.out) &&
        /device id \(2 of 2\)/.test(fine.out), fine.out);
    ids.add(user.read(`device-${HASH}.dat`));
    seen(`device ids so far: ${ids.size}, SMS: ${s.sms()}`, ids.size === 3 && s.sms() === 3);
    await user.quietly('rm -rf ~/.futu-opend-rs/');
    const bad = await user.onTerminal(SETUP, [wrong, wrong, wrong]);
    seen('a third wrong code is final', await bad.ended === 4 && /ret_type=21/.test(bad.out),
        bad.out);
    await s.end();
}

// ---- the wrong platform ----

async function wrongPlatform() {
    const kinds = [['futunn', 'moomoo', { 'futunn-type': 'none' }, 2, ' --platform moomoo'],
        ['moomoo', 'futunn', { 'moomoo-type': 'none' }, 1, ' --platform futunn']];
    for (const [asked, right, auth, attribution, fix] of kinds) {
        const s = await start({ auth, account: { attribution, sms: 'no',
            brokers: attribution === 1 ? 1001 : 1007 } });
        const r = await s.user.quietly(`${SETUP} --platform ${asked}`);
        seen(`an account of ${right} at ${asked}: ${/futu-opend: (.*)/.exec(r.err)[1]}`,
            r.how === 4 && /account\/password mismatch \(error_code=2/.test(r.err));
        seen(/if it is an account .*/.exec(r.err)?.[0], r.err.includes(fix.trim()), r.err);
        const good = await s.user.quietly(`${SETUP}${fix}`);
        seen(`with${fix} it works`, good.how === 0, good.err);
        await s.end();
    }
}

// ---- a connection that stalls ----

async function stalls() {
    const s = await start({ account: { sms: 'no' },
        more: '[fault]\ncall = login\nsilent = yes\n' });
    const block = `# See where it's stuck
./futu-opend --login-account X --login-pwd Y --log-level debug
# If you're on an overseas account but the regional IP range is fully
# blocked (ISP filtering), you need a VPN.`;
    const began = Date.now(), d = await s.user.daemon(block), ms = Date.now() - began;
    const last = d.err.split('\n').filter((l) => /DEBUG login: (GET|POST|answer)/.test(l)).at(-1);
    seen(`the log ends where it is stuck: ${last.replace(/.*login: /, '').slice(0, 60)}`,
        /POST/.test(last), d.err);
    seen(/futu-opend: (.*in time.*)/.exec(d.err)?.[1], /no answer in time/.test(d.err), d.err);
    seen('given up after 10 s', ms > 9_000 && ms < 30_000, String(ms));
    seen('the gateway is offline then, and goes on trying', /upstream .*NOT connected/.test(d.out),
        d.out);
    seen('ends with 0', await d.end() === 0);
    await s.end();
}

// ---- what clients see ----

async function connectRefused(s) {
    const { user } = s, port = await user.port(11111);
    const r = await user.quietly('futucli ping');
    seen(`connect refused: ${r.err.split('\n')[0]}`, r.how === 1 &&
        new RegExp(`:${port}: .*connection refused`).test(r.err), `${r.how} ${r.err}`);
    seen(/next: .*/.exec(r.err)[0]);
    const d = await user.start('./futu-opend --login-account X --login-pwd Y');
    seen('with a gateway there: ' + (await user.quietly('futucli ping')).out.split('\n')[0],
        (await user.quietly('futucli ping')).how === 0);
    await d.end();
}

async function mismatch() {
    const s = await start({ account: { sms: 'no' } }), { user } = s;
    const r = await user.quietly('./futu-opend --login-account X --login-pwd not-the-one');
    seen(`account/password mismatch: ${/futu-opend: (.*)/.exec(r.err)[1]}`, r.how === 4 &&
        /account\/password mismatch/.test(r.err));
    const good = await user.quietly(SETUP);
    seen('with the right --login-pwd it works', good.how === 0, good.err);
    await s.end();
}

async function notAuthorized() {
    const s = await start(), { user } = s;
    const r = await user.quietly('./futu-opend --login-account X --login-pwd Y');
    seen(/device not authorized.*/.exec(r.err)?.[0] ?? 'device not authorized', r.how === 3 &&
        /WARN .*device not authorized/.test(r.err), r.err);
    const setup = await user.onTerminal(SETUP, [SMS]);
    seen('--setup-only in a terminal, once', await setup.ended === 0, setup.out);
    const d = await user.start('./futu-opend --login-account X --login-pwd Y');
    seen('then the gateway starts by itself', /upstream +broker, connected/.test(d.out), d.out);
    await d.end();
    await s.end();
}

async function noSubscription({ user }) {
    const d = await user.start('./futu-opend --login-account X --login-pwd Y --rest-port 22222');
    const body = { security_list: [{ market: 1, code: '00700' }] };
    const quote = async () => JSON.parse((await post(d.restPort, '/api/quote', null, body)).text);
    const without = await quote();
    seen(`POST /api/quote: ${without.ret_msg}`, without.ret_type === -1 &&
        /no subscription/.test(without.ret_msg));
    const sub = JSON.parse((await post(d.restPort, '/api/subscribe', null,
        { ...body, sub_type_list: [1], is_sub_or_un_sub: true })).text);
    seen('POST /api/subscribe', sub.ret_type === 0, JSON.stringify(sub));
    const q = await until('a quote', async () => (await quote()).s2c?.basic_qot_list?.[0]);
    seen(`then POST /api/quote: ${q.security.code} ${q.cur_price}`, q.cur_price > 0);
    await d.end();
}

// A call over HTTP/2 with nothing but it: [grpc-status, grpc-message].
async function grpc(port, key) {
    const c = http2.connect(`http://127.0.0.1:${port}`);
    const rq = c.request({ ':method': 'POST', ':path': '/futu.v1.System/GetGlobalState',
        'content-type': 'application/grpc', te: 'trailers',
        ...(key ? { authorization: `Bearer ${key}` } : {}) });
    const found = {};
    rq.on('response', (h) => Object.assign(found, h));
    rq.on('trailers', (h) => Object.assign(found, h));
    rq.end(Buffer.from([0, 0, 0, 0, 4, 0x0a, 2, 8, 0]));    // { c2s: { userID: 0 } }
    rq.resume();
    await new Promise((r) => rq.on('close', r));
    c.close();
    return [Number(found['grpc-status']), decodeURIComponent(found['grpc-message'] ?? '')];
}

async function unauthenticated({ user }) {
    const made = await user.quietly('futucli gen-key --keys-file ~/keys.json --scopes qot:read');
    const key = /fc_[0-9a-f]{32}/.exec(made.out)[0], port = await user.port(33333);
    secrets.add(key);
    const d = await user.start('./futu-opend --login-account X --login-pwd Y --grpc-port 33333 ' +
        '--grpc-keys-file ~/keys.json');
    const none = await grpc(port), wrong = await grpc(port, 'fc_0123456789abcdef0123456789abcdef');
    seen(`gRPC UNAUTHENTICATED (16) without a token: ${none[1]}`, none[0] === 16);
    seen(`and with a wrong one: ${wrong[1]}`, wrong[0] === 16);
    const right = await grpc(port, key);
    seen('OK (0) with a key of --grpc-keys-file', right[0] === 0, String(right));
    await d.end();
}

async function symptoms() {
    printed(`| connect refused :11111 | Gateway not up / port taken |
| account/password mismatch | Wrong credentials |
| device not authorized | New device needs SMS |
| no subscription | Must subscribe before quoting |
| gRPC UNAUTHENTICATED | No Bearer token or wrong key |`);
    const s = await start({ account: { sms: 'no' } });
    await connectRefused(s);
    await mismatch();
    await notAuthorized();
    await noSubscription(s);
    await unauthenticated(s);
    await s.end();
}

export const parts = [lockedDevice, rotation, wrongPlatform, stalls, symptoms];
