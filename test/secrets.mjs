// secrets.mjs - no secret of a test stands in what a program wrote: its output, logs, audit trail,
// metrics and files. Every npm suite asks it when a daemon ends, and the daemons log at trace;
// log_scan.py does the same for the tests in C.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const md5 = (text) => createHash('md5').update(text).digest('hex');

// What unlocks trading on the paper exchange, as it goes over the wire.
export const passwordMD5 = md5('paper');

// A test adds its own.
export const secrets = new Set([passwordMD5]);

// As it is, and as it is often written.
const forms = (secret) => [secret, Buffer.from(secret).toString('base64'), md5(secret)];

// texts: [place, text] pairs; dir: a folder whose files are read as well.
export function checkSecrets(texts, dir) {
    const places = [...texts];
    for (const name of dir ? readdirSync(dir, { recursive: true }) : []) {
        const path = join(dir, name);
        if (statSync(path).isFile())
            places.push([name, readFileSync(path, 'latin1')]);
    }
    for (const secret of secrets)
        for (const form of forms(secret))
            for (const [place, text] of places)
                if (text.includes(form))
                    throw new Error(`${place} tells the secret ${secret}`);
}
