// The rows of the client from npm, as lines of JSON: [call, result, note].
import assert from "node:assert/strict";
import * as wallets from "./wallets.mjs";
import { Auth, Core, KEY, requests, withKey } from "./client.mjs";

const PROFILE = /^0x[0-9a-f]{64}$/;
const TITLES = { evm: "Ethereum", solana: "Solana", aptos: "Aptos" };
const CHAIN_LINES = { evm: "Chain ID: 137", solana: "Network: mainnet", aptos: "Chain ID: 1" };
const CHAINS = { evm: { chain: 137 }, solana: { network: "mainnet" }, aptos: { network: "mainnet" } };
// The enumeration of the service's description of June 2024.
const CHAIN_IDS =
  "1, 5, 10, 25, 56, 97, 100, 137, 250, 338, 420, 1284, 1285, 1287, 1337, 8453, 10200, 43113, " +
  "43114, 80001, 80002, 84531, 88882, 88888, 11155111";
const BY_ITSELF = "by the client itself, before any request";
const CHAIN_ID = JSON.parse(process.env.CONFORMANCE_CHAIN_ID); // 137 or "137"

/** What a page asks for; the client makes the request's body of it. */
function asked(wallet, everyField = false) {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  return {
    networkType: wallet.network,
    domain: "defi.finance",
    uri: "https://defi.finance/",
    timeout: 120,
    address: wallet.address,
    ...CHAINS[wallet.network],
    ...(wallet.publicKey && { publicKey: wallet.publicKey }),
    ...(everyField && {
      statement: "Please confirm",
      expirationTime: tomorrow,
      notBefore: "2020-01-01T00:00:00.000Z",
      resources: ["https://defi.finance/terms", "https://defi.finance/privacy"],
    }),
  };
}

async function request(wallet, body = asked(wallet)) {
  const { raw } = await Auth.requestMessage({ ...body });
  assert.deepEqual(Object.keys(raw), ["id", "message", "profileId"]);
  assert.match(raw.id, /^[a-zA-Z0-9]{17}$/);
  assert.match(raw.profileId, PROFILE);
  const lines = raw.message.split("\n");
  const nonce = lines.find((line) => line.startsWith("Nonce: ")).slice("Nonce: ".length);
  const issuedAt = lines.find((line) => line.startsWith("Issued At: ")).slice("Issued At: ".length);
  assert.match(nonce, /^[a-zA-Z0-9]{17}$/);
  assert.equal(new Date(issuedAt).toISOString(), issuedAt);
  assert.deepEqual(lines, [
    `${body.domain} wants you to sign in with your ${TITLES[wallet.network]} account:`,
    wallet.address,
    "",
    ...(body.statement ? [body.statement] : []),
    "",
    `URI: ${body.uri}`,
    "Version: 1",
    CHAIN_LINES[wallet.network],
    `Nonce: ${nonce}`,
    `Issued At: ${issuedAt}`,
    ...(body.expirationTime ? [`Expiration Time: ${body.expirationTime}`] : []),
    ...(body.notBefore ? [`Not Before: ${body.notBefore}`] : []),
    ...(body.resources ? ["Resources:", ...body.resources.map((each) => `- ${each}`)] : []),
  ]);
  return { ...raw, nonce };
}

async function verify(wallet, everyField) {
  const body = asked(wallet, everyField);
  const challenge = await request(wallet, body);
  const proof = await wallet.prove(challenge.message);
  const answer = await Auth.verify({ networkType: wallet.network, ...proof });
  const fields = {
    id: challenge.id,
    domain: body.domain,
    chainId: wallet.network === "evm" ? CHAIN_ID : undefined,
    network: body.network,
    address: wallet.address,
    publicKey: wallet.publicKey,
    statement: body.statement,
    uri: body.uri,
    expirationTime: body.expirationTime,
    notBefore: body.notBefore,
    resources: body.resources,
    version: "1",
    nonce: challenge.nonce,
    profileId: challenge.profileId,
  };
  // What was not asked for is left out, not null; and the order is that of the recordings.
  const expected = Object.entries(fields).filter(([, value]) => value !== undefined);
  assert.deepEqual(Object.entries(answer.raw), expected);
  const { result } = answer;
  if (wallet.network === "evm") {
    assert.equal(result.chain.decimal, 137);
    assert.equal(result.address.checksum, wallet.address);
  } else {
    const network = wallet.network === "solana" ? result.solNetwork : result.network;
    assert.equal(network.toString(), "mainnet");
    assert.equal(result.address.toString(), wallet.address);
  }
  assert.equal(result.expirationTime?.toISOString(), body.expirationTime);
  assert.equal(result.notBefore?.toISOString(), body.notBefore);
  return challenge.profileId;
}

