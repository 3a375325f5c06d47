/* The development wallet: a wallet to the page (EIP-6963, EIP-1193) and a window to people. The
 * server has the keys, and signs what it issued to this browser itself.
 */
(() => {
  'use strict'

  const host = document.getElementById('moralis-devwallet')
  const form = document.getElementById('moralis-form')
  if (!host || !form) return

  const ICON = 'data:image/svg+xml,' + encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">' +
    '<rect width="40" height="40" rx="9" fill="#ffc83d"/>' +
    '<g fill="none" stroke="#2b2118" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">' +
    '<path d="M29 14.5v-2A2.5 2.5 0 0 0 26.5 10H12a3.5 3.5 0 0 0 0 7h17.5A2.5 2.5 0 0 1 32 19.5v9a2.5 2.5 0 0 1-2.5 2.5H12a3.5 3.5 0 0 1-3.5-3.5v-14"/>' +
    '<path d="m17.5 20.5-3.5 3.5 3.5 3.5M23 20.5l3.5 3.5-3.5 3.5"/></g></svg>')
  const { csrfHeader } = JSON.parse(document.getElementById('moralis-page').textContent)

  // --- The window ----------------------------------------------------------------------------

  const root = host.attachShadow({ mode: 'open' })
  root.append(document.getElementById('moralis-devwallet-window').content.cloneNode(true))
  const dialog = root.querySelector('dialog')
  const accountList = dialog.querySelector('ul')
  dialog.querySelector('img').src = ICON
  for (const node of dialog.querySelectorAll('[data-site]')) node.textContent = window.location.host
  dialog.addEventListener('click', (event) => {
    const button = event.target.closest('button')
    if (button) dialog.close(button.value)
  })

  /** EIP-1193. */
  function failure (code, message) {
    return Object.assign(new Error(message), { code })
  }

  /** Show one view until a button is pressed: its value, unless it declines. */
  function ask (view) {
    for (const section of dialog.querySelectorAll('[data-view]')) section.hidden = section.dataset.view !== view
    for (const button of dialog.querySelectorAll('[data-for]')) button.hidden = button.dataset.for !== view
    dialog.returnValue = '' // as it stays when Escape closes the window
    dialog.showModal()
    return new Promise((resolve, reject) => {
      dialog.addEventListener('close', () => {
        if (dialog.returnValue) resolve(dialog.returnValue)
        else reject(failure(4001, 'The user declined.'))
      }, { once: true })
    })
  }

  function rowOf ({ name, address }) {
    const row = document.createElement('li')
    const button = document.createElement('button')
    button.type = 'button'
    button.value = address
    for (const [kind, text] of [['face', name[0]], ['name', name], ['address', `${address.slice(0, 6)}…${address.slice(-4)}`]]) {
      const part = document.createElement('span')
      part.className = kind
      part.textContent = text
      button.append(part, ' ')
    }
    button.querySelector('.face').ariaHidden = 'true'
    row.append(button)
    return row
  }

  // --- The wallet ----------------------------------------------------------------------------

  const accounts = new Map() // by address
  let chosen = null

  async function post (url, data) {
    const response = await fetch(url, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json', [csrfHeader]: form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify(data)
    })
    if (!response.ok) throw failure(-32603, `The server answered ${response.status}.`)
    return response.json()
  }

  async function chooseAccount () {
    const offered = (await post(host.dataset.accountsUrl, {})).accounts
    for (const account of offered) accounts.set(account.address, account)
    accountList.replaceChildren(...offered.map(rowOf))
    chosen = await ask('accounts')
    return [chosen]
  }

  async function sign (data, address) {
    const bytes = Uint8Array.from(data.slice(2).match(/../g) ?? [], (byte) => parseInt(byte, 16))
    const message = new TextDecoder().decode(bytes)
    dialog.querySelector('[data-account]').textContent = accounts.get(address)?.name ?? address
    dialog.querySelector('pre').textContent = message
    await ask('text')
    return (await post(host.dataset.signUrl, { address, message })).signature
  }

  async function request ({ method, params }) {
    // A contract is on one chain alone.
    if (method === 'eth_chainId') return accounts.get(chosen)?.chain_id ?? host.dataset.chainId
    if (method === 'eth_accounts') return chosen ? [chosen] : []
    if (dialog.open) throw failure(-32002, 'The window is open already.')
    if (method === 'eth_requestAccounts') return chooseAccount()
    if (method === 'personal_sign') return sign(...params)
    throw failure(4200, 'There is no such method.')
  }

  const detail = Object.freeze({
    info: Object.freeze({ uuid: crypto.randomUUID(), name: 'Development wallet', icon: ICON, rdns: 'localhost.development-wallet' }),
    provider: Object.freeze({ request, on () {}, removeListener () {} })
  })
  const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  window.addEventListener('eip6963:requestProvider', announce)
  announce()
})()
