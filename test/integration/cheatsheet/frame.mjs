// frame.mjs - what every section of the walk stands on: a user with a home of their own whose shell
// runs the printed blocks, and the vendor's side on loopback.
//
// A section is a file sectionN.mjs that exports its `title` and its `parts`: functions that run one
// after the other. A part prints each block (run(), daemon(), typed() do) and says by seen() what
// was observed; the walk counts both.
//
// How a printed block meets the emulator: the options that it lacks come from the environment,
// FUTU_OPEND_AUTH_SERVER and FUTU_OPEND_BROKER_ADDR, as any user may give them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync,
    writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { checkSecrets, secrets } from '../../secrets.mjs';
import { freePort } from '../../sdk/daemon.mjs';

export const [opend, futucli, emulator] = process.argv.slice(2, 5).map((p) => resolve(p));
export const slow = /[at]san/.test(opend) ? 4 : 1, WAIT_MS = 20_000 * slow;
export const count = { blocks: 0, checks: 0 };
export { freePort, secrets };

const top = mkdtempSync(join(tmpdir(), 'futu-cheatsheet-'));
const running = new Set();

// What is still there when the walk fails half way.
process.on('exit', () => {
    for (const p of running) {
        try {
            process.kill(-p.pid, 'SIGKILL');
        } catch {
            // It has ended by itself.
        }
    }
    rmSync(top, { recursive: true, force: true });
});

export function seen(what, ok = true, told = '') {
    assert.ok(ok, `${what}${told ? `\n${told}` : ''}`);
    count.checks++;
    console.log(`    seen: ${what}`);
}

export function printed(block) {
    count.blocks++;
    console.log(`\n${block.replace(/^/gm, '  $ ')}`);
}

// What the sheet does not print, and is needed to see what it says.
export const beside = (block) => console.log(`\n${block.replace(/^/gm, '  + ')}`);

export async function until(what, fn) {
    for (const end = Date.now() + WAIT_MS; Date.now() < end;) {
        const v = await fn();
        if (v)
            return v;
        await new Promise((r) => setTimeout(r, 20));
    }
    throw new Error(`${what}: not within ${WAIT_MS} ms`);
}

export function http(port, path, { method = 'GET', headers = {}, body } = {}) {
    return new Promise((r) => {
        const rq = request({ host: '127.0.0.1', port, path, method, headers }, (rs) => {
            let text = '';
            rs.on('data', (t) => { text += t; });
            rs.on('end', () => r({ status: rs.statusCode, text }));
        });
        rq.on('upgrade', (rs, socket) => { socket.destroy(); r({ status: rs.statusCode }); });
        rq.on('error', (e) => r({ status: 0, text: e.message }));
        rq.end(body);
    });
}

export const post = (port, path, key, body) => http(port, path,
    { method: 'POST', body: JSON.stringify(body),
    headers: { 'content-type': 'application/json',
        ...(key ? { authorization: `Bearer ${key}` } : {}) } });

// ---- processes ----

// A process in a group of its own: { out, err, ended, how }; on a terminal `out` is the screen.
// what: [program, arguments...]; how it ended is its status, or the signal's name.
export function launch([program, ...args], { cwd, env, stdin = 'ignore', more = [] }) {
    const child = spawn(program, args, { cwd, env, detached: true,
        stdio: [stdin, 'pipe', 'pipe', ...more] });
    const p = { child, out: '', err: '' };
    running.add(child);
    child.stdout.on('data', (t) => { p.out += t; });
    child.stderr.on('data', (t) => { p.err += t; });
    p.ended = new Promise((r) => child.once('close', (code, signal) => {
        running.delete(child);
        p.how = signal ?? code;
        r(p.how);
    }));
    // To all of its group.
    p.kill = (signal = 'SIGTERM') => { process.kill(-child.pid, signal); return p.ended; };
    return p;
}

async function within(p) {
    const timer = setTimeout(() => p.kill('SIGKILL'), WAIT_MS);
    await p.ended;
    clearTimeout(timer);
    return p;
}

// ---- the vendor's side ----

const lines = (head, values) => [`[${head}]`,
    ...Object.entries(values).map(([k, v]) => `${k} = ${v}`)].join('\n');

// The text of a scenario file. Passwords of accounts may stand in nothing that a program writes.
export function scenario({ auth = {}, accounts = [], more = '' }) {
    for (const a of accounts)
        secrets.add(a.password);
    return [lines('auth', auth), ...accounts.map((a) => lines('account', a)), more, ''].join('\n');
}

// Auth server and channel servers: .url, .brokers for --broker-addr, .sms: [account, code] of each.
export class Emulator {
    static async start(text, args = []) {
        const e = new Emulator(), dir = mkdtempSync(join(top, 'vendor-'));
        writeFileSync(join(dir, 'scenario.conf'), text);
        e.p = launch([emulator, '--dir', dir, ...args, join(dir, 'scenario.conf')],
            { cwd: dir, env: process.env, stdin: 'pipe' });
        await until('the emulator', () => {
            assert.equal(e.p.how, undefined, e.p.err);
            return /^ready$/m.test(e.p.out);
        });
        e.url = /^auth (\S+)/m.exec(e.p.out)[1];
        e.brokers = /^broker-addr (\S*)/m.exec(e.p.out)?.[1] ?? '';
        return e;
    }