const addressOf = ({ network, address }) => ({ blockchainType: network, address });

async function addressesOf(profileId) {
  return (await Auth.evm.getAddresses({ profileId })).raw;
}

async function getAddresses() {
  const wallet = wallets.evm();
  assert.deepEqual(await addressesOf(await verify(wallet)), [wallet.address]);
}

/** Bind, look, unbind, look again. */
async function bind() {
  const both = [wallets.evm(), wallets.evm()];
  const before = [await verify(both[0]), await verify(both[1])];
  const asking = await Auth.evm.requestBind({ addresses: both.map(addressOf) });
  assert.deepEqual(Object.keys(asking.raw), ["messages"]);
  const verifications = await Promise.all(
    asking.raw.messages.map((message, index) => both[index].prove(message)),
  );
  const bound = await Auth.evm.verifyRequestBind({ verifications });
  assert.deepEqual(Object.keys(bound.raw), ["profileId"]);
  const { profileId } = bound.raw;
  assert.match(profileId, PROFILE);
  assert(!before.includes(profileId), "the profile is not a new one");
  const addresses = both.map((wallet) => wallet.address);
  assert.deepEqual(new Set(await addressesOf(profileId)), new Set(addresses));

  const [staying, leaving] = both;
  const parting = await Auth.evm.removeBind({ ...addressOf(leaving), profileId });
  assert.deepEqual(Object.keys(parting.raw), ["message"]);
  const proof = await leaving.prove(parting.raw.message);
  const alone = await Auth.evm.verifyRemoveBind(proof);
  assert.deepEqual(Object.keys(alone.raw), ["profileId"]);
  assert(![...before, profileId].includes(alone.raw.profileId), "the profile is not a new one");
  assert.deepEqual(await addressesOf(alone.raw.profileId), [leaving.address]);
  assert.deepEqual(await addressesOf(profileId), [staying.address]);
}

/** The client's own error carries the service's status and its words, lists joined. */
async function refused(run, status, reason, message) {
  const error = await run().then(
    ({ raw }) => assert.fail(`was taken: ${JSON.stringify(raw)}`),
    (reason) => reason,
  );
  const expected = `[C0006] Request failed, ${reason}(${status}): ${[message].flat().join(", ")}`;
  assert.equal(error.message, expected);
  assert.equal(error.code, "C0006");
  assert.equal(error.details.status, status);
  const body = { message };
  if (status === 400) Object.assign(body, { statusCode: 400, name: "BadRequestException" });
  assert.deepEqual(error.details.response.data, body);
}

const badRequest = (run, message) => refused(run, 400, "Bad Request", message);
const unauthorized = (run, message) => refused(run, 401, "Unauthorized", message);

/** The client refuses by itself, with this text, and sends nothing. */
async function stopped(run, message) {
  const before = requests;
  await assert.rejects(run, (error) => error.message.startsWith(message) || assert.fail(error));
  assert.equal(requests, before, "a request was sent");
  return BY_ITSELF;
}

async function wrongSignature(wallet, another) {
  const { message } = await request(wallet);
  const proof = await another.prove(message);
  await badRequest(() => Auth.verify({ networkType: wallet.network, ...proof }), "Invalid Signature");
}

async function wrongSignatureOfBind() {
  const both = [wallets.evm(), wallets.evm()];
  const { messages } = (await Auth.evm.requestBind({ addresses: both.map(addressOf) })).raw;
  const signers = [both[0], wallets.evm()];
  const verifications = await Promise.all(
    messages.map((message, index) => signers[index].prove(message)),
  );
  await badRequest(() => Auth.evm.verifyRequestBind({ verifications }), "Invalid Signature");
}

