// http_rules.test.mjs - /mcp over HTTP as its specification has it: revisions, headers, batches,
// sessions, and who is let in.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { key, startGateway } from '../rest/gateway.mjs';
import { BOTH, Exchange, message, REVISIONS, Session } from './raw.mjs';

const qot = key('qot', ['qot:read']), other = key('other', ['qot:read']);
const many = key('many', ['qot:read']);
const ping = (id) => message('ping', undefined, id);

describe('/mcp', () => {
    let g;
    before(async () => {
        g = await startGateway({ keys: [qot, other, many],
            more: ['--rest-allowed-origins', 'https://page.example'] });
    });
    after(() => g.end());

    for (const revision of REVISIONS)
        describe(`revision ${revision}`, () => {
            let s;
            before(async () => { s = await new Session(g, qot, { revision }).open(); });
            after(async () => assert.equal((await s.delete()).status, 204));

            it('says what it can do', () => {
                assert.deepEqual(s.result.capabilities, { tools: { listChanged: false },
                    logging: {} });
                assert.equal(s.result.serverInfo.name, 'futu-opend');
            });

            it('answers a request, and takes notifications and responses', async () => {
                assert.deepEqual((await s.post(ping(7))).json, { jsonrpc: '2.0', id: 7, result: {} });
                for (const body of [message('notifications/anything'),
                    { jsonrpc: '2.0', id: 1, result: {} },
                    { jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }]) {
                    const x = await s.post(body);
                    assert.equal(x.status, 202);
                    assert.equal(x.text, '');
                }
            });

            it('has batches in 2025-03-26 alone', async () => {
                const has = revision === '2025-03-26';
                const x = await s.post([ping(1), message('notifications/x'), ping('two')]);
                assert.equal(x.status, has ? 200 : 400);
                if (has)
                    assert.deepEqual(x.json.map((m) => m.id), [1, 'two']);
                else
                    assert.equal(x.json.error.code, -32600);
                assert.equal((await s.post([message('notifications/x')])).status, has ? 202 : 400);
                assert.equal((await s.post([])).status, 400);
                if (!has)
                    return;
                const stream = await s.post([ping(1), ping(2)], { accept: 'text/event-stream' });
                await stream.end;
                assert.deepEqual(stream.messages.map((m) => m.id), [1, 2]);
            });

            it('looks at the version header', async () => {
                assert.equal((await s.post(ping(1),
                    { 'mcp-protocol-version': undefined })).status, 200);
                for (const wrong of ['1999-01-01', '', 'x', REVISIONS.find((r) => r !== revision)])
                    assert.equal((await s.post(ping(1),
                        { 'mcp-protocol-version': wrong })).status, 400, wrong);
            });

            it('structures results from 2025-06-18 on', async () => {
                const x = await s.post(message('tools/call', { name: 'futu_ping' }, 1));
                assert.equal('structuredContent' in x.json.result, revision >= '2025-06-18');
            });

            it('begins its streams with an event of no data from 2025-11-25 on', async () => {
                const primes = revision === '2025-11-25';
                const x = await s.post(ping(5), { accept: 'text/event-stream' });
                await x.end;
                assert.equal(x.events.length, primes ? 2 : 1);
                if (primes)
                    assert.match(x.events[0].id, /^\d+-0$/);
                assert.equal(x.events[0].data === '', primes);
                assert.deepEqual(x.messages, [{ jsonrpc: '2.0', id: 5, result: {} }]);
            });
        });

    it('says what is wrong with a request', async () => {
        const s = await new Session(g, qot).open();
        for (const [body, headers, status] of [
            ['{', {}, 400], ['', {}, 400], ['{"jsonrpc":"2.0","id":1,"method":"ping","params":NaN}',
                {}, 400],
            ['{}', {}, 400], [ping(1), { 'content-type': 'text/plain' }, 415],
            [ping(1), { accept: 'text/html' }, 406], [ping(1), { accept: undefined }, 200],
            [ping(1), { accept: 'application/json' }, 200],
            [ping(1), { 'mcp-session-id': undefined }, 400],
            [ping(1), { 'mcp-session-id': '0'.repeat(32) }, 404],
            [ping(1), { 'mcp-session-id': `${s.id}0` }, 404],
            [ping(1), { authorization: undefined }, 401],
            [ping(1), { authorization: 'Bearer fc_wrong' }, 401],
            [ping(1), { authorization: `Bearer ${other.plain}` }, 404],
            [`"${' '.repeat(2 ** 20)}"`, {}, 413],
            [ping(1), {}, 200]]) {
            const x = await s.post(body, headers);
            assert.equal(x.status, status, `${JSON.stringify(body).slice(0, 100)} ` +
                `${JSON.stringify(headers)}: ${x.text}`);
        }
        for (const [lastId, headers, status] of [
            [undefined, { accept: 'application/json' }, 406],
            [undefined, { 'mcp-session-id': undefined }, 400],
            [undefined, { authorization: `Bearer ${other.plain}` }, 404],
            ['0-77', {}, 400], ['99-0', {}, 400], ['nonsense', {}, 400],
            [undefined, { 'mcp-protocol-version': '2025-06-18' }, 400]])
            assert.equal((await s.get(lastId, headers)).status, status, lastId);
        for (const method of ['HEAD', 'PUT'])
            assert.equal((await new Exchange(g, { method, headers: s.headers() }).head).status, 405);
    });

    it('has one stream of a session at a time, until DELETE', async () => {
        const s = await new Session(g, qot).open();
        const first = await s.get();
        assert.equal(first.rs.headers['transfer-encoding'], 'chunked');
        assert.equal((await s.get()).status, 409);
        const second = await s.get(first.lastId ?? '0-0');
        assert.equal((await first.end).error, undefined);
        second.cut();
        let third;
        do                              // the gateway may not have seen the cut yet
            third = await s.get();
        while (third.status === 409);
        assert.equal(third.status, 200);
        assert.equal((await s.delete()).status, 204);
        await third.end;
        for (const x of [await s.get(), await s.post(ping(1)), await s.delete()])
            assert.equal(x.status, 404);
    });

    it('lets in pages that are allowed, and no others', async () => {
        for (const [origin, status] of [['https://page.example', 200], ['http://localhost:1', 200],
            ['http://127.0.0.1', 200], ['https://evil.example', 403], ['null', 403],
            ['https://page.example.evil.example', 403]]) {
            const s = await new Session(g, qot).open();
            const x = await s.post(ping(1), { origin });
            assert.equal(x.status, status, origin);
            assert.equal(x.rs.headers['access-control-allow-origin'],
                status === 200 ? origin : undefined);
            const stream = await s.get(undefined, { origin });
            assert.equal(stream.status, status, origin);
            assert.equal(stream.rs.headers['access-control-allow-origin'],
                status === 200 ? origin : undefined);
            await s.delete();
            await stream.end;
        }
        const asked = await g.http('/mcp', { method: 'OPTIONS',
            headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' } });
        assert.equal(asked.status, 204);
        assert.match(asked.headers['access-control-allow-headers'], /Last-Event-ID/);
        assert.match(asked.headers['access-control-allow-methods'], /GET.*DELETE.*POST/);
    });

    it('bounds the sessions of a key', async () => {
        const kept = await new Session(g, qot).open();
        const read = await new Session(g, many).open();
        const stream = await read.get();
        const first = await new Session(g, many).open();
        for (let i = 0; i < 63; i++)
            await new Session(g, many).open();
        assert.equal((await first.post(ping(1))).status, 404, 'the one idle longest has gone');
        assert.equal((await read.post(ping(1))).status, 200, 'one that is read stays');
        assert.equal((await kept.post(ping(1))).status, 200, 'another key keeps its own');
        stream.cut();
    });
});

describe('/mcp without keys', () => {
    let g;
    before(async () => {
        g = await startGateway({ more: ['--rest-allowed-origins', 'https://page.example'] });
    });
    after(() => g.end());

    // A Host that a page may have had resolve to this machine.
    const initialize = (host) => new Promise((resolve, reject) => {
        const body = JSON.stringify(message('initialize', { protocolVersion: '2025-11-25' }, 1));
        const rq = request({ host: '127.0.0.1', port: g.restPort, path: '/mcp', method: 'POST',
            headers: { host, accept: BOTH, 'content-type': 'application/json',
                'content-length': body.length } }, (rs) => { rs.resume(); resolve(rs.statusCode); });
        rq.on('error', reject);
        rq.end(body);
    });

    it('is reached by address, by loopback names, and by the names of allowed pages', async () => {
        for (const [host, status] of [[`127.0.0.1:${g.restPort}`, 200], ['localhost', 200],
            ['[::1]:1', 200], ['10.0.0.7', 200], ['page.example', 200], ['evil.example', 403],
            ['127.0.0.1.evil.example', 403]])
            assert.equal(await initialize(host), status, host);
    });
});
