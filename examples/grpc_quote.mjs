// grpc_quote.mjs - quotes over gRPC without generated files: the gateway describes itself.
//
// usage: node grpc_quote.mjs [HOST:PORT] [PUSHES]
// FUTU_API_KEY: the key, when the gateway has --grpc-keys-file
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";

const text = (name, id) => ({ [name]: { type: "string", id } });
const reflection = grpc.loadPackageDefinition(loader.fromJSON({ nested: { grpc: { nested: { reflection: { nested: {
  v1: { nested: {
    Question: { fields: { ...text("file_by_filename", 3), ...text("file_containing_symbol", 4) } },
    Files: { fields: { file: { rule: "repeated", type: "bytes", id: 1 } } },
    Answer: { fields: { files: { type: "Files", id: 4 } } },
    ServerReflection: { methods: { ServerReflectionInfo: {
      requestType: "Question", requestStream: true, responseType: "Answer", responseStream: true } } },
  } } } } } } } }, { keepCase: true })).grpc.reflection.v1;

// { api: the services, by their packages; types: the messages } of those names and all that they need.
async function describe(address, credentials, symbols) {
  const client = new reflection.ServerReflection(address, credentials);
  const stream = client.ServerReflectionInfo(), files = new Map();
  let open = symbols.map((name) => ({ file_containing_symbol: name })), waiting = 0;
  function ask() {
    for (const question of open.splice(0)) {
      waiting++;
      stream.write(question);
    }
    if (waiting === 0) stream.end();
  }
  stream.on("data", ({ files: found }) => {
    waiting--;
    for (const bytes of found?.file ?? []) {
      const file = descriptor.FileDescriptorProto.decode(bytes);
      files.set(file.name, file);
      for (const name of file.dependency.filter((d) => !files.has(d))) {
        files.set(name, null); // asked for
        open.push({ file_by_filename: name });
      }
    }
    ask();
  });
  await new Promise((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
    ask();
  });
  client.close();
  const set = { file: [...files.values()] }, types = protobuf.Root.fromDescriptor(set);
  const bytes = Buffer.from(descriptor.FileDescriptorSet.encode(set).finish());
  return { types, api: grpc.loadPackageDefinition(loader.loadFileDescriptorSetFromBuffer(bytes, { keepCase: true })) };
}

const [address = "127.0.0.1:33333", wanted = "20"] = process.argv.slice(2);
const key = process.env.FUTU_API_KEY, metadata = new grpc.Metadata();
if (key) metadata.set("authorization", `Bearer ${key}`);
const plain = grpc.credentials.createInsecure();
const call = (client, method, c2s) => new Promise((resolve, reject) => {
  client[method]({ c2s }, metadata, (e, { retType, retMsg, s2c } = {}) => {
    if (e ?? retType !== 0) reject(e ?? new Error(retMsg));
    else resolve(s2c);
  });
});

async function main() {
  const { api, types } = await describe(address, plain, ["futu.service.FutuOpenD", "futu.v1.Quote"]);
  const quote = new api.futu.v1.Quote(address, plain), opend = new api.futu.service.FutuOpenD(address, plain);
  const pushes = opend.SubscribePush({}, metadata);
  const ended = new Promise((resolve, reject) => {
    pushes.once("error", (e) => (e.code === grpc.status.CANCELLED ? resolve() : reject(e)));
  });
  await Promise.race([ended, new Promise((resolve) => pushes.once("metadata", resolve))]); // from here on none is missed

  const securityList = [{ market: 1, code: "00700" }, { market: 11, code: "AAPL" }];
  await call(quote, "Sub", { securityList, subTypeList: [1], isSubOrUnSub: true, isRegOrUnRegPush: true });
  for (const q of (await call(quote, "GetBasicQot", { securityList })).basicQotList)
    console.log("now ", q.security.code, q.name, q.curPrice);
  const update = types.lookupType("Qot_UpdateBasicQot.Response");
  let n = 0;
  pushes.on("data", ({ body }) => {
    for (const q of update.decode(body).s2c.basicQotList)
      console.log("push", q.security.code, q.curPrice, q.updateTime);
    if (++n === Number(wanted)) pushes.cancel();
  });
  await ended;
  quote.close();
  opend.close();
}

main().catch((e) => {
  console.error(e.code ? `${grpc.status[e.code]}: ${e.details}` : e.message);
  process.exit(1);
});
