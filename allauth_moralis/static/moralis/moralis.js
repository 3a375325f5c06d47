/* The wallet page: find wallets, have the challenge signed, post the signature as a form.
 *
 * The server decides and renders every outcome; here is only what must happen in the browser.
 * Sources: EIP-6963 (discovery), EIP-1193 (requests and error codes), EIP-191 (personal_sign);
 * the Wallet Standard (discovery, solana:signMessage), AIP-62 (aptos:signMessage).
 */
(() => {
  'use strict'

  const byId = (id) => document.getElementById(id)
  const form = byId('moralis-form')
  if (!form) return // the page asks the visitor to sign in first

  const page = JSON.parse(byId('moralis-page').textContent)
  const texts = page.texts
  const list = byId('moralis-wallets')
  const status = byId('moralis-status')
  const alert = byId('moralis-alert')
  const DOUBLE_CLICK_MS = 1000
  const DEVELOPMENT = 'localhost.development-wallet' // is the site's, and no wallet of this browser
  const SEARCH_MS = 800 // wallets that are installed announce themselves well within this

  // --- What the visitor sees -----------------------------------------------------------------

  // Each press is an attempt; a later one takes over from an earlier that still waits for its
  // wallet, whose window may have been closed without a word.
  let attempt = null

  function say (text) { status.textContent = text }

  function warn (text, code) {
    alert.textContent = text
    if (code) alert.dataset.errorCode = code
    else delete alert.dataset.errorCode
  }

  /** `holds`: whether the server has the word, so that no press counts. */
  function setBusy (holds) {
    if (attempt) attempt.holds = holds
    // Not `disabled`, which would take the keyboard focus away.
    for (const button of list.querySelectorAll('button')) button.setAttribute('aria-disabled', String(holds))
    list.setAttribute('aria-busy', String(holds))
  }

  function idle () {
    attempt = null
    setBusy(false)
    say(list.childElementCount ? texts.choose : '')
  }

  /** A failure that has a sentence for people. */
  class Failure extends Error {
    constructor (text, code) {
      super(text)
      this.code = code
    }
  }

  // --- Wallets: a name, an icon, and connect() -> {account, sign(message)} ---------------------

  /** A name that a person can read, or nothing. */
  function readable (name) {
    return typeof name === 'string' && /[\p{L}\p{N}\p{P}\p{S}]/u.test(name) ? name.trim().slice(0, 64) : ''
  }

  function addWallet ({ name, icon, network, connect, development = false }) {
    const node = byId('moralis-wallet').content.cloneNode(true)
    const button = node.querySelector('button')
    const label = node.querySelector('.moralis-wallet')
    // Name and icon come from whatever runs in this browser: text stays text, and an icon that is
    // not an image within the page is not even asked for.
    if (typeof icon === 'string' && /^data:image\/[\w.+-]+[;,]/i.test(icon.trim())) {
      const image = document.createElement('img')
      image.alt = ''
      image.src = icon.trim()
      label.append(image)
    }
    // One wallet may hold accounts of several networks: then each of its buttons names its own.
    label.append(document.createTextNode(network ? `${name} (${network})` : name))
    button.addEventListener('click', () => signIn(connect))
    button.toggleAttribute('data-development', development)
    list.append(node)
    if (!attempt && !development) say(texts.choose)
    return button
  }

  // Ethereum: EIP-6963, and window.ethereum where no wallet announces itself.
  function evmWallet (provider) {
    return async () => {
      const accounts = await ask(provider, 'eth_requestAccounts')
      const address = Array.isArray(accounts) ? accounts[0] : undefined
      if (typeof address !== 'string') throw new Failure(texts.locked)
      const chainId = await ask(provider, 'eth_chainId')
      return {
        // A wallet that does not know its chain: the server takes the first.
        account: { network: 'evm', address, ...(['string', 'number'].includes(typeof chainId) && chainId ? { chain_id: chainId } : {}) },
        // Hex-encoded UTF-8 is the one form of the text on which wallets agree.
        sign: async (message) => ({ signature: await ask(provider, 'personal_sign', ['0x' + hex(new TextEncoder().encode(message)), address]) })
      }
    }
  }

  function ask (provider, method, params) {
    return provider.request(params ? { method, params } : { method })
  }

  function hex (bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  function discoverEvm () {
    const announced = new Set() // of providers: wallets announce again when they are asked again
    let installed = 0 // of those
    let fallback = null

    window.addEventListener('eip6963:announceProvider', (event) => {
      const { info, provider } = event.detail ?? {}
      if (typeof provider?.request !== 'function' || !readable(info?.name)) return
      if (announced.has(provider)) return
      announced.add(provider)
      const development = info.rdns === DEVELOPMENT
      if (!development) installed += 1
      if (installed && fallback && !attempt) fallback.remove() // it would be the same wallet once more
      addWallet({ name: readable(info.name), icon: info.icon, connect: evmWallet(provider), development })
    })
    window.dispatchEvent(new Event('eip6963:requestProvider'))

    function fallBack () {
      const provider = injected()
      if (installed || fallback || typeof provider?.request !== 'function') return
      fallback = addWallet({ name: texts.browserWallet, connect: evmWallet(provider) })
    }
    window.addEventListener('ethereum#initialized', fallBack) // of wallets that are slow to come
    return fallBack
  }

  function injected () {
    try {
      return window.ethereum
    } catch { // two extensions at odds over who owns it
      return undefined
    }
  }

  // Solana and Aptos: the Wallet Standard, by which wallets and page find each other whoever is first.
  const STANDARD = {
    solana: { title: 'Solana', feature: 'solana:signMessage', connect: solanaWallet },
    aptos: { title: 'Aptos', feature: 'aptos:signMessage', connect: aptosWallet }
  }

  function discoverStandard () {
    const known = new Set()
    const offered = page.networks.filter((network) => network in STANDARD)

    function register (...wallets) {
      for (const wallet of wallets) {
        if (!readable(wallet?.name) || known.has(wallet)) continue
        known.add(wallet)
        for (const network of offered) {
          const { title, feature, connect } = STANDARD[network]
          if (!wallet.features?.[feature]) continue
          addWallet({ name: readable(wallet.name), icon: wallet.icon, network: title, connect: connect(wallet) })
        }
      }
      return () => {} // wallets may leave again; a page that lives for a minute does not mind
    }

    const api = Object.freeze({ register })
    window.addEventListener('wallet-standard:register-wallet', (event) => {
      if (typeof event.detail === 'function') event.detail(api)
    })
    window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }))
  }

  function solanaWallet (wallet) {
    return async () => {
      const { accounts } = await wallet.features['standard:connect'].connect()
      const account = accounts?.find((one) => one.chains?.some((chain) => chain.startsWith('solana:')))
      if (!account) throw new Failure(texts.locked)
      return {
        account: { network: 'solana', address: account.address },
        sign: async (message) => {
          const input = { account, message: new TextEncoder().encode(message) }
          const [output] = await wallet.features['solana:signMessage'].signMessage(input)
          return { signature: toBase58(output.signature) }
        }
      }
    }
  }

  function aptosWallet (wallet) {
    return async () => {
      const account = approved(await wallet.features['aptos:connect'].connect())
      const [address, publicKey] = [account?.address, account?.publicKey].map(hexOf)
      if (!address || !publicKey) throw new Failure(texts.locked)
      return {
        account: { network: 'aptos', address, public_key: publicKey },
        sign: async (message) => {
          // A nonce is asked for by the wallet's interface; ours stands within the text.
          const input = { message, nonce: 'null', address: false, application: false, chainId: false }
          const output = approved(await wallet.features['aptos:signMessage'].signMessage(input))
          return { signature: hexOf(output.signature), full_message: output.fullMessage }
        }
      }
    }
  }

  /** AIP-62: a wallet answers {status, args} and does not throw when the user says no. */
  function approved (response) {
    if (response?.status === 'Rejected') throw new Failure(texts.rejected)
    return response?.status === 'Approved' ? response.args : response
  }

  /** Keys, addresses and signatures come as hex, as bytes, or as objects that can write themselves. */
  function hexOf (value) {
    if (value === null || value === undefined) return undefined
    const bytes = value instanceof Uint8Array ? value : value.toUint8Array?.()
    return bytes ? '0x' + hex(bytes) : String(value)
  }

  function toBase58 (bytes) {
    const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
    let number = BigInt('0x' + hex(bytes))
    let digits = ''
    for (; number > 0n; number /= 58n) digits = alphabet[number % 58n] + digits
    for (const byte of bytes) {
      if (byte) break
      digits = '1' + digits // a leading zero byte has a digit of its own
    }
    return digits
  }

  // --- The ceremony --------------------------------------------------------------------------

  async function signIn (connect) {
    if (attempt?.holds || (attempt?.connect === connect && performance.now() - attempt.since < DOUBLE_CLICK_MS)) return
    const mine = { connect, since: performance.now(), holds: false }
    attempt = mine
    setBusy(false)
    warn('')
    try {
      say(texts.connecting)
      const { account, sign } = await connect()
      if (attempt !== mine) return
      setBusy(true)
      say(texts.preparing)
      const { challenge, message } = await requestChallenge(account)
      setBusy(false)
      say(texts.signing)
      const answer = await sign(message)
      if (attempt !== mine) return
      setBusy(true)
      say(texts.verifying)
      submit({ challenge, ...answer })
    } catch (error) {
      if (attempt !== mine) return
      idle()
      warn(explain(error), error instanceof Failure ? error.code : undefined)
      document.dispatchEvent(new CustomEvent('moralis:error', { detail: { error } }))
    }
  }

  async function requestChallenge (account) {
    let response
    try {
      response = await fetch(page.challengeUrl, {
        method: 'POST',
        credentials: 'same-origin',
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json',
          [page.csrfHeader]: form.elements.csrfmiddlewaretoken.value
        },
        body: JSON.stringify({ ...account, ...page.fields })
      })
    } catch {
      throw new Failure(texts.network)
    }
    const body = await response.json().catch(() => null)
    if (response.ok && typeof body?.message === 'string') return body
    const error = body?.error
    throw error ? new Failure(error.message, error.code) : new Failure(texts.reload)
  }

  function submit (fields) {
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value !== 'string' || !value) throw new Failure(texts.walletFailed)
      form.elements[name].value = value
    }
    form.submit() // the server renders what comes of it
  }

  function explain (error) {
    if (error instanceof Failure) return error.message
    try {
      return explainWallet(error)
    } catch { // an object that throws when it is looked at
      return texts.walletFailed
    }
  }

  function explainWallet (error) {
    const code = error?.data?.originalError?.code ?? error?.cause?.code ?? error?.code
    switch (typeof code === 'string' && /^-?\d+$/.test(code) ? Number(code) : code) {
      case 4001: // EIP-1193: the user said no
      case 5000: // the same of WalletConnect
      case 'ACTION_REJECTED': return texts.rejected
      case -32002: return texts.pending // a request of the same kind is still open
      case 4100: return texts.locked // EIP-1193: not authorised
      default: // wallets of the Wallet Standard have no codes
        return /reject|declin|den(y|ied)|cancel/i.test(error?.message) ? texts.rejected : texts.walletFailed
    }
  }

  // --- Start ---------------------------------------------------------------------------------

  // Back from the next page: a page out of the browser's cache has a used CSRF token.
  window.addEventListener('pageshow', (event) => { if (event.persisted) window.location.reload() })

  say(texts.searching)
  const searches = page.networks.includes('evm') ? [discoverEvm()] : []
  discoverStandard()
  setTimeout(() => {
    for (const finish of searches) finish()
    if (!attempt) say(list.querySelector('button:not([data-development])') ? texts.choose : texts.none)
  }, SEARCH_MS)
})()
