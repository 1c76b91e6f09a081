/**
 * How much room the file systems of this appliance have. Room that a file system keeps back for the system itself does
 * not count: an install that uses it up takes the appliance down with it.
 */
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

export type Room = {
  /** Equal for two paths on one file system. */
  readonly device: number
  readonly freeBytes: number
  /** Null where the file system makes inodes as it needs them. */
  readonly freeInodes: number | null
  /** What a file takes is a multiple of it. */
  readonly blockBytes: number
}

/** Of the file system on which `path` lies or would lie: the nearest folder above that is there counts. */
export async function roomAt(path: string): Promise<Room> {
  const [{ dev }, system] = await nearest(path)
  return {
    device: dev,
    freeBytes: system.bavail * system.bsize,
    freeInodes: system.files === 0 ? null : system.ffree,
    blockBytes: system.bsize,
  }
}

async function nearest(path: string) {
  for (let at = path; ; at = dirname(at)) {
    try {
      return await Promise.all([stat(at), statfs(at)])
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      if (!absent || at === dirname(at)) throw error
    }
  }
}

/** For a person, with the unit that keeps the number short and never more than there is. */
export function describeBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let value = bytes
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}
