// section7.mjs - where the login password may come from, and where it is not seen.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Emulator, User, beside, keyring, printed, scenario, secrets, seen,
    until } from './frame.mjs';
import { md5 } from '../../secrets.mjs';

export const title = 'Login password secure storage';
export const changed = [['"..." at the end of a command', '--setup-only, or nothing'],
    ['docker run, [Service]', 'the program with the same options, on a file as they mount it; ' +
        'section 3 has both as they are'],
    ['FUTU_PWD=\'...\'', 'the emulator\'s password'],
    ['"Clear a stored password"', 'the printed page has no command there: futucli clear-login-pwd'],
    ['macOS Keychain, Windows Credential Manager', 'there are none on this system']];

const ACCOUNT = '12345678', PASSWORD = 'pw-of-the-chain', WRONG = 'pw-of-a-lower-layer';
const ASK = /Login password for account 12345678: $/;

async function start() {
    const m = await Emulator.start(scenario({ accounts: [{ name: ACCOUNT, password: PASSWORD,
        sms: 'no', brokers: 1001 }] }));
    secrets.add(WRONG);
    const user = new User({ words: [['--login-account X', `--login-account ${ACCOUNT}`]] }).at(m);
    const ring = await keyring(user);
    Object.assign(user.env, ring.env);
    return { user, async end() { await ring.end(); await m.end(); } };
}

// Of all processes, what a neighbour sees.
async function neighbours(user, what) {
    const all = (await user.quietly('ps aux')).out;
    seen(`ps aux shows ${what}, and no password`, all.includes(what) &&
        ![PASSWORD, WRONG, md5(PASSWORD)].some((p) => all.includes(p)));
}

async function oneTime() {
    const { user, end } = await start();
    const rest = await user.port(22222);
    const p = await user.shown(`# One-time: save to the OS keychain
# (macOS Keychain / Linux Secret Service / Windows Credential Manager)
futucli set-login-pwd --account 12345678
# Interactive password prompt — no echo, no shell history
# Subsequent launches: drop --login-pwd, the keychain is read automatically
./futu-opend --login-account 12345678 --platform moomoo --rest-port 22222`,
    [[ASK, PASSWORD], [/Again: $/, PASSWORD]]);
    await until('the gateway', () => p.how !== undefined || /^ready/m.test(p.out));
    seen('Login password for account 12345678: ', /Login password for account 12345678: /
        .test(p.out), p.out);
    seen(/login password of account .*/.exec(p.out)?.[0].trim(), /Secret Service/.test(p.out),
        p.out);
    seen('no echo of it', !p.out.includes(PASSWORD));
    seen(/login password: from.*/.exec(p.out)?.[0].trim(),
        /login password: from the Secret Service/.test(p.out), p.out);
    seen('logged in', /logged in as user/.test(p.out));
    await neighbours(user, `--platform moomoo --rest-port ${rest}`);
    p.child.stdin.write('\x03');
    await p.ended;
    user.check(p);
    seen('ends with 0', p.how === 0);
    await end();
}

// Each layer has the right password, and all below it a wrong one.
const LAYERS = [
    ['--login-pwd-file <path>', '--login-pwd-file', false],
    ['--login-pwd <plain>', '--login-pwd', true],
    ['--login-pwd-md5 <hex>', '--login-pwd-md5', true],
    ['FUTU_PWD env var', 'FUTU_PWD', false],
    ['OS keychain', 'the Secret Service', false],
    ['Interactive prompt (when stdin is a tty)', 'the prompt', false],
];

async function layer(user, n) {
    const right = (i) => (i === n ? PASSWORD : WRONG), file = join(user.home, 'pwd');
    let block = './futu-opend --setup-only --login-account X';
    const env = {};
    writeFileSync(file, right(0), { mode: 0o600 });
    if (n <= 0)
        block += ` --login-pwd-file ${file}`;
    if (n <= 1)
        block += ` --login-pwd ${right(1)}`;
    if (n <= 2)
        block += ` --login-pwd-md5 ${md5(right(2))}`;
    if (n <= 3)
        env.FUTU_PWD = right(3);
    if (n <= 4)
        await user.quietly('futucli set-login-pwd --account 12345678 --from-stdin', {},
            `${right(4)}\n`);
    else
        await user.quietly('futucli clear-login-pwd --account 12345678');
    const p = await user.onTerminal(block, n === 5 ? [[ASK, PASSWORD]] : [], env);
    await p.ended;
    return user.check(p);
}

