// @ts-check
/* The wallet page: start each picker that is on it.
 *
 * The server decides and renders every outcome; here is only what must happen in the browser.
 */
import { Picker } from './picker.js'

for (const root of document.querySelectorAll('[data-moralis="picker"]')) {
  new Picker(/** @type {HTMLElement} */ (root))
}

// Back from the next page: a page out of the browser's cache has a used CSRF token.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) window.location.reload()
})
