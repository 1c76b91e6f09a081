/**
 * Judges one install from outside: by what the appliance said at its end, and by the root before and after. None of the
 * product's modules is asked.
 */
import type { WorldRoot } from '../world-root.ts'
import { judgeNotInstalled } from './judge-before.ts'
import { judgeInstalled } from './judge-installed.ts'
import { judgeAdminFiles, judgeBystanders, judgeHolds } from './judge-others.ts'
import type { Case, Complaint } from './verdict.ts'

export async function judge(judged: Case, root: WorldRoot): Promise<Complaint[]> {
  const outcome = judged.report.state === 'installed' ? await judgeInstalled(judged, root) : judgeNotInstalled(judged)
  return [
    ...outcome,
    ...judgeAdminFiles(judged),
    ...judgeBystanders(judged),
    ...judgeHolds(judged),
    ...judgeHealthy(judged),
  ]
}

/** A patch against which nothing speaks has to be installed: whoever refuses everything does no harm, and no good. */
function judgeHealthy(judged: Case): Complaint[] {
  const { install, before, archive, report, adminFiles, nativeArchitecture } = judged
  const { patch, kills, failures, disorder, room, lock } = install
  if (report.state === 'installed' || patch.kind !== 'package' || archive === null) return []
  const isDisturbed = kills.length + failures.length > 0 || disorder !== null || room !== null || lock !== null
  const isForeign = ![nativeArchitecture, 'all'].includes(archive.architecture)
  const rows = [...(before.packages?.values() ?? [])]
  const isBroken = rows.some(({ letters }) => !['ii', 'hi', 'rc'].includes(letters))
  const namesakes = rows.filter(({ name }) => name === archive.name)
  const isSpecial = namesakes.some(
    ({ letters, architecture }) => letters === 'hi' || ![archive.architecture, 'all'].includes(architecture),
  )
  const othersWrote = adminFiles.some(({ path }) => path !== '/etc/own.conf') || judged.diversions.size > 0
  if (
    judged.isConfigured ||
    isDisturbed ||
    isForeign ||
    isBroken ||
    isSpecial ||
    othersWrote ||
    patch.spec.habits.length > 0
  )
    return []
  return [
    {
      finding: 'healthy-but-failed',
      sentence: `nothing spoke against it, and it was ${report.state}: ${report.reason}`,
    },
  ]
}
