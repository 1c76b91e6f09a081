/**
 * Which entries of a package dpkg leaves out because the administrator said so (`path-exclude` and `path-include`). The
 * rules are those of dpkg(1): the last pattern that fits decides, `*` passes slashes, and a folder or link stays where
 * a later include may need something below it.
 */
import { type BytePath, type PackageEntry, withoutSlashes } from '../package-contents.ts'

export type PathFilter = { readonly include: boolean; readonly pattern: string }

/** Whether dpkg passes over the entry. */
export function isLeftOut(
  { path, kind }: Pick<PackageEntry, 'path' | 'kind'>,
  filters: readonly PathFilter[],
): boolean {
  const decisive = filters.findLast(({ pattern }) => fits(pattern, path))
  if (decisive === undefined || decisive.include) return false
  if (kind !== 'folder' && kind !== 'symbolic link') return true
  return !filters.some(({ include, pattern }) => include && reachesBelow(pattern, path))
}

/** The path begins with what stands before the first wildcard: then something at or below it may be included. */
function reachesBelow(pattern: string, path: BytePath): boolean {
  const fixed = pattern.slice(0, pattern.search(/[*?[\\]|$/))
  return path.startsWith(withoutSlashes(fixed))
}

/** fnmatch(3) without flags. Steps are bounded by the lengths of both texts, whatever the pattern is. */
export function fits(pattern: string, text: string): boolean {
  let at = 0
  let place = 0
  let star: { readonly at: number; place: number } | null = null
  while (place < text.length) {
    const step = at < pattern.length ? matchOne(pattern, at, text[place] as string) : null
    if (pattern[at] === '*') {
      star = { at: ++at, place }
    } else if (step !== null) {
      at = step
      place++
    } else if (star !== null) {
      at = star.at
      place = ++star.place
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** Where the pattern goes on when its part at `at` takes the character; null when it does not. */
function matchOne(pattern: string, at: number, character: string): number | null {
  const sign = pattern[at] as string
  if (sign === '?') return at + 1
  if (sign === '\\' && at + 1 < pattern.length) return pattern[at + 1] === character ? at + 2 : null
  if (sign !== '[') return sign === character ? at + 1 : null
  const end = pattern.indexOf(']', at + (/^[!^]/.test(pattern.slice(at + 1)) ? 3 : 2))
  if (end === -1) return character === '[' ? at + 1 : null
  const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^'
  const inside = isInSet(pattern.slice(at + (negated ? 2 : 1), end), character)
  return inside !== negated ? end + 1 : null
}

function isInSet(set: string, character: string): boolean {
  for (let at = 0; at < set.length; at++) {
    const from = set[at] as string
    if (set[at + 1] === '-' && at + 2 < set.length) {
      if (from <= character && character <= (set[at + 2] as string)) return true
      at += 2
    } else if (from === character) return true
  }
  return false
}
