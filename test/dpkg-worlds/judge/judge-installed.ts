/**
 * Whether "installed" is so: dpkg has the package as installed in that version and architecture, every file of the
 * archive is there with its content, its scripts have done what they had to, and dpkg has nothing left to do. Conffiles
 * are the admin's, a diverted file is where it was diverted to, and what the admin has left out stays out.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundleSpec } from '../drawn/bundle-spec.ts'
import { versionFileOf } from '../drawn/bundle-spec.ts'
import { configuredMark } from '../drawn/package-spec.ts'
import { askTool } from '../run-tool.ts'
import type { WorldRoot } from '../world-root.ts'
import type { PackageRow } from './reading.ts'
import { describeEntry, digestOf, isSame } from './tree.ts'
import { type Case, type Complaint, keyOf } from './verdict.ts'

const DIVERTED_BY_NOBODY = null

export async function judgeInstalled(judged: Case, root: WorldRoot): Promise<Complaint[]> {
  const { install, report } = judged
  const { patch } = install
  const said = report.installedVersion ?? patch.spec.version
  if (said !== patch.spec.version) return judgeNewer(judged, said)
  if (patch.kind === 'bundle' && patch.spec.inner === null) return judgeVersionFile(judged, patch.spec)
  return [...judgeRow(judged), ...judgeFiles(judged), ...judgeScripts(judged, root)]
}

/** It says that what is there supersedes the patch: then that is so, and nothing was done. */
async function judgeNewer(judged: Case, said: string): Promise<Complaint[]> {
  const key = keyOf(judged)
  const row = key === null ? undefined : judged.after.packages?.get(key)
  const { version } = judged.install.patch.spec
  const newer = await askTool('dpkg', ['--compare-versions', said, 'gt', version])
  if (row?.version === said && row.letters[1] === 'i' && newer.status === 0) return []
  return [wrong(`${said} is said to be there instead of ${version}, and dpkg has ${row?.letters} ${row?.version}`)]
}

function judgeVersionFile({ after }: Case, spec: BundleSpec): Complaint[] {
  const entry = after.tree.at(versionFileOf(spec))
  const right = entry?.kind === 'file' && entry.digest === digestOf(`${spec.version}\n`)
  return right ? [] : [wrong(`${versionFileOf(spec)} does not hold ${spec.version}: ${describeEntry(entry)}`)]
}

function judgeRow(judged: Case): Complaint[] {
  const { before, after, archive } = judged
  const key = keyOf(judged) ?? ''
  const row = after.packages?.get(key)
  const wasHeld = before.packages?.get(key)?.letters[0] === 'h'
  if (after.packages === null) return [wrong('the database of dpkg cannot be read')]
  if (row === undefined) return [wrong(`dpkg does not have ${key}`)]
  const complaints: Complaint[] = []
  if (row.version !== archive?.version) complaints.push(wrong(`dpkg has ${key} ${row.version}`))
  if (row.letters !== 'ii' && !(wasHeld && row.letters === 'hi'))
    complaints.push(wrong(`dpkg says ${row.letters} of ${key}`))
  // Where it was there already, no dpkg had to run that would have merged what others left.
  const wasThere = before.hasUpdatesLeft && isSameRow(before.packages?.get(key), row)
  if (after.hasUpdatesLeft && !wasThere) complaints.push(wrong('files are left in /var/lib/dpkg/updates'))
  return complaints
}

function isSameRow(left: PackageRow | undefined, right: PackageRow): boolean {
  return left?.version === right.version && left.letters === right.letters
}

function judgeFiles({ archive, after, diversions, leftOut }: Case): Complaint[] {
  if (archive === null) return []
  const complaints: Complaint[] = []
  for (const [path, wanted] of archive.entries) {
    if (archive.conffiles.includes(path) || leftOut.some((start) => path.startsWith(start))) continue
    const place = diversions.get(path) ?? DIVERTED_BY_NOBODY ?? path
    const found = after.tree.at(place)
    // An admin's link to a folder stands for the folder.
    if (wanted?.kind === 'folder' && (found?.kind === 'folder' || found?.kind === 'link')) continue
    if (!isSame(wanted, found))
      complaints.push(wrong(`${place} shall be ${describeEntry(wanted)} and is ${describeEntry(found)}`))
  }
  return complaints
}

function judgeScripts({ install, swallowedKills }: Case, root: WorldRoot): Complaint[] {
  const { patch } = install
  const spec = patch.kind === 'package' ? patch.spec : patch.spec.inner
  if (spec === null || !spec.scripts.includes('postinst')) return []
  if (swallowedKills.has(configuredMark(spec))) return []
  const mark = join(root.meeting, configuredMark(spec))
  if (existsSync(mark) && readFileSync(mark, 'utf8') === `${spec.version}\n`) return []
  return [wrong(`the postinst of ${spec.name} ${spec.version} has not configured it`)]
}

function wrong(sentence: string): Complaint {
  return { finding: 'false-installed', sentence }
}
