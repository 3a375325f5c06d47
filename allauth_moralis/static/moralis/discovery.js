// @ts-check
/* Which wallets this browser has (EIP-6963, window.ethereum, the Wallet Standard), what they tell
 * without asking their user (EIP-1193), and what this browser has kept of earlier visits. For the
 * wallet page, and for the watcher.
 *
 * Everything here comes from whatever runs in this browser, so it is only touched within guards: a
 * getter, or a proxy, may throw.
 */

const DEVELOPMENT = 'localhost.development-wallet' // is the site's, and no wallet of this browser
export const SEARCH_MS = 800 // wallets that are installed announce themselves well within this
const CHAIN_MS = 2000 // the chain is asked for in passing, and must not hold up anybody
const AGAIN = 10 // times, each after a second
const MAX_NAME = 64
export const OURS = 'moralis-ours' // in which tab a wallet showed whose account

/**
 * @template T
 * @param {() => T} look
 * @returns {T | undefined}
 */
export function attempt(look) {
  try {
    return look()
  } catch {}
}

/**
 * Nothing, where the browser keeps nothing.
 * @param {'localStorage' | 'sessionStorage'} where
 * @param {string} name
 */
export function recall(where, name) {
  return attempt(() => window[where].getItem(name))
}

/**
 * @param {'localStorage' | 'sessionStorage'} where
 * @param {string} name
 * @param {string} value
 */
export function keep(where, name, value) {
  attempt(() => window[where].setItem(name, value))
}

/**
 * A name that a person can read, or nothing. It cannot reorder the text around it.
 * @param {unknown} name
 */
export function readable(name) {
  if (typeof name !== 'string') return ''
  const plain = name.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '').trim()
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(plain)) return ''
  // By code points, and not with half of what is joined to one sign.
  return [...plain]
    .slice(0, MAX_NAME)
    .join('')
    .replace(/\u200d$/, '')
}

/**
 * @param {Event} event
 * @returns {Moralis.EvmFound | undefined}
 */
function announced(event) {
  const { info, provider } = /** @type {CustomEvent} */ (event).detail
  const { uuid, rdns, icon } = info
  const name = readable(info.name)
  if (!name || typeof provider.request !== 'function') return undefined
  const key = typeof rdns === 'string' && rdns ? rdns : name
  // Wallets announce again when they are asked again, some with a new object each time.
  const id = typeof uuid === 'string' && uuid ? `${uuid} ${name}` : provider
  return { id, key, rdns, name, icon, provider, development: rdns === DEVELOPMENT }
}

/** @returns {Moralis.EvmFound | undefined} */
function injected() {
  const provider = /** @type {any} */ (window).ethereum
  if (typeof provider?.request !== 'function') return undefined
  return { id: provider, key: 'window.ethereum', name: '', icon: undefined, provider }
}

/**
 * Which wallets an injected one says it is, as `isRabby` does. All say that they are MetaMask.
 * @param {any} provider
 */
function brands(provider) {
  const names = []
  for (const key in provider) {
    const brand = /^is([A-Z]\w*)$/.exec(key)?.[1]
    if (brand && !['MetaMask', 'Connected', 'Unlocked'].includes(brand) && provider[key] === true) {
      names.push(brand.toLowerCase())
    }
  }
  return names
}

/**
 * Whether window.ethereum is a wallet beside those that have announced themselves.
 * @param {Moralis.EvmFound} candidate
 * @param {Moralis.EvmFound[]} others
 */
function isAnother({ provider }, others) {
  if (!others.length) return true
  if (others.some((other) => other.provider === provider)) return false
  const names = others.map(({ name, rdns }) => `${name}${rdns}`.toLowerCase().replace(/\W/g, ''))
  const own = attempt(() => brands(provider)) ?? []
  return own.length > 0 && !own.some((brand) => names.some((name) => name.includes(brand)))
}

/**
 * Tell of each wallet once, whenever it comes; `lost` is told of window.ethereum where it turns out
 * to be one that announces itself.
 * @param {(wallet: Moralis.EvmFound) => void} found
 * @param {(wallet: Moralis.EvmFound) => void} lost
 */
export function discoverEvm(found, lost) {
  /** @type {Map<unknown, Moralis.EvmFound>} */
  const known = new Map()
  /** @type {Moralis.EvmFound | undefined} */
  let fallback

  function look() {
    const installed = [...known.values()].filter((one) => !one.development)
    const candidate = fallback ?? attempt(injected)
    if (!candidate || isAnother(candidate, installed) === Boolean(fallback)) return
    if (fallback) lost(candidate)
    else found(candidate)
    fallback = fallback ? undefined : candidate
  }

  window.addEventListener('eip6963:announceProvider', (event) => {
    const wallet = attempt(() => announced(event))
    if (!wallet || known.has(wallet.id)) return
    known.set(wallet.id, wallet)
    found(wallet)
    if (fallback) look()
  })
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  window.addEventListener('ethereum#initialized', look) // of wallets that are slow to come
  window.addEventListener('focus', look)
  for (let time = 0; time < AGAIN; time += 1) setTimeout(look, SEARCH_MS + 1000 * time)
}

/**
 * The Wallet Standard, by which wallets and page find each other whoever is first. Wallets may leave
 * again; a page that lives for minutes does not mind.
 * @param {(wallet: Moralis.StandardFound) => void} found
 */
export function discoverStandard(found) {
  const known = new Set()

  /** @param {unknown[]} wallets */
  function register(...wallets) {
    for (const wallet of wallets) {
      if (known.has(wallet)) continue
      known.add(wallet)
      const read = attempt(() => {
        const { name, icon, features } = /** @type {any} */ (wallet)
        return { name: readable(name), icon, features: features ?? {}, wallet }
      })
      if (read?.name) attempt(() => found({ ...read, key: read.name }))
    }
    return () => {}
  }

  const api = Object.freeze({ register })
  window.addEventListener('wallet-standard:register-wallet', (event) => {
    attempt(() => /** @type {CustomEvent} */ (event).detail(api))
  })
  window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }))
}

/**
 * The module of a network whose wallets come by the Wallet Standard.
 * @param {Moralis.Network} network
 * @param {string} feature by which they sign
 * @param {(found: Moralis.StandardFound) => Promise<Moralis.Connected>} connect
 * @returns {Moralis.Family['discover']}
 */
export function finderOf(network, feature, connect) {
  return (add) => {
    discoverStandard((found) => {
      if (found.features[feature]) add({ ...found, network, connect: () => connect(found) })
    })
  }
}

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
