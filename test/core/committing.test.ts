/**
 * Whom a change concerns: pages that are open hear of it by its topic.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commit } from '../../controller/core/committing.ts'
import type { Change } from '../../controller/core/records.ts'
import { emptyState } from '../../controller/core/state.ts'
import { seededRandom } from '../../protocol/random.ts'
import { mesh, samplePatch, sampleToken, signing } from '../contracts/sample-records.ts'

const HEARD: readonly [Change, string[]][] = [
  [{ table: 'patches', row: samplePatch() }, ['patches']],
  [{ table: 'tokens', row: sampleToken(1) }, ['appliances']],
  [{ table: 'pins', row: { patch: samplePatch().sha256, pin: null } }, ['patches']],
  [{ table: 'rosters', row: { dataCenter: sampleToken(1).dataCenter, version: 1 } }, []],
]

for (const [change, topics] of HEARD)
  test(`a change of ${change.table} is heard of as ${topics.join() || 'nothing'}`, () => {
    const effects = commit(emptyState({ mesh, signing }, seededRandom(1)), [change])
    assert.deepEqual(
      effects.flatMap((effect) => (effect.kind === 'changed' ? [effect.topic] : [])),
      topics,
    )
  })
