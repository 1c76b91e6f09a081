/**
 * What of a program's output reaches a report.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readableText } from '../../agent/shell/installers/program-output.ts'
import { MAX_REPORTED_OUTPUT_BYTES } from '../../protocol/limits.ts'

const TABLE: readonly [what: string, printed: Uint8Array, kept: string][] = [
  ['nothing', Buffer.of(), ''],
  ['lines and tabs', Buffer.from('one\ttwo\nthree €\n'), 'one\ttwo\nthree €\n'],
  ['a terminal escape', Buffer.from('\u001b[2J\r\u0007'), '\uFFFD[2J\uFFFD\uFFFD'],
  ['text that runs backwards', Buffer.from('a\u202eb\u200bc'), 'a\uFFFDb\uFFFDc'],
  ['a character cut at the front', Buffer.from('€ rest').subarray(1), ' rest'],
  ['bytes that are no text', Buffer.of(0x61, 0xff, 0xfe, 0x62), 'a\uFFFD\uFFFDb'],
]

for (const [what, printed, kept] of TABLE) {
  test(`the kept output of ${what} is plain text`, () => assert.equal(readableText(printed), kept))
}

test('the kept output is the end of what was printed, and valid UTF-8 within its limit, wherever it is cut', () => {
  for (let extra = 0; extra < 8; extra++) {
    const text = `${'€'.repeat(MAX_REPORTED_OUTPUT_BYTES)}${'x'.repeat(extra)}the end`
    const kept = readableText(Buffer.from(text).subarray(-MAX_REPORTED_OUTPUT_BYTES))
    assert.ok(kept.endsWith('€'.repeat(9) + 'x'.repeat(extra) + 'the end'))
    assert.ok(!kept.includes('\uFFFD'))
    assert.ok(Buffer.byteLength(kept) > MAX_REPORTED_OUTPUT_BYTES - 4)
  }
  const binary = readableText(new Uint8Array(MAX_REPORTED_OUTPUT_BYTES).fill(0xff))
  assert.ok(Buffer.byteLength(binary) <= MAX_REPORTED_OUTPUT_BYTES)
  assert.match(binary, /^\uFFFD+$/)
})