function requestWith(change, wallet = wallets.evm()) {
  return () => Auth.requestMessage({ ...asked(wallet), ...change });
}

async function apiKeyOfNobody() {
  Core.config.set("apiKey", null);
  try {
    return await stopped(requestWith({}), "[A0003] apiKey is not set");
  } finally {
    Core.config.set("apiKey", KEY);
  }
}

const CALLS = {};
for (const [network, wallet] of Object.entries(wallets)) {
  for (const everyField of [false, true]) {
    const extent = everyField ? "every field" : "required fields";
    CALLS[`requestMessage ${network}, ${extent}`] = async () => {
      const account = wallet();
      await request(account, asked(account, everyField));
    };
    CALLS[`verify ${network}, ${extent}`] = async () => void (await verify(wallet(), everyField));
  }
}
Object.assign(CALLS, {
  getAddresses,
  "bind and unbind, evm and evm: request, verify, addresses": bind,
  "wrong key": () => withKey("another-key", () => unauthorized(requestWith({}), "Unauthorized")),
  "missing key, taken out on the way": () =>
    withKey(null, () => unauthorized(requestWith({}), "Api Key Not Present")),
  "missing key": apiKeyOfNobody,
  "bad address, evm": () => stopped(requestWith({ address: "0x1234" }), "[C0005] Invalid address"),
  "bad address, solana": () =>
    stopped(requestWith({ address: "short" }, wallets.solana()), "[C0005] Invalid Solana address"),
  "bad address, aptos": () =>
    stopped(requestWith({ address: "0xnone" }, wallets.aptos()), "[C0005] Invalid address"),
  "bad domain": () =>
    badRequest(requestWith({ domain: "not a domain" }), ["domain must be a valid domain name"]),
  "time-out of 14 seconds": () =>
    badRequest(requestWith({ timeout: 14 }), ["timeout must not be less than 15"]),
  "time-out of 121 seconds": () =>
    badRequest(requestWith({ timeout: 121 }), ["timeout must not be greater than 120"]),
  "unsupported chain": () =>
    badRequest(requestWith({ chain: 42161 }), [
      `chainId must be one of the following values: ${CHAIN_IDS}`,
    ]),
  "no message, no signature": () =>
    badRequest(
      () => Auth.verify({ networkType: "evm", message: "", signature: "" }),
      ["message must be present", "signature must be present"],
    ),
  "one address to bind": () =>
    badRequest(
      () => Auth.evm.requestBind({ addresses: [addressOf(wallets.evm())] }),
      ["addresses must contain at least 2 elements"],
    ),
});
for (const [network, wallet] of Object.entries(wallets)) {
  CALLS[`wrong signature, ${network}`] = () => wrongSignature(wallet(), wallet());
}
CALLS["wrong signature of a bind"] = wrongSignatureOfBind;

// It makes an EVM address of every address, so it stops before any server is asked.
const CANNOT = {};
for (const network of ["solana", "aptos"]) {
  const wallet = wallets[network]();
  CANNOT[`requestBind, ${network}`] = () =>
    Auth.evm.requestBind({ addresses: [wallets.evm(), wallet].map(addressOf) });
  CANNOT[`removeBind, ${network}`] = () =>
    Auth.evm.removeBind({ ...addressOf(wallet), profileId: "0x" + "0".repeat(64) });
}

function row(call, result, note = "") {
  console.log(JSON.stringify([call, result, note]));
}

for (const [call, run] of Object.entries(CALLS)) {
  await run().then(
    (note) => row(call, "passed", note),
    (error) => row(call, "FAILED", `${error.name}: ${error.message}`),
  );
}
for (const [call, run] of Object.entries(CANNOT)) {
  await stopped(run, "[C0005] Invalid address").then(
    () => row(call, "cannot", "it takes every address that is bound for an EVM address"),
    (error) => row(call, "FAILED", `another error than known: ${error.message}`),
  );
}