    get sms() {
        return [...this.p.out.matchAll(/^sms (\S+) (\S+)$/gm)].map(([, who, code]) => [who, code]);
    }

    // The newest code.
    get code() {
        return this.sms.at(-1)[1];
    }

    async tell(line) {
        const before = this.p.out.length;
        this.p.child.stdin.write(`${line}\n`);
        await until(line, () => /^(done|refused)/m.test(this.p.out.slice(before)));
        assert.match(this.p.out.slice(before), /^done/m, line);
    }

    async end() {
        assert.equal(await this.p.kill(), 0, this.p.err);
    }
}

// What stands between a gateway and the auth servers and writes down each call: .calls, with the
// kind of client that asked. to: an emulator for each kind, "1" a client of Futubull, "2" one of
// moomoo.
export class Front {
    static async start(to, port = 0) {
        const f = new Front();
        f.calls = [];
        f.server = createServer((rq, rs) => f.pass(to, rq, rs));
        await new Promise((r) => f.server.listen(port, '127.0.0.1', r));
        f.url = `http://127.0.0.1:${f.server.address().port}`;
        return f;
    }

    async pass(to, rq, rs) {
        let body = '';
        for await (const part of rq)
            body += part;
        const kind = rq.headers['x-futu-client-type'];
        const call = { method: rq.method, path: rq.url, kind, body, answer: '' };
        this.calls.push(call);
        const on = request(to[kind].url + rq.url, { method: rq.method,
            headers: { ...rq.headers, connection: 'close' } }, async (answer) => {
            for await (const part of answer)
                call.answer += part;
            rs.writeHead(answer.statusCode, { 'content-type': 'application/json' });
            rs.end(call.answer);
        });
        on.on('error', () => rs.destroy());
        on.end(body);
    }

    // The calls of a method whose path begins so.
    count(method, path) {
        return this.calls.filter((c) => c.method === method && c.path.startsWith(path)).length;
    }

    end() {
        this.server.closeAllConnections();
        return new Promise((r) => this.server.close(r));
    }
}

// ---- a user ----

// The numbers of the sheet's ports, each of which becomes a free one, the same for all of a user's
// blocks. 11111 is where a gateway listens without being told, and futucli calls.
const PORTS = /\b(11111|11112|22222|22223|33333|33334|44444|9595|19998)\b/g;

export class User {
    #ports = new Map();

    // words: [what is printed, what this user writes instead]; env: more of the environment.
    constructor({ words = [], env = {} } = {}) {
        this.home = mkdtempSync(join(top, 'home-'));
        this.dir = join(this.home, '.futu-opend-rs');
        this.log = join(this.home, 'var-log');
        this.words = [['/var/log/futu-opend', this.log], ...words];
        const kept = Object.entries(process.env).filter(([k]) => !/^(FUTU|DBUS|XDG)_/.test(k));
        this.env = { ...Object.fromEntries(kept), HOME: this.home, TZ: 'UTC', LC_ALL: 'C.UTF-8',
            PATH: `${this.home}/bin:${process.env.PATH}`, FUTU_LOOPBACK_ONLY: '1', ...env };
        mkdirSync(join(this.home, 'bin'));
        mkdirSync(this.log);
        symlinkSync(opend, join(this.home, 'futu-opend'));
        symlinkSync(futucli, join(this.home, 'bin', 'futucli'));
    }

