/**
 * Runs worlds in as many processes as there are cores, each in a mount and a process namespace of its own: its mounts
 * and whatever it started are gone when it ends, however it ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WorldResult } from './run-world.ts'
import type { WorldAnswer, WorldTask } from './serve-worlds.ts'

const ENTRY = join(import.meta.dirname, 'serve-worlds.ts')
const NAMESPACES = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child']
/** A shell stays the first process of the namespace: it reaps what has lost its parent, which Node would not. */
const FIRST_PROCESS = '"$@"; exit $?'

/** A script that nobody lets go on is killed much sooner, and no wait of an agent lasts as long. */
const ENDS_WITHIN_MS = 180_000

export type Work = {
  readonly worlds: Iterable<Pick<WorldTask, 'plan'> & Partial<WorldTask>>
  readonly processes?: number
  onResult(result: WorldResult): void
  /** A world that could not be built or driven: a fault of the worlds, not of the product. */
  onError(seed: number, error: string): void
}

export async function runWorlds({ worlds, processes = availableParallelism(), ...told }: Work): Promise<void> {
  const left = worlds[Symbol.iterator]()
  const workers: ChildProcess[] = []
  const folders: string[] = []
  const work = async (): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'patchmesh-worlds-'))
    folders.push(folder)
    const worker = startWorker(folder)
    workers.push(worker)
    await new Promise<void>((resolve, reject) => {
      const next = (): void => {
        const { value: world, done } = left.next()
        if (done === true) worker.disconnect()
        else worker.send({ lie: null, endsWithinMs: ENDS_WITHIN_MS, ...world } satisfies WorldTask)
      }
      worker.on('message', (answer: WorldAnswer | { kind: 'ready' }) => {
        if (answer.kind === 'result') told.onResult(answer.result)
        else if (answer.kind === 'error') told.onError(answer.seed, answer.error)
        next()
      })
      worker.on('exit', (code, signal) => {
        if (code === 0) resolve()
        else reject(new Error(`a process that runs worlds ended: ${signal ?? code}`))
      })
      worker.on('error', reject)
    })
  }
  try {
    await Promise.all(Array.from({ length: processes }, work))
  } finally {
    for (const worker of workers) worker.kill('SIGKILL')
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  }
}

function startWorker(folder: string): ChildProcess {
  const words = ['/bin/sh', '-c', FIRST_PROCESS, 'worlds', process.execPath, '--import', 'tsx', ENTRY, folder]
  return spawn('unshare', [...NAMESPACES, ...words], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
