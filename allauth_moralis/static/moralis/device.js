// @ts-check
/* The computer's side of another device: ask for its wallet, show the code and the number, ask again and
 * again whether the phone has signed, and go on.
 */
import { post } from './site.js'

// How many times longer it waits in a tab that nobody sees: people look at the phone meanwhile.
const HIDDEN = 5
// In the last seconds it asks as often as it can: what the phone has signed must still arrive.
const LAST_MS = 15_000
const PATIENCE_MS = 15_000

class Panel {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer
  /** @type {Moralis.Asked | undefined} */
  asked
  ends = 0

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.form = /** @type {HTMLFormElement} */ (this.part('form'))
    this.inputs = /** @type {Moralis.Inputs} */ (/** @type {unknown} */ (this.form.elements))
    this.image = /** @type {HTMLImageElement} */ (this.part('image'))
    this.link = /** @type {HTMLAnchorElement} */ (this.part('link'))
    this.wallet = /** @type {HTMLSelectElement | null} */ (this.part('wallet'))
    this.page = /** @type {Moralis.DevicePage} */ (JSON.parse(this.part('data').textContent ?? ''))
    this.#onPress('ask', () => this.#ask())
    // The code is of use to this page alone, and ends by itself.
    this.#onPress('cancel', () => this.#rest(''))
    this.wallet?.addEventListener('change', () => this.#draw())
    document.addEventListener('visibilitychange', () => {
      if (this.asked && !document.hidden) this.#poll()
    })
    root.hidden = false
  }

  /**
   * A part of the panel, which says what it is by `data-moralis-device="name"`.
   * @param {string} name
   */
  part(name) {
    const found = this.root.querySelector(`[data-moralis-device="${name}"]`)
    return /** @type {HTMLElement} */ (found)
  }

  /**
   * @param {string} name
   * @param {() => void} act
   */
  #onPress(name, act) {
    this.part(name).querySelector('button')?.addEventListener('click', act)
  }

  /** @param {string} text */
  #say(text) {
    this.part('status').textContent = text
  }

  /**
   * @param {string} url
   * @param {object} data
   */
  #post(url, data) {
    return post(this.inputs, this.page.csrfHeader, url, data, AbortSignal.timeout(PATIENCE_MS))
  }

  async #ask() {
    const { url, fields, texts } = this.page
    this.#rest(texts.asking)
    const answer = await this.#post(url, fields)
    if (!answer.device_code) return this.#rest(answer.error?.message ?? texts.network)
    this.asked = /** @type {Moralis.Asked} */ (answer)
    this.ends = Date.now() + answer.lifetime
    this.#draw()
    this.part('number').textContent = this.asked.number
    this.part('code').hidden = false
    this.part('code').focus()
    this.root.scrollIntoView({ block: 'nearest' })
    this.#say(texts.waiting)
    this.#wait()
  }

  #draw() {
    if (!this.asked) return
    const uri = this.asked.verification_uri
    const { pathname } = new URL(uri)
    this.image.src = `${pathname}?code=${encodeURIComponent(this.wallet?.value ?? '')}`
    this.link.href = this.link.textContent = uri
  }

  #wait() {
    clearTimeout(this.timer)
    const isSlow = document.hidden && this.ends - Date.now() > LAST_MS
    const seconds = (this.asked?.interval ?? 0) * (isSlow ? HIDDEN : 1)
    this.timer = setTimeout(() => this.#poll(), seconds * 1000)
  }

  async #poll() {
    clearTimeout(this.timer)
    const { asked } = this
    const { pollUrl, texts } = this.page
    if (!asked) return
    if (Date.now() >= this.ends) return this.#rest(texts.expired)
    const answer = await this.#post(pollUrl, { device_code: asked.device_code })
    if (asked !== this.asked) return // cancelled, completed, or a new code was asked for
    if (answer.status === 'approved') return this.#complete(asked)
    if (answer.status === 'expired') return this.#rest(texts.expired)
    if (answer.error) return this.#rest(answer.error.message)
    // What has no status is some proxy's, and passes.
    this.#say(answer.status ? texts.waiting : texts.network)
    this.#wait()
  }

  /** @param {Moralis.Asked} asked */
  #complete(asked) {
    this.#rest(this.page.texts.approved)
    this.inputs.device_code.value = asked.device_code
    HTMLFormElement.prototype.submit.call(this.form)
  }

  /** @param {string} text */
  #rest(text) {
    clearTimeout(this.timer)
    this.asked = undefined
    const code = this.part('code')
    const hadFocus = code.contains(document.activeElement)
    code.hidden = true
    if (hadFocus) this.part('ask').querySelector('button')?.focus()
    this.#say(text)
  }
}

// A phone has its wallet at hand: there is nothing to scan with.
if (!matchMedia('(pointer: coarse)').matches) {
  for (const root of document.querySelectorAll('[data-moralis-device="panel"]')) {
    new Panel(/** @type {HTMLElement} */ (root))
  }
}
