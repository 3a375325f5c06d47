// @ts-check
/* The wallet page: each picker on it, which is an element with everything that it needs within it, on
 * whichever page it stands.
 *
 * The server decides and renders every outcome; here is only what must happen in the browser.
 */
import { Ceremony } from './ceremony.js'
import { keep, OURS, recall, SEARCH_MS } from './discovery.js'
import { Entries } from './entries.js'
import { Failure } from './errors.js'
import { Panel } from './panel.js'
import { post } from './site.js'

const LAST_WALLET = 'moralis-wallet'

/**
 * Wait for something step by step. Safari lets a wallet open a window for what a timer leads to, within
 * a second of the press that set it, and never for what a request over the network leads to.
 * @template T
 * @param {Promise<T>} promise
 */
async function inSteps(promise) {
  let steps = 50 // of 20 ms
  const end = () => {
    steps = 0
  }
  promise.then(end, end)
  while (steps-- > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  return promise
}

class Picker {
  /** @type {Moralis.View} */
  view = { state: 'idle' }
  searching = true

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.form = /** @type {HTMLFormElement} */ (this.part('form'))
    this.inputs = /** @type {Moralis.Inputs} */ (/** @type {unknown} */ (this.form.elements))
    this.page = /** @type {Moralis.Page} */ (JSON.parse(this.part('page').textContent ?? ''))
    this.panel = new Panel(this.part)
    this.ceremony = new Ceremony(
      {
        prepare: (account, signal) => inSteps(this.#prepare(account, signal)),
        send: (attempt, fields) => this.#send(attempt, fields),
        show: (view) => this.#show(view),
        tick: (milliseconds) => this.panel.tick(milliseconds),
        stop: () => window.stop(),
      },
      { sending: this.page.patience },
    )
    const template = /** @type {HTMLTemplateElement} */ (this.part('wallet'))
    const last = recall('localStorage', LAST_WALLET)
    this.entries = new Entries(this.part('wallets'), template, last, (one) => this.#press(one))
    this.#button('cancel').onclick = () => this.ceremony.cancel()
    this.#button('another').onclick = () => this.#again({ another: true })
    this.#button('switch').onclick = () => this.#again({ another: false, chain: this.page.chain })
    this.#search()
  }

  /**
   * A part of the picker, which says what it is by `data-moralis="name"`.
   * @param {string} name
   */
  part = (name) => /** @type {HTMLElement} */ (this.root.querySelector(`[data-moralis="${name}"]`))

  /**
   * The button in a part, which is the site's own element.
   * @param {string} name
   */
  #button(name) {
    return /** @type {HTMLElement} */ (this.part(name).querySelector('button'))
  }

  /**
   * @param {Moralis.Wallet} wallet
   * @param {Moralis.Wishes} [wishes]
   */
  #press(wallet, wishes) {
    if (!this.form.reportValidity()) return // what people type is missing
    // Who is signed in wants another account than the one that the wallet gives by itself.
    this.ceremony.press(wallet, { another: this.page.signedIn, ...wishes })
  }

  /** @param {Moralis.Wishes} wishes */
  #again(wishes) {
    if (this.view.wallet) this.#press(this.view.wallet, { again: true, ...wishes })
  }

  async #search() {
    const { networks, texts } = this.page
    this.panel.say(texts.searching)
    for (const loading of networks.map((network) => import(`./${network}.js`))) {
      /** @type {Moralis.Family | undefined} */
      const family = await loading.catch(() => this.panel.warn(texts.network))
      family?.discover(
        (wallet) => {
          this.entries.add(wallet)
          this.#invite()
        },
        (key) => this.entries.remove(key),
        texts.browserWallet,
      )
    }
    setTimeout(() => {
      this.searching = false
      this.#invite()
    }, SEARCH_MS)
  }

  #invite() {
    const { choose, none } = this.page.texts
    const isFound = this.entries.installed
    this.part('none').hidden = isFound || this.searching
    if (this.view.state !== 'idle') return
    if (isFound) this.panel.say(choose)
    else if (!this.searching) this.panel.say(none)
  }

  /**
   * Have the server make the text for an account to sign.
   * @param {Moralis.Account} account
   * @param {AbortSignal} signal
   * @returns {Promise<Moralis.Text>}
   */
  async #prepare(account, signal) {
    const { linked, challengeUrl, csrfHeader, fields } = this.page
    const spelled = account.address.toLowerCase()
    if (linked.some((one) => one.toLowerCase() === spelled)) {
      throw new Failure('linked', { code: 'wallet_already_linked' })
    }
    // The number that another device shows is typed into the form of its page.
    const data = { ...account, ...fields, number: this.inputs.number?.value }
    const answer = await post(this.inputs, csrfHeader, challengeUrl, data, signal)
    if (answer.ok === undefined) throw new Failure('network')
    if (answer.ok && typeof answer.message === 'string') {
      return /** @type {Moralis.Text} */ (answer)
    }
    const { code, message: sentence } = answer.error ?? {}
    throw new Failure('reload', { code, sentence })
  }

  /**
   * Post the form, unless the site does it in a way of its own.
   * @param {Moralis.Attempt} attempt
   * @param {Record<string, string>} fields
   */
  #send({ wallet, connected }, fields) {
    keep('localStorage', LAST_WALLET, wallet.key)
    keep('sessionStorage', OURS, JSON.stringify([wallet.key, connected?.account.address]))
    if (!this.#tell('moralis:state', { fields })) return false
    for (const [name, value] of Object.entries(fields)) this.inputs[name].value = value
    HTMLFormElement.prototype.submit.call(this.form)
    return true
  }

  /**
   * @param {string} type
   * @param {object} [more]
   * @returns whether the site leaves it to this page
   */
  #tell(type, more) {
    const { state, wallet, connected } = this.view
    const { name, network } = wallet ?? {}
    const detail = { state, wallet: name, network, address: connected?.account.address, ...more }
    const event = new CustomEvent(type, { bubbles: true, cancelable: true, detail })
    return this.root.dispatchEvent(event)
  }

  /** @param {Moralis.View} view */
  #show(view) {
    this.view = view
    const { state, wallet, failure, renewals } = view
    const isIdle = state === 'idle'
    const focused = this.part('tools').querySelector(':focus')
    this.entries.hold(isIdle ? undefined : wallet, state === 'sending')
    const { texts } = this.page
    this.panel.say((state === 'signing' && renewals ? texts.renewed : texts[state]) ?? '')
    this.panel.warn('')
    this.panel.show(view)
    this.#invite()
    // What was pressed may be gone.
    if (focused?.closest('[hidden]')) {
      const next = isIdle ? this.entries.buttonOf(wallet) : this.#button('cancel')
      next?.focus()
    }
    if (state !== 'sending') this.#tell('moralis:state')
    if (failure) this.#fail(failure)
  }

  /** @param {Moralis.Failure} error */
  #fail(error) {
    const { reason, code, sentence, words, cause } = error
    if (!this.#tell('moralis:error', { error, reason, code })) return
    if (words) console.warn('moralis: the wallet failed:', words, cause)
    this.panel.warn(sentence ?? this.page.texts[reason], words, code)
    this.part('switch').hidden = code !== 'unsupported_chain' || !this.page.chain
  }
}

for (const root of document.querySelectorAll('[data-moralis="picker"]')) {
  new Picker(/** @type {HTMLElement} */ (root))
}

// Back from the next page: a page out of the browser's cache has a used CSRF token.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) window.location.reload()
})
