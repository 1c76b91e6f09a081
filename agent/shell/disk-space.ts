/**
 * Whether a disk has room: asked before patches take some of it, and read from the error of whatever found none.
 */
import { statfsSync } from 'node:fs'
import { RESERVED_DISK_BYTES } from '../../protocol/limits.ts'

/** Asks the kernel, which knows without looking at the disk: cheaper than a turn of the event loop. */
export function refuseWithoutSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const needed = bytes + RESERVED_DISK_BYTES
  const free = bavail * bsize
  if (needed <= free) return
  throw Object.assign(new Error(`${megabytes(needed)} needed and ${megabytes(free)} free in ${folder}`), {
    code: 'ENOSPC',
  })
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}

/** Whether an error of the store means that the disk, or the quota on it, is full. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
