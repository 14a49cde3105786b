// peer.mjs - the peer in `make bench`, part mcp: a server of the official SDK that answers the same list, and for every
// tool a result of the same size.
//
// usage: node peer.mjs stdio|http FILE: a JSON object with `tools` and `result`. http prints its port.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
    StreamableHTTPServerTransport,
} from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const { tools, result } = JSON.parse(readFileSync(process.argv[3]));

function makeServer() {
    const server = new Server({ name: 'peer', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
    server.setRequestHandler(CallToolRequestSchema, () => result);
    return server;
}

async function http() {
    const sessions = new Map();
    const server = createServer(async (rq, rs) => {
        let t = sessions.get(rq.headers['mcp-session-id']);
        if (!t) {
            t = new StreamableHTTPServerTransport({ enableJsonResponse: true, sessionIdGenerator: randomUUID,
                onsessioninitialized: (id) => { sessions.set(id, t); } });
            await makeServer().connect(t);
        }
        await t.handleRequest(rq, rs);
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

if (process.argv[2] === 'http')
    await http();
else
    await makeServer().connect(new StdioServerTransport());
