/* Copy buttons: <button data-moralis-copy="id of the element" data-moralis-copied="what to say" hidden>. */
(() => {
  'use strict'

  if (!navigator.clipboard) return // not a secure context: the address can still be selected

  for (const button of document.querySelectorAll('[data-moralis-copy]')) {
    const label = button.textContent
    button.hidden = false
    button.setAttribute('aria-live', 'polite') // so that "Copied" is heard
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.moralisCopy).textContent)
      } catch {
        return // the browser was told not to; the address can still be selected
      }
      button.textContent = button.dataset.moralisCopied
      setTimeout(() => { button.textContent = label }, 2000)
    })
  }
})()
