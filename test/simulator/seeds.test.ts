/**
 * A slice of the seeds, with every run of the tests; the whole is `npm run seeds -- --count 2000`. Seeds that once failed
 * are kept in test/seeds/ and run for ever.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { FAULT_KINDS } from '../../simulator/faults.ts'
import { PLACE_CHANGES } from '../../simulator/place-changes.ts'
import { plantedBugs } from '../../simulator/planted/bugs.ts'
import { catchBug } from '../../simulator/planted/search.ts'
import { changedText } from '../../simulator/planted/text-change.ts'
import { planOf } from '../../simulator/seed-plan.ts'
import { runSeed, type SeedResult } from '../../simulator/seed-run.ts'
import { runSeeds } from '../../simulator/seed-workers.ts'
import { fewer } from '../../simulator/shrinking.ts'

const KEPT = join(import.meta.dirname, '../seeds')
const Kept = z.strictObject({
  seed: z.int(),
  only: z.array(z.int()).optional(),
  /** From before places of the fleet changed in the worlds. */
  settled: z.literal(true).optional(),
  /** What went wrong once. */
  what: z.string(),
})

/** Far from those that the command runs first, so that both together see more. */
const FIRST_SEED = 10_001
const SEEDS = 150
const PROCESSES = 2

function whatFailed({ seed, failure }: SeedResult): string {
  return `npm run seeds -- --seed ${seed} --trace: ${failure?.checker}: ${failure?.sentence}`
}

test(`${SEEDS} worlds that go wrong in every way break no invariant, and come to rest`, async () => {
  const failed: string[] = []
  const faults = new Map<string, number>()
  const changes = new Set<string>()
  await runSeeds({
    seeds: Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index),
    processes: PROCESSES,
    onResult: (result) => {
      if (result.failure !== null) failed.push(whatFailed(result))
      for (const kind of Object.keys(result.placeChanges)) changes.add(kind)
      for (const [kind, count] of Object.entries(result.faults)) faults.set(kind, (faults.get(kind) ?? 0) + count)
      return false
    },
  })
  assert.deepEqual(failed, [])
  assert.ok([...faults.values()].reduce((sum, count) => sum + count, 0) >= 100 * SEEDS, 'a hundred faults a seed')
  assert.deepEqual(
    FAULT_KINDS.filter((kind) => !faults.has(kind)),
    [],
    'every kind of fault struck',
  )
  assert.deepEqual(
    PLACE_CHANGES.filter((kind) => !changes.has(kind)),
    [],
    'and places changed in every way',
  )
})

test('the seeds that once failed fail no more', () => {
  for (const name of readdirSync(KEPT)) {
    const { what, seed, ...options } = Kept.parse(JSON.parse(readFileSync(join(KEPT, name), 'utf8')))
    const result = runSeed(seed, options)
    assert.equal(result.failure, null, `${name}, ${what}: ${whatFailed(result)}`)
  }
})

test('the same seed gives the same bytes, and leaving faults out changes nothing before the first of them', () => {
  for (const seed of [1, 2, 3]) {
    const [one, other] = [runSeed(seed, { trace: true }), runSeed(seed, { trace: true })]
    assert.equal(one.trace.join('\n'), other.trace.join('\n'))
    assert.deepEqual({ ...one, trace: [] }, { ...other, trace: [] })
    assert.equal(runSeed(seed).steps, one.steps, 'and being traced changes nothing either')
    const [first = 0] = one.happened
    const without = runSeed(seed, { trace: true, only: one.happened.filter((id) => id !== first) })
    const common = one.trace.findIndex((line) => line.includes(`FAULT ${first}:`))
    assert.deepEqual(without.trace.slice(0, common), one.trace.slice(0, common))
  }
})

test('in some worlds a patch is withdrawn and uploaded again at once, again and again', () => {
  const cycles = Array.from({ length: 20 }, (_, seed) => planOf(seed).workload.deeds).map(
    (deeds) =>
      deeds.filter(
        (deed) =>
          deed.kind === 'upload' &&
          deeds.some(
            (other) =>
              other.kind === 'withdraw' &&
              other.patch === deed.patch &&
              other.atMs < deed.atMs &&
              deed.atMs - other.atMs <= 50,
          ),
      ).length,
  )
  assert.ok(cycles.some((count) => count >= 2))
  assert.ok(cycles.includes(0))
})

test('in some worlds appliances come, go and are renamed; in others, and where that is not wanted, none does', () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed)
  const isSettled = (seed: number): boolean => planOf(seed).placeChanges.length === 0
  const [still = -1, lively = -1] = [seeds.find(isSettled), seeds.find((seed) => !isSettled(seed))]
  assert.equal(runSeed(still).steps, runSeed(still, { settled: true }).steps)
  assert.notDeepEqual(runSeed(lively).placeChanges, {})
  assert.deepEqual(runSeed(lively, { settled: true }).placeChanges, {})
})

test('a failure is shrunk to the faults that it needs', () => {
  const all = Array.from({ length: 100 }, (_, id) => id)
  const needed = [17, 58]
  assert.deepEqual(
    fewer(all, (part) => needed.every((id) => part.includes(id))),
    needed,
  )
})

test('every planted bug is a change of text that the sources still have once', () => {
  assert.ok(plantedBugs.length >= 20)
  for (const bug of plantedBugs) assert.ok(changedText(bug).includes(bug.replace), bug.name)
  assert.throws(
    () => changedText({ file: 'simulator/seeds.ts', find: 'no such text', replace: '' }),
    /^Error: simulator\/seeds\.ts has its text 0 times, not once: "no such text"$/,
  )
})

test('every planted bug names checkers that there are', () => {
  const folders = ['simulator', 'simulator/checkers'].map((name) => join(import.meta.dirname, '../..', name))
  const sources = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  )
  for (const { name, checkers } of plantedBugs)
    for (const checker of checkers)
      assert.ok(
        sources.some((text) => text.includes(`'${checker}'`)),
        `${name}: ${checker}`,
      )
})

for (const name of [
  'the hash of a piece is not compared',
  'nobody is asked before an installer runs',
  'an installer that was started runs again after a crash',
]) {
  test(`the seeds find a planted bug: ${name}`, async () => {
    const bug = plantedBugs.find((planted) => planted.name === name)
    assert.ok(bug)
    const seeds = Array.from({ length: 200 }, (_, index) => index + 1)
    const [caught] = await catchBug(bug, seeds, { processes: PROCESSES })
    assert.ok(caught !== undefined && bug.checkers.includes(caught.checker))
  })
}
