/* Copy buttons: <span data-moralis-copy="id of the element" data-moralis-copied="what to say" hidden>
 * around a button, which looks as the site's buttons do.
 */
(() => {
  'use strict'

  if (!navigator.clipboard) return // not a secure context: the address can still be selected

  for (const place of document.querySelectorAll('[data-moralis-copy]')) {
    const button = place.querySelector('button')
    if (!button) continue
    const label = [...button.childNodes]
    place.hidden = false
    button.setAttribute('aria-live', 'polite') // so that "Copied" is heard
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(place.dataset.moralisCopy).textContent)
      } catch {
        return // the browser was told not to; the address can still be selected
      }
      button.textContent = place.dataset.moralisCopied
      setTimeout(() => button.replaceChildren(...label), 2000)
    })
  }
})()
