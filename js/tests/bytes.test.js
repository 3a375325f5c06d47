import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unwrapped } from '../../allauth_moralis/static/moralis/aptos.js'
import { toBytes, toHex, utf8 } from '../../allauth_moralis/static/moralis/bytes.js'

const BYTES = Uint8Array.from({ length: 64 }, (_, index) => index)
const HEX = Buffer.from(BYTES).toString('hex')

const SPELLINGS = {
  'a typed array': BYTES,
  'a view of a larger buffer': new Uint8Array([9, ...BYTES, 9]).subarray(1, 65),
  'an ArrayBuffer': BYTES.buffer,
  'a list of numbers': [...BYTES],
  hex: HEX,
  'hex with 0x': `0x${HEX.toUpperCase()}`,
  'a class of a library': { toUint8Array: () => BYTES },
  'a class of BCS': { bcsToBytes: () => BYTES },
  'a class that holds them': { key: { data: BYTES } },
  'a class that holds hex': { hexString: `0x${HEX}` },
  'a class that writes hex': { toString: () => `0x${HEX}` },
  'a signature within a signature': { signature: { toUint8Array: () => BYTES } },
  'what JSON leaves of a typed array': JSON.parse(JSON.stringify(BYTES)),
  "what JSON leaves of Node's Buffer": JSON.parse(JSON.stringify(Buffer.from(BYTES))),
}

for (const [name, value] of Object.entries(SPELLINGS)) {
  test(`${name} is read`, () => assert.deepEqual([...(toBytes(value) ?? [])], [...BYTES]))
}

const NONE = [
  undefined,
  null,
  '',
  '0x',
  'abc',
  '0xzz',
  5,
  true,
  {},
  [],
  [1, 256],
  [1, 'a'],
  { a: 1 },
]

for (const value of NONE) {
  test(`${JSON.stringify(value)} holds no bytes`, () => assert.equal(toBytes(value), undefined))
}

test('an endless nest is given up', () => {
  const nest = {}
  nest.data = nest
  assert.equal(toBytes(nest), undefined)
})

test('what is far too long is not read', () => {
  assert.equal(toBytes('00'.repeat(20_000)), undefined)
  assert.equal(toBytes(new Array(20_000).fill(0)), undefined)
})

test('the kind and the length before a key are taken off', () => {
  const key = BYTES.subarray(0, 32)
  assert.deepEqual(unwrapped(Uint8Array.from([0, 32, ...key]), 32), key)
  assert.deepEqual(unwrapped(key, 32), key)
})

test('the bytes of another kind of key stay as they are', () => {
  for (const length of [51, 65, 67]) {
    assert.equal(unwrapped(new Uint8Array(length).fill(1), 32).length, length)
  }
  const other = Uint8Array.from([1, 32, ...BYTES.subarray(0, 32)])
  assert.equal(unwrapped(other, 32), other)
})

test('text becomes UTF-8, and bytes become hex', () => {
  assert.equal(toHex(utf8('é\n')), '0xc3a90a')
})
