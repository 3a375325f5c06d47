/* The wallet shows another account than the one that this session came in with: say so.
 *
 * Only asks what wallets tell without asking their user (eth_accounts of EIP-1193, a silent
 * standard:connect of the Wallet Standard), and only listens to a change of accounts: a change of
 * chain is nobody's business.
 */
(() => {
  'use strict'

  const banner = document.getElementById('moralis-watch')
  if (!banner) return
  const evm = banner.dataset.network === 'evm'
  const mine = spelled(banner.dataset.wallet)
  const logout = document.getElementById('moralis-watch-logout')
  const STAY = 'moralis-stay'
  const SEARCH_MS = 800
  const shown = new Map() // wallet -> the account that it shows, if any

  /** The letter case of EVM addresses is a checksum, which most wallets leave out. */
  function spelled (address) {
    return evm ? address.toLowerCase() : address
  }

  /** `listen(listener)` tells of later accounts, `ask()` of those of now; both give addresses. */
  async function watch (wallet, listen, ask) {
    if (shown.has(wallet)) return
    shown.set(wallet, undefined)
    let told = false
    let settled = false // before that, an event is the wallet's answer in other words
    try {
      listen((addresses) => {
        told = true
        shown.set(wallet, first(addresses))
        review(settled)
      })
      const addresses = await ask()
      if (!told) shown.set(wallet, first(addresses)) // else the event is newer than the answer
    } catch { // a wallet that does not tell
    }
    settled = true
    review(false)
  }

  function first (addresses) {
    return typeof addresses?.[0] === 'string' ? spelled(addresses[0]) : undefined
  }

  /** A locked or disconnected wallet shows nothing, and one of several that shows ours is enough. */
  function review (changed) {
    const accounts = [...shown.values()].filter(Boolean)
    const other = accounts.includes(mine) ? undefined : accounts.at(-1)
    if (other && changed && banner.dataset.onChange === 'logout' && logout) {
      logout.submit()
      return
    }
    banner.hidden = !other || stays() === other
    banner.querySelector('[data-moralis-other]').textContent = other ?? ''
  }

  /** The account beside which the visitor wants to stay as they are. */
  function stays () {
    try {
      return sessionStorage.getItem(STAY)
    } catch { // the browser keeps nothing
      return null
    }
  }

  banner.querySelector('[data-moralis-stay]').addEventListener('click', () => {
    banner.hidden = true
    try {
      sessionStorage.setItem(STAY, banner.querySelector('[data-moralis-other]').textContent)
    } catch { // then it asks again on the next page
    }
  })

  function watchEvm () {
    function found (provider) {
      if (typeof provider?.request !== 'function') return
      watch(provider, (listener) => provider.on?.('accountsChanged', listener), () => provider.request({ method: 'eth_accounts' }))
    }
    window.addEventListener('eip6963:announceProvider', (event) => found(event.detail?.provider))
    window.dispatchEvent(new Event('eip6963:requestProvider'))
    setTimeout(() => {
      if (!shown.size) found(window.ethereum) // one that does not announce itself
    }, SEARCH_MS)
  }

  function watchSolana () {
    const addressesOf = (accounts) => accounts
      ?.filter((one) => one.chains?.some((chain) => chain.startsWith('solana:')))
      .map((one) => one.address)

    function register (...wallets) {
      for (const wallet of wallets) {
        const connect = wallet?.features?.['standard:connect']
        if (!connect || !wallet.features['solana:signMessage']) continue
        watch(
          wallet,
          (listener) => wallet.features['standard:events']?.on('change', ({ accounts }) => {
            if (accounts) listener(addressesOf(accounts)) // else its chains or features changed
          }),
          async () => addressesOf((await connect.connect({ silent: true })).accounts)
        )
      }
      return () => {}
    }

    const api = Object.freeze({ register })
    window.addEventListener('wallet-standard:register-wallet', (event) => {
      if (typeof event.detail === 'function') event.detail(api)
    })
    window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }))
  }

  if (evm) watchEvm()
  else watchSolana()
})()
