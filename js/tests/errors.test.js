import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explain, Failure } from '../../allauth_moralis/static/moralis/errors.js'

const nested = (code, depth) => (depth ? { data: nested(code, depth - 1) } : { code })
const error = (message, fields) => Object.assign(new Error(message), fields)

const REASONS = {
  rejected: [
    { code: 4001 },
    { code: '4001' },
    { code: 5000 },
    { code: 'ACTION_REJECTED' },
    error('Internal error', { code: -32603, data: { originalError: { code: 4001 } } }),
    error('failed', { cause: { code: 4001 } }),
    { info: { error: { code: 4001 } } },
    nested(4001, 6),
    'User rejected the request.',
    error('MetaMask Tx Signature: User denied message signature.'),
    error('The user has declined to sign'),
    error('Rejected by user'),
    error('Request rejected'),
    error('user cancelled'),
    { error: { message: 'User closed the window' } },
  ],
  closed: [undefined, null, '', {}],
  pending: [{ code: -32002 }, { data: { code: '-32002' } }],
  locked: [{ code: 4100 }],
  unsupported: [{ code: 4200 }, { code: -32601 }],
  unknownChain: [{ code: 4902 }, { code: -32603, data: { originalError: { code: 4902 } } }],
  walletFailed: [
    'something',
    { code: -32603 },
    { code: 'toString' },
    new Error('Access denied to use the USB device'),
    new Error('request rejected: the method is not supported'),
    new Error('The node denied the call'),
    new Error('Your device was disconnected'),
    { message: 5 },
  ],
}

for (const [reason, all] of Object.entries(REASONS)) {
  for (const [index, thrown] of all.entries()) {
    test(`${reason}, ${index}`, () => assert.equal(explain(thrown).reason, reason))
  }
}

test('the nearest known code counts', () => {
  assert.equal(explain({ code: 4100, data: { code: 4001 } }).reason, 'locked')
})

test("a wallet's own words and code are told where it failed", () => {
  const failure = explain(error('Ledger: 0x6985', { code: -32000 }))
  assert.equal(failure.words, 'Ledger: 0x6985 · -32000')
  assert.equal(failure.cause.message, 'Ledger: 0x6985')
})

test('words have an end', () => {
  assert.equal(explain('x'.repeat(5000)).words.length, 300)
})

test('a thing that throws when it is looked at is a wallet that failed', () => {
  const refuse = () => {
    throw new Error('no')
  }
  assert.equal(explain(new Proxy({}, { get: refuse, ownKeys: refuse })).reason, 'walletFailed')
})

test('a getter that throws hides nothing else', () => {
  const thrown = { info: { code: 4001 } }
  Object.defineProperty(thrown, 'data', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  assert.equal(explain(thrown).reason, 'rejected')
})

test('a thing that holds itself, and one that holds very much, have an end', () => {
  const round = { message: 'x' }
  round.cause = round
  assert.equal(explain(round).reason, 'walletFailed')
  const wide = { list: Array.from({ length: 10_000 }, (_, code) => ({ code })) }
  assert.equal(explain(wide).reason, 'walletFailed')
})

test('a failure of our own stays what it is', () => {
  const failure = new Failure('network')
  assert.equal(explain(failure), failure)
})
