// section8.mjs - keys of REST, gRPC and the core WebSocket, on the paper exchange.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { http, paperUser, post, secrets, seen } from './frame.mjs';

export const title = 'REST / gRPC / core WebSocket auth';

const upgrade = (port, key) => http(port, '/',
    { headers: { connection: 'Upgrade', upgrade: 'websocket',
    'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(key ? { authorization: `Bearer ${key}` } : {}) } });

async function auth() {
    const user = paperUser();
    const [rest, grpc, ws] = await Promise.all([22222, 33333, 44444].map((p) => user.port(p)));
    const { out } = await user.run('# 1. Generate an API key (limited scope + expiration)\n' +
        'futucli gen-key \\\n--keys-file ~/.futu-opend-rs/keys.json \\\n' +
        '--scopes quote,trade:read \\\n--expires 30d');
    const file = join(user.dir, 'keys.json'), key = /fc_[0-9a-f]{32}/.exec(out)?.[0];
    seen('the key, once', Boolean(key) && !readFileSync(file, 'utf8').includes(key));
    secrets.add(key);
    const [record] = JSON.parse(readFileSync(file, 'utf8')).keys;
    seen(`a name: ${record.id}`, /\S/.test(record.id) && out.includes(record.id));
    seen('the scopes qot:read and acc:read', record.scopes.join() === 'qot:read,acc:read');
    const days = (Date.parse(record.expires_at) - Date.now()) / 86_400_000;
    seen('30 days', days > 29.9 && days < 30.1);
    seen('mode 0600', (statSync(file).mode & 0o777) === 0o600);

    const d = await user.daemon('# 2. Start opend with the keys file\n' +
        './futu-opend --login-account X --login-pwd Y \\\n' +
        '--rest-keys-file ~/.futu-opend-rs/keys.json \\\n' +
        '--grpc-keys-file ~/.futu-opend-rs/keys.json \\\n' +
        '--ws-keys-file ~/.futu-opend-rs/keys.json \\\n' +
        '--rest-port 22222 --grpc-port 33333 --websocket-port 44444');
    seen('gRPC is open, with keys',
        new RegExp(`^ *gRPC +\\S+:${grpc} \\(keys: `, 'm').test(d.out));
    seen('the FTAPI port is closed, and that is said', d.port === 0 &&
        /WARN .*FTAPI TCP port/.test(d.err));

    user.words.push(['<key_plaintext>', key]);
    const answer = JSON.parse((await user.run('# 3. Clients use the Bearer token\n' +
        'curl -H "Authorization: Bearer <key_plaintext>" \\\n' +
        'http://localhost:22222/api/qot/get_global_state')).out);
    seen('the global state', answer.ret_type === 0 && answer.s2c.qot_logined === true);
    seen('the same on /api/global-state', (await http(rest, '/api/global-state', { headers: {
        authorization: `Bearer ${key}` } })).status === 200);
    seen('401 without the key', (await http(rest, '/api/qot/get_global_state')).status === 401);
    seen('403 for an order', (await post(rest, '/api/order', key, {})).status === 403);
    seen('a WebSocket with the key, 401 without', (await upgrade(ws, key)).status === 101 &&
        (await upgrade(ws)).status === 401);
    seen('ends with 0', await d.end() === 0);
}

export const parts = [auth];
