/* The wallet shows another account than the one that this session came in with: say so.
 *
 * Only asks what wallets tell without asking their user (eth_accounts), and only listens to
 * accountsChanged (EIP-1193): a change of chain is nobody's business.
 */
(() => {
  'use strict'

  const banner = document.getElementById('moralis-watch')
  if (!banner) return
  const mine = banner.dataset.wallet.toLowerCase()
  const logout = document.getElementById('moralis-watch-logout')
  const STAY = 'moralis-stay'
  const shown = new Map() // provider -> the account that it shows, if any

  async function watch (provider) {
    if (typeof provider?.request !== 'function' || shown.has(provider)) return
    shown.set(provider, undefined)
    let changed = false
    provider.on?.('accountsChanged', (accounts) => {
      changed = true
      shown.set(provider, first(accounts))
      review(true)
    })
    try {
      const accounts = await provider.request({ method: 'eth_accounts' })
      if (!changed) shown.set(provider, first(accounts)) // else the event is newer than the answer
    } catch {
      return // a wallet that does not tell
    }
    review(false)
  }

  function first (accounts) {
    return typeof accounts?.[0] === 'string' ? accounts[0].toLowerCase() : undefined
  }

  /** A locked or disconnected wallet shows nothing, and one of several that shows ours is enough. */
  function review (changed) {
    const accounts = [...shown.values()].filter(Boolean)
    const other = accounts.includes(mine) ? undefined : accounts.at(-1)
    if (other && changed && banner.dataset.onChange === 'logout' && logout) {
      logout.submit()
      return
    }
    banner.hidden = !other || sessionStorage.getItem(STAY) === other
    banner.querySelector('[data-moralis-other]').textContent = other ?? ''
  }

  banner.querySelector('[data-moralis-stay]').addEventListener('click', () => {
    sessionStorage.setItem(STAY, banner.querySelector('[data-moralis-other]').textContent)
    banner.hidden = true
  })

  window.addEventListener('eip6963:announceProvider', (event) => watch(event.detail?.provider))
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  setTimeout(() => {
    if (!shown.size) watch(window.ethereum) // one that does not announce itself
  }, 800)
})()
