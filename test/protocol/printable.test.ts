/**
 * What is printed of a text from elsewhere.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, printableSentence } from '../../protocol/printable.ts'

test('a sentence on a terminal has its moments as people read them, and a name keeps every character', () => {
  const due = 'a restart is due since 2026-11-30T11:50:52.079Z, for libc6'
  assert.equal(printableSentence(due), 'a restart is due since 2026-11-30 11:50 UTC, for libc6')
  assert.equal(
    printableSentence('until 2026-11-30T11:50:52Z at the latest'),
    'until 2026-11-30 11:50 UTC at the latest',
  )
  assert.equal(printable(due), due)
})

test('what a terminal would act on is written out, beside a moment too', () => {
  assert.equal(printableSentence('\u001b[31m since 2026-11-30T11:50:52Z'), '\\u{1b}[31m since 2026-11-30 11:50 UTC')
})
