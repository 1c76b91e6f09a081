/**
 * The thread that judges one upload, so that decompressing and hashing never block the Service Center: it reads the file
 * while it is being written, as far as it was told that bytes are there, checks it and hashes it in the same pass. It
 * answers once, with a verdict, and ends.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../../protocol/assert.ts'
import { Manifest } from '../../../protocol/manifest.ts'
import { type Hashed, PieceHasher } from '../../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { type Inspected, inspectPatch } from './inspect-patch.ts'
import type { FileGrowth, InspectionTask, Verdict } from './inspection.ts'

const CHUNK_BYTES = 256 * 1024
/** A decoder and the streams before it hold four chunks at most; the rest is distance. */
const BUFFERS = 16

/** How much of the file is there, as the writer reports it. */
class Growth {
  #known: FileGrowth = { bytes: 0, complete: false }
  #waiting: (() => void) | null = null

  report(growth: FileGrowth): void {
    this.#known = growth
    this.#waiting?.()
  }

  /** The size so far, once it is more than `bytes` or final. */
  async beyond(bytes: number): Promise<number> {
    while (this.#known.bytes <= bytes && !this.#known.complete) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    return this.#known.bytes
  }
}

/** The chunks take turns in a few buffers: what is passed on is gone `BUFFERS` chunks later. */
async function* readGrowing(file: FileHandle, growth: Growth): AsyncGenerator<Uint8Array> {
  const buffers = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(CHUNK_BYTES))
  for (let at = 0, turn = 0; ; turn++) {
    const end = await growth.beyond(at)
    if (end === at) return
    const buffer = buffers[turn % BUFFERS] as Buffer
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, end - at), at)
    assert(bytesRead > 0, 'the bytes that were reported written are in the file')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function* hashing(chunks: AsyncIterable<Uint8Array>, hasher: PieceHasher): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hasher.update(chunk)
    yield chunk
  }
}

async function judge(task: InspectionTask, growth: Growth): Promise<Verdict | Refusal> {
  const file = await open(task.path, 'r')
  try {
    const hasher = new PieceHasher(pieceLengthBytes(task.expectedBytes ?? 0))
    const inspected = await inspectPatch(hashing(readGrowing(file, growth), hasher))
    if (isRefusal(inspected)) return inspected
    const hashed = await withRightPieces(file, growth, hasher)
    const manifest = completeManifest(inspected, hashed)
    return isRefusal(manifest) ? manifest : { format: inspected.format, manifest, hashed }
  } finally {
    await file.close()
  }
}

/** The length of a piece follows from the size; where that was not known beforehand the file is read once more. */
async function withRightPieces(file: FileHandle, growth: Growth, hasher: PieceHasher): Promise<Hashed> {
  if (hasher.pieceLength === pieceLengthBytes(hasher.bytes)) return hasher.finish()
  const again = new PieceHasher(pieceLengthBytes(hasher.bytes))
  for await (const chunk of readGrowing(file, growth)) again.update(chunk)
  return again.finish()
}

/** A package is installed as the file it is, so its payload is all of it. */
function completeManifest(inspected: Inspected, hashed: Hashed): Manifest | Refusal {
  if (inspected.format === 'bundle') return inspected.manifest
  const { bytes, sha256, piecesRoot } = hashed
  const payload = { size: bytes, sha256, pieceSize: pieceLengthBytes(bytes), piecesRoot }
  const manifest = Manifest.safeParse({ ...inspected.draft, payload })
  if (manifest.success) return manifest.data
  const issue = manifest.error.issues[0]
  return refuse('bad_manifest', `The package cannot be described: ${issue?.path.join('.')} ${issue?.message}.`)
}

assert(parentPort !== null, 'inspect-worker is started as a worker thread')
const port = parentPort
const growth = new Growth()
port.on('message', (message: FileGrowth) => growth.report(message))
const verdict = await judge(workerData as InspectionTask, growth)
port.postMessage(verdict)
port.close()
