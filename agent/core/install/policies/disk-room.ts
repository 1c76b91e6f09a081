/**
 * `diskBytes`: the free space that an install needs beyond the stored patch, against the file systems below the install
 * root that patches go to. A manifest does not say to which of them, so it is refused only where it fits on none; the
 * rehearsal of a Debian package, which knows its files, counts for each file system.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import type { Room } from '../../machine.ts'

export function judgeDiskRoom({ diskBytes }: Manifest, rooms: readonly Room[]): Refusal | null {
  const [first, ...others] = rooms
  if (diskBytes === 0 || first === undefined) return null
  const widest = others.reduce((most, room) => (room.freeBytes > most.freeBytes ? room : most), first)
  if (diskBytes <= widest.freeBytes) return null
  const free = `${readable(widest.freeBytes)} are free at ${widest.folder}${others.length === 0 ? '' : ', where most are'}`
  return refuse('no_space', `the patch needs ${readable(diskBytes)} free, and ${free}`)
}

function readable(bytes: number): string {
  if (bytes < 1e5) return `${bytes} bytes`
  return bytes < 1e10 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
