// @ts-check
/* The wallet shows another account than the one that this session came in with: say so.
 *
 * Only asks what wallets tell without asking their user (eth_accounts of EIP-1193, a silent
 * standard:connect of the Wallet Standard). Only a wallet that has shown our account, on this page or
 * in this tab before, can have changed: another wallet with another account, and one that is locked,
 * say nothing about who is here.
 */
import {
  ask,
  attempt,
  chainOf,
  discoverEvm,
  discoverStandard,
  keep,
  OURS,
  recall,
} from './discovery.js'

const STAY = 'moralis-stay'

/** @param {HTMLElement} banner */
function start(banner) {
  const { network, wallet: linked } = banner.dataset
  const logout = /** @type {HTMLFormElement | null} */ (
    document.getElementById('moralis-watch-logout')
  )
  const place = /** @type {HTMLElement} */ (banner.querySelector('[data-moralis-other]'))
  const ids = (linked ?? '').split(/\s+/).map(parsed)
  const namesChain = ids.some(({ chain }) => chain !== undefined)
  /** @type {Map<string, Moralis.Watched>} */
  const watched = new Map()

  /**
   * An address, with its chain where the account is only there (CAIP-10). The letter case of EVM
   * addresses is a checksum, which most wallets leave out.
   * @param {string} id
   */
  function parsed(id) {
    const [, chain, address] = /^eip155:(\d+):(.+)$/.exec(id) ?? [undefined, undefined, id]
    return { address: network === 'evm' ? address.toLowerCase() : address, chain }
  }

  /**
   * @param {string} address
   * @param {string} [chain] where it is known
   */
  function isOurs(address, chain) {
    return ids.some(
      (id) => id.address === address && (!id.chain || !chain || BigInt(id.chain) === BigInt(chain)),
    )
  }

  /** @param {string} key */
  function wasOurs(key) {
    const [usedLast, address] =
      attempt(() => JSON.parse(recall('sessionStorage', OURS) ?? '')) ?? []
    return usedLast === key && typeof address === 'string' && isOurs(parsed(address).address)
  }

  /**
   * `listen(listener)` tells of later accounts, `look()` of those of now; both give addresses.
   * @param {string} key
   * @param {(listener: (addresses: unknown) => void) => void} listen
   * @param {() => Promise<unknown>} look
   * @param {() => Promise<string | number | undefined>} chain
   */
  async function watch(key, listen, look, chain = async () => undefined) {
    if (watched.has(key)) return
    const wallet = { wasOurs: wasOurs(key), isOurs: false, other: '', turn: 0 }
    watched.set(key, wallet)
    let settled = false // before that, an event is the wallet's answer in other words

    /** @param {unknown | Promise<unknown>} addresses */
    async function tell(addresses) {
      wallet.turn += 1
      const { turn } = wallet
      const [first] = /** @type {any[]} */ ((await addresses) ?? [])
      const there = namesChain ? await chain() : undefined
      if (turn !== wallet.turn) return // what came later is newer
      const address = typeof first === 'string' ? parsed(first).address : ''
      wallet.isOurs = isOurs(address, there === undefined ? there : String(there).split(':').pop())
      wallet.wasOurs ||= wallet.isOurs
      wallet.other = wallet.wasOurs && !wallet.isOurs ? address : ''
      if (wallet.isOurs) keep('sessionStorage', OURS, JSON.stringify([key, address]))
      review(settled && wallet.other !== '' && !isOurs(address))
    }

    attempt(() => listen((addresses) => tell(addresses).catch(() => {})))
    await tell(attempt(look)).catch(() => {}) // a wallet that does not tell
    settled = true
  }

  /**
   * One of several wallets that shows our account is enough.
   * @param {boolean} changed while this page was open
   */
  function review(changed) {
    const wallets = [...watched.values()]
    const others = wallets.some((one) => one.isOurs) ? [] : wallets.map((one) => one.other)
    const other = others.filter(Boolean).pop() ?? ''
    if (other && changed && banner.dataset.onChange === 'logout' && logout) {
      logout.submit()
      return
    }
    banner.hidden = !other || recall('sessionStorage', STAY) === other
    place.title = other
    place.textContent = `${other.slice(0, 6)}…${other.slice(-4)}`
  }

  banner.querySelector('[data-moralis-stay]')?.addEventListener('click', () => {
    banner.hidden = true
    keep('sessionStorage', STAY, place.title)
  })

  function watchEvm() {
    discoverEvm(
      ({ key, provider }) =>
        watch(
          key,
          (listener) => {
            provider.on?.('accountsChanged', listener)
            if (namesChain)
              provider.on?.('chainChanged', () => listener(ask(provider, 'eth_accounts')))
          },
          () => ask(provider, 'eth_accounts'),
          () => chainOf(provider),
        ),
      ({ key }) => {
        watched.delete(key)
        review(false)
      },
    )
  }

  function watchSolana() {
    /** @param {any[] | undefined} accounts */
    const addressesOf = (accounts) =>
      [...(accounts ?? [])]
        .filter((one) => one.chains?.some((/** @type {string} */ id) => id.startsWith('solana:')))
        .map((one) => one.address)
    discoverStandard(({ key, features }) => {
      const connect = features['standard:connect']
      if (!connect || !features['solana:signMessage']) return
      watch(
        key,
        (listener) =>
          features['standard:events']?.on('change', (/** @type {any} */ { accounts }) => {
            if (accounts) listener(addressesOf(accounts)) // else its chains or features changed
          }),
        async () => addressesOf((await connect.connect({ silent: true })).accounts),
      )
    })
  }

  if (network === 'evm') watchEvm()
  else watchSolana()
}

const banner = document.getElementById('moralis-watch')
if (banner) start(banner)
