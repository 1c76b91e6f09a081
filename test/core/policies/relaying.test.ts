/**
 * A member of a depot that takes its turn waits for whoever takes a patch from it just then, for a while.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RELAYING_AT_MOST_MS, whyRelaying } from '../../../agent/core/install/policies/relaying.ts'

const SAYS = 'waits until another appliance of its Data Center, which takes a patch from it, has that'

for (const [title, readers, waitedMs, says] of [
  ['nobody takes anything from it', [], 0, null],
  ['whoever is only connected holds nobody', [{ queued: 0, sending: 0 }], 0, null],
  ['a piece is on its way', [{ queued: 0, sending: 1 }], 0, SAYS],
  ['another one is asked for', [{ queued: 2, sending: 0 }], RELAYING_AT_MOST_MS - 1, SAYS],
  [
    'whoever takes one for very long keeps no depot from being patched',
    [{ queued: 2, sending: 1 }],
    RELAYING_AT_MOST_MS,
    null,
  ],
] as const) {
  test(title, () => assert.equal(whyRelaying(readers, waitedMs), says))
}
