// @ts-check
/* Solana's wallets: solana:signMessage of the Wallet Standard. (solana:signIn signs a text of the
 * wallet's own, and not the one that the server issued.)
 */
import { toBytes, toHex, utf8 } from './bytes.js'
import { finderOf } from './discovery.js'
import { Failure } from './errors.js'

const SIGN = 'solana:signMessage'

/** @param {any} account */
function isOfSolana(account) {
  const chains = account?.chains
  if (typeof account?.address !== 'string') return false
  return !chains || [...chains].some((chain) => String(chain).startsWith('solana:'))
}

/**
 * The accounts of Solana, those that can sign before those that can only be watched.
 * @param {any} accounts
 * @returns {any[]}
 */
function solanaAccounts(accounts) {
  const ours = [...(accounts ?? [])].filter(isOfSolana)
  const signing = ours.filter((one) => !one.features || [...one.features].includes(SIGN))
  return [...signing, ...ours.filter((one) => !signing.includes(one))]
}

/**
 * A signature comes as a list of outputs, as one output, or as the bytes themselves.
 * @param {any} output
 */
function signatureOf(output) {
  const first = Array.isArray(output) && typeof output[0] !== 'number' ? output[0] : output
  const signature = first?.signature ?? first
  if (typeof signature === 'string') return signature // base58, base64 or hex, which the server reads
  const bytes = toBytes(signature)
  return bytes ? toHex(bytes) : ''
}

/**
 * @param {Moralis.StandardFound} found
 * @returns {Promise<Moralis.Connected>}
 */
async function connect({ features, wallet }) {
  const given = await features['standard:connect']?.connect()
  const [account] = [...solanaAccounts(given?.accounts), ...solanaAccounts(wallet.accounts)]
  if (!account) throw new Failure('locked')
  return {
    account: { network: 'solana', address: account.address },
    async sign(message) {
      const output = await features[SIGN].signMessage({ account, message: utf8(message) })
      return { signature: signatureOf(output) }
    },
  }
}

export const discover = finderOf('solana', SIGN, connect)
