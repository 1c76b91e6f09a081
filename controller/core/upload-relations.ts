/**
 * Whether a patch can stand among those that are there: a circle of patches that each supersede the next has no newest one,
 * and of patches that each require the next none can ever be installed. Whoever would close such a circle is refused.
 */
import type { Manifest } from '../../protocol/bundle/manifest.ts'
import { isCovered, isSuperseded, replaces, titled } from '../../protocol/bundle/patch-references.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { compareVersions } from '../../protocol/version-order.ts'

export function judgeRelations(upload: Manifest, others: readonly Manifest[]): Refusal | null {
  const circle = supersedingCircle(upload, others) ?? requiringCircle(upload, others)
  return circle === null ? null : refuse('bad_manifest', circle)
}

/** Followed from each patch to all that it takes the place of, by its manifest or as a later version of the same name. */
function supersedingCircle(upload: Manifest, others: readonly Manifest[]): string | null {
  if (upload.supersedes.length === 0 && !others.some((other) => replaces(other, upload))) return null
  const all = [upload, ...others]
  const supersedes = (newer: Manifest, older: Manifest) =>
    newer !== older &&
    (replaces(newer, older) || (newer.name === older.name && compareVersions(newer.version, older.version) > 0))
  const from = new Map<Manifest, Manifest | null>([[upload, null]])
  const open: Manifest[] = [upload]
  for (let newer = open.pop(); newer !== undefined; newer = open.pop()) {
    for (const older of all) {
      if (!supersedes(newer, older)) continue
      if (older === upload) return `${path(newer, from)} supersede each other in a circle`
      if (!from.has(older)) {
        from.set(older, newer)
        open.push(older)
      }
    }
  }
  return null
}

function path(last: Manifest, from: ReadonlyMap<Manifest, Manifest | null>): string {
  const names: string[] = []
  for (let at: Manifest | null = last; at !== null; at = from.get(at) ?? null) names.unshift(titled(at))
  return names.join(', ')
}

/**
 * Those that can be installed one after another are found from the ones that need nothing; a name that nobody has
 * published may be there by other means, and is in nobody's way.
 */
function requiringCircle(upload: Manifest, others: readonly Manifest[]): string | null {
  if (upload.requires.length === 0) return null
  const all = [upload, ...others]
  const candidates = (wanted: Manifest['requires'][number]) =>
    all.filter((patch) => isCovered(patch, wanted) || isSuperseded(wanted, patch))
  const possible = new Set<Manifest>()
  const isPossible = (patch: Manifest): boolean =>
    patch.requires.every((wanted) => {
      // An earlier version of its own is there by other means.
      if (wanted.name === patch.name) return true
      const able = candidates(wanted)
      return able.length === 0 || able.some((candidate) => possible.has(candidate))
    })
  for (let found = -1; found !== possible.size; ) {
    found = possible.size
    for (const patch of all) if (!possible.has(patch) && isPossible(patch)) possible.add(patch)
  }
  if (possible.has(upload)) return null
  const needed = upload.requires.find((wanted) => {
    const able = candidates(wanted)
    return able.length > 0 && !able.some((candidate) => possible.has(candidate))
  })
  const wanted = needed === undefined ? 'others' : titled(needed)
  return `${titled(upload)} requires ${wanted}, which requires it in turn: neither could ever be installed`
}
