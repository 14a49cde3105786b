// section5.mjs - debug and development, on the paper exchange; the login on the emulator.
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { Emulator, User, beside, http, paperUser, post, scenario, seen, until } from './frame.mjs';
import { passwordMD5 } from '../../secrets.mjs';

export const title = 'Debug & development';
const user = paperUser();

async function verbose() {
    const d = await user.daemon('# Verbose logs (protocol frames + HTTP requests/responses)\n' +
        './futu-opend --login-account X --login-pwd Y --log-level trace');
    const cli = `futucli --gateway 127.0.0.1:${d.port}`;
    await user.quietly(`${cli} quote HK.00700`);
    await user.quietly(`${cli} unlock-trade`, { FUTU_TRADE_PWD: 'paper' });
    await http(d.restPort, '/api/snapshot?security_list=HK.00700',
        { headers: { authorization: 'Bearer my-own-secret' } });
    await http(d.restPort, '/api/accounts?token=my-other-secret');
    await post(d.restPort, '/api/unlock-trade', 'my-own-secret',
        { unlock: true, pwd_md5: passwordMD5 });
    await until('the frames in the log', () => /reply: .*Trd_UnlockTrade/.test(d.err) &&
        /HTTP answer: 401/.test(d.err));
    seen('frames: requests and replies by name', /request: .*Qot_GetBasicQot/.test(d.err) &&
        /reply: .*Qot_GetBasicQot/.test(d.err));
    seen('HTTP: request lines and answers', /HTTP request: GET \/api\/snapshot/.test(d.err) &&
        /HTTP answer: 200 \{/.test(d.err));
    seen('a warning that such a log tells much', /WARN .*(credentials|secrets)/.test(d.err));
    for (const secret of ['my-own-secret', 'my-other-secret', passwordMD5])
        seen(`no ${secret === passwordMD5 ? 'password digest' : secret}`, !d.err.includes(secret));
    seen('ends with 0', await d.end() === 0);
}

async function authFlow() {
    const block = '# Auth flow only (POST raw response / salt / tgtgt / error_code)\n' +
        './futu-opend --login-account X --login-pwd Y --log-level debug 2>&1 \\\n' +
        '| grep -E "POST.*raw|salt|tgtgt|error_code"';
    const m = await Emulator.start(scenario({ accounts: [{ name: '12345678',
        password: 'pw-in-no-log' }] }));
    const known = new User({ words: [['--login-account X', '--login-account 12345678'],
        ['--login-pwd Y', '--login-pwd pw-in-no-log']] }).at(m);
    const flow = await known.run(block);       // it wants a code, and so ends
    for (const what of [/GET .*\/authority\/salt/, /answer: .*"salt":"<REDACTED/,
        /POST raw: .*"tgtgt":"<REDACTED/, /answer: .*"error_code":20/, /device not authorized/])
        seen(what.exec(flow.out)?.[0].slice(0, 100), what.test(flow.out), flow.out);
    seen('no secret of it: salt, ticket and signatures are masked', flow.err === '' &&
        !/"(salt|salt32|tgtgt|device_verify_sig|device_code_sig)":"[^<]/.test(flow.out), flow.out);
    await m.end();
    const other = './futu-opend --login-account X --login-pwd Y --log-level debug';
    beside(other);
    const all = await user.start(other);
    const stranger = connect(all.port, '127.0.0.1', () =>
        stranger.end('GET / HTTP/1.1\r\n\r\n'.padEnd(64)));
    await until('a line of that level', () => / DEBUG /.test(all.err));
    seen(/ DEBUG +(.*)/.exec(all.err)[0].trim(), !/ TRACE /.test(all.err));
    seen('ends with 0', await all.end() === 0);
}

async function jsonLog() {
    const d = await user.daemon('# JSON structured logs (for Loki / ELK / logging pipelines)\n' +
        './futu-opend --login-account X --login-pwd Y --json-log');
    await user.quietly(`futucli --gateway 127.0.0.1:${d.port} ping`);
    await until('a line about the client', () => d.err.includes('futucli'));
    seen('ends with 0', await d.end() === 0);
    const lines = d.err.trim().split('\n').map((l) => JSON.parse(l));
    seen(`${lines.length} lines, each an object with time and level`, lines.length >= 2 &&
        lines.every((l) =>
        !Number.isNaN(Date.parse(l.timestamp)) && /^(ERROR|WARN|INFO)$/.test(l.level) && l.target &&
            l.message));
}

async function auditLog() {
    const d = await user.daemon('# Separate audit log (auth / trade events only; regular logs ' +
        'unchanged)\n./futu-opend --login-account X --login-pwd Y \\\n' +
        '--audit-log /var/log/futu-opend/audit.jsonl');
    await post(d.restPort, '/api/order', null, {});
    await user.quietly(`futucli --gateway 127.0.0.1:${d.port} place-order --code HK.00005 ` +
        '--side buy --qty 400 --price 40');
    const file = join(user.log, 'audit.jsonl');
    const lines = await until('its lines', () => {
        const l = readFileSync(file, 'utf8').split('\n').slice(0, -1).map((x) => JSON.parse(x));
        return l.some((x) => x.outcome === 'reject') && l.some((x) => x.outcome === 'success') && l;
    });
    seen(`${lines.length} lines of decisions and orders, and of nothing else`,
        lines.every((l) => l.target === 'futu_audit'));
    seen('the ordinary log stays text', / WARN /.test(d.err) && !d.err.startsWith('{'));
    seen('mode 0600', (statSync(file).mode & 0o777) === 0o600);
    seen('ends with 0', await d.end() === 0);
}

export const parts = [verbose, authFlow, jsonLog, auditLog];
