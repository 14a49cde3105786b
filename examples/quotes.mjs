// quotes.mjs - the vendor's JavaScript SDK against a gateway: log in, subscribe, print pushes.
//
// usage: node quotes.mjs [HOST] [PORT] [PUSHES]
import { register } from "node:module";
import WS from "ws";
globalThis.WebSocket ??= WS; // the SDK wants the WebSocket of browsers
// Its ES modules are not marked as such, which Node.js before 20.19 has to be told.
const hook = `export const load = (url, context, next) => next(url,
  /futu-api.(main|base).js$/.test(url) ? { ...context, format: "module" } : context)`;
register("data:text/javascript," + encodeURIComponent(hook));

const { default: Futu } = await import("futu-api");
const [host = "127.0.0.1", port = "33333", wanted = "20"] = process.argv.slice(2);
const QUOTE = 3005;
const HK = 1, US = 11;

const client = new Futu();
let shown = false, pushes = 0;

client.onlogin = async (ok, message) => {
  if (!ok) {
    console.error("login refused:", message);
    process.exit(1);
  }
  const securityList = [{ market: HK, code: "00700" }, { market: US, code: "AAPL" }];
  await client.Sub({ c2s: { securityList, subTypeList: [1], isSubOrUnSub: true, isRegOrUnRegPush: true } });
  const { s2c } = await client.GetBasicQot({ c2s: { securityList } });
  for (const q of s2c.basicQotList) console.log("now ", q.security.code, q.name, q.curPrice);
  shown = true;
};

client.onPush = (command, { s2c }) => {
  if (command !== QUOTE || !shown) return;
  for (const q of s2c.basicQotList) console.log("push", q.security.code, q.curPrice, q.updateTime);
  if (++pushes >= Number(wanted)) process.exit(0);
};

client.start(host, Number(port), false, null);
