/**
 * Which process works with dpkg's database now, by the locks that the kernel lists. dpkg tells it too, but only a run
 * that would change something asks for the lock.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '../../read-if-there.ts'
import { databaseFolder } from '../dpkg-database.ts'

/** The program of a package manager holds the first while it works, dpkg both. */
const LOCKS = ['lock-frontend', 'lock']
/** `1: POSIX  ADVISORY  WRITE 4711 fe:00:2240817 0 EOF`: the process, and the device and inode of the file. */
const LINE = /^\d+: (?:POSIX|OFDLCK) +ADVISORY +WRITE +(-?\d+) +([0-9a-f]+):([0-9a-f]+):(\d+) /

/** A sentence about who holds it; null where nobody does. */
export async function whoHoldsTheLock(root: string): Promise<string | null> {
  const files = new Set<string>()
  for (const name of LOCKS) {
    const place = await identityOf(join(databaseFolder(root), name))
    if (place !== null) files.add(place)
  }
  if (files.size === 0) return null
  for (const line of (await readFile('/proc/locks', 'utf8')).split('\n')) {
    const [, pid, major, minor, inode] = LINE.exec(line) ?? []
    if (
      pid === undefined ||
      !files.has(`${Number.parseInt(String(major), 16)}:${Number.parseInt(String(minor), 16)}:${inode}`)
    )
      continue
    const program = (await readIfThere(`/proc/${pid}/comm`))?.trim()
    return `another program holds the lock of dpkg${program === undefined ? '' : `: ${program}, process ${pid}`}`
  }
  return null
}

async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path)
    // The two halves of a device number as the kernel packs them for programs.
    const major = (dev >> 8) & 0xfff
    const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00)
    return `${major}:${minor}:${ino}`
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
