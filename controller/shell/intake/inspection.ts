/**
 * The Service Center's side of the thread that judges an upload (inspect-worker.ts): starts it, tells it how much of the
 * file is there, and has its verdict as soon as there is one, which for a bad file is long before the last byte.
 */
import { Worker } from 'node:worker_threads'
import type { Manifest, PatchFormat } from '../../../protocol/manifest.ts'
import type { Hashed } from '../../../protocol/piece-hasher.ts'
import type { Refusal } from '../../../protocol/refusals.ts'

export type InspectionTask = { readonly path: string; readonly expectedBytes: number | null }
export type FileGrowth = { readonly bytes: number; readonly complete: boolean }
export type Verdict = { readonly format: PatchFormat; readonly manifest: Manifest; readonly hashed: Hashed }

/** Far more than a check needs: what a hostile file makes it use ends here, in its thread. */
const MAX_HEAP_MIB = 512

export class Inspection {
  /** Rejects where the thread failed, which is never the file's doing. */
  readonly verdict: Promise<Verdict | Refusal>
  /** The verdict once it is there, else null. */
  early: Verdict | Refusal | null = null
  readonly #worker: Worker

  constructor(task: InspectionTask) {
    const worker = new Worker(new URL('./inspect-worker.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    })
    this.#worker = worker
    this.verdict = new Promise((resolve, reject) => {
      worker.once('message', (verdict: Verdict | Refusal) => {
        this.early = verdict
        resolve(verdict)
      })
      worker.once('error', (cause) => reject(new Error(`checking ${task.path} failed`, { cause })))
      worker.once('exit', () => reject(new Error(`checking ${task.path} ended without a verdict`)))
    })
    // who awaits it sees the failure; where nobody does, the upload was given up before
    this.verdict.catch(() => undefined)
  }

  report(growth: FileGrowth): void {
    this.#worker.postMessage(growth)
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}
