/**
 * The Service Center's side of the two threads that check an upload: one judges what is in it, the other hashes it as a
 * file, and once more when it is synced. It starts them, tells them how much of the file is there, and has their verdict
 * as soon as there is one, which for a bad file is long before the last byte.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { FilePart } from '../../../protocol/bundle/bundle.ts'
import { Manifest, type PatchFormat } from '../../../protocol/bundle/manifest.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { Hashed } from '../../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Signed } from '../../../protocol/trust/publishers.ts'
import type { FileGrowth } from './growing-file.ts'
import type { Inspected } from './inspect-patch.ts'
import { judgeFromDisk } from './proven-parts.ts'

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
  /** What stands before a bundle's payload; null for a package. */
  readonly leading: FilePart | null
  readonly hashed: Hashed
}

/** Far more than a check needs: what a hostile file makes it use ends here, in its thread. */
const MAX_HEAP_MIB = 512

export class Inspection {
  /** What is wrong with the file, once that is known. */
  refused: Refusal | null = null
  readonly #hasher: Thread
  readonly #inspector: Thread
  /** An error where a thread failed; a value, since an upload that is given up has nobody who waits for it. */
  readonly #ended: Promise<Verdict | Refusal | Error>

  constructor(task: InspectionTask) {
    this.#hasher = start('hash-worker', task)
    this.#inspector = start('inspect-worker', task)
    const hashing = answerOf<Hashed>(this.#hasher)
    const inspecting = answerOf<Inspected | Refusal>(this.#inspector)
    this.#ended = this.#conclude(hashing, inspecting)
  }

  /** Rejects where a thread failed, which is never the file's doing. */
  async verdict(): Promise<Verdict | Refusal> {
    const ended = await this.#ended
    if (ended instanceof Error) throw ended
    return ended
  }

  report(growth: FileGrowth): void {
    for (const { worker } of [this.#hasher, this.#inspector]) worker.postMessage(growth)
  }

  /** Proves the synced file from disk; a refusal where its manifest is wrong, an error where the disk is. */
  prove(verdict: Verdict): Promise<Refusal | null> {
    return judgeFromDisk(verdict, async (parts) => {
      const answer = answerOf<Sha256[]>(this.#hasher)
      this.#hasher.worker.postMessage(parts)
      const digests = await answer
      if (digests instanceof Error) throw digests
      return digests
    })
  }

  async end(): Promise<void> {
    await Promise.all([this.#hasher, this.#inspector].map(({ worker }) => worker.terminate()))
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
}

type Thread = { readonly worker: Worker; readonly failed: Promise<Error> }

function start(script: string, task: InspectionTask): Thread {
  const worker = new Worker(new URL(`./${script}${extname(import.meta.url)}`, import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  })
  const failed = new Promise<Error>((resolve) => {
    worker.once('error', (cause) => resolve(new Error(`checking ${task.path} failed`, { cause })))
    worker.once('exit', () => resolve(new Error(`checking ${task.path} ended without an answer`)))
  })
  return { worker, failed }
}

function answerOf<Answer>({ worker, failed }: Thread): Promise<Answer | Error> {
  return Promise.race([new Promise<Answer>((resolve) => worker.once('message', resolve)), failed])
}

/** A package is installed as the file it is, so its payload is all of it. */
function conclude(inspected: Inspected, hashed: Hashed): Verdict | Refusal {
  if (inspected.format === 'bundle') return { ...inspected, hashed }
  const { bytes, sha256, piecesRoot } = hashed
  const payload = { size: bytes, sha256, pieceSize: pieceLengthBytes(bytes), piecesRoot }
  const manifest = Manifest.safeParse({ ...inspected.draft, payload })
  if (manifest.success)
    return { format: inspected.format, manifest: manifest.data, signed: null, leading: null, hashed }
  const issue = manifest.error.issues[0]
  return refuse('bad_manifest', `The package cannot be described: ${issue?.path.join('.')} ${issue?.message}.`)
}
