// protocols.test.mjs - every request of the registry, in three ways: by its number with the whole Request,
// by its number with the C2S alone, and by its method. All messages and methods are found by reflection.
// What the paper exchange has is answered and looked at; the rest is refused with a text that names it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { answered, argsOf, refused, unknown } from '../sdk/commands.mjs';
import { minimal } from '../sdk/fill.mjs';
import { call, key, pathOf, placeOf, raw, requests, startGateway, status } from './client.mjs';
import { reflect } from './reflect.mjs';

// Beside the commands of the vendor's package.
const more = [
    { name: 'UsedQuota', args: {}, check: (s) => assert.deepEqual([s.usedSubQuota, s.usedKLineQuota], [7, 1]) },
    { name: 'Gateway_GetInfo', args: {}, check: (s) => assert.deepEqual(s.hopList.map((h) => h.upstream), ['paper']) },
];
// Served from a database that gateways no longer have.
const gone = ['Qot_GetHistoryKL', 'Qot_GetHistoryKLPoints', 'Qot_GetRehab'];
const wanted = [...answered, ...more], found = new Set([...wanted, ...unknown].map((c) => c.name));
const hasMessages = (r) => r.request !== '-' && r.id !== 1001;
const row = (name) => requests.find((r) => r.name === name);
const others = requests.filter((r) => hasMessages(r) && !found.has(r.name) && !gone.includes(r.name));
const without = requests.filter((r) => !hasMessages(r));

it('has a list for each', () => {
    assert.equal(requests.length, 179);
    assert.deepEqual([wanted.length, unknown.length, others.length, gone.length, without.length], [53, 1, 109, 3, 13]);
    for (const name of refused)
        assert.ok(others.some((r) => r.name === name), name);
});

const all = key('all');

class Session {
    client = { packetID: () => ({ connID: 0, serialNo: ++this.serial }) };
    serial = 0;

    async open() {
        this.g = await startGateway({ keys: [all] });
        Object.assign(this, await reflect(this.g));
        this.generic = this.g.client(this.api.futu.service.FutuOpenD);
        this.typed = {};
        for (const s of ['System', 'Quote', 'Trade'])
            this.typed[s] = this.g.client(this.api.futu.v1[s]);
    }

    encode(name, value) {
        const t = this.types.lookupType(name);
        return Buffer.from(t.encode(t.fromObject(value)).finish());
    }

    // { code, details, value: the Response }: what FutuResponse says beside its body must be the same.
    async byNumber(r, body) {
        const a = await call(this.generic, 'Request', { proto_id: r.id, body }, all);
        if (a.code !== 0)
            return a;
        const t = this.types.lookupType(r.response), value = t.decode(a.value.body);
        assert.equal(a.value.proto_id, r.id);
        assert.equal(a.value.ret_type ?? 0, value.retType);
        assert.equal(a.value.ret_msg ?? '', value.retMsg ?? '');
        return { ...a, value };
    }

    byMethod(r, request) {
        const [service, method] = placeOf(r.name);
        return call(this.typed[service], method, request, all);
    }

    // The smallest request that is valid.
    smallest(r) {
        const { c2s } = this.types.lookupType(r.request).fields;
        return c2s ? { c2s: minimal(c2s.resolve().resolvedType, this) } : {};
    }
}

const ways = {
    'by number, the whole Request': (s, r, request) => s.byNumber(r, s.encode(r.request, request)),
    'by number, the C2S alone': (s, r, request) => s.byNumber(r, request.c2s
        ? s.encode(r.request.replace('.Request', '.C2S'), request.c2s) : s.encode(r.request, request)),
    'by method': (s, r, request) => s.byMethod(r, request),
};

for (const [way, ask] of Object.entries(ways))
    describe(way, () => {
        const s = new Session();
        before(() => s.open());
        after(() => s.g.end());

        for (const c of wanted)
            it(`${c.name} is answered`, async () => {
                const { code, details, value } = await ask(s, row(c.name), { c2s: argsOf(c, s) });
                assert.equal(code, 0, details);
                assert.equal(value.retType, 0, value.retMsg);
                assert.ok(value.s2c, 'no s2c');
                c.check?.(value.s2c);
                c.keep?.(value.s2c, s);
            });
        for (const c of unknown)
            it(`${c.name} finds nothing`, async () => {
                const { value } = await ask(s, row(c.name), { c2s: c.args });
                assert.equal(value.retType, -1);
                assert.match(value.retMsg, c.text);
            });
        for (const r of others)
            it(`${r.name} is refused by name`, async () => {
                const { code, details, value } = await ask(s, r, s.smallest(r));
                assert.equal(code, 0, details);
                assert.equal(value.retType, -1);
                assert.match(value.retMsg, new RegExp(`^${r.name}\\b.*paper exchange`));
            });
        for (const name of gone)
            it(`${name} is gone`, async () => {
                const { code, details } = await ask(s, row(name), s.smallest(row(name)));
                assert.equal(code, way === 'by method' ? status.UNIMPLEMENTED : status.NOT_FOUND);
                assert.match(details, way === 'by method' ? new RegExp(name) : new RegExp(row(name).id));
            });
    });

describe('requests without messages, and the login', () => {
    const s = new Session();
    before(() => s.open());
    after(() => s.g.end());
    for (const r of without)
        it(`${r.name} is not there`, async () => {
            const number = await call(s.generic, 'Request', { proto_id: r.id, body: Buffer.alloc(0) }, all);
            const method = await raw(s.generic, pathOf(r.name), Buffer.alloc(0), all);
            assert.deepEqual([number.code, method.code], [status.NOT_FOUND, status.UNIMPLEMENTED]);
            assert.match(number.details, new RegExp(`\\b${r.id}$`));
            assert.ok(method.details.includes(pathOf(r.name)), method.details);
        });
});
