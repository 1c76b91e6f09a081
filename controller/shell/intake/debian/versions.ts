/**
 * Versions as dpkg reads and writes them: `epoch:upstream-revision`. What dpkg writes is not always what it read, `0:1`
 * becomes `1`; and what an appliance has installed is told as dpkg writes it, so that is the version of the patch.
 */
import { SPACES_AND_TABS, trimmed } from './blanks.ts'

export type DebianVersion = { readonly epoch: number; readonly upstream: string; readonly revision: string }

/** dpkg keeps it in an int of C. */
const MAX_EPOCH = 2 ** 31 - 1

/** A version, or a clause that says what is wrong. */
export function parseVersion(text: string): DebianVersion | string {
  const version = trimmed(text, SPACES_AND_TABS)
  if (version === '') return 'it is empty'
  if (/[ \t]/.test(version)) return 'it has blanks in it'
  const colon = version.indexOf(':')
  const epoch = colon === -1 ? 0 : parseEpoch(version.slice(0, colon))
  if (typeof epoch === 'string') return epoch
  const rest = version.slice(colon + 1)
  if (rest === '') return 'nothing follows its colon'
  const hyphen = rest.lastIndexOf('-')
  const [upstream, revision] = hyphen === -1 ? [rest, ''] : [rest.slice(0, hyphen), rest.slice(hyphen + 1)]
  if (hyphen !== -1 && revision === '') return 'nothing follows its last hyphen'
  if (upstream === '') return 'nothing stands before its hyphen'
  if (!/^[0-9]/.test(upstream)) return 'its number does not begin with a digit'
  if (/[^A-Za-z0-9.+~:-]/.test(upstream)) return 'its number has other characters than letters, digits and . + - : ~'
  if (/[^A-Za-z0-9.+~]/.test(revision)) return 'its revision has other characters than letters, digits and . + ~'
  return { epoch, upstream, revision }
}

function parseEpoch(text: string): number | string {
  const [, sign, digits] = /^([+-]?)([0-9]+)$/.exec(text) ?? []
  if (digits === undefined) return 'its epoch, before the colon, is no number'
  const epoch = Number(digits)
  if (sign === '-' && epoch > 0) return 'its epoch is negative'
  return epoch > MAX_EPOCH ? `its epoch is more than ${MAX_EPOCH}` : epoch
}

/** As dpkg's database and its answers have it. */
export function formatVersion({ epoch, upstream, revision }: DebianVersion): string {
  const start = epoch > 0 || `${upstream}${revision}`.includes(':') ? `${epoch}:` : ''
  return `${start}${upstream}${revision === '' ? '' : `-${revision}`}`
}
