/**
 * Installs on real roots, judged from outside: the judge finds every kind of lie.
 */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { cannotInstall, makeKeptRoot } from '../support/real-packages.ts'
import { drawFailingWorld } from './drawn/failing-world.ts'
import { drawWorld } from './drawn/world-plan.ts'
import { FINDINGS } from './judge/verdict.ts'
import { PLANTED_WORLDS, planOf } from './planted-worlds.ts'
import type { WorldResult } from './run-world.ts'
import { runWorlds, type Work } from './world-workers.ts'

/** An agent that never ends is waited for so long; every other ends long before. */
const NEVER_ENDS_MS = 15_000
/** Of the 100 that `npm run dpkg-worlds -- --failing --count 100` runs. */
const FAILING = 6
/** Of the 500 that `npm run dpkg-worlds -- --count 500` runs. */
const DRAWN = 30

async function resultsOf(worlds: Work['worlds']): Promise<Map<number, WorldResult>> {
  const results = new Map<number, WorldResult>()
  await runWorlds({
    worlds,
    onResult: (result) => results.set(result.seed, result),
    onError: (seed, error) => assert.fail(`the world ${seed} could not be run: ${error}`),
  })
  return results
}

function found(result: WorldResult | undefined): string[] {
  return (result?.complaints ?? []).map(({ finding, sentence }) => `${finding}: ${sentence}`)
}

describe('Worlds with the real dpkg', { skip: cannotInstall() }, () => {
  before(() => makeKeptRoot())

  test('are drawn from their seed alone', () => {
    for (let seed = 1; seed <= 200; seed++) assert.deepEqual(drawWorld(seed), drawWorld(seed))
  })

  test('have a planted lie for each thing that the judge can find', () => {
    assert.deepEqual([...new Set(PLANTED_WORLDS.map(({ finding }) => finding))].sort(), [...FINDINGS].sort())
  })

  test('the judge finds each planted lie, and nothing of the kind where nobody lies', async () => {
    const lying = PLANTED_WORLDS.map((world, at) => ({
      plan: planOf(world, 1_000 + at),
      lie: world.lie,
      ...(world.finding === 'no-end' ? { endsWithinMs: NEVER_ENDS_MS } : {}),
    }))
    const honest = PLANTED_WORLDS.map((world, at) => ({ plan: planOf(world, 2_000 + at) }))
    const results = await resultsOf([...lying, ...honest])
    const wrong: string[] = []
    for (const [at, { lie, finding }] of PLANTED_WORLDS.entries()) {
      const caught = found(results.get(1_000 + at))
      if (!caught.some((sentence) => sentence.startsWith(`${finding}: `)))
        wrong.push(`an agent that ${lie} is found by ${finding}, not by: ${caught.join('; ') || 'nothing'}`)
      const alarms = found(results.get(2_000 + at)).filter((sentence) => sentence.startsWith(`${finding}: `))
      if (alarms.length > 0) wrong.push(`where no agent ${lie}, this is found: ${alarms.join('; ')}`)
    }
    assert.deepEqual(wrong, [])
  })

  test(`a patch that fails each time is put back in the first ${FAILING} failing worlds, whoever is killed meanwhile`, async () => {
    const results = await resultsOf(Array.from({ length: FAILING }, (_, at) => ({ plan: drawFailingWorld(at + 1) })))
    const told = [...results.values()].map((result) => ({ ...result, complaints: found(result) }))
    const wrong = told.filter(({ complaints, putBack }) => complaints.length > 0 || putBack !== 1)
    assert.deepEqual(
      wrong.map(({ seed, ends, complaints }) => `seed ${seed} ended ${ends.join(', ')}; ${complaints.join('; ')}`),
      [],
    )
  })

  test(`nothing is found in the first ${DRAWN} drawn worlds`, async () => {
    const results = await resultsOf(Array.from({ length: DRAWN }, (_, at) => ({ plan: drawWorld(at + 1) })))
    const sentences = [...results.values()].flatMap((result) =>
      found(result).map(
        (sentence) =>
          `seed ${result.seed}: ${sentence} (npm run dpkg-worlds -- --seed ${result.seed} --count 1 --verbose)`,
      ),
    )
    assert.deepEqual(sentences.sort(), [])
  })
})
