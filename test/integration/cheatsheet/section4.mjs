// section4.mjs - Futubull and moomoo side by side, each with ports of its own.
import { Emulator, Front, User, http, printed, scenario, seen, until } from './frame.mjs';

export const title = 'Multi-instance parallel';

const PASSWORDS = ['pw-of-instance-a', 'pw-of-instance-b'];
const account = (name, password, more) => ({ name, password, sms: 'no', ...more });

async function vendor() {
    const a = await Emulator.start(scenario({ auth: { 'moomoo-type': 'none' },
        accounts: [account('12345678', PASSWORDS[0], { attribution: 1, brokers: 1001 }),
            account('user@example.com', PASSWORDS[0], { attribution: 1, brokers: 1001 })] }));
    const b = await Emulator.start(scenario({ auth: { 'futunn-type': 'none' },
        accounts: [account('13900000000', PASSWORDS[1], { region: 86, attribution: 2,
            brokers: 1007 })] }));
    const front = await Front.start({ 1: a, 2: b });
    return { brokers: `${a.brokers};${b.brokers}`, front,
        async end() { await front.end(); await a.end(); await b.end(); } };
}

const ids = (text) => [...text.matchAll(/"acc_id":(\d+)/g)].map((m) => m[1]);
const instance = `./futu-opend --login-account 12345678 --login-pwd Y1 \\
--rest-port 22222 --grpc-port 33333 &`;

// Each curl asks one of them.
async function curls(user) {
    const block = `curl http://localhost:22222/api/accounts # Futubull
curl http://localhost:22223/api/accounts # moomoo`;
    printed(block);
    const found = [];
    for (const [i, line] of block.split('\n').entries()) {
        const { how, out } = await user.quietly(line), firm = ['1', '2'][i];
        seen(`${line}: account ${ids(out).join()} of security firm ${firm}`, how === 0 &&
            ids(out).length === 1 && /"security_firm":(\d)/.exec(out)[1] === firm, out);
        found.push(ids(out)[0]);
    }
    seen('two different accounts', found[0] !== found[1]);
    return found;
}

async function clis(user, [a, b]) {
    const first = await user.quietly('futucli account');
    seen(`futucli without --gateway asks instance A: ${a}`, first.out.includes(a) &&
        !first.out.includes(b), first.out + first.err);
    const second = await user.quietly('futucli --gateway 127.0.0.1:11112 account');
    seen(`with --gateway 127.0.0.1:11112 instance B: ${b}`, second.out.includes(b) &&
        !second.out.includes(a), second.out + second.err);
}

// A third one for another account on the ports of the first.
async function taken(user) {
    const port = await user.port(11111);
    const d = await user.quietly(
        "./futu-opend --login-account 'user@example.com' --login-pwd Y1 --rest-port 22222");
    seen(/WARN .*FTAPI.*port.*/.exec(d.err)?.[0] ?? 'WARN', new RegExp(
        `WARN .*FTAPI.*port ${port} .*address already in use.*another port with --port`)
        .test(d.err), d.err);
    seen('it ends, and leaves the first alone', d.how === 1);
    const other = await user.quietly("./futu-opend --login-account 'user@example.com' " +
        '--login-pwd Y1 --port 0 --rest-port 22222');
    seen(/WARN .*REST: port.*/.exec(other.err)?.[0],
        /WARN .*REST.*another port with --rest-port/.test(other.err), other.err);
    seen('it ends, and leaves the first alone', other.how === 1);
}

async function sideBySide() {
    const v = await vendor();
    const user = new User({ words: [['--login-pwd Y1', `--login-pwd ${PASSWORDS[0]}`],
        ['--login-pwd Y2', `--login-pwd ${PASSWORDS[1]}`]] }).at(v, v.front.url);
    const both = await user.background(`# Instance A: Futubull (default ports)
${instance}
# Instance B: moomoo (ports + 1)
./futu-opend --login-account '+86-13900000000' --login-pwd Y2 --platform moomoo \\
--port 11112 --rest-port 22223 --grpc-port 33334 &`);
    for (const p of [22222, 22223]) {
        const port = await user.port(p);
        await until(`the gateway on ${p}`,
            async () => (await http(port, '/readyz')).status === 200);
        seen(`${p}: ready`);
    }
    seen('both gRPC ports are open', (both.out.match(/^ *gRPC +\S+:\d+/gm) ?? []).length === 2);
    await clis(user, await curls(user));
    await taken(user);
    seen('both end with 0', await both.end() === 0);
    await v.end();
}

export const parts = [sideBySide];
