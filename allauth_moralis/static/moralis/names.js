/* ENS names: <span data-moralis-ens="uid of a wallet" hidden><bdi></bdi></span>, filled in with
 * what there is at this script's data-url, {"uid": "name"}. A wallet without a name stays as it is.
 */
(() => {
  'use strict'

  const { url } = document.currentScript.dataset

  async function fill (places) {
    const response = await fetch(url, { headers: { Accept: 'application/json' }, redirect: 'error' })
    if (!response.ok) return
    const names = new Map(Object.entries(await response.json()))
    for (const place of places) {
      const name = names.get(place.dataset.moralisEns)
      if (!name) continue
      place.querySelector('bdi').textContent = name // never markup: anybody can register anything
      place.hidden = false
    }
  }

  const places = document.querySelectorAll('[data-moralis-ens]')
  if (places.length) fill(places).catch(() => {}) // the addresses are there all the same
})()
