// reflect.mjs - what a gateway serves, as its reflection alone tells it: no file of the tree is read but
// the two of the reflection protocol itself.
import assert from 'node:assert/strict';

import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';

import { api } from './client.mjs';

const { FileDescriptorProto } = descriptor;

// One stream of questions, each answered in its turn.
export class Reflection {
    constructor(g, version) {
        this.s = g.client(api.grpc.reflection[version].ServerReflection).ServerReflectionInfo();
        this.waiting = [];
        this.s.on('data', (r) => this.waiting.shift().resolve(r));
        this.s.on('error', (e) => this.waiting.splice(0).forEach((w) => w.reject(e)));
        this.ended = new Promise((resolve) => { this.s.once('end', resolve); });
    }

    ask(question) {
        return new Promise((resolve, reject) => {
            this.waiting.push({ resolve, reject });
            this.s.write(question);
        });
    }

    // The one file of an answer.
    async file(question) {
        const a = await this.ask(question);
        assert.equal(a.error_response, undefined, `${JSON.stringify(question)}: ${a.error_response?.error_message}`);
        const [bytes, ...more] = a.file_descriptor_response.file_descriptor_proto;
        assert.equal(more.length, 0);
        return { bytes, proto: FileDescriptorProto.decode(bytes) };
    }

    async services() {
        return (await this.ask({ list_services: '' })).list_services_response.service.map((s) => s.name);
    }

    // Name to { bytes, proto }: the files of all services, and those that they import.
    async files() {
        const found = new Map();
        let open = (await this.services()).map((s) => ({ file_containing_symbol: s }));
        while (open.length > 0) {
            const wanted = new Set();
            for (const f of await Promise.all(open.map((q) => this.file(q)))) {
                found.set(f.proto.name, f);
                f.proto.dependency.forEach((name) => wanted.add(name));
            }
            open = [...wanted].filter((name) => !found.has(name)).map((name) => ({ file_by_filename: name }));
        }
        return found;
    }

    async end() {
        this.s.end();
        await this.ended;
    }
}

// { api: constructors of clients by package, types: messages by name }.
export async function reflect(g, version = 'v1') {
    const r = new Reflection(g, version), files = [...(await r.files()).values()];
    await r.end();
    const set = { file: files.map((f) => f.proto) };
    const types = protobuf.Root.fromDescriptor(set);
    types.resolveAll();
    const bytes = descriptor.FileDescriptorSet.encode(set).finish();
    return { types, api: grpc.loadPackageDefinition(loader.loadFileDescriptorSetFromBuffer(Buffer.from(bytes),
        { keepCase: true })) };
}

// Full names of all messages, enums, services and methods of a file.
export function symbolsOf(file) {
    const out = [];
    const messages = (prefix, list) => list.forEach((m) => {
        out.push(`${prefix}.${m.name}`, ...m.enumType.map((e) => `${prefix}.${m.name}.${e.name}`));
        messages(`${prefix}.${m.name}`, m.nestedType);
    });
    const p = file.package;
    messages(p, file.messageType);
    out.push(...file.enumType.map((e) => `${p}.${e.name}`));
    for (const s of file.service)
        out.push(`${p}.${s.name}`, ...s.method.map((m) => `${p}.${s.name}.${m.name}`));
    return out;
}
