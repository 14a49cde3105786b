// walk.mjs FUTU-OPEND FUTUCLI FUTU-EMULATOR [SECTION...] - a user's cheat sheet, walked through:
// the shell runs each command block as it is printed there, and behind it stands what was seen.
import { count } from './frame.mjs';

const notAsPrinted = [
    ['account, password, code (X, Y, Y1, Y2, Z)', 'the emulator\'s; in sections 5, 8 and 12 the ' +
        'paper exchange (--paper), which needs none, where the login is not the matter'],
    ['ports', 'free ones, the same for one number in all blocks of a user; where a block names ' +
        'none, the environment does (FUTU_OPEND_PORT, FUTU_OPEND_REST_PORT)'],
    ['the vendor\'s servers', 'the emulator, by FUTU_OPEND_AUTH_SERVER and FUTU_OPEND_BROKER_ADDR'],
    ['/var/log/futu-opend', 'a folder of the test'],
    ['~', 'a folder of the test'],
];
const wanted = process.argv.slice(5).map(Number);
const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    .filter((n) => wanted.length === 0 || wanted.includes(n));

const sections = [];
for (const n of numbers)
    sections.push({ n, changed: [], ...await import(`./section${n}.mjs`) });

console.log('Not as printed are:');
for (const [what, why] of notAsPrinted)
    console.log(`  ${what}: ${why}`);
for (const { n, changed } of sections)
    for (const [what, why] of changed)
        console.log(`  in section ${n}: ${what}: ${why}`);
for (const { n, title, parts } of sections) {
    console.log(`\n== ${n}. ${title}`);
    for (const part of parts)
        await part();
}
console.log(`\ncheatsheet: ${sections.length} sections, ${count.blocks} blocks, ` +
    `${count.checks} checks passed`);
