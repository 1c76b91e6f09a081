/**
 * Refusals are a closed table: each code has its HTTP status and a hint that says what to do.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hint, httpStatus, isRefusal, RefusalCode, RefusedError, refuse } from '../../protocol/refusals.ts'

describe('every refusal', () => {
  for (const code of RefusalCode.options) {
    test(`${code} has a status of its kind, and a hint that is a sentence`, () => {
      const status = httpStatus(code)
      assert.ok(Number.isInteger(status) && status >= 400 && status <= 599, String(status))
      assert.equal(
        status === 500 || status === 507,
        code === 'internal' || code === 'no_space',
        'the fault is of the one who asks',
      )
      assert.match(code, /^[a-z]+(_[a-z]+)*$/)
      const text = hint(code)
      assert.match(text, /^[A-Z].{15,}[.)]$/, 'a sentence')
    })
  }
})

describe('a hint tells what to do', () => {
  const tells =
    /(^|[.;] |, or |and )(Choose|Upload|Copy|Build|Rename|Correct|Split|Try|Give|Make|Compare|Open|Send|List|Cancel|Start|Enroll|Ask|Wait|Keep|Look|Name|Use|Sign|Begin|Remove|Install|Withdraw|Retire|Resume|Set|Switch)\b/
  for (const code of RefusalCode.options) test(code, () => assert.match(hint(code), tells))
})

test('a refusal is told from any other value', () => {
  assert.ok(isRefusal(refuse('stale', 'it is old')))
  for (const value of [null, undefined, 0, '', 'refused', {}, [], { code: 'stale' }]) assert.ok(!isRefusal(value))
})

test('a refusal that leaves a stream as an error is still the same refusal', () => {
  const refusal = refuse('too_large', '5 bytes are more than 4')
  const error = new RefusedError(refusal)
  assert.equal(error.refusal, refusal)
  assert.equal(error.message, refusal.message)
})
