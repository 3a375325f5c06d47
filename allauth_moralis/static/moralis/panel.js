// @ts-check
/* What people see of the ceremony: its steps, the text to be signed, the time that is left, and what
 * can be pressed.
 */

const STEPS = ['connect', 'sign', 'done']
/** @type {Record<Moralis.State, number>} */
const REACHED = { idle: -1, connecting: 0, preparing: 1, signing: 1, sending: 2 }

/** @param {number} milliseconds */
function clock(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** @param {string} address */
export function short(address) {
  return address.length > 14 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address
}

export class Panel {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  timer

  /** @param {(name: string) => HTMLElement} part of the picker, by its name */
  constructor(part) {
    this.part = part
  }

  /** @param {Moralis.View} view */
  show({ state, connected, round }) {
    const step = REACHED[state]
    this.part('ceremony').hidden = step < 0
    STEPS.forEach((name, index) => {
      const item = this.part(`step-${name}`)
      item.toggleAttribute('data-moralis-done', index < step)
      if (index === step) item.setAttribute('aria-current', 'step')
      else item.removeAttribute('aria-current')
    })
    this.part('account').hidden = !connected
    this.part('address').textContent = connected ? short(connected.account.address) : ''
    this.#count(round)
    if (state === 'connecting' || state === 'signing') {
      this.part('tools').scrollIntoView({ block: 'nearest' })
    }
  }

  /** @param {Moralis.Round | undefined} round */
  #count(round) {
    clearInterval(this.timer)
    this.part('text').hidden = this.part('time').hidden = !round
    this.part('message').textContent = round?.message ?? ''
    if (!round) return
    const tick = () => {
      this.part('left').textContent = clock(round.ends - Date.now())
    }
    tick()
    this.timer = setInterval(tick, 1000)
  }
}
