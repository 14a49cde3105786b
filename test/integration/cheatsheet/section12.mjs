// section12.mjs - orders of a closed market, on a relay before the paper exchange.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beside, freePort, http, launch, paperUser, post, secrets, seen, until } from './frame.mjs';

export const title = 'Why can\'t I place orders during off-hours?';
const user = paperUser(), key = {};
const order = { acc_id: 9100001, trd_env: 0, trd_market: 1, trd_side: 1, order_type: 1,
    code: '00700', qty: 100, price: 300 };

const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const placed = async (d, more) =>
    JSON.parse((await post(d.restPort, '/api/order', key.text, { ...order, ...more })).text);

async function relay(port, more) {
    const block = `./futu-opend --upstream 127.0.0.1:${port} --state-dir relay ` +
        `--calendar-file holidays.tsv \\\n--rest-keys-file trade.json${more}`;
    beside(block);
    const d = await user.start(block, { FUTU_OPEND_REST_PORT: String(await freePort()) });
    await until('the relay', async () => (await http(d.restPort, '/readyz')).status === 200);
    return d;
}

async function vague(paper) {
    const proxy = launch(['python3', '-B', new URL('../cli_proxy.py', import.meta.url).pathname,
        String(paper.port), 'later'], { env: process.env });
    const d = await relay(await until('the proxy', () => Number(proxy.out)),
        ' --allow-tcp-unauthenticated');
    const answer = await placed(d);
    console.log(answer.ret_msg.replace(/^/gm, '      '));
    seen('the answer of the broker, and behind it a hint', answer.ret_type === -1 &&
        /^please retry later\n[^]*【hint】/.test(answer.ret_msg));
    seen('that no order waits here for the next session, and which flags do not change that',
        /fill_outside_rth/.test(answer.ret_msg) && /auction/i.test(answer.ret_msg));
    const { err } = await user.quietly(`futucli --gateway 127.0.0.1:${d.port} place-order ` +
        '--code HK.00005 --side buy --qty 400 --price 40');
    seen('the same for FTAPI clients', /please retry later/.test(err) && /【hint】/.test(err));
    const us = await placed(d, { acc_id: 9100002, trd_market: 2, code: 'AAPL', qty: 1, price: 10 });
    const weekday = new Date().getUTCDay() % 6 !== 0, hour = new Date().getUTCHours();
    if (weekday && hour >= 15 && hour < 20)
        seen('no hint for a market that is open', us.ret_msg === 'please retry later');
    seen('ends with 0', await d.end() === 0);
    await proxy.kill();
}

async function precise(paper) {
    const d = await relay(paper.port, '');
    const answer = await placed(d, { qty: 150 });
    seen('no hint behind an error that says its cause', answer.ret_type === -1 &&
        !/hint/.test(answer.ret_msg));
    await d.end();
}

async function closedMarket() {
    const block = './futu-opend --login-account X --login-pwd Y';
    beside(block);
    const paper = await user.start(block);
    // A calendar in which these days are holidays, so that it is closed whenever this runs.
    writeFileSync(join(user.home, 'holidays.tsv'), 'market\tdate\tkind\tlocal_close\n' +
        [-1, 0, 1].map((o) => `HK\t${day(o)}\tclosed\t\n`).join(''));
    const made = await user.quietly('futucli gen-key --keys-file ~/trade.json ' +
        '--scopes acc:read,trade:simulate');
    key.text = /fc_[0-9a-f]{32}/.exec(made.out)[0];
    secrets.add(key.text);
    await vague(paper);
    await precise(paper);
    seen('ends with 0', await paper.end() === 0);
}

export const parts = [closedMarket];
