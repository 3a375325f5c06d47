// @ts-check
/* The picker: an element with everything that it needs within it, on whichever page it stands. */
import { Ceremony } from './ceremony.js'
import { SEARCH_MS } from './discovery.js'
import { Entries } from './entries.js'
import { Failure } from './errors.js'
import { keep, LAST_WALLET, OURS, recall } from './memory.js'
import { Panel } from './panel.js'
import { requestChallenge } from './server.js'

const SAID_BY_THEMSELVES = ['rejected', 'closed', 'pending', 'locked']

export class Picker {
  /** @type {Moralis.View} */
  view = { state: 'idle' }
  searching = true

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.form = /** @type {HTMLFormElement} */ (this.part('form'))
    this.page = /** @type {Moralis.Page} */ (JSON.parse(this.part('page').textContent ?? ''))
    this.panel = new Panel(this.part)
    this.ceremony = new Ceremony({
      prepare: (account, signal) => this.#prepare(account, signal),
      send: (attempt, fields) => this.#send(attempt, fields),
      show: (view) => this.#show(view),
      stop: () => window.stop(),
    })
    const template = /** @type {HTMLTemplateElement} */ (this.part('wallet'))
    const last = recall('localStorage', LAST_WALLET)
    this.entries = new Entries(this.part('wallets'), template, last, (one) => this.press(one))
    this.#listen()
    this.#search()
  }

  /**
   * A part of the picker, which says what it is by `data-moralis="name"`.
   * @param {string} name
   */
  part = (name) => /** @type {HTMLElement} */ (this.root.querySelector(`[data-moralis="${name}"]`))

  /**
   * @param {Moralis.Wallet} wallet
   * @param {Moralis.Wishes} [wishes]
   */
  press(wallet, wishes) {
    // Who is signed in wants another account than the one that the wallet gives by itself.
    this.ceremony.press(wallet, { another: this.page.signedIn, ...wishes })
  }

  #listen() {
    const again = (/** @type {Moralis.Wishes} */ wishes) => {
      if (this.view.wallet) this.press(this.view.wallet, { again: true, ...wishes })
    }
    this.#onPress('cancel', () => this.ceremony.cancel())
    this.#onPress('another', () => again({ another: true }))
    this.#onPress('switch', () => again({ another: false, chain: this.page.chains?.[0].id }))
  }

  /**
   * @param {string} name
   * @param {() => void} act
   */
  #onPress(name, act) {
    this.part(name).querySelector('button')?.addEventListener('click', act)
  }

  async #search() {
    const { networks, texts } = this.page
    this.#say(texts.searching)
    /** @type {Moralis.Family[]} */
    const families = await Promise.all(networks.map((network) => import(`./${network}.js`)))
    for (const { find } of families) {
      find(
        (wallet) => this.#add(wallet),
        (key) => this.entries.remove(key),
        texts.browserWallet,
      )
    }
    setTimeout(() => {
      this.searching = false
      if (this.view.state === 'idle') this.#say(this.#invitation())
    }, SEARCH_MS)
  }

  /** @param {Moralis.Wallet} wallet */
  #add(wallet) {
    this.entries.add(wallet)
    if (this.view.state === 'idle' && !wallet.development) this.#say(this.#invitation())
  }

  #invitation() {
    const { choose, none, searching } = this.page.texts
    if (this.entries.installed) return choose
    return this.searching ? searching : none
  }

  /**
   * @param {Moralis.Account} account
   * @param {AbortSignal} signal
   */
  async #prepare(account, signal) {
    const address = account.network === 'evm' ? account.address.toLowerCase() : account.address
    const linked = this.page.linked.map((one) => (one.startsWith('0x') ? one.toLowerCase() : one))
    if (linked.includes(address)) throw new Failure('linked', { code: 'wallet_already_linked' })
    const token = /** @type {HTMLInputElement} */ (
      this.form.elements.namedItem('csrfmiddlewaretoken')
    )
    return requestChallenge(this.page, token.value, account, signal)
  }

  /**
   * Post the form, unless the site does it in a way of its own. The server renders what comes of it.
   * @param {Moralis.Attempt} attempt
   * @param {Record<string, string>} fields
   */
  #send({ wallet, connected }, fields) {
    const account = connected?.account
    keep('localStorage', LAST_WALLET, wallet.key)
    keep('sessionStorage', OURS, JSON.stringify([wallet.key, account?.address]))
    if (!this.#tell('moralis:state', { ...this.#told(this.view), fields })) return false
    for (const [name, value] of Object.entries(fields)) {
      const input = /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name))
      input.value = value
    }
    HTMLFormElement.prototype.submit.call(this.form)
    return true
  }

  /** @param {Moralis.View} view */
  #told({ state, wallet, connected }) {
    const { name, network } = wallet ?? {}
    return { state, wallet: name, network, address: connected?.account.address }
  }

  /**
   * @param {string} type
   * @param {object} detail
   * @returns whether the site leaves it to this page
   */
  #tell(type, detail) {
    const options = { bubbles: true, cancelable: true, composed: true, detail }
    return this.root.dispatchEvent(new CustomEvent(type, options))
  }

  /** @param {Moralis.View} view */
  #show(view) {
    const focused = this.part('tools').contains(document.activeElement)
    this.view = view
    const { state, wallet, connected, failure, renewals } = view
    const idle = state === 'idle'
    this.entries.hold(idle ? undefined : wallet, state === 'sending')
    this.panel.show(view)
    this.part('cancel').hidden = idle
    this.part('another').hidden = connected?.account.network !== 'evm' || state === 'sending'
    this.part('switch').hidden = true
    this.#warn('', '')
    const { texts } = this.page
    if (idle) this.#say(this.#invitation())
    else this.#say(state === 'signing' && renewals ? texts.renewed : texts[state])
    if (failure) this.#fail(failure)
    else if (state !== 'sending') this.#tell('moralis:state', this.#told(view))
    if (focused && idle) this.entries.buttonOf(wallet)?.focus()
  }

  /** @param {Moralis.Told} failure */
  #fail({ reason, code, sentence, words, error }) {
    this.#tell('moralis:state', this.#told(this.view))
    if (!this.#tell('moralis:error', { error, reason, code })) return
    const { texts, chains } = this.page
    const isMute = SAID_BY_THEMSELVES.includes(reason)
    if (words && !isMute) console.warn('moralis: the wallet failed:', words, error)
    this.#warn(sentence ?? texts[reason] ?? texts.walletFailed, isMute ? '' : words, code)
    if (code !== 'unsupported_chain' || !chains?.length) return
    this.part('switch').hidden = this.view.connected?.account.network !== 'evm'
    const button = this.part('switch').querySelector('button')
    if (button) button.textContent = texts.switchChain.replace('{chain}', chains[0].name)
  }

  /** @param {string} text */
  #say(text) {
    this.part('status').textContent = text
  }

  /**
   * @param {string} text
   * @param {string} words of the wallet
   * @param {string} [code]
   */
  #warn(text, words, code) {
    const alert = this.part('alert')
    alert.textContent = text
    if (code) alert.dataset.errorCode = code
    else delete alert.dataset.errorCode
    this.part('words').hidden = !words
    this.part('said').textContent = words
  }
}
