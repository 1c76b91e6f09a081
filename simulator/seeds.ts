/**
 * `npm run seeds`: worlds that go wrong in every way, by the thousand. Reads the command line; prints how it goes on
 * standard error and the sum at the end; for each failure the command that replays it, and a smaller run that fails
 * alike. Whoever closes the pipe ends it quietly.
 */
import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { PLACE_CHANGES } from './place-changes.ts'
import { plantedBugs } from './planted/bugs.ts'
import { replayPlanted, searchPlanted } from './planted/search.ts'
import { runSeed, type SeedOptions, type SeedResult } from './seed-run.ts'
import { runSeeds, serveAsWorker, stopWorkers } from './seed-workers.ts'
import { shrink } from './shrinking.ts'
import { CRASH_MOMENTS } from './world/crash-moments.ts'

const HELP = `Usage: npm run seeds -- [options]

Runs worlds in virtual time, one for each seed: an estate, several admins at work, and
faults of many kinds at once; then everything is mended and must come to rest. Checkers
look from outside after every step. Exits with 1 when a seed failed.

  --count N          how many seeds (default 200)             --count 2000
  --from N           the first of them (default 1)            --from 5000
  --processes N      how many run at a time (default: cores)  --processes 2
  --without KINDS    faults that do not happen                --without crash,freeze
  --settled          nobody is retired, renamed or replaced,  --settled
                     and nobody joins later

  --seed N           runs this seed alone, here               --seed 38
  --trace            with --seed: prints all that happens     --seed 38 --trace
  --only IDS         with --seed: the only faults that may    --seed 38 --only 3,17
  --until STEP       with --seed: stops after this step       --seed 38 --until 9000

  --planted [NAME]   replays the recorded seed of each        --planted
                     planted bug, or of those called so       --planted "the outbox"
  --search [NAME]    searches and records those seeds anew    --search "the outbox"

  --help             prints this                              --help

Kinds of faults:
  ${kindsOfFaults()}
`

const PROGRESS_EVERY_MS = 2_000
const DEFAULT_COUNT = 200
const MAX_SEED = 2 ** 32 - 1
const MAX_PROCESSES = 1_024
/** Failures that are made small; the others are only named. */
const SHRUNK_AT_MOST = 5

type Mode = 'many' | 'seed' | 'planted' | 'search'
type Given = {
  readonly mode: Mode
  readonly from: number
  readonly count: number
  readonly seed: number
  readonly processes: number | undefined
  /** Parts of the names of planted bugs. */
  readonly names: readonly string[]
  readonly options: SeedOptions
}

/** What goes with each way to run. */
const GOES_WITH: Record<Mode, readonly string[]> = {
  many: ['count', 'from', 'processes', 'without', 'settled'],
  seed: ['seed', 'without', 'settled', 'only', 'until', 'trace'],
  planted: ['planted', 'processes'],
  search: ['search', 'processes'],
}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(HELP)
    return 0
  }
  let given: Given
  try {
    given = readOptions([...words])
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ')
    process.stderr.write(`npm run seeds: ${sentence}; see npm run seeds -- --help\n`)
    return 2
  }
  switch (given.mode) {
    case 'search':
      return searchPlanted(given)
    case 'planted':
      return replayPlanted(given)
    case 'seed':
      return one(given)
    default:
      return many(given)
  }
}

function readOptions(args: string[]): Given {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      count: { type: 'string' },
      from: { type: 'string' },
      processes: { type: 'string' },
      seed: { type: 'string' },
      without: { type: 'string' },
      settled: { type: 'boolean' },
      only: { type: 'string' },
      until: { type: 'string' },
      trace: { type: 'boolean' },
      search: { type: 'boolean' },
      planted: { type: 'boolean' },
    },
  })
  const mode: Mode = values.search ? 'search' : values.planted ? 'planted' : values.seed === undefined ? 'many' : 'seed'
  const alien = Object.keys(values).find((name) => !GOES_WITH[mode].includes(name))
  if (alien !== undefined)
    throw new Error(`--${alien} does not go with ${mode === 'many' ? 'many seeds' : `--${mode}`}`)
  if (names[0] !== undefined && (mode === 'many' || mode === 'seed'))
    throw new Error(`there is nothing to do with ${JSON.stringify(names[0])}`)
  const unknown = names.find((part) => !plantedBugs.some(({ name }) => name.includes(part)))
  if (unknown !== undefined) throw new Error(`no planted bug is called ${JSON.stringify(unknown)}`)
  return {
    mode,
    names,
    from: wholeNumber('--from', values.from ?? '1', 0, MAX_SEED),
    count: wholeNumber('--count', values.count ?? String(DEFAULT_COUNT), 1, MAX_SEED),
    seed: wholeNumber('--seed', values.seed ?? '0', 0, MAX_SEED),
    processes:
      values.processes === undefined ? undefined : wholeNumber('--processes', values.processes, 1, MAX_PROCESSES),
    options: {
      without: listOf(values.without).map(kindOfFault),
      trace: values.trace ?? false,
      settled: values.settled,
      ...(values.only === undefined
        ? {}
        : { only: listOf(values.only).map((id) => wholeNumber('--only', id, 0, MAX_SEED)) }),
      ...(values.until === undefined
        ? {}
        : { untilStep: wholeNumber('--until', values.until, 1, Number.MAX_SAFE_INTEGER) }),
    },
  }
}

