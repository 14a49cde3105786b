// all.test.mjs - every tool over each transport, with good arguments and with bad ones; each result is what
// its outputSchema says and nothing that it does not say.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import Ajv from 'ajv';

import { calls } from './calls.mjs';
import { bad, call } from './tools.mjs';
import { all, World } from './world.mjs';

// Of objects whose members are described no other may be there.
function closed(schema) {
    if (Array.isArray(schema) || typeof schema !== 'object' || schema === null)
        return schema;
    const out = Object.fromEntries(Object.entries(schema).map(([k, v]) =>
        [k, k === 'properties' || k === '$defs'
            ? Object.fromEntries(Object.entries(v).map(([n, s]) => [n, closed(s)])) : closed(v)]));
    return out.properties ? { additionalProperties: false, ...out } : out;
}

// What each argument must not be, and what is said then.
function wrongs(name, s) {
    const types = [s.type].flat();
    if (s.enum)
        return [['no such', new RegExp(`${name}: unknown value, one of ${s.enum[0]}`)], [987654, /unknown value/], [{}, /unknown value/]];
    if (types[0] === 'array')
        return [[[{}], new RegExp(`${name}\\[0\\]`)], [true, new RegExp(name)]];
    if (types[0] === 'boolean')
        return [['true', /true or false/], [1, /true or false/]];
    if (types[0] === 'object')
        return [[[], /an object is expected/], ['x', /an object is expected/]];
    if (types[0] === 'number')
        return [['many', /a number is expected/], [true, /a number/], ...(s.exclusiveMinimum === 0 ? [[0, /above 0/]] : [])];
    if (types[0] === 'integer')
        return [[1.5, /an integer is expected/], ['x', /an integer/], [s.minimum - 1, /expected/], [s.maximum + 1, /expected/]];
    if (types.includes('integer'))
        return [['x', /an id is expected/], [1.5, /an id is expected/], [-1, /not the id|an id/]];
    return [[17, /a string is expected/], [[], /a string/], ...(s.pattern ? [['', /is expected/]] : []),
        ...(s.maxLength ? [['x'.repeat(s.maxLength + 1), /at most \d+ characters/]] : [])];
}

for (const kind of ['http', 'sse', 'stdio'])
    describe(kind, () => {
        let w, client, tools;

        before(async () => {
            w = await World.start(kind);
            client = await w.open();
            tools = new Map((await client.listTools()).tools.map((t) => [t.name, t]));
        });
        after(() => w.end());

        test('the table of calls has every tool', () => {
            assert.deepEqual([...new Set(calls.map((c) => c[0]))].sort(), [...tools.keys()].sort());
        });

        test('good arguments have their effect', async () => {
            const ajv = new Ajv({ strict: false, allErrors: true });
            const kept = {};
            for (const [name, args, { refused, check, keep } = {}] of calls) {
                const tool = tools.get(name);
                const given = JSON.parse(JSON.stringify(typeof args === 'function' ? args(kept) : args));
                const input = ajv.compile(tool.inputSchema);
                assert.ok(input(given), `${name} ${JSON.stringify(given)}: ${ajv.errorsText(input.errors)}`);
                const r = await call(client, name, given);
                const text = r.content[0].text.slice(0, 400);
                if (refused) {
                    assert.equal(r.isError, true, `${name}: ${text}`);
                    assert.match(r.json.error, refused);
                    assert.doesNotMatch(r.json.error, /^invalid parameters/);
                    continue;
                }
                assert.ok(!r.isError, `${name}: ${text}`);
                assert.deepEqual(r.structuredContent, r.json);
                if (!name.includes('acc_push'))
                    assert.equal(r.json.paper, true);
                assert.ok(r.lines.length > 10 && r.lines.length < 2000, name);
                const output = ajv.compile(closed(tool.outputSchema));
                if (!name.includes('acc_push'))
                    assert.ok(output(r.json), `${name}: ${ajv.errorsText(output.errors)}: ${text}`);
                check?.(r.json, kept);
                Object.assign(kept, keep?.(r.json));
            }
        });

        test('bad arguments are refused by their name', async () => {
            let n = 0;
            for (const [name, tool] of tools) {
                const base = calls.find((c) => c[0] === name)[1];
                const given = typeof base === 'function' ? {} : base;
                await bad(client, name, { ...given, no_such_name: 1 }, /no_such_name: unknown field/);
                for (const [arg, s] of Object.entries(tool.inputSchema.properties)) {
                    if (arg === 'api_key')
                        continue;           /* looked at before the others: who asks? */
                    for (const [value, re] of wrongs(arg, s)) {
                        await bad(client, name, { ...given, [arg]: value }, re);
                        n++;
                    }
                }
                for (const arg of tool.inputSchema.required) {
                    const { [arg]: gone, ...rest } = given;
                    if (gone !== undefined)
                        await bad(client, name, rest, new RegExp(`${arg}: required and missing`));
                }
            }
            assert.ok(n > 800, `${n}`);
        });

        test('unknown tools are answered with the nearest', async () => {
            await bad(client, 'futu_get_kine', {}, /unknown tool: futu_get_kine; did you mean futu_get_kline\?/);
            await bad(client, 'rm', {}, /unknown tool: rm$/);
            await bad(client, 'futu_get_quote', { api_key: 'fc_unknown', symbol: 'HK.00700' }, /unauthorized/);
            await bad(client, 'futu_get_quote', { api_key: 7, symbol: 'HK.00700' }, /unauthorized/);
            const own = await call(client, 'futu_get_quote', { api_key: all.plain, symbol: 'HK.00700' });
            assert.ok(!own.isError);
        });
    });