async function priority() {
    printed(`| 1 | --login-pwd-file <path> | Docker secrets / systemd LoadCredential |
| 2 | --login-pwd <plain> | Legacy scripts (prints a WARN) |
| 3 | --login-pwd-md5 <hex> | Same, md5 is equivalent to plaintext |
| 4 | FUTU_PWD env var | CI / cron / bash export |
| 5 | OS keychain | Long-term local / server (recommended default) |
| 6 | Interactive prompt (when stdin is a tty) | Ad-hoc local dev |
| 7 | None of the above | Error out |`);
    const { user, end } = await start();
    for (const [n, [name, word, warns]] of LAYERS.entries()) {
        await user.quietly('rm -rf ~/.futu-opend-rs');
        const p = await layer(user, n), from = /login password: from (.*)/.exec(p.out)?.[1].trim();
        seen(`${n + 1}. ${name}: logged in with the password from ${from}, wrong ones are below`,
            p.how === 0 && from === word, p.out);
        seen(`${n + 1}. ${name}: ${n === 5 ? 'asked, without echo' : 'nobody is asked'}` +
            (warns ? ', with a WARN' : ''), /Login password/.test(p.out) === (n === 5) &&
            !p.out.includes(PASSWORD) &&
            (!warns || new RegExp(`WARN +${word}: .*ps aux`).test(p.out)), p.out);
    }
    await user.quietly('rm -rf ~/.futu-opend-rs');
    const none = await user.quietly('./futu-opend --setup-only --login-account X');
    seen(`7. ${/futu-opend: (.*)/.exec(none.err)?.[1]}`, none.how === 1 &&
        /none of --login-pwd-file, --login-pwd, --login-pwd-md5 and FUTU_PWD/.test(none.err) &&
        /futucli set-login-pwd --account 12345678/.test(none.err), none.err);
    await end();
}

// ---- the guide ----

const GUIDE = `# A. Long-term local (most recommended)
futucli set-login-pwd --account 12345678 # one-off
./futu-opend --login-account 12345678 ... # every launch auto-reads keychain
# B. Docker (secret mounted as a file)
docker run -v pwd-file:/run/secrets/futu-pwd:ro \\
ghcr.io/futuleaf/futu-opend-rs \\
--login-account X --login-pwd-file /run/secrets/futu-pwd ...
# C. systemd (LoadCredential from EncryptedDir / TPM)
# /etc/systemd/system/futu-opend.service
[Service]
LoadCredential=login-pwd:/etc/futu/pwd
ExecStart=/usr/local/bin/futu-opend \\
--login-account X \\
--login-pwd-file \${CREDENTIALS_DIRECTORY}/login-pwd ...
# D. CI / cron (FUTU_PWD env)
FUTU_PWD='...' ./futu-opend --login-account X ...
# E. Ad-hoc local (nothing configured → interactive prompt)
./futu-opend --login-account 12345678 ...
# → "Login password for account 12345678: "`;

async function running(user, letter, block, where, more = {}) {
    await user.quietly('rm -rf ~/.futu-opend-rs');
    const d = await user.start(block, more);
    seen(`${letter}. ${/login password: from.*/.exec(d.err)?.[0]}`,
        d.err.includes(`login password: from ${where}`) && /logged in as user/.test(d.err), d.err);
    await neighbours(user, './futu-opend --login-account 12345678');
    seen('ends with 0', await d.end() === 0);
}

async function guide() {
    const { user, end } = await start();
    printed(GUIDE);
    const stored = await user.onTerminal('futucli set-login-pwd --account 12345678 # one-off',
        [[ASK, PASSWORD], [/Again: $/, PASSWORD]]);
    seen('A. stored', await stored.ended === 0, stored.out);
    await running(user, 'A', './futu-opend --login-account 12345678', 'the Secret Service');
    await user.quietly('futucli clear-login-pwd --account 12345678');
    // As a container gets it, readable for all; and as systemd does, in a folder for one.
    const mounted = join(user.home, 'futu-pwd'), dir = join(user.home, 'credentials');
    writeFileSync(mounted, PASSWORD);
    chmodSync(mounted, 0o444);
    await running(user, 'B', `./futu-opend --login-account X --login-pwd-file ${mounted}`,
        '--login-pwd-file');
    mkdirSync(dir, { mode: 0o500 });
    writeFileSync(join(dir, 'login-pwd'), `${PASSWORD}\n`, { mode: 0o400 });
    await running(user, 'C', './futu-opend \\\n--login-account X \\\n' +
        '--login-pwd-file ${CREDENTIALS_DIRECTORY}/login-pwd', '--login-pwd-file',
    { CREDENTIALS_DIRECTORY: dir });
    await running(user, 'D', `FUTU_PWD='${PASSWORD}' ./futu-opend --login-account X`, 'FUTU_PWD');
    await user.quietly('rm -rf ~/.futu-opend-rs');
    const p = await user.onTerminal('./futu-opend --login-account 12345678 --setup-only',
        [[ASK, PASSWORD]]);
    seen('E. Login password for account 12345678: , and logged in', await p.ended === 0 &&
        /Login password for account 12345678: /.test(p.out) && !p.out.includes(PASSWORD), p.out);
    await end();
}

async function clear() {
    const { user, end } = await start();
    await user.quietly('futucli set-login-pwd --account 12345678 --from-stdin', {},
        `${PASSWORD}\n`);
    beside('futucli clear-login-pwd --account 12345678');
    const gone = await user.quietly('futucli clear-login-pwd --account 12345678');
    seen(gone.out.trim(), gone.how === 0 && /is removed/.test(gone.out));
    const none = await user.quietly('./futu-opend --setup-only --login-account X');
    seen('the next start finds none', none.how === 1 && /no password for account/.test(none.err));
    const twice = await user.quietly('futucli clear-login-pwd --account 12345678');
    seen(twice.err.trim(), twice.how === 1);
    await end();
}

export const parts = [oneTime, priority, guide, clear];
