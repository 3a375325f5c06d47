/** What passes between the modules of the wallet page. Types alone: nothing of it is in a browser. */
declare namespace Moralis {
  type Network = 'evm' | 'solana' | 'aptos'
  type State = 'idle' | 'connecting' | 'preparing' | 'signing' | 'sending'
  /** Names of sentences in `Page.texts`. */
  type Reason =
    | 'closed'
    | 'expired'
    | 'linked'
    | 'locked'
    | 'network'
    | 'pending'
    | 'rejected'
    | 'reload'
    | 'silent'
    | 'unknownChain'
    | 'unsupported'
    | 'walletFailed'

  // --- What is found in the browser ----------------------------------------------------------

  /** EIP-1193. */
  interface Provider {
    request(call: { method: string; params?: unknown[] }): Promise<unknown>
    on?(event: string, listener: (value: any) => void): unknown
  }

  interface EvmFound {
    /** The same for every announcement of one wallet. */
    id: unknown
    /** The same on every page and at every visit. */
    key: string
    rdns?: string
    name: string
    icon: unknown
    provider: Provider
    development?: boolean
  }

  /** Of the Wallet Standard. */
  interface StandardFound {
    key: string
    name: string
    icon: unknown
    features: Record<string, any>
    wallet: any
  }

  // --- A wallet, whatever its family ---------------------------------------------------------

  interface Account {
    network: Network
    address: string
    chain_id?: string | number
    public_key?: string
  }

  interface Proof {
    signature: string
    full_message?: string
  }

  interface Connected {
    account: Account
    sign(message: string): Promise<Proof>
  }

  interface Wishes {
    /** Ask again, although the wallet is being asked. */
    again?: boolean
    /** Let people choose the account in their wallet. */
    another?: boolean
    /** Switch to this chain first. */
    chain?: number
  }

  interface Wallet {
    key: string
    name: string
    icon: unknown
    network: Network
    development?: boolean
    connect(wishes: Wishes): Promise<Connected>
    /** Whether a request of before was answered, as soon as it was. */
    approved?(signal: AbortSignal): Promise<boolean>
  }

  /** The module of one network. */
  interface Family {
    /** Tell of each wallet, and of one that turned out to be another's; one may have no name. */
    discover(add: (wallet: Wallet) => void, remove: (key: string) => void, nameless: string): void
  }

  // --- The ceremony --------------------------------------------------------------------------

  interface Text {
    challenge: string
    message: string
    /** Milliseconds. */
    lifetime: number
  }

  /** A text that waits for its signature. */
  interface Round extends Text {
    account: string
    ends: number
  }

  interface Attempt {
    wallet: Wallet
    wishes: Wishes
    controller: AbortController
    renewals: number
    connected?: Connected
  }

  interface Failure extends Error {
    reason: Reason
    code?: string
    sentence?: string
    /** The wallet's own. */
    words?: string
  }

  interface View extends Partial<Attempt> {
    state: State
    round?: Round
    failure?: Failure
  }

  interface Steps {
    prepare(account: Account, signal: AbortSignal): Promise<Text>
    /** Whether it was sent; if not, the site does it. */
    send(attempt: Attempt, fields: Record<string, string>): boolean
    show(view: View): void
    /** Milliseconds that are left for it. */
    tick(milliseconds: number): void
    stop(): void
  }

  // --- The watcher ---------------------------------------------------------------------------

  interface Watched {
    /** Whether it has shown our account, on this page or in this tab before. */
    wasOurs: boolean
    isOurs: boolean
    /** The address that it shows in place of ours. */
    other: string
    turn: number
  }

  // --- The page ------------------------------------------------------------------------------

  /** Of a form, by name. */
  type Inputs = Record<string, HTMLInputElement>

  /** What the site answers, in JSON or not. */
  interface Answer extends Partial<Text & Asked> {
    /** Nothing if the site could not be reached. */
    ok?: boolean
    status?: string
    error?: { code: string; message: string }
    /** Milliseconds for which what it issued lives. */
    lifetime: number
  }

  interface Entry {
    name: string
    title: HTMLElement
    element: HTMLElement
    buttons: { wallet: Wallet; button: HTMLButtonElement }[]
  }

  /** What the server answers to a computer that asks for a wallet of another device. */
  interface Asked {
    device_code: string
    number: string
    verification_uri: string
    /** Seconds. */
    interval: number
  }

  interface DevicePage {
    url: string
    pollUrl: string
    csrfHeader: string
    fields: Record<string, string>
    texts: Record<string, string>
  }

  interface Page {
    challengeUrl: string
    csrfHeader: string
    /** Milliseconds for which the answer to a signature is waited for. */
    patience: number
    networks: Network[]
    /** One that the site accepts, where it does not accept any. */
    chain?: number
    signedIn: boolean
    /** The wallets that are linked already, where one is to be linked. */
    linked: string[]
    fields: Record<string, string>
    texts: Record<string, string>
  }
}
