// @ts-check
/* The ceremony: from the press on a wallet to the signature that is sent. No DOM, no HTTP.
 *
 *            press               account                text               signature
 *   idle ───────────▶ connecting ───────▶ preparing ───────────▶ signing ───────────▶ sending
 *     ▲                   │                   │ ▲                  │ │                   │
 *     │                   │                   │ └─ the text ran out┘ │                   │
 *     └───────────────────┴───────────────────┴──────────────────────┴───────────────────┘
 *                        cancelled, failed, or out of time: from each
 *
 * One wallet is asked at a time: while it waits, another press on it does nothing, and a press on
 * another one takes over. A wallet cannot be told that the page has given up, so its window stays
 * open: what is signed there is taken as long as its text is live and no other wallet was chosen.
 */
import { explain, Failure } from './errors.js'

/** Milliseconds, and how often a text that ran out is asked for afresh. */
export const LIMITS = {
  connecting: 120_000,
  preparing: 20_000,
  sending: 15_000,
  reusable: 20_000, // that a text must still live, to be signed after all
  renewals: 2,
}
const TICK_MS = 1000

export class Ceremony {
  /** @type {Moralis.State} */
  state = 'idle'
  /** @type {Moralis.Attempt | undefined} */
  attempt
  /** The last text that is not signed yet: who cancels and tries again signs the same.
   * @type {Moralis.Round | undefined} */
  round
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer
  waiting = new AbortController()

  /**
   * @param {Moralis.Steps} steps
   * @param {Partial<typeof LIMITS>} [limits] where they differ
   */
  constructor(steps, limits) {
    this.steps = steps
    this.limits = { ...LIMITS, ...limits }
  }

  /**
   * @param {Moralis.Wallet} wallet
   * @param {Moralis.Wishes} [wishes]
   */
  press(wallet, wishes = {}) {
    if (this.state === 'sending') return
    if (this.attempt?.wallet === wallet && !wishes.again) return
    this.#leave()
    const attempt = { wallet, wishes, controller: new AbortController(), renewals: 0 }
    this.attempt = attempt
    this.#enter('connecting', this.limits.connecting, () => this.#fail(new Failure('silent')))
    wallet.connect(wishes).then(
      (connected) => this.#connected(attempt, connected),
      (error) => this.#refused(attempt, error),
    )
  }

  /** Start anew. */
  cancel() {
    if (this.state === 'sending') this.steps.stop()
    this.#rest(this.attempt)
  }

  #leave() {
    this.waiting.abort()
    this.attempt?.controller.abort()
    this.attempt = undefined
  }

  /**
   * @param {Moralis.State} state
   * @param {number} milliseconds after which it has ended
   * @param {() => void} end
   */
  #enter(state, milliseconds, end) {
    this.state = state
    this.steps.show({ state, ...this.attempt, round: state === 'signing' ? this.round : undefined })
    // Time goes on while a phone sleeps, and its timers do not.
    const ends = Date.now() + milliseconds
    const tick = () => {
      const left = ends - Date.now()
      this.steps.tick(left)
      if (left <= 0) return end()
      this.timer = setTimeout(tick, TICK_MS)
    }
    clearTimeout(this.timer)
    tick()
  }

  /**
   * @param {Moralis.Attempt} [attempt] that has ended
   * @param {Failure} [failure] of it
   */
  #rest(attempt, failure) {
    this.#leave()
    clearTimeout(this.timer)
    this.state = 'idle'
    this.steps.show({ state: 'idle', ...attempt, failure })
  }

  /** @param {unknown} error */
  #fail(error) {
    const { state, attempt } = this
    const failure = explain(error)
    this.#rest(attempt, failure)
    if (attempt && state === 'connecting' && failure.reason === 'pending') this.#wait(attempt)
  }

  /**
   * A request of before is still open in the wallet: go on once it was answered there.
   * @param {Moralis.Attempt} attempt
   */
  async #wait({ wallet }) {
    this.waiting = new AbortController()
    const { signal } = this.waiting
    const approved = await wallet.approved?.(signal).catch(() => false)
    if (approved && !signal.aborted) this.press(wallet)
  }

  /**
   * @param {Moralis.Attempt} attempt
   * @param {Moralis.Connected} connected
   */
  #connected(attempt, connected) {
    // An approval of an earlier press on the same wallet is as good, but not of the account that
    // people want to leave.
    const { state, attempt: current } = this
    if (state !== 'connecting' || current?.wallet !== attempt.wallet) return
    if (current !== attempt && current.wishes.again) return
    current.connected = connected
    this.#prepare(current)
  }

  /** @param {Moralis.Attempt} attempt */
  async #prepare(attempt) {
    const connected = /** @type {Moralis.Connected} */ (attempt.connected)
    const account = JSON.stringify(connected.account)
    this.#enter('preparing', this.limits.preparing, () => this.#fail(new Failure('network')))
    try {
      const { round } = this
      const left = round?.account === account ? round.ends - Date.now() : 0
      if (left <= this.limits.reusable) {
        const text = await this.steps.prepare(connected.account, attempt.controller.signal)
        if (this.attempt !== attempt || this.state !== 'preparing') return
        this.round = { account, ...text, ends: Date.now() + text.lifetime }
      }
    } catch (error) {
      if (this.attempt === attempt && this.state === 'preparing') this.#fail(error)
      return
    }
    this.#sign(attempt, connected)
  }

  /**
   * @param {Moralis.Attempt} attempt
   * @param {Moralis.Connected} connected
   */
  #sign(attempt, connected) {
    const round = /** @type {Moralis.Round} */ (this.round)
    this.#enter('signing', round.ends - Date.now(), () => this.#renew(attempt))
    if (round !== this.round) return // it had run out already, and another one is on its way
    connected.sign(round.message).then(
      (proof) => this.#signed(attempt, round, proof),
      (error) => this.#refused(attempt, error, round),
    )
  }

  /** @param {Moralis.Attempt} attempt */
  #renew(attempt) {
    this.round = undefined
    if (attempt.renewals === this.limits.renewals) return this.#fail(new Failure('expired'))
    attempt.renewals += 1
    this.#prepare(attempt)
  }

  /**
   * @param {Moralis.Attempt} attempt
   * @param {unknown} error
   * @param {Moralis.Round} [round]
   */
  #refused(attempt, error, round) {
    const state = round ? 'signing' : 'connecting'
    // What is said no to may be an earlier request, or a text that has run out.
    if (this.attempt === attempt && this.state === state && (!round || round === this.round)) {
      this.#fail(error)
    }
  }

  /**
   * @param {Moralis.Attempt} attempt
   * @param {Moralis.Round} round
   * @param {Moralis.Proof} proof
   */
  #signed(attempt, round, proof) {
    const other = this.attempt && this.attempt.wallet !== attempt.wallet
    if (other || round !== this.round || round.ends < Date.now()) return
    this.#leave()
    this.attempt = attempt
    this.round = undefined // any attempt to answer uses a challenge up
    this.#enter('sending', this.limits.sending, () => {
      this.steps.stop() // or it may yet succeed, after people have read that it failed
      this.#fail(new Failure('network'))
    })
    try {
      if (typeof proof.signature !== 'string' || !proof.signature) throw new Failure('walletFailed')
      const isSent = this.steps.send(attempt, { challenge: round.challenge, ...proof })
      if (!isSent) this.#rest() // the site has taken over
    } catch (error) {
      this.#fail(error)
    }
  }
}
