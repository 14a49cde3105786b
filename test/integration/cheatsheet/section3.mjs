// section3.mjs - unattended: the printed unit, and the printed run of a container, after a first login
// in the foreground.
//
// sudo, systemctl and docker are stand-ins, since no machine of a test has a system manager and an
// engine: see ../standin.py. The unit's text is taken as printed and expanded as systemd does; what
// stands behind the image's name in the run of the container is what its program gets, in a root of
// its own with the folders that -v names.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync,
    writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Emulator, User, beside, futucli, http, opend, printed, scenario, seen, until }
    from './frame.mjs';
import { checkSecrets } from '../../secrets.mjs';

export const title = 'Production (unattended)';
export const changed = [['sudo, systemctl, docker', 'stand-ins in the PATH; they do what these do ' +
    'with the printed words'],
['/usr/local/bin/futu-opend, /etc/futu-opend', 'the built program, a folder of the test'],
['FUTU_ACCOUNT=..., FUTU_PWD=...', 'the emulator\'s account'],
['the image', 'what examples/deploy/Dockerfile would build, and its user: with the folder of -v ' +
    'belonging to that one'],
['-p, --restart', 'no network of its own, nothing that starts it again']];

const STANDIN = join(dirname(fileURLToPath(import.meta.url)), '..', 'standin.py');
const ACCOUNT = '12345678', PASSWORD = 'pw-of-production', IMAGE_USER = 1000;
const UNIT = `[Unit]
Description=FutuOpenD Rust Gateway
After=network-online.target
[Service]
Type=simple
User=futu
Environment=FUTU_ACCOUNT=...
Environment=FUTU_PWD=...
ExecStart=/usr/local/bin/futu-opend \\
--login-account \${FUTU_ACCOUNT} --login-pwd \${FUTU_PWD} \\
--platform moomoo \\
--rest-port 22222 --grpc-port 33333 \\
--rest-keys-file /etc/futu-opend/keys.json \\
--grpc-keys-file /etc/futu-opend/keys.json \\
--audit-log /var/log/futu-opend/audit.jsonl
Restart=on-failure
RestartSec=10
[Install]
WantedBy=multi-user.target`;
const STEPS = `# 1. Foreground setup to write credentials (as futu user)
sudo -u futu /usr/local/bin/futu-opend --setup-only \\
--login-account X --login-pwd Y --platform moomoo
# 2. Enable the systemd service
sudo systemctl enable --now futu-opend`;
const DOCKER = `docker run -d --name futu-opend --restart unless-stopped \\
-p 11111:11111 -p 22222:22222 -p 33333:33333 \\
-v ~/.futu-opend-rs:/root/.futu-opend-rs \\
-v /etc/futu-opend/keys.json:/etc/futu-opend/keys.json:ro \\
ghcr.io/futuleaf/futu-opend-rs:rs-v1.4.84 \\
--login-account X --login-pwd Y --platform moomoo \\
--rest-port 22222 --grpc-port 33333 \\
--rest-keys-file /etc/futu-opend/keys.json \\
--grpc-keys-file /etc/futu-opend/keys.json`;

async function start() {
    const m = await Emulator.start(scenario({ auth: { code: '123456', 'futunn-type': 'none' },
        accounts: [{ name: ACCOUNT, password: PASSWORD, attribution: 2, brokers: 1007 }] }));
    const user = new User({ words: [['--login-account X', `--login-account ${ACCOUNT}`],
        ['--login-pwd Y', `--login-pwd ${PASSWORD}`], ['FUTU_ACCOUNT=...', `FUTU_ACCOUNT=${ACCOUNT}`],
        ['FUTU_PWD=...', `FUTU_PWD=${PASSWORD}`]] }).at(m);
    const etc = join(user.home, 'etc'), box = join(user.home, 'standin');
    user.words.push(['/usr/local/bin/futu-opend', join(user.home, 'futu-opend')]);
    mkdirSync(box);
    mkdirSync(etc);
    for (const name of ['sudo', 'systemctl', 'docker'])
        writeFileSync(join(user.home, 'bin', name),
            `#!/bin/sh\nexec python3 -B ${STANDIN} ${name} "$@"\n`, { mode: 0o755 });
    Object.assign(user.env, { STANDIN: box, STANDIN_OPEND: opend, STANDIN_CLI: futucli });
    // They have left this process' groups: when the walk fails half way they end here.
    process.on('exit', () => {
        for (const f of existsSync(box) ? readdirSync(box) : [])
            if (f.endsWith('.pid'))
                spawnSync('kill', ['-KILL', readFileSync(join(box, f), 'utf8')], { stdio: 'ignore' });
    });
    const made = await user.quietly(`futucli gen-key --keys-file ${etc}/keys.json --id first ` +
        `--scopes qot:read,acc:read && chmod 644 ${etc}/keys.json`);
    const key = /\bfc_\w+/.exec(made.out)[0];
    return { m, user, etc, box, key };
}

