// @ts-check
/* Aptos' wallets: aptos:signMessage of AIP-62, where a wallet answers {status, args} and does not
 * throw when the user says no.
 */
import { toBytes, toHex } from './bytes.js'
import { finderOf } from './discovery.js'
import { Failure } from './errors.js'

const SIGN = 'aptos:signMessage'
const KEY = 32 // bytes of an Ed25519 key
const SIGNATURE = 64

/** @param {any} response */
function approved(response) {
  if (response?.status === 'Rejected') throw new Failure('rejected')
  return response?.status === 'Approved' ? response.args : response
}

/**
 * Take off the two bytes by which Aptos' SDK names the kind of a key or signature, and its length.
 * @param {Uint8Array} bytes
 * @param {number} length
 */
export function unwrapped(bytes, length) {
  const wrapped = bytes.length === length + 2 && bytes[0] === 0 && bytes[1] === length
  return wrapped ? bytes.subarray(2) : bytes
}

/**
 * @param {unknown} value
 * @param {number} [length]
 */
function hexOf(value, length = 0) {
  const bytes = toBytes(value)
  if (bytes) return toHex(unwrapped(bytes, length))
  return typeof value === 'string' ? value : ''
}

/**
 * An address as the wallet writes it: it may be shorter than its 32 bytes.
 * @param {unknown} value
 */
function addressOf(value) {
  return typeof value === 'string' ? value : hexOf(value)
}

/**
 * @param {Moralis.StandardFound} found
 * @returns {Promise<Moralis.Connected>}
 */
async function connect({ features, wallet }) {
  const given = approved(await features['aptos:connect']?.connect())
  const account = given?.address ? given : wallet.accounts?.[0]
  const address = addressOf(account?.address)
  const publicKey = hexOf(account?.publicKey, KEY)
  if (!address || !publicKey) throw new Failure('locked')
  return {
    account: { network: 'aptos', address, public_key: publicKey },
    async sign(message) {
      // A nonce is asked for by the wallet's interface; ours stands within the text.
      const input = { message, nonce: 'null', address: false, application: false, chainId: false }
      const output = approved(await features[SIGN].signMessage(input))
      const signature = hexOf(output?.signature ?? output, SIGNATURE)
      // Without a wrapper of its own the wallet has signed the bare text.
      const wrapped = typeof output?.fullMessage === 'string' && output.fullMessage !== message
      return wrapped ? { signature, full_message: output.fullMessage } : { signature }
    },
  }
}

export const discover = finderOf('aptos', SIGN, connect)
