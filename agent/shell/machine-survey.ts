/**
 * Looks at the machine for the core: whose packages it takes, which start of it this is, whether something that was
 * installed wants a restart, and how much room there is where patches go. All of it below the install root, as a process
 * whose `/` is that root would see it. What cannot be found out is left out, and never stands for a good answer.
 */
import { readFile, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isBug } from '../../protocol/assert.ts'
import type { Machine, RestartDue, Room } from '../core/machine.ts'
import { architecturesOf } from './installers/debian/dpkg-database.ts'
import { readFileBelowRoot } from './installers/file-below-root.ts'

/** Where the files of patches go; what is on a file system of its own counts by itself. */
const FOLDERS = ['/', '/usr', '/opt', '/var', '/srv'] as const
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
/** What Debian's packages write to have the machine restarted, and which of them did; see reboot-required in update-notifier. */
const REBOOT_REQUIRED = '/run/reboot-required'
const MAX_PACKAGES_BYTES = 64 * 1024
const MOST_PACKAGES_NAMED = 20

/** Debian's names of what Node calls the architectures that it runs on. */
const DEBIAN_NAMES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'i386',
  arm: 'armhf',
  ppc64: 'ppc64el',
  mipsel: 'mipsel',
}

export async function surveyMachine(root: string): Promise<Machine> {
  const [architectures, bootId, restartDue, rooms] = await Promise.all([
    unless(architecturesOf(root), null),
    bootIdOf(root),
    restartDueIn(root),
    roomsBelow(root),
  ])
  return { architectures: architectures ?? [DEBIAN_NAMES[process.arch] ?? process.arch], bootId, restartDue, rooms }
}

/** A root with a /proc of its own is asked first. */
async function bootIdOf(root: string): Promise<string | null> {
  const text =
    (await unless(readFile(join(root, BOOT_ID), 'utf8'), null)) ?? (await unless(readFile(BOOT_ID, 'utf8'), null))
  const bootId = text?.trim() ?? ''
  return /^[0-9a-f-]{1,64}$/.test(bootId) ? bootId : null
}

async function restartDueIn(root: string): Promise<RestartDue | null> {
  const mark = await unless(stat(join(root, REBOOT_REQUIRED)), null)
  if (mark === null) return null
  const packages = await unless(readFileBelowRoot(root, `${REBOOT_REQUIRED}.pkgs`, MAX_PACKAGES_BYTES), null)
  const lines = packages?.toString().split('\n') ?? []
  const names = lines.map((line) => line.trim()).filter((line) => /^[a-z0-9][a-z0-9+.:-]{0,120}$/.test(line))
  return { sinceMs: Math.max(0, Math.trunc(mark.mtimeMs)), wantedBy: [...new Set(names)].slice(0, MOST_PACKAGES_NAMED) }
}

async function roomsBelow(root: string): Promise<Room[]> {
  const seen = new Set<number>()
  const rooms: Room[] = []
  for (const folder of FOLDERS) {
    const path = folder === '/' ? await nearestThere(root) : join(root, folder)
    const found = await unless(stat(path), null)
    if (found === null || !found.isDirectory() || seen.has(found.dev)) continue
    seen.add(found.dev)
    const system = await unless(statfs(path), null)
    if (system !== null) rooms.push({ folder: path, freeBytes: system.bavail * system.bsize })
  }
  return rooms
}

/** An install root is made with the first install; until then what it will be made in counts. */
async function nearestThere(path: string): Promise<string> {
  const isThere = (await unless(stat(path), null)) !== null
  return isThere || path === dirname(path) ? path : nearestThere(dirname(path))
}

/** What was asked for, or this where it cannot be had. */
async function unless<Value, Instead>(asked: Promise<Value>, instead: Instead): Promise<Value | Instead> {
  try {
    return await asked
  } catch (error) {
    if (isBug(error)) throw error
    return instead
  }
}
