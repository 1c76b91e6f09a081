/**
 * Proves that the simulator finds bugs: each planted bug is put into the sources that some processes load, and seeds are
 * run there until a checker fires. `--search` records the first such seed in found.json, and a few spare ones, since
 * sources move on; `--planted` runs the recorded ones again, and looks anew where none of them finds its bug any more.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { runSeeds } from '../seed-workers.ts'
import { type PlantedBug, plantedBugs } from './bugs.ts'
import { changedText } from './text-change.ts'

const SEARCHED_AT_MOST = 2_000
/** Seeds in which `--planted` looks again for a bug that no recorded seed finds. */
const LOOKED_AGAIN_AT_MOST = 400
/** So many of them a single process searches; what is found later is searched by all. */
const SEARCHED_ALONE = 24
const SPARE_SEEDS = 2
/** After the first seed that finds a bug; what is rarer gets no spare ones. */
const SEARCHED_FOR_SPARES = 100
const PROGRESS_EVERY_MS = 2_000
const RECORD = join(import.meta.dirname, 'found.json')

export type Catch = { readonly seed: number; readonly checker: string; readonly steps: number }
const Found = z.record(
  z.string(),
  z.strictObject({ seed: z.int(), checker: z.string(), steps: z.int(), spare: z.array(z.int()) }),
)
type Found = z.infer<typeof Found>

/** `names` are parts of the names of the only bugs to look for; everything, when there are none. */
export type Wanted = { readonly names: readonly string[]; readonly processes?: number | undefined }

export async function searchPlanted({ names, processes = availableParallelism() }: Wanted): Promise<number> {
  const bugs = wanted(names)
  const found: Found = names.length === 0 ? {} : readFound()
  let missed = 0
  const record = (bug: PlantedBug, [first, ...spare]: readonly Catch[]): void => {
    tell(bug, first ?? null)
    if (first === undefined) missed += 1
    else found[bug.name] = { ...first, spare: spare.map(({ seed }) => seed) }
    writeFileSync(RECORD, `${JSON.stringify(inOrder(found), null, 2)}\n`)
  }
  const rare: PlantedBug[] = []
  await withProgress('searched', bugs.length, async (done) => {
    await inParallel(processes, bugs, async (bug) => {
      const caught = await catchBug(bug, range(1, SEARCHED_ALONE), { processes: 1, spare: SPARE_SEEDS })
      if (caught.length <= SPARE_SEEDS) rare.push(bug)
      else record(bug, caught)
      if (caught.length > SPARE_SEEDS) done()
    })
    for (const bug of rare) {
      record(bug, await catchBug(bug, range(1, SEARCHED_AT_MOST), { processes, spare: SPARE_SEEDS }))
      done()
    }
  })
  console.log(`${bugs.length - missed} of ${bugs.length} planted bugs found; written to ${RECORD}`)
  return missed === 0 ? 0 : 1
}

export async function replayPlanted({ names, processes = availableParallelism() }: Wanted): Promise<number> {
  const recorded = readFound()
  const bugs = wanted(names)
  const escaped: PlantedBug[] = []
  let missed = 0
  await withProgress('replayed', bugs.length, async (done) => {
    await inParallel(processes, bugs, async (bug) => {
      const { seed = null, spare = [] } = recorded[bug.name] ?? {}
      const [caught] = await catchBug(bug, seed === null ? [] : [seed, ...spare], { processes: 1 })
      if (caught === undefined) {
        escaped.push(bug)
        return
      }
      if (caught.seed !== seed) console.log(`${bug.name}: seed ${seed} finds it no more; --search records anew`)
      tell(bug, caught)
      done()
    })
    for (const bug of escaped) {
      const seeds = recorded[bug.name] === undefined ? 'no recorded seed' : 'none of the recorded seeds'
      console.log(`${bug.name}: ${seeds} finds it; looks in ${LOOKED_AGAIN_AT_MOST} seeds, and --search records anew`)
      const [caught] = await catchBug(bug, range(1, LOOKED_AGAIN_AT_MOST), { processes })
      tell(bug, caught ?? null)
      if (caught === undefined) missed += 1
      done()
    }
  })
  console.log(`${bugs.length - missed} of ${bugs.length} planted bugs caught`)
  return missed === 0 ? 0 : 1
}

/**
 * The first of these seeds in which one of the checkers that should catch the bug fires, and up to `spare` more of them,
 * in their order; empty when there are none.
 */
export async function catchBug(
  bug: PlantedBug,
  seeds: Iterable<number>,
  { processes, spare = 0 }: { readonly processes?: number; readonly spare?: number } = {},
): Promise<Catch[]> {
  // Here, where it says which bug it is, and not in the processes.
  try {
    changedText(bug)
  } catch (error) {
    throw new Error(`planted bug "${bug.name}": ${(error as Error).message}`, { cause: error })
  }
  const caught: Catch[] = []
  let firstAt = 0
  let ran = 0
  await runSeeds({
    seeds,
    change: bug,
    ...(processes === undefined ? {} : { processes }),
    onResult: ({ seed, steps, failure }) => {
      ran += 1
      if (failure !== null && bug.checkers.includes(failure.checker)) {
        if (caught.length === 0) firstAt = ran
        caught.push({ seed, checker: failure.checker, steps })
      }
      return caught.length > spare || (caught.length > 0 && ran - firstAt >= SEARCHED_FOR_SPARES)
    },
  })
  return caught.sort((left, right) => left.seed - right.seed).slice(0, spare + 1)
}

function wanted(names: readonly string[]): PlantedBug[] {
  return plantedBugs.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)))
}

function readFound(): Found {
  return Found.parse(JSON.parse(readFileSync(RECORD, 'utf8')))
}

/** As the bugs stand in their files; what is recorded of bugs that are no more goes. */
function inOrder(found: Found): Found {
  return Object.fromEntries(
    plantedBugs.flatMap(({ name }): [string, Found[string]][] => {
      const one = found[name]
      return one === undefined ? [] : [[name, one]]
    }),
  )
}

async function inParallel<Item>(width: number, items: readonly Item[], act: (item: Item) => Promise<void>) {
  const left = [...items]
  const one = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: width }, one))
}

/** `act` calls `done` for each of `count` bugs; how many are done is told on standard error from time to time. */
async function withProgress(verb: string, count: number, act: (done: () => void) => Promise<void>): Promise<void> {
  let doneCount = 0
  const progress = setInterval(() => console.error(`${doneCount} of ${count} planted bugs ${verb}`), PROGRESS_EVERY_MS)
  await act(() => {
    doneCount += 1
  }).finally(() => clearInterval(progress))
}

function* range(from: number, to: number): Generator<number> {
  for (let seed = from; seed <= to; seed++) yield seed
}

function tell({ name }: PlantedBug, caught: Catch | null): void {
  console.log(
    caught === null
      ? `${name}: NOT FOUND`
      : `${name}: seed ${caught.seed}, caught by "${caught.checker}" after ${caught.steps} steps`,
  )
}
