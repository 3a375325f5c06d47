// @ts-check
/* What a provider of Ethereum is asked (EIP-1193), by the wallet page and by the watcher. */

const CHAIN_MS = 2000 // the chain is asked for in passing, and must not hold up anybody

/**
 * @param {Moralis.Provider} provider
 * @param {string} method
 * @param {unknown[]} [params]
 * @returns {Promise<any>}
 */
export async function ask(provider, method, params) {
  return provider.request(params ? { method, params } : { method })
}

/**
 * The chain that the wallet is on. One that is not known is left out: the server then takes the
 * first, and judges that by the site's list.
 * @param {Moralis.Provider} provider
 * @returns {Promise<string | number | undefined>}
 */
export async function chainOf(provider) {
  const late = new Promise((resolve) => setTimeout(resolve, CHAIN_MS))
  const chain = await Promise.race([ask(provider, 'eth_chainId'), late]).catch(() => undefined)
  if (Number.isSafeInteger(chain) && chain > 0) return chain
  const isKnown = typeof chain === 'string' && /^\s*(0x[\da-f]+|(eip155:)?\d+)\s*$/i.test(chain)
  return isKnown ? chain : undefined
}
