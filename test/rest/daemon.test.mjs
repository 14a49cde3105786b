// daemon.test.mjs - futucli daemon-status, daemon-reload and daemon-shutdown against a running daemon.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { Gateway, key } from './gateway.mjs';

const admin = key('operator', ['admin']), reader = key('reader', ['qot:read']);
const g = new Gateway({ keys: [admin, reader] });

before(() => g.start());
after(() => {
    g.agent.destroy();
    return g.child.exitCode === null ? g.end() : g.remove();
});

// The program's end: { code, out, err }.
function cli(words, env = {}) {
    const child = spawn(process.env.FUTU_CLI, words, { env: { PATH: process.env.PATH, ...env } });
    let out = '', err = '';
    child.stdout.on('data', (d) => out += d);
    child.stderr.on('data', (d) => err += d);
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

const port = () => ['--rest-port', String(g.restPort)];

test('the state is shown to a key with the scope admin', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'futu-key-')), 'key');
    writeFileSync(file, `${admin.plain}\n`);
    const table = await cli(['daemon-status', ...port(), '--key-file', file]);
    assert.equal(table.code, 0, table.err);
    assert.match(table.out, /upstream +paper/);
    assert.match(table.out, /API keys +2/);
    rmSync(dirname(file), { recursive: true });
    const json = await cli(['-o', 'json', 'daemon-status'],
        { FUTU_API_KEY: admin.plain, FUTU_REST_URL: `http://127.0.0.1:${g.restPort}` });
    assert.equal(JSON.parse(json.out).login.online, true);
});

test('others are told what they lack', async () => {
    const none = await cli(['daemon-status', ...port()]);
    assert.equal(none.code, 1);
    assert.match(none.err, /401.*\n.*FUTU_API_KEY/);
    const wrong = await cli(['daemon-status', ...port()], { FUTU_API_KEY: reader.plain });
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /403: forbidden\n.*scope admin/);
});

test('nobody there, nonsense there and a wrong address are one line each', async () => {
    const away = await cli(['daemon-status', '--rest-url', 'http://127.0.0.1:1']);
    assert.equal(away.code, 1);
    assert.match(away.err, /refused; is it started with --rest-port 1\?/);
    const https = await cli(['daemon-status', '--rest-url', 'https://127.0.0.1']);
    assert.match(https.err, /for https use curl/);
    const other = createServer((rq, rs) => rs.end('hello')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.on('listening', resolve));
    const nonsense = await cli(['daemon-status', '--rest-port', String(other.address().port)]);
    other.close();
    assert.equal(nonsense.code, 1);
    assert.match(nonsense.err, /not a gateway's answer/);
});

test('reload says how many keys are in force, shutdown ends the daemon with 0', async () => {
    g.writeKeys([admin]);
    const reload = await cli(['daemon-reload', ...port()], { FUTU_API_KEY: admin.plain });
    assert.equal(reload.code, 0, reload.err);
    assert.match(reload.out, /1 API keys are in force/);

    const stop = await cli(['daemon-shutdown', ...port()], { FUTU_API_KEY: admin.plain });
    assert.match(stop.out, /stops in 1 s/);
    assert.equal(await g.exit, 0);
});
