// @ts-check
/* What this browser keeps: which wallet was used last, and in which tab it showed whose account.
 * All of it may be missing, for a browser may keep nothing.
 */

/**
 * @param {'localStorage' | 'sessionStorage'} where
 * @param {string} name
 */
export function recall(where, name) {
  try {
    return window[where].getItem(name)
  } catch {
    return null
  }
}

/**
 * @param {'localStorage' | 'sessionStorage'} where
 * @param {string} name
 * @param {string} value
 */
export function keep(where, name, value) {
  try {
    window[where].setItem(name, value)
  } catch {
    // then it is asked for again the next time
  }
}

export const LAST_WALLET = 'moralis-wallet'
export const OURS = 'moralis-ours'
export const STAY = 'moralis-stay'
