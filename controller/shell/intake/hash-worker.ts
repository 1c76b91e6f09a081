/**
 * The thread that hashes one upload as a file, the whole and each piece, while it is being written and while another
 * thread judges what is in it (inspect-worker.ts). It answers once, and ends.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../../protocol/assert.ts'
import { type Hashed, PieceHasher } from '../../../protocol/piece-hasher.ts'
import { pieceLengthBytes } from '../../../protocol/pieces.ts'
import { Growth, readGrowing } from './growing-file.ts'
import type { InspectionTask } from './inspection.ts'

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
parentPort.postMessage(await hash(workerData as InspectionTask, new Growth(parentPort)))
parentPort.close()
