// emulator.mjs - futu-emulator by a scenario, a gateway that logs in at it, and commands to it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secrets } from '../secrets.mjs';
import { Daemon } from './daemon.mjs';

const opend = process.env.FUTU_OPEND ??
    fileURLToPath(new URL('../../build/futu-opend', import.meta.url));
const program = join(dirname(opend), 'futu-emulator');
const PASSWORD = 'not-a-real-password';
secrets.add(PASSWORD);

const account = (brokers) => `[account]
name = 12345678
password = ${PASSWORD}
sms = no
uid = 9000001
brokers = ${brokers}
`;

export class Broker {
    constructor(scenario = '', brokers = '1001 1007') {
        this.dir = mkdtempSync(join(tmpdir(), 'futu-direct-'));
        this.file = join(this.dir, 'scenario.conf');
        writeFileSync(this.file, account(brokers) + scenario);
        this.out = '';
        this.waiters = new Set();
    }

    start() {
        this.child = spawn(program, ['--dir', this.dir, this.file],
            { stdio: ['pipe', 'pipe', 'inherit'] });
        const orphan = () => this.child.kill('SIGKILL');
        process.once('exit', orphan);
        this.exit = new Promise((resolve) => {
            this.child.once('close', (code, signal) => resolve(signal ?? code));
        }).finally(() => process.off('exit', orphan));
        this.child.stdout.on('data', (d) => {
            this.out += d;
            for (const w of this.waiters)
                w();
        });
        return this.said(/^ready$/m, 0);
    }

    // Resolves once the output from `from` on matches.
    said(what, from) {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`emulator: no ${what}\n${this.out}`)),
                20_000);
            const look = () => {
                const m = what.exec(this.out.slice(from));
                if (!m)
                    return;
                clearTimeout(timer);
                this.waiters.delete(look);
                resolve(m);
            };
            this.waiters.add(look);
            look();
        });
    }

    async command(line) {
        const from = this.out.length;
        this.child.stdin.write(`${line}\n`);
        const [, answer] = await this.said(/^(done|refused)$/m, from);
        if (answer !== 'done')
            throw new Error(`emulator: ${line}: refused`);
        return this.out.slice(from);
    }

    async logins(identity) {
        return Number(/^logins \d+ (\d+)$/m.exec(await this.command(`logins ${identity}`))[1]);
    }

    addresses(identity) {
        return [...this.out.matchAll(new RegExp(`^channel ${identity} (\\S+)$`, 'gm'))]
            .map((m) => m[1]);
    }

    // A key with these scopes, in a keys file of its own.
    key(scopes) {
        const file = join(this.dir, 'keys.json');
        const out = execFileSync(join(dirname(opend), 'futucli'),
            ['gen-key', '--keys-file', file, '--id', 'ops', '--scopes', scopes],
            { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
        return { file, token: /fc_\w+/.exec(out)[0] };
    }

    // A gateway whose upstream this broker is.
    gateway(...more) {
        const one = (name) => new RegExp(`^${name} (.+)$`, 'm').exec(this.out)[1];
        return new Daemon(['--login-account', '12345678', '--auth-server', one('auth'),
            '--broker-addr', one('broker-addr'), '--keychain', 'off', '--state-dir',
            join(this.dir, 'state'), ...more],
            { FUTU_PWD: PASSWORD, FUTU_LOOPBACK_ONLY: '1' });
    }

    async stop() {
        this.child.kill('SIGTERM');
        const how = await this.exit;
        rmSync(this.dir, { recursive: true });
        if (how !== 0)
            throw new Error(`futu-emulator ended with ${how}`);
    }
}
