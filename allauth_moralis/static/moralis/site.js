// @ts-check
/* What is asked of the site itself, in JSON. */

const LIFETIME_MS = 120_000 // if the answer does not tell it

/**
 * @param {Moralis.Inputs} inputs of a form that has Django's token
 * @param {string} csrfHeader
 * @param {string} url
 * @param {object} data
 * @param {AbortSignal} signal
 * @returns {Promise<Moralis.Answer>}
 */
export async function post(inputs, csrfHeader, url, data, signal) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', [csrfHeader]: inputs.csrfmiddlewaretoken.value },
    body: JSON.stringify(data),
    signal,
  }).catch(() => undefined)
  const answer = await response?.json().catch(() => undefined)
  // By the server's clock, for that of the visitor may be wrong.
  const now = Date.parse(response?.headers.get('Date') ?? '')
  const lifetime = Date.parse(answer?.expires_at) - now || LIFETIME_MS
  return { ...answer, ok: response?.ok, lifetime }
}
