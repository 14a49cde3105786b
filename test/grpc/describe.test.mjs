// describe.test.mjs - what the gateway tells of itself without a key: reflection and health.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Daemon, freePort } from '../sdk/daemon.mjs';
import { api, call, grpc, key, pathOf, protocols, rows, slow, startGateway, status, within } from './client.mjs';
import { Reflection, symbolsOf } from './reflect.mjs';

const SERVICES = ['futu.service.FutuOpenD', 'futu.v1.Quote', 'futu.v1.System', 'futu.v1.Trade', 'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

let g;
before(async () => { g = await startGateway({ keys: [key('all')] }); });
after(() => g.end());

for (const version of ['v1', 'v1alpha'])
    describe(`reflection ${version}`, () => {
        let r, files;
        before(async () => {
            r = new Reflection(g, version);
            files = await r.files();
        });
        after(() => r.end());

        it('lists the services', async () => assert.deepEqual((await r.services()).sort(), SERVICES));

        it('has every file that is imported, whole', () => {
            assert.ok(files.size > 150, `${files.size}`);
            for (const { proto } of files.values())
                for (const name of proto.dependency)
                    assert.ok(files.has(name), name);
        });

        it('has a method for every protocol', () => {
            const methods = new Map();
            for (const { proto } of files.values())
                for (const s of proto.service)
                    s.method.forEach((m) => methods.set(`/${proto.package}.${s.name}/${m.name}`, m));
            for (const p of protocols) {
                const m = methods.get(pathOf(p.name));
                assert.deepEqual([m?.inputType, m?.outputType], [`.${p.request}`, `.${p.response}`], p.name);
            }
        });

        it('has the messages of pushes', () => {
            const has = new Set([...files.values()].flatMap(({ proto }) => symbolsOf(proto)));
            for (const p of rows.filter((x) => x.kind === 'push'))
                assert.ok(has.has(p.response), p.name);
        });

        it('finds each symbol in its file', async () => {
            let n = 0;
            for (const { proto } of files.values()) {
                const symbols = symbolsOf(proto);
                for (const a of await Promise.all(symbols.map((s) => r.file({ file_containing_symbol: s }))))
                    assert.equal(a.proto.name, proto.name);
                n += symbols.length;
            }
            assert.ok(n > 1000, `${n}`);
        });

        it('says what is not there, and goes on', async () => {
            for (const q of [{ file_containing_symbol: 'no.Such' }, { file_by_filename: 'no.proto' },
                { all_extension_numbers_of_type: 'Qot_Common.Security' }, { file_containing_symbol: 'futu' },
                { file_containing_extension: { containing_type: 'Qot_Common.Security', extension_number: 100 } }]) {
                const a = await r.ask({ host: 'h', ...q });
                assert.equal(a.error_response.error_code, status.NOT_FOUND, JSON.stringify(q));
                assert.match(a.error_response.error_message, /\w/);
                assert.equal(a.valid_host, 'h');
                const [[name, value]] = Object.entries(q);
                assert.deepEqual(a.original_request[name], value);
            }
            assert.equal((await r.ask({ host: '' })).error_response.error_code, status.INVALID_ARGUMENT);
            await r.file({ file_containing_symbol: 'futu.v1.Quote' });
        });
    });

describe('health', () => {
    let h;
    before(() => { h = g.client(api.grpc.health.v1.Health); });

    it('is told of each service', async () => {
        for (const service of ['', ...SERVICES])
            assert.equal((await call(h, 'Check', { service })).value.status, 'SERVING', service);
        assert.equal((await call(h, 'Check', { service: 'x' })).code, status.NOT_FOUND);
    });

    it('is told of a name that is unknown, for as long as one watches', async () => {
        const w = h.Watch({ service: 'x' });
        assert.equal((await new Promise((resolve) => { w.once('data', resolve); })).status, 'SERVICE_UNKNOWN');
        const ended = new Promise((resolve) => { w.once('error', (e) => resolve(e.code)); });
        w.cancel();
        assert.equal(await ended, status.CANCELLED);
    });

    it('is told anew when the upstream goes, and when it comes back', async () => {
        const paper = await new Daemon(['--paper', '--paper-clock', 'always-open']).start();
        const dir = mkdtempSync(join(tmpdir(), 'futu-grpc-')), port = await freePort();
        const relay = await new Daemon(['--upstream', `127.0.0.1:${paper.port}`, '--state-dir', dir, '--grpc-port',
            String(port)]).start();
        const c = new api.grpc.health.v1.Health(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
        const w = c.Watch({ service: 'futu.v1.Quote' }), told = [];
        let look = () => {};
        w.on('data', (m) => { told.push(m.status); look(); });
        const until = (n) => within(20_000 * slow, `${n} words of ${told}`, new Promise((resolve) => {
            look = () => told.length >= n && resolve();
            look();
        }));
        await until(1);
        await paper.kill();
        await until(2);
        assert.equal((await call(c, 'Check', { service: 'futu.v1.Trade' })).value.status, 'NOT_SERVING');
        assert.equal((await call(c, 'Check', { service: '' })).value.status, 'SERVING');
        await paper.start();
        await until(3);
        assert.deepEqual(told, ['SERVING', 'NOT_SERVING', 'SERVING']);
        w.on('error', () => {});
        w.cancel();
        c.close();
        await relay.stop();
        await paper.stop();
        rmSync(dir, { recursive: true });
    });
});
