/**
 * Runs seeds in as many processes as there are cores. The processes share nothing: each is told a few seeds at a time
 * and answers with a result for each, so a slow seed holds up nobody. The sources may be those of another folder, which
 * is how planted bugs are run.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { SeedOptions, SeedResult } from './seed-run.ts'

const SEEDS_AT_A_TIME = 4

export type Work = {
  readonly seeds: Iterable<number>
  readonly options?: SeedOptions
  /** The folder that holds `simulator/`. */
  readonly folder?: string
  readonly processes?: number
  /** True when no more seeds shall be begun; those that come before in `seeds` are always run to their end. */
  onResult(result: SeedResult): boolean | void
}

export type WorkerTask = { readonly seeds: readonly number[]; readonly options: SeedOptions }

export const HERE = join(import.meta.dirname, '..')

/** Runs all seeds; rejects when a process dies. */
export async function runSeeds({
  seeds,
  options = {},
  folder = HERE,
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
  const workers: ChildProcess[] = []
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let batch = next()
      if (batch.length === 0) {
        resolve()
        return
      }
      const worker = fork(join(folder, 'simulator/seeds.ts'), ['--worker'], {
        execArgv: ['--import', 'tsx'],
        cwd: folder,
      })
      workers.push(worker)
      let waiting = batch.length
      worker.on('message', (result: SeedResult) => {
        if (onResult(result) === true) isEnough = true
        waiting -= 1
        if (waiting > 0) return
        batch = isEnough ? [] : next()
        waiting = batch.length
        if (batch.length === 0) {
          resolve()
          worker.kill()
        } else worker.send({ seeds: batch, options } satisfies WorkerTask)
      })
      worker.on('exit', (code, signal) => reject(new Error(`a process that runs seeds ended: ${signal ?? code}`)))
      worker.on('error', reject)
      worker.send({ seeds: batch, options } satisfies WorkerTask)
    })
  try {
    await Promise.all(Array.from({ length: processes }, work))
  } finally {
    for (const worker of workers) worker.kill()
  }
}
