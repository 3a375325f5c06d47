// @ts-check
/* The list of wallets: one entry for each, with a button for each of its networks. */

const TITLES = { evm: 'Ethereum', solana: 'Solana', aptos: 'Aptos' }

/**
 * An element with the text in it, which stays text.
 * @param {string} tag
 * @param {string} className
 * @param {(string | Node)[]} content
 */
function make(tag, className, ...content) {
  const element = document.createElement(tag)
  element.className = className
  element.append(...content)
  return element
}

/**
 * The icon, where it is an image within the page: nothing else is even asked for.
 * @param {unknown} icon
 */
function imageOf(icon) {
  if (typeof icon !== 'string' || !/^data:image\/[\w.+-]+[;,]/i.test(icon.trim())) return []
  const image = document.createElement('img')
  image.alt = ''
  image.src = icon.trim()
  return [image]
}

export class Entries {
  /** @type {Moralis.Entry[]} */
  entries = []

  /**
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template of a button
   * @param {string | null | undefined} last the key of the wallet that was used last
   * @param {(wallet: Moralis.Wallet) => void} press
   */
  constructor(list, template, last, press) {
    this.list = list
    this.template = template
    this.last = last
    this.press = press
  }

  /** @param {Moralis.Wallet} wallet */
  add(wallet) {
    const button = this.#button(wallet)
    const entry = this.entries.find((one) => joins(one, wallet)) ?? this.#entry(wallet)
    entry.buttons.push({ wallet, button })
    entry.element.append(button)
    label(entry)
    // What has the focus must not move.
    const isLast = wallet.key === this.last && !this.list.contains(document.activeElement)
    if (isLast) this.list.prepend(entry.element)
  }

  /** @param {Moralis.Wallet} wallet */
  #button(wallet) {
    const node = /** @type {DocumentFragment} */ (this.template.content.cloneNode(true))
    const button = /** @type {HTMLButtonElement} */ (node.querySelector('button'))
    button.addEventListener('click', () => this.press(wallet))
    button.toggleAttribute('data-development', Boolean(wallet.development))
    return button
  }

  /** @param {Moralis.Wallet} wallet */
  #entry({ name, icon }) {
    const title = make('div', 'moralis-title', ...imageOf(icon), make('bdi', '', name))
    const entry = { name, title, element: make('div', 'moralis-entry'), buttons: [] }
    this.entries.push(entry)
    this.list.append(entry.element)
    return entry
  }

  /** @param {string} key */
  remove(key) {
    const entry = this.entries.find((one) => one.buttons[0].wallet.key === key)
    entry?.element.remove()
    this.entries = this.entries.filter((one) => one !== entry)
  }

  get #buttons() {
    return this.entries.flatMap(({ buttons }) => buttons)
  }

  get installed() {
    return this.#buttons.some(({ wallet }) => !wallet.development)
  }

  /** @param {Moralis.Wallet | undefined} wallet */
  buttonOf(wallet) {
    return this.#buttons.find((one) => one.wallet === wallet)?.button
  }

  /**
   * Not `disabled`, which would take the keyboard focus away.
   * @param {Moralis.Wallet | undefined} active the wallet that is waited for
   * @param {boolean} all whether no press counts
   */
  hold(active, all) {
    for (const { wallet, button } of this.#buttons) {
      button.setAttribute('aria-disabled', String(all || wallet === active))
    }
    this.list.setAttribute('aria-busy', String(all))
  }
}

/**
 * @param {Moralis.Entry} entry
 * @param {Moralis.Wallet} wallet
 */
function joins({ name, buttons }, wallet) {
  return name === wallet.name && !buttons.some((one) => one.wallet.network === wallet.network)
}

/**
 * Each button names its wallet; where the entry's title does that already, to those who listen.
 * @param {Moralis.Entry} entry
 */
function label({ name, title, element, buttons }) {
  const isGroup = buttons.length > 1
  if (isGroup) element.prepend(title)
  for (const { wallet, button } of buttons) {
    const network = TITLES[wallet.network]
    const full = isGroup || wallet.network !== 'evm' ? `${name} (${network})` : name
    const place = button.querySelector('.moralis-wallet') ?? button
    if (isGroup) {
      button.setAttribute('aria-label', full)
      place.replaceChildren(network)
    } else place.replaceChildren(...imageOf(wallet.icon), make('bdi', '', full))
  }
}
