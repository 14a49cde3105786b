// commands.test.mjs - every request command of the SDK's table is sent, and each is answered with a
// reply that the SDK decodes: success where the paper exchange can, else a refusal that names the call.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answered, argsOf, notRequests, refused, unknown } from './commands.mjs';
import { startGateway } from './daemon.mjs';
import { minimal } from './fill.mjs';
import { Client, ftCmdID, root } from './sdk.mjs';

const table = Object.values(ftCmdID);
const requests = table.filter((x) => !notRequests.has(x.cmd)).map((x) => x.name).sort();
const session = { client: new Client() };
let gateway;

before(async () => {
    gateway = await startGateway();
    assert.equal((await session.client.login({ port: gateway.wsPort })).ok, true);
});
after(async () => {
    session.client.close();
    await gateway.stop();
});

it('no command is missing from the lists', () => {
    assert.equal(table.length, 145);
    assert.equal(requests.length, 128);
    assert.deepEqual([...answered.map((x) => x.name), ...unknown.map((x) => x.name),
        ...refused].sort(), requests);
});

describe('answered', () => {
    for (const c of answered)
        it(c.name, async () => {
            const s2c = await session.client.call(c.name, argsOf(c, session)).catch((e) => {
                throw e instanceof Error ? e : new Error(`refused: ${e.retMsg ?? e}`);
            });
            assert.ok(s2c, 'no s2c');
            c.check?.(s2c);
            c.keep?.(s2c, session);
        });
});

// The decoded refusal of a call that must not succeed.
async function refusal(name, args) {
    const reply = await session.client.call(name, args).then(
        () => assert.fail('answered with success'), (e) => e);
    if (reply instanceof Error)
        throw reply;
    assert.equal(reply.retType, -1, `${reply.retMsg ?? reply}`);
    return reply.retMsg;
}

// Sanitizers make everything several times slower; the SDK's five seconds stay.
const most = process.env.FUTU_SLOW ? 40 : 400;
it(`a snapshot of ${most} securities comes in time`, async () => {
    const { staticInfoList } = await session.client.call('Qot_GetStaticInfo', { market: 1, secType: 3 });
    const securityList = staticInfoList.slice(0, most).map((x) => x.basic.security);
    const { snapshotList } = await session.client.call('Qot_GetSecuritySnapshot', { securityList });
    assert.deepEqual(snapshotList.map((x) => x.basic.security.code), securityList.map((x) => x.code));
});

describe('nothing of the kind is there', () => {
    for (const { name, args, text } of unknown)
        it(name, async () => assert.match(await refusal(name, args), text));
});

describe('refused', () => {
    for (const name of refused)
        it(name, async () => assert.match(await refusal(name,
            minimal(root.lookupType(`${name}.C2S`), session)), new RegExp(name)));
});
