/**
 * For copying the data folder of a process that runs or was killed: Node copies no sockets, and nobody misses one.
 */
import { lstatSync } from 'node:fs'

export function isNoSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true
}