const log = (s) => ['out', 'err'].map((k) => join(s.box, `futu-opend.log.${k}`))
    .filter(existsSync).map((f) => readFileSync(f, 'utf8')).join('');

async function serves(s, what, sms) {
    const rest = await s.user.port(22222);
    await until('readiness', async () => (await http(rest, '/readyz')).status === 200)
        .catch((e) => { throw new Error(`${e.message}\n${log(s)}`); });
    const headers = { authorization: `Bearer ${s.key}` };
    seen(`${what}: /health and /readyz say 200`, (await http(rest, '/health')).status === 200);
    seen('a key from the keys file reads the accounts, and without one there is 401',
        (await http(rest, '/api/accounts', { headers })).status === 200 &&
        (await http(rest, '/api/accounts')).status === 401);
    seen(`SMS in all: ${sms}`, s.m.sms.length === sms);
    checkSecrets([['the log', log(s)]], s.user.log);
}

async function asService(s) {
    printed(UNIT);
    // /etc/futu-opend stands for itself in the container: here it is the folder of the test.
    const text = (await s.user.local(UNIT)).replaceAll('/etc/futu-opend', s.etc);
    writeFileSync(join(s.box, 'futu-opend.service'), text);
    const p = await s.user.typed(STEPS, [[/Code of the SMS: $/, () => s.m.code]]);
    seen('step 1 asked for the code and saved the login', p.how === 0 &&
        /logged in as user/.test(p.out), p.out);
    await serves(s, 'step 2, without a terminal', 1);
    seen('a warning that the password stands among the arguments', /WARN .*--login-pwd/.test(log(s)));
    seen('the audit trail is written', readdirSync(s.user.log).includes('audit.jsonl'));
    beside('systemctl stop futu-opend');
    await s.user.quietly('systemctl stop futu-opend');
    const rest = await s.user.port(22222);
    await until('the end', async () => (await http(rest, '/health')).status === 0);
    beside('systemctl enable --now futu-opend');
    await s.user.quietly('systemctl enable --now futu-opend');
    await serves(s, 'started again', 1);
    await s.user.quietly('systemctl stop futu-opend');
    await until('the end', async () => (await http(rest, '/health')).status === 0);
    rmSync(join(s.box, 'futu-opend.pid'));
}

const ends = async (s, command) => {
    beside(command);
    const p = await s.user.quietly(command);
    return p.out.trim().split('\n').at(-1);
};

async function inContainer(s) {
    const root = process.getuid() === 0 ? [] : ['--user', '--map-root-user'];
    if (spawnSync('unshare', ['--mount', ...root, 'true']).status !== 0) {
        console.log('    NOT SEEN: mounts are not permitted here (unshare); no container was run');
        return;
    }
    s.user.words.push(['-v /etc/futu-opend/keys.json', `-v ${s.etc}/keys.json`]);
    if (process.getuid() === 0)
        for (const path of [s.user.dir, ...s.user.files().map((f) => join(s.user.dir, f))])
            chownSync(path, IMAGE_USER, IMAGE_USER);
    for (const what of ['the container', 'a container built anew, with the same volume']) {
        const p = what === 'the container' ? await s.user.run(DOCKER) : (beside(DOCKER),
        await s.user.quietly(DOCKER));
        seen('docker run -d says the container\'s name', p.out.trim() === 'futu-opend', p.err);
        await serves(s, what, 1);
        seen('docker stop ends it with 0', await ends(s, 'docker stop futu-opend') === '0');
        await s.user.quietly('docker rm futu-opend');
    }
    const without = DOCKER.replace(/-v ~.*\n/, '');
    beside(without);
    await s.user.quietly(without);
    seen('without the volume it ends with 3', await ends(s, 'docker wait futu-opend') === '3');
    seen('an SMS was sent', s.m.sms.length === 2);
    seen(/state: .* goes with it.*/.exec(log(s))?.[0], /mount a volume there/.test(log(s)), log(s));
    await s.user.quietly('docker rm futu-opend');
}

async function unattended() {
    const s = await start();
    await asService(s);
    await inContainer(s);
    await s.m.end();
}

export const parts = [unattended];
