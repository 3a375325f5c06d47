/* A wallet extension as a page sees one, announced by EIP-6963; Python holds the key.
 *
 * window.__wallets: [{name, icon, uuid, address, chainId, fail, late}], set before this runs.
 * Each call is recorded in window.__calls.
 */
(() => {
  window.__calls = []

  function provider (wallet) {
    return {
      async request ({ method, params }) {
        window.__calls.push({ wallet: wallet.name, method, params })
        const failure = wallet.fail?.[method]?.shift()
        if (failure) throw Object.assign(new Error('of the wallet'), { code: failure })
        switch (method) {
          case 'eth_requestAccounts': return wallet.locked ? [] : [wallet.address]
          case 'eth_chainId': return wallet.chainId ?? '0x1'
          case 'personal_sign': return window.__sign(wallet.address, ...params)
          default: throw Object.assign(new Error('unknown method'), { code: 4200 })
        }
      }
    }
  }

  for (const wallet of window.__wallets) {
    if (wallet.legacy) {
      window.ethereum = provider(wallet)
      continue
    }
    const { name, icon, uuid } = wallet
    const detail = Object.freeze({ info: { name, icon, uuid, rdns: 'com.example' }, provider: provider(wallet) })
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
    if (wallet.late) {
      window.addEventListener('load', () => setTimeout(announce, wallet.late))
    } else {
      announce()
      window.addEventListener('eip6963:requestProvider', announce)
    }
  }
})()
