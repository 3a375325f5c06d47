// @ts-check
/* Whatever comes in, turned into bytes: wallets hand out typed arrays, arrays, hex, base58, objects
 * of a library's classes, and what is left of any of these after a journey through JSON.
 */

const MAX_LENGTH = 16_384
const MAX_DEPTH = 4

/** @param {string} text */
export function utf8(text) {
  return new TextEncoder().encode(text)
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** @param {string} text */
function fromHex(text) {
  const digits = text.replace(/^0x/i, '')
  if (!/^([\da-f]{2})+$/i.test(digits)) return undefined
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** @param {unknown[]} values */
function fromNumbers(values) {
  const are = values.every((one) => Number.isInteger(one) && Number(one) >= 0 && Number(one) < 256)
  return are && values.length ? Uint8Array.from(/** @type {number[]} */ (values)) : undefined
}

/**
 * The bytes of an object: it writes them itself, holds them, or is a list that JSON made an object.
 * @param {Record<string, any>} object
 * @param {number} depth
 * @returns {Uint8Array | undefined}
 */
function fromObject(object, depth) {
  const own = object.toUint8Array?.() ?? object.bcsToBytes?.()
  const held = own ?? object.data ?? object.key ?? object.signature ?? object.hexString
  if (held !== undefined) return toBytes(held, depth + 1)
  const values = Object.keys(object).every((key, index) => key === String(index))
  if (values && Object.keys(object).length) return fromNumbers(Object.values(object))
  const written = String(object)
  return /^0x/i.test(written) ? fromHex(written) : undefined
}

/**
 * Text is taken for hex: base58 and base64 cannot be told apart, and the server reads both itself.
 * @param {any} value
 * @returns {Uint8Array | undefined} nothing where there are no bytes in it
 */
export function toBytes(value, depth = 0) {
  if (value === null || value === undefined || depth > MAX_DEPTH) return undefined
  if (typeof value === 'string') return value.length > MAX_LENGTH ? undefined : fromHex(value)
  if (typeof value !== 'object' || value.length > MAX_LENGTH) return undefined
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  return Array.isArray(value) ? fromNumbers(value) : fromObject(value, depth)
}
