// @ts-check
/* The computer's side of another device: ask for its wallet, show the code and the number, ask again and
 * again whether the phone has signed, and go on.
 */

/** How many times longer it waits in a tab that nobody sees. The phone is what people look at, and so it
 * goes on there, too. */
const HIDDEN = 5
/** In the last seconds it asks as often as it can: what the phone has signed must still arrive. */
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
    this.image = /** @type {HTMLImageElement} */ (this.part('image'))
    this.link = /** @type {HTMLAnchorElement} */ (this.part('link'))
    this.wallet = /** @type {HTMLSelectElement | null} */ (this.part('wallet'))
    this.page = /** @type {Moralis.DevicePage} */ (JSON.parse(this.part('data').textContent ?? ''))
    this.part('ask')
      .querySelector('button')
      ?.addEventListener('click', () => this.#ask())
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

  /** @param {string} name */
  #input(name) {
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name))
  }

  /** @param {string} text */
  #say(text) {
    this.part('status').textContent = text
  }

  /**
   * @param {string} url
   * @param {object} data
   * @returns {Promise<any>} what the server answered, or `undefined` if it could not be reached
   */
  async #post(url, data) {
    const token = this.#input('csrfmiddlewaretoken').value
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', [this.page.csrfHeader]: token },
      body: JSON.stringify(data),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(() => undefined)
    // What is not JSON is some proxy's, and passes.
    return response?.json().catch(() => undefined)
  }

  async #ask() {
    const { url, fields, texts } = this.page
    this.#rest(texts.asking)
    const answer = await this.#post(url, fields)
    if (!answer?.device_code) return this.#rest(answer?.error?.message ?? texts.network)
    this.asked = /** @type {Moralis.Asked} */ (answer)
    // By this clock: the visitor's may be wrong, and what counts is the server's.
    this.ends = Date.now() + this.page.lifetime
    this.#draw()
    this.part('number').textContent = answer.number
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
    if (asked !== this.asked) return // a new code was asked for, or this one was completed
    if (answer?.status === 'approved') return this.#complete(asked)
    if (answer?.status === 'expired') return this.#rest(texts.expired)
    if (answer?.error) return this.#rest(answer.error.message)
    this.#say(answer ? texts.waiting : texts.network)
    this.#wait()
  }

  /** @param {Moralis.Asked} asked */
  #complete(asked) {
    this.#rest(this.page.texts.approved)
    this.#input('device_code').value = asked.device_code
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
