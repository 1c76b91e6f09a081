/**
 * A Service Center whose folder and keys are in other hands can have nothing installed in a fleet with a policy: what
 * `npm run demo:attack` shows.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAttack } from '../../simulator/attack/run-attack.ts'

test('I1 I2 I4 I5 I7 I8 I11 I12 I15 I16 M8 M9 K1 every attempt of a stolen Service Center is refused', async () => {
  const tried = await runAttack(
    () => {},
    () => {},
  )
  assert.ok(tried.length >= 20, `${tried.length} attempts`)
  assert.deepEqual(
    tried.filter(({ refusal }) => refusal === null).map(({ what }) => what),
    [],
  )
})
