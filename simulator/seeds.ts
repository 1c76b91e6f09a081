/**
 * `npm run seeds`: worlds that go wrong in every way, by the thousand. Prints how it goes on standard error and the sum
 * at the end; for each failure the command that replays it, and a smaller run that fails alike.
 */
import { parseArgs } from 'node:util'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { replayPlanted, searchPlanted } from './planted/search.ts'
import { runSeed, type SeedOptions, type SeedResult } from './seed-run.ts'
import { runSeeds, type WorkerTask } from './seed-workers.ts'
import { shrink } from './shrinking.ts'

const PROGRESS_EVERY_MS = 2_000
const DEFAULT_COUNT = 200
/** Failures that are made small; the others are only named. */
const SHRUNK_AT_MOST = 5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string' },
    seed: { type: 'string' },
    without: { type: 'string', default: '' },
    only: { type: 'string' },
    until: { type: 'string' },
    trace: { type: 'boolean', default: false },
    search: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
  },
})

async function main(): Promise<number> {
  const options: SeedOptions = { ...faultOptions(), trace: values.trace }
  if (values.search) return searchPlanted(positionals)
  if (values.planted) return replayPlanted()
  return values.seed === undefined ? many(options) : one(Number(values.seed), options)
}

function faultOptions(): SeedOptions {
  const without = values.without.split(',').filter((kind) => kind !== '')
  const unknown = without.find((kind) => !FAULT_KINDS.some((known) => known === kind))
  if (unknown !== undefined)
    throw new Error(`there is no kind of fault ${unknown}; there are ${FAULT_KINDS.join(', ')}`)
  return {
    without: without as FaultKind[],
    ...(values.only === undefined
      ? {}
      : {
          only: values.only
            .split(',')
            .filter((id) => id !== '')
            .map(Number),
        }),
    ...(values.until === undefined ? {} : { untilStep: Number(values.until) }),
  }
}

/** A process that runs what it is told. */
function serve(): void {
  process.on('message', ({ seeds, options }: WorkerTask) => {
    for (const seed of seeds) process.send?.(runSeed(seed, options))
  })
  process.on('disconnect', () => process.exit(0))
}

function one(seed: number, options: SeedOptions): number {
  const result = runSeed(seed, options)
  for (const line of result.trace) console.log(line)
  console.log(summary(new Total().add(result)))
  if (result.failure !== null) tellFailure(result, options.only === undefined && options.untilStep === undefined)
  return result.failure === null ? 0 : 1
}

async function many(options: SeedOptions): Promise<number> {
  const from = Number(values.from)
  const count = Number(values.count ?? DEFAULT_COUNT)
  const total = new Total()
  const failed: SeedResult[] = []
  const progress = setInterval(
    () => console.error(`${total.seeds} of ${count} seeds, ${total.faults} faults, ${failed.length} failures`),
    PROGRESS_EVERY_MS,
  )
  await runSeeds({
    seeds: Array.from({ length: count }, (_, index) => from + index),
    options,
    ...(values.processes === undefined ? {} : { processes: Number(values.processes) }),
    onResult: (result) => {
      total.add(result)
      if (result.failure !== null) failed.push(result)
    },
  }).finally(() => clearInterval(progress))
  failed.sort((left, right) => left.seed - right.seed)
  for (const [index, result] of failed.entries()) tellFailure(result, index < SHRUNK_AT_MOST)
  console.log(summary(total))
  return failed.length === 0 ? 0 : 1
}

class Total {
  seeds = 0
  failures = 0
  steps = 0
  checks = 0
  virtualMs = 0
  faults = 0
  readonly byKind = new Map<string, number>()

  add(result: SeedResult): this {
    this.seeds += 1
    this.steps += result.steps
    this.checks += result.checks
    this.virtualMs += result.virtualMs
    if (result.failure !== null) this.failures += 1
    for (const [kind, count] of Object.entries(result.faults)) {
      this.faults += count
      this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + count)
    }
    return this
  }
}

function summary(total: Total): string {
  const kinds = FAULT_KINDS.map((kind) => `${kind} ${total.byKind.get(kind) ?? 0}`)
  return [
    `seeds               ${total.seeds}`,
    `faults injected     ${total.faults}`,
    `  ${kinds.join(', ')}`,
    `steps               ${total.steps}`,
    `virtual hours       ${(total.virtualMs / 3_600_000).toFixed(1)}`,
    `invariants checked  ${total.checks}`,
    `failures            ${total.failures}`,
  ].join('\n')
}

function tellFailure(result: SeedResult, isShrunk: boolean): void {
  const { seed, failure } = result
  if (failure === null) return
  console.log(
    `seed ${seed}, step ${failure.step}, ${(failure.atMs / 1000).toFixed(3)} s: ${failure.checker}: ${failure.sentence}`,
  )
  const excluded = values.without === '' ? '' : ` --without ${values.without}`
  console.log(`  replay   npm run seeds -- --seed ${seed}${excluded} --trace`)
  if (!isShrunk) return
  const { only, result: smaller, runs } = shrink(result, faultOptions())
  console.log(
    `  smaller  npm run seeds -- --seed ${seed} --only ${only.join(',') || "''"} --until ${(smaller.failure?.step ?? 0) + 1} --trace`,
  )
  console.log(
    `           ${only.length} of ${result.happened.length} faults, after ${runs} runs: ${smaller.failure?.sentence ?? ''}`,
  )
}

if (values.worker) serve()
else process.exitCode = await main()
