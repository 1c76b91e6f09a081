/**
 * The Service Center's side of the two threads that check an upload: one judges what is in it, the other hashes it as a
 * file. It starts them, tells them how much of the file is there, and has their verdict as soon as there is one, which
 * for a bad file is long before the last byte.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Manifest, type PatchFormat } from '../../../protocol/bundle/manifest.ts'
import type { Hashed } from '../../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Signed } from '../../../protocol/trust/publishers.ts'
import type { FileGrowth } from './growing-file.ts'
import type { Inspected } from './inspect-patch.ts'

/** The descriptor is the writer's: it is open until the threads have ended, and no thread closes it. */
export type InspectionTask = {
  readonly path: string
  readonly descriptor: number
  readonly expectedBytes: number | null
}
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
  /** What is wrong with the file, once that is known. */
  refused: Refusal | null = null
  readonly #workers: Worker[] = []
  /** An error where a thread failed; a value, since an upload that is given up has nobody who waits for it. */
  readonly #ended: Promise<Verdict | Refusal | Error>

  constructor(task: InspectionTask) {
    const hashing = this.#start<Hashed>('hash-worker', task)
    const inspecting = this.#start<Inspected | Refusal>('inspect-worker', task)
    this.#ended = this.#conclude(hashing, inspecting)
  }

  /** Rejects where a thread failed, which is never the file's doing. */
  async verdict(): Promise<Verdict | Refusal> {
    const ended = await this.#ended
    if (ended instanceof Error) throw ended
    return ended
  }

  report(growth: FileGrowth): void {
    for (const worker of this.#workers) worker.postMessage(growth)
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  async #conclude(
    hashing: Promise<Hashed | Error>,
    inspecting: Promise<Inspected | Refusal | Error>,
  ): Promise<Verdict | Refusal | Error> {
    const inspected = await inspecting
    if (isRefusal(inspected)) this.refused = inspected
    if (isRefusal(inspected) || inspected instanceof Error) return inspected
    const hashed = await hashing
    return hashed instanceof Error ? hashed : conclude(inspected, hashed)
  }

  #start<Answer>(script: string, task: InspectionTask): Promise<Answer | Error> {
    const worker = new Worker(new URL(`./${script}${extname(import.meta.url)}`, import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    })
    this.#workers.push(worker)
    return new Promise((resolve) => {
      worker.once('message', resolve)
      worker.once('error', (cause) => resolve(new Error(`checking ${task.path} failed`, { cause })))
      worker.once('exit', () => resolve(new Error(`checking ${task.path} ended without an answer`)))
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
