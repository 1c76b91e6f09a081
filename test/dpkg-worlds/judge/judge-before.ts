/**
 * Whether what an appliance says of a patch that it did not install is so: "as before" and "nothing had been changed"
 * hold for the package, its files and its conffiles; a refusal left everything alone; and where it is not as before, the
 * sentence names what is there now.
 */
import { versionFileOf } from '../drawn/bundle-spec.ts'
import { MEETING_PLACE } from '../drawn/package-spec.ts'
import type { PackageRow } from './reading.ts'
import { describeEntry, isSame, Tree } from './tree.ts'
import { type Case, type Complaint, claimsAsBefore, claimsNothingChanged, type Finding, keyOf } from './verdict.ts'

/** What dpkg writes for itself, and what asking it may renew; the rows of its database are compared instead. */
const OF_DPKG =
  /^\/var\/lib\/dpkg\/(lock|lock-frontend|status|status-old|status-new|available|available-old|updates(\/.*)?|triggers\/Lock|diversions-old|statoverride-old)$|^\/var\/log(\/|$)/
const SHOWN = 6
/** Under which dpkg unpacks; what was killed may leave them. */
const WHILE_UNPACKING = ['.dpkg-new', '.dpkg-tmp']

export function judgeNotInstalled(judged: Case): Complaint[] {
  const { report } = judged
  if (report.state === 'refused') return judgeUntouched(judged, 'refused-but-changed', 'it was refused')
  if (claimsNothingChanged(report)) return judgeUntouched(judged, 'not-as-before', 'nothing is said to have changed')
  const differences = judgePackage(judged)
  if (claimsAsBefore(report)) return differences.map((sentence) => ({ finding: 'not-as-before', sentence }))
  return differences.length === 0 ? [] : judgeWords(judged)
}

function judgeUntouched(judged: Case, finding: Finding, why: string): Complaint[] {
  const { before, after } = judged
  const changed = Tree.differences(before.tree, after.tree).filter(
    (path) => !OF_DPKG.test(path) && !path.startsWith(MEETING_PLACE),
  )
  const complaints: Complaint[] = []
  if (changed.length > 0) {
    const shown = changed.slice(0, SHOWN).map((path) => `${path} (${describeEntry(after.tree.at(path))})`)
    complaints.push({ finding, sentence: `${why}, and ${changed.length} paths changed: ${shown.join(', ')}` })
  }
  const rows = changedRows(judged)
  if (rows.length > 0) complaints.push({ finding, sentence: `${why}, and dpkg's database changed: ${rows.join(', ')}` })
  return complaints
}

function changedRows({ before, after }: Case): string[] {
  const left = before.packages ?? new Map<string, PackageRow>()
  const right = after.packages ?? new Map<string, PackageRow>()
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => describeRow(left.get(key)) !== describeRow(right.get(key)))
    .map((key) => `${key} was ${describeRow(left.get(key))} and is ${describeRow(right.get(key))}`)
}

export function describeRow(row: PackageRow | undefined): string {
  return row === undefined ? 'not there' : `${row.letters} ${row.version}`
}

/** What is different of the package of the patch, each as a sentence. */
export function judgePackage(judged: Case): string[] {
  const { archive, before, after, install } = judged
  if (archive === null) {
    if (install.patch.kind !== 'bundle') return []
    const path = versionFileOf(install.patch.spec)
    const [was, is] = [before.tree.at(path), after.tree.at(path)]
    return isSame(was, is) ? [] : [`${path} was ${describeEntry(was)} and is ${describeEntry(is)}`]
  }
  const sentences: string[] = []
  const key = keyOf(judged) ?? ''
  const [was, is] = [before.packages?.get(key), after.packages?.get(key)]
  if (!isAsGood(was, is)) sentences.push(`${key} was ${describeRow(was)} and is ${describeRow(is)}`)
  const own = [...(was?.paths ?? []), ...archive.entries.keys(), ...(was?.conffiles ?? [])]
  const paths = new Set(own.flatMap((path) => [path, ...WHILE_UNPACKING.map((ending) => path + ending)]))
  for (const path of paths) {
    const [old, now] = [before.tree.at(path), after.tree.at(path)]
    // An empty folder that is left, or gone, takes nothing from anybody.
    if (old?.kind === 'folder' && now === null) continue
    if (old === null && now?.kind === 'folder') continue
    if (isMended(was, is) && !isSame(old, now)) continue
    if (!isSame(old, now)) sentences.push(`${path} was ${describeEntry(old)} and is ${describeEntry(now)}`)
  }
  return sentences
}

/** The same, or the same version and want in good order now. */
function isAsGood(was: PackageRow | undefined, is: PackageRow | undefined): boolean {
  return describeRow(was) === describeRow(is) || isMended(was, is)
}

function isMended(was: PackageRow | undefined, is: PackageRow | undefined): boolean {
  if (was === undefined || is === undefined || describeRow(was) === describeRow(is)) return false
  return (
    was.version === is.version && was.letters[0] === is.letters[0] && is.letters[1] === 'i' && is.letters.length === 2
  )
}

/** It is not as before: does the sentence name the state and the version that are there? */
function judgeWords(judged: Case): Complaint[] {
  const { after, report, install } = judged
  const key = keyOf(judged)
  const { reason } = report
  if (key === null) {
    const bundle = install.patch.kind === 'bundle' ? install.patch.spec : null
    if (/\bstays\b|is there|what it did/.test(reason) || bundle === null) return []
    return [
      {
        finding: 'words-not-true',
        sentence: `${bundle.name} is not as before, and the reason does not say so: ${reason}`,
      },
    ]
  }
  const row = after.packages?.get(key)
  if (row === undefined) {
    if (/not installed|nothing of|no longer|is gone|absent|is not there|no version is there/.test(reason)) return []
    return [
      {
        finding: 'words-not-true',
        sentence: `${key} is not there any more, and the reason does not say so: ${reason}`,
      },
    ]
  }
  // Configuration files that are left of a package are of no version.
  const named = namesState(reason, row.letters) && (row.letters[1] === 'c' || reason.includes(row.version))
  if (named) return []
  return [
    {
      finding: 'words-not-true',
      sentence: `${key} is ${describeRow(row)} now, and the reason does not say so: ${reason}`,
    },
  ]
}

function namesState(reason: string, letters: string): boolean {
  if (reason.includes(`"${letters}"`) || reason.includes(`(${letters})`)) return true
  return letters === 'ii' && /\bis installed\b|\bis there\b/.test(reason)
}