function listOf(text = ''): string[] {
  return text.split(',').filter((word) => word !== '')
}

function kindOfFault(word: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === word)
  if (kind === undefined) throw new Error(`there is no kind of fault ${JSON.stringify(word)}`)
  return kind
}

function wholeNumber(what: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new Error(`${what} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`)
}

function kindsOfFaults(): string {
  const lines: string[] = []
  for (const kind of FAULT_KINDS) {
    const last = lines.at(-1) ?? ''
    if (last === '' || last.length + kind.length > 68) lines.push(kind)
    else lines[lines.length - 1] = `${last}, ${kind}`
  }
  return lines.join(',\n  ')
}

async function one({ seed, options }: Given): Promise<number> {
  const result = runSeed(seed, options)
  if (result.trace.length > 0) console.log(result.trace.join('\n'))
  console.log(summary(new Total().add(result)))
  await tellFailure(result, options, options.only === undefined && options.untilStep === undefined)
  return result.failure === null ? 0 : 1
}

async function many({ from, count, processes, options }: Given): Promise<number> {
  const total = new Total()
  const failed: SeedResult[] = []
  const progress = setInterval(
    () => console.error(`${total.seeds} of ${count} seeds, ${total.faults} faults, ${failed.length} failures`),
    PROGRESS_EVERY_MS,
  )
  await runSeeds({
    seeds: Array.from({ length: count }, (_, index) => from + index),
    options,
    ...(processes === undefined ? {} : { processes }),
    onResult: (result) => {
      total.add(result)
      if (result.failure === null) return
      failed.push(result)
      console.error(failureOf(result))
    },
  }).finally(() => clearInterval(progress))
  failed.sort((left, right) => left.seed - right.seed)
  for (const [index, result] of failed.entries()) await tellFailure(result, options, index < SHRUNK_AT_MOST)
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
  readonly placeChanges = new Map<string, number>()
  readonly crashMoments = new Map<string, number>()

  add(result: SeedResult): this {
    this.seeds += 1
    this.steps += result.steps
    this.checks += result.checks
    this.virtualMs += result.virtualMs
    if (result.failure !== null) this.failures += 1
    for (const count of Object.values(result.faults)) this.faults += count
    addTo(this.byKind, result.faults)
    addTo(this.placeChanges, result.placeChanges)
    addTo(this.crashMoments, result.crashMoments)
    return this
  }
}

function addTo(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(counts)) sums.set(kind, (sums.get(kind) ?? 0) + count)
}

function summary(total: Total): string {
  const kinds = FAULT_KINDS.map((kind) => `${kind} ${total.byKind.get(kind) ?? 0}`)
  const changes = PLACE_CHANGES.map((kind) => `${kind} ${total.placeChanges.get(kind) ?? 0}`)
  const moments = CRASH_MOMENTS.map((moment) => `${moment} ${total.crashMoments.get(moment) ?? 0}`)
  return [
    `seeds               ${total.seeds}`,
    `faults injected     ${total.faults}`,
    `  ${kinds.join(', ')}`,
    `places changed      ${changes.join(', ')}`,
    `crashes in installs ${moments.join(', ')}`,
    `steps               ${total.steps}`,
    `virtual hours       ${(total.virtualMs / 3_600_000).toFixed(1)}`,
    `invariants checked  ${total.checks}`,
    `failures            ${total.failures}`,
  ].join('\n')
}

function failureOf({ seed, failure }: SeedResult): string {
  if (failure === null) return `seed ${seed}: nothing`
  const { step, atMs, checker, sentence } = failure
  return `seed ${seed}, step ${step}, ${(atMs / 1000).toFixed(3)} s: ${checker}: ${sentence}`
}

async function tellFailure(result: SeedResult, options: SeedOptions, isShrunk: boolean): Promise<void> {
  const { seed, failure } = result
  if (failure === null) return
  console.log(failureOf(result))
  const without = `${options.without?.length ? ` --without ${options.without.join(',')}` : ''}${options.settled ? ' --settled' : ''}`
  console.log(`  replay   npm run seeds -- --seed ${seed}${without} --trace`)
  if (!isShrunk) return
  // A pipe that was closed is heard of here, before minutes are spent for nobody.
  await setImmediate()
  let toldMs = Date.now()
  const {
    only,
    settled,
    result: smaller,
    runs,
  } = shrink(result, options, (count, faults) => {
    if (Date.now() - toldMs < PROGRESS_EVERY_MS) return
    toldMs = Date.now()
    console.error(`seed ${seed} made smaller: ${faults} faults after ${count} runs`)
  })
  console.log(
    `  smaller  npm run seeds -- --seed ${seed} --only ${only.join(',') || "''"}${settled ? ' --settled' : ''} --until ${(smaller.failure?.step ?? 0) + 1} --trace`,
  )
  console.log(
    `           ${only.length} of ${result.happened.length} faults, after ${runs} runs: ${smaller.failure?.sentence ?? ''}`,
  )
}

/** `npm run seeds | head -1` closes our output; that is no failure. */
function endWithThePipe(error: NodeJS.ErrnoException): void {
  stopWorkers()
  if (error.code === 'EPIPE') process.exit(0)
  throw error
}

process.stdout.on('error', endWithThePipe)
process.stderr.on('error', endWithThePipe)
if (process.argv[2] === '--worker') serveAsWorker()
else
  process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
    stopWorkers()
    console.error(`npm run seeds: ${error.message}`)
    return 1
  })
