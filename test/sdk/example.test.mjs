// example.test.mjs - examples/quotes.mjs, run as the README says: beside a node_modules with futu-api
// and ws in it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startDaemon } from './daemon.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

it('the example prints quotes and pushes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'futu-example-'));
    const daemon = await startDaemon(['--paper-clock', 'always-open,x20']);
    copyFileSync(here('../../examples/quotes.mjs'), join(dir, 'quotes.mjs'));
    symlinkSync(here('node_modules'), join(dir, 'node_modules'));
    try {
        const { stdout } = await promisify(execFile)(process.execPath,
            ['quotes.mjs', '127.0.0.1', String(daemon.wsPort), '5'], { cwd: dir, timeout: 30_000 });
        assert.match(stdout, /^now +00700 /m);
        assert.match(stdout, /^now +AAPL /m);
        assert.ok(stdout.match(/^push (00700|AAPL) /mg).length >= 5, stdout);
    } finally {
        rmSync(dir, { recursive: true });
        await daemon.stop();
    }
});
