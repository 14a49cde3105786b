// reconnect.test.mjs - the gateway ends and comes back on the same port: the SDK logs in again by
// itself, and what was subscribed has to be subscribed anew.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startGateway } from './daemon.mjs';
import { Client } from './sdk.mjs';

const subscription = { securityList: [{ market: 1, code: '00700' }], subTypeList: [1],
    isSubOrUnSub: true, isRegOrUnRegPush: true };

it('reconnects after a restart of the gateway', async () => {
    const gateway = await startGateway();
    const client = new Client();
    assert.equal((await client.login({ port: gateway.wsPort })).ok, true);
    const firstID = String(client.sdk.getConnID());
    await client.call('Qot_Sub', subscription);
    await client.push(3005);

    const again = client.nextLogin();
    await gateway.restart();
    assert.equal(await again, true);
    assert.notEqual(String(client.sdk.getConnID()), firstID);
    assert.deepEqual(client.logins, [true, true]);

    const info = await client.call('Qot_GetSubInfo', { isReqAllConn: true });
    assert.equal(info.totalUsedQuota, 0);
    const from = client.pushes.length;
    await client.call('Qot_Sub', subscription);
    await client.push(3005, () => true, { from });
    client.close();
    await gateway.stop();
});
