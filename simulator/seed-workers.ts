/**
 * Runs seeds in as many processes as there are cores. The processes share nothing: each is told a few seeds at a time
 * and answers with a result for each, so a slow seed holds up nobody. They may be given a change of one source file,
 * which is how planted bugs are run. A process whose parent is gone ends by itself after the seed that it is at.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CHANGE, SOURCES, type TextChange } from './planted/text-change.ts'
import { runSeed, type SeedOptions, type SeedResult } from './seed-run.ts'

const SEEDS_AT_A_TIME = 4
const ENTRY = join(SOURCES, 'simulator/seeds.ts')
const CHANGE_WHILE_LOADING = join(SOURCES, 'simulator/planted/change-while-loading.ts')

export type Work = {
  readonly seeds: Iterable<number>
  readonly options?: SeedOptions
  /** What is different in the sources that the processes run. */
  readonly change?: TextChange
  readonly processes?: number
  /** True when no more seeds shall be begun; those that come before in `seeds` are always run to their end. */
  onResult(result: SeedResult): boolean | void
}

type WorkerTask = { readonly seeds: readonly number[]; readonly options: SeedOptions }

const running = new Set<ChildProcess>()

/** Runs all seeds; rejects when a process dies. */
export async function runSeeds({
  seeds,
  options = {},
  change,
  processes = availableParallelism(),
  onResult,
}: Work): Promise<void> {
  const left = seeds[Symbol.iterator]()
  let isEnough = false
  const next = (): number[] => {
    const batch: number[] = []
    while (!isEnough && batch.length < SEEDS_AT_A_TIME) {
      const { value, done } = left.next()
      if (done === true) break
      batch.push(value)
    }
    return batch
  }
  const own: ChildProcess[] = []
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let batch = next()
      if (batch.length === 0) {
        resolve()
        return
      }
      const worker = startWorker(change)
      own.push(worker)
      let waiting = batch.length
      worker.on('message', (result: SeedResult) => {
        if (onResult(result) === true) isEnough = true
        waiting -= 1
        if (waiting > 0) return
        batch = isEnough ? [] : next()
        waiting = batch.length
        if (batch.length === 0) {
          resolve()
          worker.kill('SIGKILL')
        } else worker.send({ seeds: batch, options } satisfies WorkerTask)
      })
      worker.on('exit', (code, signal) => reject(new Error(`a process that runs seeds ended: ${signal ?? code}`)))
      worker.on('error', reject)
      worker.send({ seeds: batch, options } satisfies WorkerTask)
    })
  try {
    await Promise.all(Array.from({ length: processes }, work))
  } finally {
    for (const worker of own) worker.kill('SIGKILL')
  }
}

/** Ends all processes at once, whatever they are at. */
export function stopWorkers(): void {
  for (const worker of running) worker.kill('SIGKILL')
}

/** In a group of its own: an interrupt from the terminal ends the parent alone, and so its workers without a word. */
function startWorker(change: TextChange | undefined): ChildProcess {
  const worker = fork(ENTRY, ['--worker'], {
    execArgv: change === undefined ? ['--import', 'tsx'] : ['--import', CHANGE_WHILE_LOADING],
    env: change === undefined ? process.env : { ...process.env, [CHANGE]: JSON.stringify(change) },
    cwd: SOURCES,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  running.add(worker)
  worker.on('exit', () => running.delete(worker))
  return worker
}

/** A process that runs what it is told, and looks between two seeds whether somebody is there to hear of it. */
export function serveAsWorker(): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', async ({ seeds, options }: WorkerTask) => {
    for (const seed of seeds) {
      const result = runSeed(seed, options)
      process.send?.(result, (error: Error | null) => {
        if (error !== null) process.exit(0)
      })
      await setImmediate()
    }
  })
}
