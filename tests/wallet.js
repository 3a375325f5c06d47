/* A wallet extension as a page sees one, announced by EIP-6963; Python holds the key.
 *
 * window.__wallets: [{name, icon, uuid, address, chainId, fail, late}], set before this runs.
 * Each call is recorded in window.__calls.
 */
(() => {
  window.__calls = []
  window.__listeners = []
  window.__emit = (event, value) => window.__listeners.filter((one) => one.event === event).forEach((one) => one.listener(value))

  function provider (wallet) {
    return {
      on (event, listener) {
        window.__listeners.push({ wallet: wallet.name, event, listener })
      },
      async request ({ method, params }) {
        window.__calls.push({ wallet: wallet.name, method, params })
        const failure = wallet.fail?.[method]?.shift()
        if (method === 'eth_requestAccounts' && wallet.silent-- > 0) return new Promise(() => {})
        if (wallet.delay) await new Promise((resolve) => setTimeout(resolve, wallet.delay))
        if (failure) throw Object.assign(new Error('of the wallet'), { code: failure })
        switch (method) {
          case 'eth_accounts': return wallet.shows ?? [wallet.address]
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
      const arrive = () => {
        window.ethereum = provider(wallet)
        window.dispatchEvent(new Event('ethereum#initialized'))
      }
      if (wallet.late) window.addEventListener('load', () => setTimeout(arrive, wallet.late))
      else arrive()
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

/* Wallets of the Wallet Standard, for Solana and Aptos; they register and wait for whoever is later. */
;(() => {
  const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))

  function solana (wallet) {
    const account = { address: wallet.address, chains: ['solana:mainnet'], features: ['solana:signMessage'] }
    return {
      'standard:connect': {
        connect: async (input) => {
          window.__calls.push({ method: 'standard:connect', silent: input?.silent })
          const shown = input?.silent && wallet.shows ? wallet.shows.map((address) => ({ ...account, address })) : [account]
          return { accounts: wallet.locked ? [] : shown }
        }
      },
      'standard:events': {
        on (event, listener) {
          const relay = (addresses) => listener(addresses ? { accounts: addresses.map((address) => ({ ...account, address })) } : { chains: [] })
          window.__listeners.push({ wallet: wallet.name, event, listener: relay })
        }
      },
      'solana:signMessage': {
        signMessage: async ({ account, message }) => {
          window.__calls.push({ method: 'solana:signMessage' })
          if (wallet.fail) throw new Error(wallet.fail)
          return [{ signature: bytesOf(await window.__signText(account.address, new TextDecoder().decode(message))) }]
        }
      }
    }
  }

  function aptos (wallet) {
    const written = (hex) => wallet.objects ? { toUint8Array: () => bytesOf(hex) } : '0x' + hex
    return {
      'aptos:connect': {
        connect: async () => ({
          status: 'Approved',
          args: wallet.locked ? {} : { address: wallet.address, publicKey: written(wallet.publicKey.slice(2)) }
        })
      },
      'aptos:signMessage': {
        signMessage: async ({ message, nonce }) => {
          if (wallet.rejects) return { status: 'Rejected' }
          const fullMessage = `APTOS\nmessage: ${message}\nnonce: ${nonce}`
          const signature = await window.__signText(wallet.address, fullMessage)
          return { status: 'Approved', args: { fullMessage, message, nonce, prefix: 'APTOS', signature: written(signature) } }
        }
      }
    }
  }

  for (const wallet of window.__standardWallets ?? []) {
    const features = Object.assign({}, ...wallet.networks.map((network) => ({ solana, aptos })[network](wallet)))
    const detail = Object.freeze({ version: '1.0.0', name: wallet.name, icon: wallet.icon, chains: [], features, accounts: [] })
    const callback = ({ register }) => register(detail)
    window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: callback }))
    window.addEventListener('wallet-standard:app-ready', ({ detail: api }) => callback(api))
    if (wallet.late) {
      window.addEventListener('load', () => setTimeout(() => {
        window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: callback }))
      }, wallet.late))
    }
  }
})()
