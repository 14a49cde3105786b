// daemon.mjs - starts futu-opend for a test, waits until it is ready, and ends it.
//
// FUTU_OPEND names the program (build/futu-opend when unset), so that each sanitizer's build is tried.
// stop() insists on exit status 0: under a sanitizer a leak or a race shows there.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const program = process.env.FUTU_OPEND ??
    fileURLToPath(new URL('../../build/futu-opend', import.meta.url));
const READY_MS = 30_000, STOP_MS = 20_000;

// A port that was free a moment ago.
export function freePort() {
    return new Promise((resolve, reject) => {
        const s = createServer();
        s.once('error', reject);
        s.listen(0, '127.0.0.1', () => {
            const { port } = s.address();
            s.close(() => resolve(port));
        });
    });
}

class Daemon {
    constructor(wsPort, args) {
        this.wsPort = wsPort;
        this.out = this.err = '';
        this.child = spawn(program, ['--paper', '--paper-clock', 'always-open', '--frequency-limits',
            'off', '--port', '0', '--websocket-port', String(wsPort), '--log-level', 'warn', ...args],
            { stdio: ['ignore', 'pipe', 'pipe'] });
        this.child.stderr.on('data', (d) => { this.err += d; });
        this.exit = new Promise((resolve) => {
            this.child.once('error', (e) => resolve(`can't run ${program}: ${e.message}`));
            this.child.once('close', (code, signal) => resolve(signal ?? code));
        });
    }

    ready() {
        return new Promise((resolve, reject) => {
            const fail = (why) => reject(new Error(`futu-opend: ${why}\n${this.out}${this.err}`));
            const timer = setTimeout(fail, READY_MS, 'not ready in time');
            this.child.stdout.on('data', (d) => {
                this.out += d;
                if (!/^ready/m.test(this.out))
                    return;
                clearTimeout(timer);
                this.port = Number(/^ *FTAPI +\S+:(\d+)/m.exec(this.out)?.[1]);
                resolve(this);
            });
            this.exit.then((how) => { clearTimeout(timer); fail(`ended with ${how}`); });
        });
    }

    async stop() {
        const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
        this.child.kill('SIGTERM');
        const how = await this.exit;
        clearTimeout(timer);
        if (how !== 0)
            throw new Error(`futu-opend ended with ${how}\n${this.err}`);
    }
}

// args: more options. port: of the WebSocket; a free one when absent, then a lost race is run again.
export async function startDaemon(args = [], port) {
    for (let left = 5; ; left--) {
        const d = new Daemon(port ?? await freePort(), args);
        try {
            return await d.ready();
        } catch (e) {
            d.child.kill('SIGKILL');
            if (port || left === 0 || !/can't be opened/.test(d.err))
                throw e;
        }
    }
}
