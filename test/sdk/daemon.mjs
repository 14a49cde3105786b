// daemon.mjs - starts futu-opend for a test, alone or as a chain of gateways, waits until it is
// ready, and ends it.
//
// FUTU_OPEND names the program (build/futu-opend when unset), so that each sanitizer's build is tried.
// FUTU_RELAYS: how many relays stand before the paper exchange of startGateway(), none when unset.
// stop() insists on exit status 0, where under a sanitizer a leak or a race shows, and on output
// without a secret.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSecrets } from '../secrets.mjs';

const program = process.env.FUTU_OPEND ??
    fileURLToPath(new URL('../../build/futu-opend', import.meta.url));
const READY_MS = 30_000, STOP_MS = 20_000;

function somePort() {
    return new Promise((resolve, reject) => {
        const s = createServer();
        s.once('error', reject);
        s.listen(0, '127.0.0.1', () => {
            const { port } = s.address();
            s.close(() => resolve(port));
        });
    });
}

// A port that was free a moment ago, and that nobody else here has been given: a daemon asks for
// several before it opens the first.
const given = new Set();
export async function freePort() {
    for (;;) {
        const port = await somePort();
        if (given.has(port))
            continue;
        given.add(port);
        return port;
    }
}

export class Daemon {
    constructor(args, env = {}) {
        this.args = args;
        this.level = 'trace';
        this.env = env;
        this.port = 0;
    }

    run() {
        this.out = this.err = '';
        const child = spawn(program, ['--frequency-limits', 'off', ...this.args, '--log-level',
            this.level, '--port', String(this.port), '--websocket-port', String(this.wsPort)],
            { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.env } });
        const orphan = () => child.kill('SIGKILL');
        process.once('exit', orphan);
        child.stderr.on('data', (d) => { this.err += d; });
        this.exit = new Promise((resolve) => {
            child.once('error', (e) => resolve(`can't run ${program}: ${e.message}`));
            child.once('close', (code, signal) => resolve(signal ?? code));
        }).finally(() => process.off('exit', orphan));
        this.child = child;
        return this.ready();
    }

    ready() {
        return new Promise((resolve, reject) => {
            const fail = (why) => reject(new Error(`futu-opend: ${why}\n${this.out}` +
                this.lastWords()));
            const timer = setTimeout(fail, READY_MS, 'not ready in time');
            this.child.stdout.on('data', (d) => {
                this.out += d;
                if (!/^ready/m.test(this.out))
                    return;
                clearTimeout(timer);
                this.port = Number(/^ *FTAPI +\S+:(\d+)/m.exec(this.out)?.[1] ?? 0);
                resolve(this);
            });
            this.exit.then((how) => { clearTimeout(timer); fail(`ended with ${how}`); });
        });
    }

    // The first time on ports that are free, after that on the same ones. The WebSocket's is chosen
    // here, so the race for it can be lost; then it is run again.
    async start() {
        if (this.port)
            return this.run();
        for (let left = 5; ; left--) {
            this.wsPort = await freePort();
            try {
                return await this.run();
            } catch (e) {
                this.child.kill('SIGKILL');
                if (left === 0 || !/can't be opened/.test(this.err))
                    throw e;
            }
        }
    }

    async stop() {
        const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
        this.child.kill('SIGTERM');
        const how = await this.exit;
        clearTimeout(timer);
        if (how !== 0)
            throw new Error(`futu-opend ended with ${how}\n${this.lastWords()}`);
        this.checkOutput();
    }

    // As a crash would end it.
    async kill() {
        this.child.kill('SIGKILL');
        const how = await this.exit;
        if (how !== 'SIGKILL')
            throw new Error(`futu-opend ended with ${how} before it was killed\n` +
                this.lastWords());
        this.checkOutput();
    }

    checkOutput() {
        checkSecrets([['standard error', this.err], ['standard output', this.out]]);
    }

    // At trace there is too much to show it all.
    lastWords() {
        return this.err.split('\n').filter((line) => !/ (TRACE|DEBUG) /.test(line)).slice(-40)
            .join('\n');
    }

    async restart() {
        await this.stop();
        await this.start();
    }
}

// The paper exchange and the relays before it, each a client of the one before. [0] is the exchange.
class Chain {
    constructor(args) {
        this.daemons = [new Daemon(['--paper', '--paper-clock', 'always-open', ...args])];
        this.dirs = [];
    }

    get paper() { return this.daemons[0]; }
    get end() { return this.daemons[this.daemons.length - 1]; }
    get wsPort() { return this.end.wsPort; }

    async start(relays) {
        try {
            await this.paper.start();
            for (let i = 0; i < relays; i++) {
                const dir = mkdtempSync(join(tmpdir(), 'futu-relay-'));
                this.dirs.push(dir);
                const relay = new Daemon(['--upstream', `127.0.0.1:${this.end.port}`,
                    '--state-dir', dir]);
                await relay.start();
                this.daemons.push(relay);
            }
        } catch (e) {
            await this.stop().catch(() => {});
            throw e;
        }
        return this;
    }

    // What the clients are connected to; the rest goes on.
    restart() {
        return this.end.restart();
    }

    // All of them, whatever the first ones' ends were like.
    async stop() {
        const failed = [];
        for (const d of [...this.daemons].reverse())
            await d.stop().catch((e) => failed.push(e));
        for (const dir of this.dirs)
            rmSync(dir, { recursive: true });
        if (failed.length > 0)
            throw failed[0];
    }
}

// args: more options of the paper exchange.
export const startChain = (args, relays) => new Chain(args).start(relays);
export const startGateway = (args = []) => startChain(args, Number(process.env.FUTU_RELAYS ?? 0));
export const startDaemon = (args = []) => startChain(args, 0);
