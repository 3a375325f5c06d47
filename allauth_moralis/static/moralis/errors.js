// @ts-check
/* Whatever is thrown, turned into a reason: the name of a sentence that the page has for people.
 *
 * Wallets throw errors, objects, strings and nothing at all, and put the code that counts under
 * `data`, `cause`, `info.error` and the like. Sources: EIP-1193, EIP-1474, EIP-3085, WalletConnect.
 */

/** @type {Record<string, Moralis.Reason>} */
const REASONS = {
  4001: 'rejected', // the user said no
  5000: 'rejected', // the same of WalletConnect
  ACTION_REJECTED: 'rejected', // the same of ethers
  4100: 'locked', // not authorised
  4902: 'unknownChain',
  '-32002': 'pending', // a request of the same kind is still open
  4200: 'unsupported', // there is no such method
  '-32601': 'unsupported',
}
// A refusal of the user, and of no one else: devices and nodes deny and reject things, too.
const REFUSED_BY_USER = [
  /\b(user|you)\b.{0,20}\b(reject|den(y|ied)|cancel|declin|disapprov|clos)/i,
  /\b(reject|denied|cancel|declin)\w* by (the )?user\b/i,
  /^(the )?(request )?(was )?(rejected|declined|cancell?ed)\W*$/i,
]
const MAX_THINGS = 40
const MAX_WORDS = 300

/** What went wrong: a reason, and perhaps the sentence of the server or the words of the wallet. */
export class Failure extends Error {
  /**
   * @param {Moralis.Reason} reason
   * @param {{ code?: string, sentence?: string, words?: string, cause?: unknown }} [told]
   */
  constructor(reason, { code, sentence, words, cause } = {}) {
    super(sentence ?? words ?? reason, { cause })
    this.reason = reason
    this.code = code
    this.sentence = sentence
    this.words = words
  }
}

/**
 * Everything within a thrown thing, the nearest first, as far as it is worth the while. An error's
 * own message and cause are not enumerable; a getter may throw.
 * @param {unknown} thrown
 */
function within(thrown) {
  /** @type {Set<any>} which grows while it is walked through */
  const seen = new Set([thrown])
  for (const one of seen) {
    if (!one || typeof one !== 'object' || seen.size > MAX_THINGS) continue
    for (const name of ['message', 'data', 'cause', ...Object.keys(one).slice(0, MAX_THINGS)]) {
      try {
        seen.add(one[name])
      } catch {}
    }
  }
  return [...seen].filter(Boolean)
}

/**
 * Nothing, and an empty object, mean that the wallet was closed or said no.
 * @param {any} thrown
 */
function isEmpty(thrown) {
  if (!thrown) return true
  return typeof thrown === 'object' && !(thrown instanceof Error) && !Object.keys(thrown).length
}

/**
 * @param {unknown} cause
 * @returns {Failure}
 */
export function explain(cause) {
  if (cause instanceof Failure) return cause
  try {
    if (isEmpty(cause)) return new Failure('closed', { cause })
    const things = within(cause)
    const codes = things.map((one) => String(one.code ?? ''))
    const texts = things.filter((one) => typeof one === 'string')
    const known = codes.find((code) => Object.hasOwn(REASONS, code))
    if (known) return new Failure(REASONS[known], { cause })
    const byUser = texts.some((text) => REFUSED_BY_USER.some((words) => words.test(text)))
    if (byUser) return new Failure('rejected', { cause })
    const said = [texts.find((text) => /\p{L}/u.test(text)), codes.find(Boolean)]
    const words = said.filter(Boolean).join(' · ').slice(0, MAX_WORDS)
    return new Failure('walletFailed', { cause, words })
  } catch {
    // a thing that throws when it is looked at
    return new Failure('walletFailed', { cause })
  }
}
