// @ts-check
/* The one request to the site: a text for a wallet to sign. */
import { Failure } from './errors.js'

const LIFETIME_MS = 120_000

/**
 * How long the text lives, by the server's clock, for that of the visitor may be wrong.
 * @param {Response} response
 * @param {string} expires
 */
function lifetimeOf(response, expires) {
  const now = Date.parse(response.headers.get('Date') ?? '') || Date.now()
  const lifetime = Date.parse(expires) - now
  return lifetime > 0 ? lifetime : LIFETIME_MS
}

/**
 * @param {Moralis.Page} page
 * @param {string} token of Django's, against requests from elsewhere
 * @param {Moralis.Account} account
 * @param {AbortSignal} signal
 * @returns {Promise<Moralis.Text>}
 */
export async function requestChallenge(page, token, account, signal) {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    [page.csrfHeader]: token,
  }
  const body = JSON.stringify({ ...account, ...page.fields })
  const request = { method: 'POST', credentials: 'same-origin', headers, body, signal }
  const response = await fetch(page.challengeUrl, /** @type {RequestInit} */ (request)).catch(
    () => {
      throw new Failure('network')
    },
  )
  const data = await response.json().catch(() => null)
  if (response.ok && typeof data?.message === 'string') {
    const { challenge, message, expires_at: expires } = data
    return { challenge, message, lifetime: lifetimeOf(response, expires) }
  }
  const { code, message } = data?.error ?? {}
  throw new Failure('reload', { code, sentence: message })
}
