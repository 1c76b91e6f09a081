/**
 * Whether whoever has nothing to do with the patch has lost anything by it: the admin's files are there byte for byte,
 * or beside with a word about it; the other packages are no worse and have their files; holds are held.
 */
import type { Report } from '../../../protocol/trust/statements.ts'
import { describeRow } from './judge-before.ts'
import type { PackageRow } from './reading.ts'
import { describeEntry, type Entry, isSame, type Tree } from './tree.ts'
import { type AdminFile, type Case, type Complaint, keyOf } from './verdict.ts'

export function judgeAdminFiles({ adminFiles, after, report }: Case): Complaint[] {
  return adminFiles
    .filter((file) => !isKept(file, after.tree, report))
    .map(({ path, entry }) => ({
      finding: 'lost-admin-file' as const,
      sentence: `${path} was ${entry === null ? 'deleted by the admin' : `the admin's, ${describeEntry(entry)},`} and is ${describeEntry(after.tree.at(path))}`,
    }))
}

function isKept({ path, entry }: AdminFile, tree: Tree, { reason, output }: Report): boolean {
  const now = tree.at(path)
  if (hasSameContent(entry, now)) return true
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isTold = reason.includes(path) || output.includes(path) || reason.includes(name)
  if (entry === null) return isTold
  for (const beside of tree.paths) {
    if (beside.startsWith(path) && hasSameContent(entry, tree.at(beside))) return isTold
  }
  return false
}

/** An owner may change the mode of what the admin wrote, not a byte of it. */
function hasSameContent(left: Entry | null, right: Entry | null): boolean {
  if (left?.kind === 'file' && right?.kind === 'file') return left.digest === right.digest
  return isSame(left, right)
}

export function judgeBystanders(judged: Case): Complaint[] {
  const { before, after, archive } = judged
  const { patch } = judged.install
  if (before.packages === null) return []
  if (after.packages === null)
    return [{ finding: 'bystander-worse', sentence: 'the database of dpkg can no longer be read' }]
  const complaints: Complaint[] = []
  for (const [key, was] of before.packages) {
    if (key === keyOf(judged)) continue
    const is = after.packages.get(key)
    // What the patch was for in another architecture is replaced with it, unless both can be there.
    const replaced = was.name === archive?.name && judged.report.state === 'installed' && is === undefined
    // Instances of one package have one version: what the programs of a bundle leave of it is told of it as a whole.
    const isItsOwn = was.name === archive?.name && patch.kind === 'bundle' && judged.report.state === 'failed'
    if (!replaced && !isItsOwn && !isNoWorse(was, is)) {
      complaints.push({
        finding: 'bystander-worse',
        sentence: `${key} was ${describeRow(was)} and is ${describeRow(is)}`,
      })
    }
    if (was.name !== archive?.name && describeRow(was) === describeRow(is))
      complaints.push(...judgeItsFiles(was, judged))
  }
  return complaints
}

function judgeItsFiles(was: PackageRow, { before, after }: Case): Complaint[] {
  // The system below has thousands of files; only what was ever touched can be different.
  const touched = new Set(after.tree.paths)
  return was.paths
    .filter((path) => touched.has(path) && !isSame(before.tree.at(path), after.tree.at(path)))
    .filter((path) => before.tree.at(path)?.kind !== 'folder' || after.tree.at(path)?.kind !== 'folder')
    .map((path) => ({
      finding: 'bystander-worse' as const,
      sentence: `${path} of ${was.name} was ${describeEntry(before.tree.at(path))} and is ${describeEntry(after.tree.at(path))}`,
    }))
}

/** The same, or the same version in good order where it was not. */
function isNoWorse(was: PackageRow, is: PackageRow | undefined): boolean {
  if (is === undefined) return false
  if (describeRow(was) === describeRow(is)) return true
  return (
    was.version === is.version && was.letters[0] === is.letters[0] && is.letters[1] === 'i' && is.letters.length === 2
  )
}

export function judgeHolds({ before, after }: Case): Complaint[] {
  const complaints: Complaint[] = []
  for (const [key, was] of before.packages ?? []) {
    const is = after.packages?.get(key)
    if (was.letters[0] === 'h' && is !== undefined && is.letters[0] !== 'h')
      complaints.push({
        finding: 'hold-lost',
        sentence: `${key} was on hold, ${describeRow(was)}, and is ${describeRow(is)}`,
      })
  }
  return complaints
}
