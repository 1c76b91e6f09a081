/**
 * Decoding is total: any bytes give a value of the schema's type or a refusal, and never an exception.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { decode, encode } from '../../protocol/codec.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { samples } from './samples.ts'

const SEED = 1
const RUNS = { numRuns: 300, seed: SEED }

function decodesOrRefuses(schema: z.ZodType<unknown>, bytes: Uint8Array, what: string): unknown {
  const result = decode(schema, bytes, what)
  if (!isRefusal(result)) return result
  assert.equal(result.refused, 'undecodable')
  assert.ok(result.message.startsWith(what), result.message)
  return result
}

for (const { what, schema, values } of samples) {
  describe(what, () => {
    test('comes back as it was encoded', () => {
      for (const value of values) {
        const bytes = encode(value)
        const back = decode(schema, bytes, what)
        assert.ok(!isRefusal(back), JSON.stringify(back))
        assert.deepEqual(encode(back), bytes)
      }
    })

    test('is decoded or refused from any bytes', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodesOrRefuses(schema, bytes, what)),
        RUNS,
      )
    })

    test('is decoded or refused from any CBOR', () => {
      const anything = fc.anything({ withNullPrototype: false, maxDepth: 4 }).filter(isEncodable)
      fc.assert(
        fc.property(anything, (value) => void decodesOrRefuses(schema, encode(value), what)),
        RUNS,
      )
    })

    test('is decoded or refused when bytes of it are changed, cut out or put in', () => {
      const edit = fc.record({
        value: fc.nat({ max: values.length - 1 }),
        at: fc.nat(),
        remove: fc.nat({ max: 4 }),
        insert: fc.uint8Array({ maxLength: 4 }),
      })
      fc.assert(
        fc.property(edit, ({ value, at, remove, insert }) => {
          const bytes = encode(values[value])
          const place = at % bytes.byteLength
          const changed = Buffer.concat([bytes.subarray(0, place), insert, bytes.subarray(place + remove)])
          decodesOrRefuses(schema, changed, what)
        }),
        RUNS,
      )
    })

    test('is refused when it is cut anywhere, or when something follows it', () => {
      for (const value of values) {
        const bytes = encode(value)
        for (let length = 0; length < bytes.byteLength; length++) {
          assert.ok(isRefusal(decode(schema, bytes.subarray(0, length), what)), `cut to ${length} bytes`)
        }
        assert.ok(isRefusal(decode(schema, Buffer.concat([bytes, Buffer.of(0)]), what)))
      }
    })

    test('is refused with a field more, a field less, or a field of another type', () => {
      for (const value of values) {
        if (typeof value !== 'object' || value === null) continue
        assert.ok(isRefusal(decode(schema, encode({ ...value, more: 1 }), what)), 'a field more')
        for (const field of Object.keys(value)) {
          const { [field]: _, ...less } = value as Record<string, unknown>
          assert.ok(isRefusal(decode(schema, encode(less), what)), `without ${field}`)
          const other: Record<string, unknown> = { ...value, [field]: { wrong: true } }
          assert.ok(isRefusal(decode(schema, encode(other), what)), `with another ${field}`)
        }
      }
    })
  })
}

function isEncodable(value: unknown): boolean {
  try {
    encode(value)
    return true
  } catch (error) {
    return !(error instanceof Error)
  }
}

describe('what is not the CBOR that was agreed on is refused', () => {
  const schema = z.strictObject({ a: z.int() })
  const table: [why: string, hex: string][] = [
    ['an integer in more bytes than it needs', 'a161611801'],
    ['an indefinite length', 'bf616101ff'],
    ['a text of indefinite length', 'a17f6161ff01'],
    ['a key twice', 'a2616101616101'],
    ['a tag', 'a16161c101'],
    ['undefined', 'a16161f7'],
    ['not a number', 'a16161f97e00'],
    ['an infinity', 'a16161f97c00'],
    ['an integer that JavaScript cannot hold', 'a161611bffffffffffffffff'],
    ['a key that is not text', 'a10101'],
    ['the key __proto__', 'a2616101695f5f70726f746f5f5fa0'],
    ['a key that is not UTF-8', 'a161ff01'],
    ['a list that says it has 2^36 entries', '9b0000000fffffffff'],
    ['a byte string that says it has 2^36 bytes', '5b0000000fffffffff'],
  ]
  for (const [why, hex] of table) {
    test(why, () => {
      assert.ok(isRefusal(decode(schema, Buffer.from(hex, 'hex'), 'a test')))
    })
  }

  test('lists inside lists, a hundred thousand deep', () => {
    assert.ok(isRefusal(decode(z.unknown(), Buffer.alloc(100_000, 0x81), 'a test')))
  })
})
