// Wallets with real keys: what a wallet extension does with a text. ethers and Node's own
// cryptography, so that the signatures owe nothing to the project's.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { Wallet, encodeBase58, hexlify } from "ethers";

export function evm() {
  const wallet = Wallet.createRandom();
  return {
    network: "evm",
    address: wallet.address,
    prove: async (message) => ({ message, signature: await wallet.signMessage(message) }),
  };
}

function ed25519() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url"),
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  };
}

export function solana() {
  const key = ed25519();
  return {
    network: "solana",
    address: encodeBase58(key.publicKey),
    prove: async (message) => ({ message, signature: encodeBase58(key.sign(message)) }),
  };
}

// An Aptos wallet signs its own wrapper around the text, and a page posts that as the message.
export function aptos() {
  const key = ed25519();
  const scheme = Buffer.concat([key.publicKey, Buffer.from([0])]);
  return {
    network: "aptos",
    address: "0x" + createHash("sha3-256").update(scheme).digest("hex"),
    publicKey: hexlify(key.publicKey),
    prove: async (text) => {
      const message = `APTOS\nmessage: ${text}\nnonce: null`;
      return { message, signature: hexlify(key.sign(message)) };
    },
  };
}
