// ws_peer.mjs - the peer of /ws: npm's ws tells event texts to every client.
//
// usage: node ws_peer.mjs FILE [GATHER]: one event a line; so many to a client in one write
//
// Prints its port. SIGUSR1 starts the events, one after the other for ever; SIGUSR2 ends them and
// prints how many went out; SIGHUP sends a single one. While a client is behind by more than
// BEHIND bytes nothing is sent. Gathering holds back each client's socket, which is no part of the
// documented interface.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { WebSocketServer } = createRequire(new URL('../sdk/package.json', import.meta.url))('ws');
const BEHIND = 65536;
const gather = Number(process.argv[3] ?? 1);
const events = readFileSync(process.argv[2]).toString().split('\n').filter((line) => line)
    .map((line) => Buffer.from(line));
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
let at = 0, sent = 0, sending = false;

function tell(client, n) {
    if (n > 1)
        client._socket.cork();
    for (let i = 0; i < n; i++)
        client.send(events[(at + i) % events.length], { binary: false });
    if (n > 1)
        client._socket.uncork();
}

function broadcast(n) {
    for (const client of server.clients)
        tell(client, n);
    at += n;
    sent += n;
}

function behind() {
    for (const client of server.clients)
        if (client.bufferedAmount > BEHIND)
            return true;
    return false;
}

function more() {
    if (!sending)
        return;
    if (behind()) {
        setTimeout(more, 1);
    } else {
        broadcast(gather);
        setImmediate(more);
    }
}

process.on('SIGUSR1', () => {
    sending = true;
    sent = 0;
    more();
});
process.on('SIGUSR2', () => {
    sending = false;
    console.log(`sent ${sent}`);
});
process.on('SIGHUP', () => broadcast(1));
server.on('listening', () => {
    console.log(`port ${server.address().port}\nready`);
});
