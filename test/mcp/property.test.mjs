// property.test.mjs - what the listed schemas accept and refuse is what the tools accept and refuse: many
// argument objects, made from the schemas and then spoiled, are judged by a JSON Schema validator and sent.
//
// A tool refuses arguments with "invalid parameters: ..."; anything else that it says is about what was asked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import Ajv from 'ajv';

import { random, slow } from '../rest/gateway.mjs';
import { call } from './tools.mjs';
import { World } from './world.mjs';

const ROUNDS = slow > 1 ? 8 : 40;       // of each tool; SEED=n tries others
const SEED = Number(process.env.SEED ?? 1);
let w, client, tools, r;

before(async () => {
    w = await World.start('stdio');
    client = await w.open();
    tools = (await client.listTools()).tools;
    r = random(SEED);
});
after(() => w.end());

const pick = (list) => list[r(list.length)];
const odd = () => structuredClone(pick(ODD));

// A value that the schema describes.
function good(s) {
    const type = pick([s.type].flat());
    if (s.enum)
        return pick(s.enum);
    switch (type) {
    case 'array':
        return Array.from({ length: r(3) }, () => good(s.items));
    case 'object':
        return object(s);
    case 'boolean':
        return r(2) === 0;
    case 'integer': {
        const from = s.minimum ?? (s.exclusiveMinimum ?? -1) + 1, to = s.maximum ?? 1e9;
        return pick([from, to, from + r(Math.min(to - from, 1000) + 1)]);
    }
    case 'number':
        return s.exclusiveMinimum === 0 ? pick([0.001, 100, 12345.5]) : pick([0, 1, 100, -2.5, 1e-7, 310.2]);
    default:
        return text(s);
    }
}

function text(s) {
    const known = { '^(HK|US': pick(['HK.00700', 'US.AAPL', 'SH.600519', 'HK.!']), '^(0|[1-9]': pick(['0', '7', '9100001', '281756455983234']),
        '^[1-9]': pick(['7', '281756455983234']),
        '^[!-~]{1': pick(['HK.00700', '00700', 'x']), '^[0-9]{4': pick(['2026-01-05', '2026-01-05 09:30:00', '9999-99-99']) };
    const at = Object.keys(known).find((k) => s.pattern?.startsWith(k));
    if (s.pattern)
        return known[at];
    return pick(['', 'a', 'paper', '十'.repeat(Math.min(s.maxLength ?? 30, 30)), 'x"\\\n'.slice(0, s.maxLength ?? 9)]);
}

function object(s) {
    const out = {};
    for (const [name, p] of Object.entries(s.properties ?? {}))
        if (s.required?.includes(name) || r(3) === 0)
            out[name] = good(p);
    return out;
}

// Values that are mostly not what is expected somewhere.
const ODD = [null, true, false, 0, -1, 1.5, 7, 1001, 5001, 987654321, -2147483649, '', 'x', 'K_DAY', '2026-1-5', 'AAPL', 'hk.00700', 'XX.1',
    '12a', '-5', '0', '00', [], [null], [[]], ['x'], [0], {}, { a: 1 }, [{}], 'x'.repeat(70), '2026-01-05T09:30:00', ' HK.00700'];

function spoil(args, schema) {
    const names = Object.keys(schema.properties).filter((n) => n !== 'api_key');
    const name = pick(names);
    switch (names.length ? r(6) : 1) {
    case 0:
        delete args[pick(schema.required.length ? schema.required : names)];
        break;
    case 1:
        args[pick(['stock', 'klType', 'symbolx', 'Symbol', 'no_such', 'qty_', 'pwd_md5', '__proto'])] = odd();
        break;
    case 2:
        if (Array.isArray(args[name]))
            args[name].push(odd());
        else if (typeof args[name] === 'object' && args[name])
            args[name][pick([...Object.keys(args[name]), 'other'])] = odd();
        else
            args[name] = odd();
        break;
    default:
        args[name] = odd();
    }
}

// What may be written beyond the schema: as it would be written by it.
function plain(value, s, top = false) {
    const types = [s?.type].flat();
    if (value === null || s === undefined)
        return value;
    if (types[0] === 'array' && !Array.isArray(value))
        return [plain(value, s.items)];
    if (Array.isArray(value))
        return value.map((v) => plain(v, s.items));
    if (typeof value === 'object' && s.properties)
        return Object.fromEntries(Object.entries(value).filter(([k, v]) => !top || v !== null || !s.properties[k])
            .map(([k, v]) => [k, plain(v, s.properties[k])]));
    if (typeof value === 'string' && s.pattern?.startsWith('^(HK|US'))
        return value.replace(/^[a-z]{2}\./, (p) => p.toUpperCase());
    if (typeof value === 'string' && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value) && !types.includes('string'))
        return types[0] === 'integer' || types[0] === 'number' ? Number(value) : value;
    if (typeof value === 'string' && s.enum && /^-?(0|[1-9]\d*)$/.test(value))
        return Number(value);
    return value;
}

// A name as the tools read it: letters and digits, in any case, or one of the protocol's own.
function named(value, s) {
    if (Array.isArray(value))
        return value.map((v) => named(v, s?.items));
    if (typeof value === 'object' && value && s?.properties)
        return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, named(v, s.properties[k])]));
    if (typeof value !== 'string' || !s?.enum)
        return value;
    const bare = (t) => String(t).replaceAll(/[_ -]/g, '').toLowerCase();
    return s.enum.find((e) => typeof e === 'string' && bare(e) === bare(value)) ?? value;
}

test(`schemas and tools agree (SEED=${SEED})`, { timeout: 300_000 * slow }, async () => {
    const ajv = new Ajv({ strict: false });
    const seen = { yes: 0, no: 0 };
    for (const tool of tools) {
        const judge = ajv.compile(tool.inputSchema);
        for (let i = 0; i < ROUNDS; i++) {
            const args = object(tool.inputSchema);
            delete args.api_key;
            for (let n = r(3); i % 2 && n >= 0; n--)
                spoil(args, tool.inputSchema);
            const sent = JSON.parse(JSON.stringify(args));
            const fine = judge(named(plain(sent, tool.inputSchema, true), tool.inputSchema));
            const got = await call(client, tool.name, sent);
            const refused = got.isError && got.json.error.startsWith('invalid parameters: ');
            assert.equal(!refused, fine, `${tool.name} ${JSON.stringify(sent)}: ${fine ? '' : ajv.errorsText(judge.errors)} / ` +
                `${got.content[0].text.slice(0, 300)}`);
            seen[fine ? 'yes' : 'no']++;
        }
    }
    assert.ok(seen.yes > ROUNDS * 20 && seen.no > ROUNDS * 10, JSON.stringify(seen));
});
