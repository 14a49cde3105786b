// example.test.mjs - examples/grpc_quote.mjs, run as the README says: beside a node_modules with its packages.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { key, startGateway } from './client.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const k = key('all');
let g, dir;
before(async () => {
    g = await startGateway({ keys: [k] }, ['--paper-clock', 'always-open,x20']);
    dir = mkdtempSync(join(tmpdir(), 'futu-example-'));
    copyFileSync(here('../../examples/grpc_quote.mjs'), join(dir, 'grpc_quote.mjs'));
    symlinkSync(here('node_modules'), join(dir, 'node_modules'));
});
after(async () => {
    rmSync(dir, { recursive: true });
    await g.end();
});

const run = (address, env) => new Promise((resolve) => execFile(process.execPath, ['grpc_quote.mjs', address, '5'],
    { cwd: dir, timeout: 60_000, env: { ...process.env, ...env } },
    (e, out, err) => resolve({ status: e?.code ?? 0, out, err })));

it('prints quotes and pushes', async () => {
    const { status, out, err } = await run(`127.0.0.1:${g.grpcPort}`, { FUTU_API_KEY: k.plain });
    assert.equal(status, 0, err);
    assert.match(out, /^now +00700 /m);
    assert.match(out, /^now +AAPL /m);
    assert.ok(out.match(/^push (00700|AAPL) /mg).length >= 5, out);
});

it('says in a line what is wrong', async () => {
    const none = await run(`127.0.0.1:${g.grpcPort}`, { FUTU_API_KEY: '' });
    assert.equal(none.status, 1);
    assert.match(none.err, /^UNAUTHENTICATED: .*API key.*\n$/);
    const nobody = await run('127.0.0.1:1', {});
    assert.equal(nobody.status, 1);
    assert.match(nobody.err, /^UNAVAILABLE: .*ECONNREFUSED/);
});
