// section9.mjs - restricted networks: a proxy of one's own before the auth server, and broker
// addresses of which none, all or some can be reached.
import { createServer } from 'node:net';

import { Emulator, Front, User, freePort, http, launch, scenario, seen, until } from './frame.mjs';

export const title = 'Restricted networks';
export const changed = [['hkconn.futunn.com, usconn.moomoo.com',
    '127.0.0.1 and 127.0.0.2: no test ' +
    'dials another machine'],
['a VPN, a firewall of IT', 'what they would mend is mended by starting the server']];

const PASSWORD = 'pw-behind-a-wall';
const WORDS = [['--login-account X', '--login-account 12345678'],
    ['--login-pwd Y', `--login-pwd ${PASSWORD}`]];

const vendor = (account = {}, more = '') => Emulator.start(scenario({ accounts: [{ name: '12345678',
    password: PASSWORD, sms: 'no', brokers: 1001, ...account }], more }));

async function ownProxy() {
    // Of Singapore: without the option the login would go on at moomoo's server.
    const m = await vendor({ attribution: 3, brokers: 1008 });
    const user = new User({ words: WORDS }).at(m, 'http://127.0.0.1:9');
    const front = await Front.start({ 1: m, 2: m }, await user.port(19998));
    const d = await user.daemon(`# --auth-server explicitly overrides auto-switching (v1.4.15+)
./futu-opend --login-account X --login-pwd Y \\
--auth-server http://127.0.0.1:19998`);
    const salt = front.calls.find((c) => c.path.startsWith('/authority/salt'));
    const login = front.calls.find((c) => c.method === 'POST' && c.path === '/authority/');
    seen(`the proxy sees GET ${salt.path}`, salt.method === 'GET');
    const { result } = JSON.parse(salt.answer), body = JSON.parse(login.body);
    seen(`and its answer: ${Object.keys(result).join(', ')}`, result.salt.length > 0 &&
        result.user_attribution === 3);
    seen(`and the body of POST /authority/: ${Object.keys(body).join(', ')}`,
        body.account === '12345678' && body.tgtgt.length > 0 &&
        /^[0-9a-f]{16}$/.test(body.device_id));
    const { result: answer } = JSON.parse(login.answer);
    seen(`and its answer: ${Object.keys(answer).join(', ')}`, answer.uid > 0);
    seen('the region Sg does not switch to another server', !/going on at/.test(d.err) &&
        front.calls.every((c) => /^\/(authority|broker_auth)\//.test(c.path)));
    const state = new RegExp(`auth server ${front.url},`);
    seen(/login: account .*auth server \S+,/.exec(d.err)[0], state.test(d.err), d.err);
    seen('logged in', /logged in as user/.test(d.err));
    seen('ends with 0', await d.end() === 0);
    await front.end();
    await m.end();
}

// ---- which addresses can be reached ----

const FOR = `# First confirm whether it's a network issue
for host in hkconn.futunn.com usconn.moomoo.com; do
nc -vz $host 9595
done`;

async function reachable() {
    const words = [['hkconn.futunn.com', '127.0.0.1'], ['usconn.moomoo.com', '127.0.0.2']];
    const user = new User({ words }), port = await user.port(9595);
    const listen = (host) => new Promise((r) => {
        const s = createServer((c) => c.destroy()).listen(port, host, () => r(s));
    });
    const verdict = async (p, ...expected) => {
        const said = p.err.trim().split('\n');
        for (const [i, line] of said.entries())
            seen(line.trim(), expected[i].test(line), p.err);
        seen(`${said.length} lines`, said.length === 2);
    };
    await verdict(await user.run(FOR), /refused/, /refused/);
    const a = await listen('127.0.0.1');
    console.log('    with one of them listening:');
    await verdict(await user.quietly(FOR), /succeeded/, /refused/);
    const b = await listen('127.0.0.2');
    console.log('    with both:');
    await verdict(await user.quietly(FOR), /succeeded/, /succeeded/);
    a.close();
    b.close();
}

// An address where a connection is neither made nor refused: its queue is full.
async function blackHole() {
    const p = launch(['python3', '-c', `import socket, sys
s = socket.socket()
s.bind(("127.0.0.3", 0))
s.listen(0)
fill = [socket.socket() for _ in range(4)]
for c in fill:
    c.setblocking(False)
    c.connect_ex(s.getsockname())
print(s.getsockname()[1], flush=True)
sys.stdin.read()`], { env: process.env, stdin: 'pipe' });
    return { address: `127.0.0.3:${await until('the hole', () => Number(p.out))}`,
        end: () => p.kill() };
}

const SERVERS = '[server]\nidentity = 1\ndead = yes\n[server]\nidentity = 1001\ndead = yes\n';

// Nobody listens, then somebody does.
async function offline() {
    const m = await vendor({}, SERVERS), user = new User({ words: WORDS }).at(m);
    const d = await user.start('./futu-opend --login-account X --login-pwd Y');
    const reason = /\(waiting: .*\)/.exec(d.out)?.[0];
    seen(`no address is alive: ${/upstream +(.*)/.exec(d.out)[1]} ${reason}`,
        /upstream +broker, NOT connected/.test(d.out) && /connection refused/.test(reason), d.out);
    const ready = await http(d.restPort, '/readyz');
    seen(`/readyz: ${ready.status} ${ready.text.trim()}`, ready.status === 503 &&
        /platform is not connected/.test(ready.text));
    const state = JSON.parse((await http(d.restPort, '/api/global-state')).text).s2c;
    seen(`/api/global-state: qot_logined ${state.qot_logined}, trd_logined ${state.trd_logined}`,
        state.qot_logined === false && state.trd_logined === false);
    const accounts = JSON.parse((await http(d.restPort, '/api/accounts')).text);
    seen(`/api/accounts: ${accounts.ret_msg}`, accounts.ret_type === -200);
    const quote = await user.quietly('futucli quote HK.00700');
    seen(quote.err.trim(), quote.how === 1 && /platform is not connected/.test(quote.err));
    const chain = (await user.quietly('futucli global-state')).out;
    seen(/futu-opend .*platform.*/.exec(chain)?.[0].replace(/ +/g, ' '),
        /quotes +down/.test(chain) && /trading +down/.test(chain), chain);
    for (const address of m.brokers.match(/127[^;,]+/g))
        await m.tell(`start ${address}`);
    await until('the servers', async () => (await http(d.restPort, '/readyz')).status === 200);
    seen('when the servers can be reached it connects by itself, and is ready');
    const after = JSON.parse((await http(d.restPort, '/api/global-state')).text).s2c;
    seen(`/api/global-state: qot_logined ${after.qot_logined}, trd_logined ${after.trd_logined}`,
        after.qot_logined && after.trd_logined);
    seen('ends with 0', await d.end() === 0);
    await m.end();
}

// As when a provider drops what goes there.
async function timesOut() {
    const m = await vendor(), user = new User({ words: WORDS }).at(m), hole = await blackHole();
    user.env.FUTU_OPEND_BROKER_ADDR = `1=${hole.address};1001=${hole.address}`;
    const began = Date.now(), d = await user.start('./futu-opend --login-account X --login-pwd Y');
    const ms = Date.now() - began;
    seen(`nobody answers: ${/platform: .*/.exec(d.err)?.[0]}`, /NOT connected/.test(d.out) &&
        /WARN +platform: connect: .*took too long/.test(d.err), d.err);
    seen('after 10 s for an address', ms > 9_000 && ms < 30_000, String(ms));
    seen('ends with 0', await d.end() === 0);
    await hole.end();
    await m.end();
}

// Three at a time: the last of them is alive, the first does not even refuse.
async function partial() {
    const m = await vendor(), user = new User({ words: WORDS }).at(m), hole = await blackHole();
    const dead = `127.0.0.1:${await freePort()}`, live = m.brokers.match(/127[^;,]+/g);
    user.env.FUTU_OPEND_BROKER_ADDR = m.brokers.replace(/=/g, `=${hole.address},${dead},`);
    const began = Date.now(), d = await user.start('./futu-opend --login-account X --login-pwd Y');
    seen('one silent, one refusing, one alive: connected',
        /upstream +broker, connected/.test(d.out),
        d.out + d.err);
    seen('without waiting for the silent one', Date.now() - began < 9_000);
    for (const address of live)
        seen(new RegExp(`\\S+( \\d+)?: logged in at ${address}`).exec(d.err)?.[0] ?? address,
            d.err.includes(`logged in at ${address}`), d.err);
    seen('ends with 0', await d.end() === 0);
    await hole.end();
    await m.end();
}

export const parts = [ownProxy, reachable, offline, timesOut, partial];