    // The free port in place of a printed one.
    async port(printedPort) {
        const key = Number(printedPort);
        if (!this.#ports.has(key))
            this.#ports.set(key, await freePort());
        return this.#ports.get(key);
    }

    // At an emulator; url: of the auth server when it is another, as of a Front.
    at(vendor, url = vendor.url) {
        Object.assign(this.env, { FUTU_OPEND_AUTH_SERVER: url,
            FUTU_OPEND_BROKER_ADDR: vendor.brokers });
        return this;
    }

    // What the shell gets. Behind a last comment it would wait for more, and stay.
    async local(block) {
        block = block.replace(/(\n#.*)+$/, '');
        for (const [from, to] of this.words)
            block = block.replaceAll(from, to);
        for (const [number] of block.matchAll(PORTS))
            await this.port(number);
        return block.replace(PORTS, (number) => this.#ports.get(Number(number)));
    }

    async #environment(more) {
        const own = await this.port(11111);
        return { FUTU_OPEND_PORT: String(own), FUTU_GATEWAY: `127.0.0.1:${own}`, ...this.env,
            ...more };
    }

    // The block's shell. With -c the last command takes the shell's place: its pid, its status.
    async #shell(block, more, rest = {}) {
        return launch(['bash', '-c', await this.local(block)],
            { cwd: this.home, env: await this.#environment(more), ...rest });
    }

    check(p) {
        const texts = [['standard error', p.err], ['standard output', p.out]];
        checkSecrets(texts, this.log);
        checkSecrets([], existsSync(this.dir) ? this.dir : undefined);
        for (const [place, text] of texts)
            assert.ok(!/Sanitizer/.test(text), `${place}: ${text}`);
        return p;
    }

    // A block that ends by itself, without a terminal: { how, out, err }.
    async run(block, more = {}) {
        printed(block);
        return this.check(await within(await this.#shell(block, more)));
    }

    // The same without showing it: what the sheet does not print.
    async quietly(block, more = {}, input = undefined) {
        const p = await this.#shell(block, more, input === undefined ? {} : { stdin: 'pipe' });
        if (input !== undefined)
            p.child.stdin.end(input);
        return this.check(await within(p));
    }

    // A block on a terminal: { out } is the screen. answers: [a question's end, what is typed],
    // in this order; what is typed may be a function.
    async typed(block, answers, more = {}) {
        printed(block);
        return this.check(await within(await this.onTerminal(block, answers, more)));
    }

    // The same without waiting for its end.
    shown(block, answers, more) {
        printed(block);
        return this.onTerminal(block, answers, more);
    }

    async onTerminal(block, answers = [], more = {}) {
        const env = await this.#environment({ ...more, SHELL: '/bin/sh',
            BLOCK: await this.local(block) });
        const p = launch(['script', '-qec', 'b=$BLOCK; unset BLOCK; exec bash -c "$b"',
            '/dev/null'],
            { cwd: this.home, env, stdin: 'pipe' });
        const left = [...answers];
        let at = 0;
        p.child.stdout.on('data', () => {
            const rest = p.out.slice(at), m = left.length ? left[0][0].exec(rest) : null;
            if (!m)
                return;
            at += m.index + m[0].length;
            const [, answer] = left.shift();
            p.child.stdin.write(`${typeof answer === 'function' ? answer() : answer}\n`);
        });
        return p;
    }

    // A block that is a gateway, or ends in one, without a terminal and up to its "ready":
    // { out, err, port, restPort, ended, how, end() }. restPort is of --rest-port 22222, or of an
    // option from the environment when the block names none.
    async daemon(block, more = {}) {
        printed(block);
        return this.start(block, more);
    }

    // The same without showing it: of a block with several, for one after the other.
    async start(block, more = {}) {
        const rest = String(await this.port(22222));
        const d = await this.#shell(block, { FUTU_OPEND_REST_PORT: rest, ...more });
        d.restPort = Number(more.FUTU_OPEND_REST_PORT ?? rest);
        d.end = async (signal) => {
            await d.kill(signal);
            return this.check(d).how;
        };
        await until('the gateway', async () => {
            assert.equal(d.how, undefined, d.out + d.err);
            return (await http(d.restPort, '/health')).status === 200;
        });
        await until('its addresses', () => /^ready/m.test(d.out) || !/futu-opend \d/.test(d.out));
        d.port = Number(/^ *FTAPI +\S+:(\d+)/m.exec(d.out)?.[1] ?? 0);
        return d;
    }

    // A block of gateways that run on behind their "&": { out, err, end() }. Both have one terminal
    // there, and so one output here.
    async background(block, more = {}) {
        printed(block);
        const p = await this.#shell(`${block}\njobs -p >&3\n` +
            'for j in $(jobs -p); do wait $j || exit; done', more,
            { more: ['pipe'] });
        let pids = '';
        p.child.stdio[3].on('data', (t) => { pids += t; });
        p.end = async () => {
            for (const pid of pids.trim().split('\n'))
                process.kill(Number(pid), 'SIGTERM');
            await p.ended;
            return this.check(p).how;
        };
        return p;
    }

    // Names of the state folder, and what stands in its files.
    files() {
        return existsSync(this.dir) ? readdirSync(this.dir).sort() : [];
    }

    read(name) {
        return readFileSync(join(this.dir, name), 'utf8');
    }
}

// A session with an unlocked keyring of its own, as a desktop's login makes one: { env, end() }.
export async function keyring(user) {
    const dir = mkdtempSync(join(top, 'session-'));
    const p = launch(['dbus-run-session', '--', 'sh', '-c', 'printf "pw\\n" | ' +
        'gnome-keyring-daemon --components=secrets --unlock >/dev/null && ' +
        'echo "$DBUS_SESSION_BUS_ADDRESS" && exec cat'], { cwd: dir, stdin: 'pipe',
        env: { ...user.env, XDG_RUNTIME_DIR: dir, XDG_DATA_HOME: dir } });
    const address = await until('the keyring', () => {
        assert.equal(p.how, undefined, p.err);
        return /^unix:\S+/m.exec(p.out)?.[0];
    });
    // GLib's locks are not instrumented.
    const tsan = [process.env.TSAN_OPTIONS, 'ignore_noninstrumented_modules=1'];
    return { env: { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: dir,
        TSAN_OPTIONS: tsan.filter(Boolean).join(' ') }, end: () => p.kill() };
}

// A paper exchange in place of the account, for sections that say nothing of logins.
export const paperUser = () => new User({ words: [['--login-account X --login-pwd Y', '--paper']],
    env: { FUTU_OPEND_PAPER_CLOCK: 'always-open', FUTU_OPEND_PORT: '0' } });
