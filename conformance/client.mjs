// The client from npm, its host rewritten to the emulator's.
import https from "node:https";
import axios from "axios";
import Moralis from "moralis";

export const KEY = process.env.CONFORMANCE_KEY;

const SERVICE = "https://authapi.moralis.io";
let key = KEY;
export let requests = 0;

// Nothing may reach the real service, should the client ever go past the interceptor.
https.request = https.get = () => {
  throw new Error("The client tried to reach the real service.");
};
axios.interceptors.request.use((config) => {
  if (!config.url.startsWith(SERVICE)) throw new Error(`Asked for ${config.url}`);
  requests += 1;
  config.url = process.env.CONFORMANCE_URL + config.url.slice(SERVICE.length);
  if (key === null) config.headers.delete("x-api-key");
  else config.headers.set("x-api-key", key);
  return config;
});

await Moralis.start({ apiKey: KEY, logLevel: "off" });
export const { Auth, Core } = Moralis;

/** Run with another key; `null` leaves the header out, which the client never does by itself. */
export async function withKey(other, run) {
  key = other;
  try {
    return await run();
  } finally {
    key = KEY;
  }
}
