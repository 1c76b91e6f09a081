/**
 * The thread that judges what is in one upload, so that decompressing and hashing never block the Service Center: it
 * reads the file while it is being written. It answers once, with what it found, and ends.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../../protocol/assert.ts'
import { Growth, readGrowing } from './growing-file.ts'
import { inspectPatch } from './inspect-patch.ts'
import type { InspectionTask } from './inspection.ts'

assert(parentPort !== null, 'inspect-worker is started as a worker thread')
const growth = new Growth(parentPort)
const { descriptor } = workerData as InspectionTask
parentPort.postMessage(await inspectPatch(readGrowing(descriptor, growth)))
parentPort.close()
