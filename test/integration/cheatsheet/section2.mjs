// section2.mjs - the first deploy: an SMS in the foreground, then a start without one.
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { Emulator, Front, User, scenario, seen, until } from './frame.mjs';

export const title = 'First deploy';
export const changed = [['123456', 'it is the code of the emulator\'s SMS, and typed or given as ' +
    'printed']];

const ACCOUNT = '87654321', PASSWORD = 'pw-of-the-first', HASH = '5e8667a439c68f51';
const CREDENTIALS = `credentials-${HASH}.json`;
const WORDS = [['--login-account X', `--login-account ${ACCOUNT}`],
    ['--login-pwd Y', `--login-pwd ${PASSWORD}`], ['<CODE>', '123456']];
const SENT = 'SMS sent to phone; awaiting verification code via stdin';

async function atMoomoo(auth = {}) {
    const m = await Emulator.start(scenario({
        auth: { code: '123456', 'futunn-type': 'none', ...auth },
        accounts: [{ name: ACCOUNT, password: PASSWORD, phone: '4155551234', attribution: 2,
            brokers: 1007 }] }));
    const front = await Front.start({ 1: m, 2: m });
    const user = new User({ words: WORDS }).at(m, front.url);
    const end = async () => { await front.end(); await m.end(); };
    return { m, front, user, end };
}

const refused = (port) => new Promise((r) => {
    const s = connect(port, '127.0.0.1', () => { s.destroy(); r(false); });
    s.on('error', () => r(true));
});

// Each such call is one SMS.
const sms = (s) => s.front.count('GET', '/authority/req_device_code');
const path = (call) => `${call.method} ${call.path.replace(/\?.*/, '')}`;

// The order of the calls, and of what the user sees.
function smsBefore(s, screen) {
    const calls = s.front.calls.map(path);
    seen(calls.slice(0, 3).join(', then '), calls.join().startsWith(
        'GET /authority/salt,POST /authority/,GET /authority/req_device_code'), calls.join());
    const { error } = JSON.parse(s.front.calls[1].answer);
    seen('POST /authority/ was answered with code=20 and a device_verify_sig',
        error.error_code === 20 && error.device_verify_sig.length > 0);
    seen(/INFO .*(SMS sent.*)/.exec(screen)[1].trim(), screen.includes(SENT), screen);
}

async function twoSteps() {
    const s = await atMoomoo(), { m, user } = s;
    const ports = await Promise.all([11111, 22222, 33333].map((p) => user.port(p)));
    const block = `# Step 1: foreground one-off setup (daemon sends SMS to phone immediately,
# then prompts interactively for the code)
./futu-opend --setup-only \\
--login-account X --login-pwd Y --platform moomoo
# Step 2: normal launch (auto-uses cached credentials, skips SMS)
./futu-opend --login-account X --login-pwd Y --platform moomoo \\
--rest-port 22222 --grpc-port 33333`;
    const p = await user.shown(block);
    await until('the question', () => /Code of the SMS: $/.test(p.out));
    seen('an SMS was sent before the question: Code of the SMS:', sms(s) === 1 &&
        p.out.indexOf(SENT) < p.out.indexOf('Code of the SMS:'));
    smsBefore(s, p.out);
    seen('no port is open', (await Promise.all(ports.map(refused))).every(Boolean));
    await until('the SMS', () => m.sms.length);
    p.child.stdin.write(`${m.code}\n`);
    await until('step 2', () => /^ready/m.test(p.out));
    seen(/logged in as user \d+; .*/.exec(p.out)[0].trim(), user.files().includes(CREDENTIALS));
    seen(/the next start needs .*30 days/.exec(p.out)[0]);
    const calls = s.front.calls.map(path);
    seen('step 2 logs in with the saved login: one POST /authority/, no salt', calls.slice(3).join()
        .replace(/(,POST \/broker_auth\/client_auth)*$/, '') ===
        'POST /authority/verify_device_code,POST /authority/', calls.join());
    seen('no second SMS', sms(s) === 1);
    seen('REST and gRPC are open', !(await Promise.all(ports.map(refused))).some(Boolean));
    p.child.stdin.write('\x03');
    await p.ended;
    seen('Ctrl-C ends it with 0', p.how === 0, `${p.how} ${p.out}`);
    user.check(p);
    const saved = JSON.parse(user.read(CREDENTIALS));
    seen(`${CREDENTIALS}: of ${saved.account}, saved just now`, saved.account === ACCOUNT &&
        Math.abs(saved.ticket_ts - Date.now() / 1000) < 600);
    seen('mode 0600', (statSync(join(user.dir, CREDENTIALS)).mode & 0o777) === 0o600);
    await s.end();
}

async function withoutTerminal() {
    const s = await atMoomoo(), { user } = s;
    const first = await user.run(
`# 1. First launch without --verify-code → daemon sends SMS then aborts (SMS already received)
./futu-opend --setup-only --login-account X --login-pwd Y --platform moomoo
# daemon log contains "📱 v1.4.84 A1: SMS sent to phone; awaiting verification code via stdin"
# then aborts due to non-tty`);
    smsBefore(s, first.err);
    seen('it ends with 3, after the SMS', first.how === 3 && sms(s) === 1);
    seen(/futu-opend: code: .*/.exec(first.err)[0]);
    seen('do not just start again', /do not just start again/.test(first.err));
    const next = /next:\n {2}(.*)/.exec(first.err)[1];
    seen(next, next.endsWith(`--login-account ${ACCOUNT} --login-pwd ... --platform moomoo ` +
        '--verify-code CODE'));
    const again = await user.quietly(
        './futu-opend --setup-only --login-account X --login-pwd Y --platform moomoo');
    seen('started again without the code: no other SMS within the window', again.how === 3 &&
        sms(s) === 1, again.err);
    const second = await user.run(`# 2. After receiving SMS on phone, restart promptly with the code
./futu-opend --setup-only --login-account X --login-pwd Y --platform moomoo \\
--verify-code 123456
# Expected: within the short cache window, no new SMS is triggered and
# verification succeeds`);
    seen(/logged in as user \d+/.exec(second.out)?.[0], second.how === 0, second.err);
    seen('no second SMS', sms(s) === 1);
    seen(`${CREDENTIALS} is there`, user.files().includes(CREDENTIALS));
    seen('nothing listened', !/FTAPI|ready/.test(second.out + second.err));
    seen('no code in the log', !/\b123456\b/.test(first.err + second.err));
    const third = await user.quietly(
        './futu-opend --setup-only --login-account X --login-pwd Y --platform moomoo');
    seen('the next start needs no SMS', third.how === 0 && sms(s) === 1, third.err);
    await s.end();
}

// A code that is too old, as all are here: then only the newest counts.
async function tooLate() {
    const s = await atMoomoo({ 'code-life': 0 }), { user } = s;
    const setup = './futu-opend --setup-only --login-account X --login-pwd Y --platform moomoo';
    await user.quietly(setup);
    const late = await user.quietly(`${setup} --verify-code <CODE>`);
    seen(/futu-opend: (auth: wrong SMS code.*)/.exec(late.err)?.[1], late.how === 4, late.err);
    seen('codes live about 60 seconds, and only the newest SMS counts',
        late.err.includes('codes live about 60 seconds, and only the newest SMS counts'));
    seen('that start sent no SMS', sms(s) === 1);
    await s.end();
}

export const parts = [twoSteps, withoutTerminal, tooLate];
