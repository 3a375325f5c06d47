// @ts-check
/* Wallets of Ethereum and every chain like it: EIP-1193 (requests), EIP-191 (personal_sign),
 * EIP-2255 (the wallet's own chooser of accounts), EIP-3326 (another chain).
 */
import { toHex, utf8 } from './bytes.js'
import { ask, chainOf, discoverEvm } from './discovery.js'
import { explain, Failure } from './errors.js'

const POLL_MS = 1000

/**
 * Have people choose the account in their wallet, which otherwise gives the one that it gave before.
 * @param {Moralis.Provider} provider
 */
async function choose(provider) {
  await ask(provider, 'wallet_requestPermissions', [{ eth_accounts: {} }]).catch((error) => {
    if (explain(error).reason !== 'unsupported') throw error
  })
}

/** @param {Moralis.Provider} provider */
async function accountsOf(provider) {
  const accounts = await ask(provider, 'eth_accounts')
  return Array.isArray(accounts) ? accounts.join() : ''
}

/**
 * Resolve once the wallet shares other accounts than now: its user has approved a request of before.
 * @param {Moralis.Provider} provider
 * @param {AbortSignal} signal
 */
async function approved(provider, signal) {
  const before = await accountsOf(provider)
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const accounts = await accountsOf(provider)
    if (accounts && accounts !== before) return !signal.aborted
  }
  return false
}

/**
 * @param {Moralis.Provider} provider
 * @param {string} address
 * @param {string} message
 * @returns {Promise<Moralis.Proof>}
 */
async function sign(provider, address, message) {
  // Hex-encoded UTF-8 is the one form of the text on which wallets agree.
  const signature = await ask(provider, 'personal_sign', [toHex(utf8(message)), address])
  return { signature } // as it is: that of a contract can be long
}

/**
 * @param {Moralis.EvmFound} found
 * @returns {Moralis.Wallet}
 */
function walletOf({ key, name, icon, provider, development }) {
  return {
    key,
    name,
    icon,
    development,
    network: 'evm',
    async connect({ another, chain: wanted }) {
      if (wanted) {
        const chainId = `0x${wanted.toString(16)}`
        await ask(provider, 'wallet_switchEthereumChain', [{ chainId }])
      }
      if (another) await choose(provider)
      const accounts = await ask(provider, 'eth_requestAccounts')
      const address = Array.isArray(accounts) ? accounts[0] : undefined
      if (typeof address !== 'string') throw new Failure('locked')
      const chain = await chainOf(provider)
      return {
        account: { network: 'evm', address, ...(chain === undefined ? {} : { chain_id: chain }) },
        sign: (message) => sign(provider, address, message),
      }
    },
    approved: (signal) => approved(provider, signal),
  }
}

/** @type {Moralis.Family['discover']} */
export function discover(add, remove, nameless) {
  discoverEvm(
    (found) => add(walletOf({ ...found, name: found.name || nameless })),
    (lost) => remove(lost.key),
  )
}
