/**
 * The thread that hashes one upload as a file, the whole and each piece, while it is being written and while another
 * thread judges what is in it (inspect-worker.ts). Afterwards, when the file is synced, it is asked to read parts of it
 * again: what the disk gives is what counts. It works until it is ended.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../../protocol/assert.ts'
import type { FilePart } from '../../../protocol/bundle/bundle.ts'
import { type Hashed, PieceHasher } from '../../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { Growth, readGrowing } from './growing-file.ts'
import type { InspectionTask } from './inspection.ts'
import { digestsFromDisk } from './proven-parts.ts'

/** The length of a piece follows from the size; where that was not known beforehand the file is read once more. */
async function hash({ descriptor, expectedBytes }: InspectionTask, growth: Growth): Promise<Hashed> {
  let hasher = new PieceHasher(pieceLengthBytes(expectedBytes ?? 0))
  for await (const chunk of readGrowing(descriptor, growth)) hasher.update(chunk)
  if (hasher.pieceLength !== pieceLengthBytes(hasher.bytes)) {
    hasher = new PieceHasher(pieceLengthBytes(hasher.bytes))
    for await (const chunk of readGrowing(descriptor, growth)) hasher.update(chunk)
  }
  return hasher.finish()
}

assert(parentPort !== null, 'hash-worker is started as a worker thread')
const port = parentPort
const task = workerData as InspectionTask
port.postMessage(await hash(task, new Growth(port)))
port.removeAllListeners('message')
port.on('message', (parts: FilePart[]) => port.postMessage(digestsFromDisk(task.descriptor, parts)))
