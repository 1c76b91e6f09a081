/**
 * Proves that the simulator finds bugs: each planted bug is put into a copy of the sources in a temporary folder, and
 * seeds are run there until a checker fires. `--search` records the first such seed in found.json, `--planted` runs the
 * recorded ones again; where the sources have moved on since, it searches anew.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { SeedResult } from '../seed-run.ts'
import { HERE, runSeeds } from '../seed-workers.ts'
import { type PlantedBug, plantedBugs } from './bugs.ts'

const SEEDS_AT_MOST = 2_000
const COPIED = ['agent', 'controller', 'protocol', 'simulator', 'package.json', 'tsconfig.json']
const RECORD = join(import.meta.dirname, 'found.json')

const Found = z.record(z.string(), z.strictObject({ seed: z.int(), checker: z.string() }))
export type Catch = { readonly seed: number; readonly checker: string }

/** `named` are the only bugs to look for, by a part of their name; what is recorded of the others stays. */
export async function searchPlanted(named: readonly string[]): Promise<number> {
  const sought = plantedBugs.filter(({ name }) => named.length === 0 || named.some((part) => name.includes(part)))
  const found: z.infer<typeof Found> = named.length === 0 ? {} : readFound()
  let missed = 0
  for (const bug of sought) {
    const caught = await catchBug(bug, range(1, SEEDS_AT_MOST))
    tell(bug, caught)
    if (caught === null) missed += 1
    else found[bug.name] = caught
    writeFileSync(RECORD, `${JSON.stringify(found, null, 2)}\n`)
  }
  console.log(`${sought.length - missed} of ${sought.length} planted bugs found; written to ${RECORD}`)
  return missed === 0 ? 0 : 1
}

export async function replayPlanted(): Promise<number> {
  const recorded = readFound()
  const left = [...plantedBugs]
  let missed = 0
  const replay = async (): Promise<void> => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const seed = recorded[bug.name]?.seed
      const again = seed === undefined ? null : await catchBug(bug, [seed], 1)
      const caught = again ?? (await catchBug(bug, range(1, SEEDS_AT_MOST)))
      if (again === null && caught !== null)
        console.log(`${bug.name}: seed ${seed} finds it no more; --search records anew`)
      tell(bug, caught)
      if (caught === null) missed += 1
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, replay))
  console.log(`${plantedBugs.length - missed} of ${plantedBugs.length} planted bugs found`)
  return missed === 0 ? 0 : 1
}

function readFound(): z.infer<typeof Found> {
  return Found.parse(JSON.parse(readFileSync(RECORD, 'utf8')))
}

/** The first of these seeds in which one of the checkers that should catch the bug fires, or null. */
export async function catchBug(bug: PlantedBug, seeds: Iterable<number>, processes?: number): Promise<Catch | null> {
  const folder = mkdtempSync(join(tmpdir(), 'patchmesh-planted-'))
  try {
    for (const part of COPIED) cpSync(join(HERE, part), join(folder, part), { recursive: true })
    symlinkSync(join(HERE, 'node_modules'), join(folder, 'node_modules'))
    plant(bug, folder)
    const caught: SeedResult[] = []
    await runSeeds({
      seeds,
      folder,
      ...(processes === undefined ? {} : { processes }),
      onResult: (result) => {
        if (result.failure === null || !bug.checkers.includes(result.failure.checker)) return false
        caught.push(result)
        return true
      },
    })
    const [first] = caught.sort((left, right) => left.seed - right.seed)
    return first?.failure == null ? null : { seed: first.seed, checker: first.failure.checker }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Changes the text; throws when the sources no longer have it exactly once. */
export function plant({ name, file, find, replace }: PlantedBug, folder: string): void {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(`planted bug "${name}": ${file} has its text ${parts.length - 1} times, not once`)
  writeFileSync(path, parts.join(replace))
}

function* range(from: number, to: number): Generator<number> {
  for (let seed = from; seed <= to; seed++) yield seed
}

function tell({ name }: PlantedBug, caught: Catch | null): void {
  console.log(caught === null ? `${name}: NOT FOUND` : `${name}: seed ${caught.seed}, caught by "${caught.checker}"`)
}
