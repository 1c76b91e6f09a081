/**
 * The Service Center's side of the two threads that check an upload: one judges what is in it, the other hashes it as a
 * file. It starts them, tells them how much of the file is there, and has their verdict as soon as there is one, which
 * for a bad file is long before the last byte.
 */
import { Worker } from 'node:worker_threads'
import { Manifest, type PatchFormat } from '../../../protocol/manifest.ts'
import type { Hashed } from '../../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import type { Signed } from '../../../protocol/publishers.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { FileGrowth } from './growing-file.ts'
import type { Inspected } from './inspect-patch.ts'

export type InspectionTask = { readonly path: string; readonly expectedBytes: number | null }
export type Verdict = {
  readonly format: PatchFormat
  readonly manifest: Manifest
  /** Null for a package: only bundles carry signatures of publishers. */
  readonly signed: Signed | null
  readonly hashed: Hashed
}

/** Far more than a check needs: what a hostile file makes it use ends here, in its thread. */
const MAX_HEAP_MIB = 512

export class Inspection {
  /** Rejects where a thread failed, which is never the file's doing. */
  readonly verdict: Promise<Verdict | Refusal>
  /** What is wrong with the file, once that is known. */
  refused: Refusal | null = null
  readonly #workers: Worker[] = []

  constructor(task: InspectionTask) {
    const hashed = this.#start<Hashed>('./hash-worker.ts', task)
    // Whoever awaits the verdict sees the failure; where nobody does, the upload was given up before.
    hashed.catch(() => undefined)
    this.verdict = this.#start<Inspected | Refusal>('./inspect-worker.ts', task).then(async (inspected) => {
      if (isRefusal(inspected)) this.refused = inspected
      return isRefusal(inspected) ? inspected : conclude(inspected, await hashed)
    })
    this.verdict.catch(() => undefined)
  }

  report(growth: FileGrowth): void {
    for (const worker of this.#workers) worker.postMessage(growth)
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #start<Answer>(script: string, task: InspectionTask): Promise<Answer> {
    const worker = new Worker(new URL(script, import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    })
    this.#workers.push(worker)
    return new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', (cause) => reject(new Error(`checking ${task.path} failed`, { cause })))
      worker.once('exit', () => reject(new Error(`checking ${task.path} ended without an answer`)))
    })
  }
}

/** A package is installed as the file it is, so its payload is all of it. */
function conclude(inspected: Inspected, hashed: Hashed): Verdict | Refusal {
  if (inspected.format === 'bundle') return { ...inspected, hashed }
  const { bytes, sha256, piecesRoot } = hashed
  const payload = { size: bytes, sha256, pieceSize: pieceLengthBytes(bytes), piecesRoot }
  const manifest = Manifest.safeParse({ ...inspected.draft, payload })
  if (manifest.success) return { format: inspected.format, manifest: manifest.data, signed: null, hashed }
  const issue = manifest.error.issues[0]
  return refuse('bad_manifest', `The package cannot be described: ${issue?.path.join('.')} ${issue?.message}.`)
}
