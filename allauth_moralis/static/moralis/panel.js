// @ts-check
/* What people see of the ceremony: its steps, the text to be signed, the time that is left, what they
 * can press, and what went wrong.
 */

const STEPS = ['connect', 'sign', 'done']
/** @type {Record<Moralis.State, number>} */
const REACHED = { idle: -1, connecting: 0, preparing: 1, signing: 1, sending: 2 }

/** @param {number} milliseconds of less than ten minutes, as 1:59 */
function clock(milliseconds) {
  return new Date(Math.max(0, milliseconds)).toISOString().slice(15, 19)
}

export class Panel {
  /** @param {(name: string) => HTMLElement} part of the picker, by its name */
  constructor(part) {
    this.part = part
  }

  /** @param {string} text */
  say(text) {
    this.part('status').textContent = text
  }

  /**
   * @param {string} text
   * @param {string} [words] of the wallet
   * @param {string} [code]
   */
  warn(text, words = '', code = undefined) {
    const alert = this.part('alert')
    alert.textContent = text
    if (text) alert.scrollIntoView({ block: 'nearest' })
    if (code) alert.dataset.errorCode = code
    else delete alert.dataset.errorCode
    this.part('words').hidden = !words
    this.part('said').textContent = words
  }

  /** @param {Moralis.View} view */
  show({ state, connected, round }) {
    const step = REACHED[state]
    this.part('ceremony').hidden = this.part('cancel').hidden = step < 0
    STEPS.forEach((name, index) => {
      const item = this.part(name)
      item.toggleAttribute('data-moralis-done', index < step)
      item.setAttribute('aria-current', index === step ? 'step' : 'false')
    })
    const account = connected?.account
    this.part('account').hidden = !account
    this.part('address').textContent = account?.address ?? ''
    this.part('another').hidden = account?.network !== 'evm' || state === 'sending'
    this.part('switch').hidden = true
    this.part('text').hidden = !round
    this.part('message').textContent = round?.message ?? ''
    if (step < 0) return
    // Where there is no room for both, what to do comes before what can be pressed.
    for (const name of ['tools', 'status']) this.part(name).scrollIntoView({ block: 'nearest' })
  }

  /** @param {number} milliseconds that are left */
  tick(milliseconds) {
    this.part('left').textContent = clock(milliseconds)
  }
}
