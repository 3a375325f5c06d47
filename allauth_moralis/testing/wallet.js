/* A wallet extension as a page sees one; Python holds the key.
 *
 * A wallet of Ethereum announces itself by EIP-6963, one of Solana or Aptos by the Wallet Standard.
 * `wallet` is what `WalletBehaviour` in browser.py says, with its name, network, address and public key.
 * window.testWallets, of all wallets of a page, records every call, and lets a test emit events.
 */
(wallet) => {
  const kit = window.testWallets ??= {
    wallets: [],
    calls: [],
    listeners: [],
    pending: [],
    late: [],
    held: [],
    /** Let the user answer the requests for a method that are open, oldest first. */
    answer (method, index = 0) {
      const open = kit.held.filter((one) => one.method === method)
      kit.held = kit.held.filter((one) => one !== open[index])
      open[index].resolve()
    },
    /** Let the wallets come that are late. */
    arrive () {
      for (const come of kit.late.splice(0)) come()
    },
    emit (event, value) {
      kit.listeners.filter((one) => one.event === event).forEach((one) => one.listener(value))
    },
    /* For Selenium, which fetches what is to be signed and brings the signatures. */
    take () {
      const fresh = kit.pending.filter((one) => !one.taken)
      return fresh.map((one) => {
        one.taken = true
        return { id: kit.pending.indexOf(one), address: one.address, text: one.text }
      })
    },
    give (id, signature) {
      kit.pending[id].resolve(signature)
    }
  }
  kit.wallets.push(wallet)

  const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))

  /** The signature, in hex. */
  function sign (address, text) {
    // Playwright calls Python by itself.
    if (window.testWalletSign) return window.testWalletSign(address, text)
    return new Promise((resolve) => kit.pending.push({ address, text, resolve }))
  }

  // --- Ethereum ------------------------------------------------------------------------------

  const evm = {
    on (event, listener) {
      kit.listeners.push({ wallet: wallet.name, event, listener })
    },
    async request ({ method, params }) {
      kit.calls.push({ wallet: wallet.name, method, params })
      const error = wallet.errors?.[method]?.shift()
      const thrown = wallet.throws?.[method]
      if (method === 'eth_requestAccounts' && wallet.unanswered-- > 0) return new Promise(() => {})
      if (wallet.delay) await new Promise((resolve) => setTimeout(resolve, wallet.delay))
      if (error) throw Object.assign(new Error('of the wallet'), { code: error })
      if (thrown?.length) throw thrown.shift()
      if (wallet.holds?.includes(method)) await new Promise((resolve) => kit.held.push({ method, resolve }))
      switch (method) {
        case 'eth_accounts': return wallet.shows ?? [wallet.address]
        case 'wallet_requestPermissions': return choose()
        case 'wallet_switchEthereumChain': wallet.chain_id = params[0].chainId; return null
        case 'eth_requestAccounts': return wallet.locked ? [] : [wallet.address]
        case 'eth_chainId': return wallet.chain_id ?? '0x1'
        case 'personal_sign': return personalSign(...params)
        default: throw Object.assign(new Error('unknown method'), { code: 4200 })
      }
    }
  }

  /** The user chooses another account in the wallet's own window. */
  function choose () {
    if (!wallet.chooses) throw Object.assign(new Error('unknown method'), { code: 4200 })
    wallet.address = wallet.chooses
    return [{ parentCapability: 'eth_accounts' }]
  }

  async function personalSign (data, signer) {
    if (signer !== wallet.address) throw Object.assign(new Error('unknown account'), { code: 4100 })
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(data.replace(/^0x/, '')))
    return '0x' + await sign(wallet.address, text)
  }

  function inject () {
    const arrive = () => {
      window.ethereum = Object.assign(evm, wallet.says)
      if (!wallet.silent) window.dispatchEvent(new Event('ethereum#initialized'))
    }
    if (wallet.late) kit.late.push(arrive)
    else arrive()
  }

  function announce () {
    const info = { name: wallet.name, icon: wallet.icon, uuid: wallet.uuid, rdns: wallet.rdns ?? 'com.example' }
    const provider = () => wallet.renews ? { ...evm } : evm
    const say = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', {
      detail: Object.freeze({ info, provider: provider() })
    }))
    if (wallet.late) {
      kit.late.push(say)
    } else {
      say()
      window.addEventListener('eip6963:requestProvider', say)
    }
  }

  // --- Solana and Aptos: a wallet registers, and waits for whoever comes later -----------------

  const solana = {
    'standard:connect': {
      connect: async (input) => {
        kit.calls.push({ wallet: wallet.name, method: 'standard:connect', silent: input?.silent })
        const shown = input?.silent && wallet.shows ? wallet.shows : [wallet.address]
        if (wallet.locked) return { accounts: [] }
        if (wallet.connects === 'nothing') return undefined
        return { accounts: [...(wallet.watches ?? []).map(watchOnly), ...shown.map(accountOf)] }
      }
    },
    'standard:events': {
      on (event, listener) {
        const relay = (addresses) => listener(addresses ? { accounts: addresses.map(accountOf) } : { chains: [] })
        kit.listeners.push({ wallet: wallet.name, event, listener: relay })
      }
    },
    'solana:signMessage': {
      signMessage: async ({ account, message }) => {
        kit.calls.push({ wallet: wallet.name, method: 'solana:signMessage' })
        if (wallet.failure) throw new Error(wallet.failure)
        const signature = bytesOf(await sign(account.address, new TextDecoder().decode(message)))
        return written.solana[wallet.writes ?? 'list'](signature)
      }
    }
  }

  function accountOf (address) {
    return { address, chains: ['solana:mainnet'], features: ['solana:signMessage'] }
  }

  function watchOnly (address) {
    return { address, chains: ['solana:mainnet'], features: [] }
  }

  const aptos = {
    'aptos:connect': {
      connect: async () => ({
        status: 'Approved',
        args: wallet.locked ? {} : { address: wallet.address, publicKey: written.aptos('0020', wallet.publicKey.slice(2)) }
      })
    },
    'aptos:signMessage': {
      signMessage: async ({ message, nonce }) => {
        if (wallet.rejects) return { status: 'Rejected' }
        const fullMessage = wallet.bare ? message : `APTOS\nmessage: ${message}\nnonce: ${nonce}`
        const signature = written.aptos('0040', await sign(wallet.address, fullMessage))
        return { status: 'Approved', args: { fullMessage, message, nonce, prefix: 'APTOS', signature } }
      }
    }
  }

  /** How wallets write bytes. */
  const written = {
    solana: {
      list: (bytes) => [{ signature: bytes }],
      one: (bytes) => ({ signature: bytes }),
      buffer: (bytes) => [{ signature: bytes.buffer }],
      hex: (bytes) => [{ signature: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') }],
      json: (bytes) => JSON.parse(JSON.stringify([{ signature: bytes }])),
      node: (bytes) => [{ signature: { type: 'Buffer', data: [...bytes] } }]
    },
    aptos (kind, hex) {
      switch (wallet.writes) {
        case 'objects': return { toUint8Array: () => bytesOf(hex) }
        case 'wrapped': return { bcsToBytes: () => bytesOf(kind + hex) }
        case 'bytes': return bytesOf(hex)
        case 'array': return [...bytesOf(kind + hex)]
        default: return '0x' + hex
      }
    }
  }

  function register (features) {
    const detail = Object.freeze({ version: '1.0.0', name: wallet.name, icon: wallet.icon, chains: [], features, accounts: wallet.connects === 'nothing' ? [accountOf(wallet.address)] : [] })
    const callback = ({ register }) => register(detail)
    const say = () => window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: callback }))
    say()
    window.addEventListener('wallet-standard:app-ready', ({ detail: api }) => callback(api))
    if (wallet.late) kit.late.push(say)
  }

  if (wallet.network === 'solana') register(solana)
  else if (wallet.network === 'aptos') register(aptos)
  else if (wallet.injected) inject()
  else announce()
}
