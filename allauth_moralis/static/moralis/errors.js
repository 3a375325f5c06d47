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
const MAX_DEPTH = 5
const MAX_THINGS = 40
const MAX_WORDS = 300

/** A failure that the page itself has found, or that the server has a sentence for. */
export class Failure extends Error {
  /**
   * @param {Moralis.Reason} reason
   * @param {{ code?: string, sentence?: string }} [told]
   */
  constructor(reason, { code, sentence } = {}) {
    super(sentence ?? reason)
    this.reason = reason
    this.code = code
    this.sentence = sentence
  }
}

/**
 * What an object holds. An error's own message and cause are not enumerable; a getter may throw.
 * @param {any} object
 */
function held(object) {
  const names = new Set(['message', 'data', 'cause', 'error', ...Object.keys(object)])
  return [...names].slice(0, MAX_THINGS).map((name) => {
    try {
      return object[name]
    } catch {
      return undefined
    }
  })
}

/**
 * Everything within a thrown thing, the nearest first.
 * @param {unknown} thrown
 */
function within(thrown) {
  /** @type {Set<any>} */
  const seen = new Set()
  let level = [thrown]
  for (let depth = 0; depth < MAX_DEPTH && level.length; depth += 1) {
    const fresh = level.filter((one) => one && !seen.has(one)).slice(0, MAX_THINGS - seen.size)
    for (const one of fresh) seen.add(one)
    level = fresh.filter((one) => typeof one === 'object').flatMap(held)
  }
  return [...seen]
}

/** @param {any} thing */
function codeOf(thing) {
  try {
    return typeof thing === 'object' && thing.code !== undefined ? String(thing.code) : ''
  } catch {
    return ''
  }
}

/**
 * The wallet's own words, for whoever helps. Characters that control or reorder are taken out.
 * @param {string[]} texts
 * @param {string} code
 */
function wordsOf(texts, code) {
  const words = texts.find((text) => /\p{L}.*\p{L}/u.test(text))
  return [words, code]
    .filter(Boolean)
    .join(' · ')
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .slice(0, MAX_WORDS)
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
 * @param {unknown} thrown
 * @returns {Moralis.Explanation}
 */
export function explain(thrown) {
  if (thrown instanceof Failure) {
    return { reason: thrown.reason, code: thrown.code, sentence: thrown.sentence, words: '' }
  }
  try {
    if (isEmpty(thrown)) return { reason: 'closed', words: '' }
    const things = within(thrown)
    const codes = things.map(codeOf).filter(Boolean)
    const texts = things.filter((one) => typeof one === 'string')
    const known = codes.find((code) => Object.hasOwn(REASONS, code))
    const byUser = texts.some((text) => REFUSED_BY_USER.some((words) => words.test(text)))
    const reason = known ? REASONS[known] : byUser ? 'rejected' : 'walletFailed'
    return { reason, words: wordsOf(texts, known ?? codes[0]) }
  } catch {
    // a thing that throws when it is looked at
    return { reason: 'walletFailed', words: '' }
  }
}
