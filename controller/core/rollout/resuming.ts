/**
 * Which targets of an install that has halted begin anew when a person resumes it, judged by what is detected now: whoever
 * has the patch is left out, and so is the pair of whoever failed or was put back, unless that person names it. Of whoever
 * is not heard nothing is known, so its order stands.
 */
import type { Change, InstallRecord } from '../records.ts'
import { hasInstalled } from '../standings.ts'
import type { ServiceCenterState } from '../state.ts'
import { membersOf } from './budgets.ts'
import { groupsOf, isNotMeant } from './groups.ts'
import { isFailure, isFinal } from './install-states.ts'
import { queuedOnceMore } from './new-target.ts'
import { isUnheard, targetsOf } from './ongoing.ts'

export function queuedAgain(
  state: ServiceCenterState,
  install: InstallRecord,
  { run, retryFailed }: { readonly run: number; readonly retryFailed: boolean },
): Change[] {
  return groupsOf(membersOf(state, targetsOf(state, install.id))).flatMap((group) => {
    const hasFailed = group.some(({ target }) => isFailure(target.state))
    if (hasFailed && !retryFailed) return []
    return group
      .map(({ target }) => target)
      .filter((target) => isFinal(target.state) && !isUnheard(target) && !isNotMeant(target))
      .filter((target) => target.state !== 'installed' || !hasInstalled(state, install.patch, target.appliance))
      .map((target): Change => ({ table: 'targets', row: { ...queuedOnceMore(target, state.clock.wallMs), run } }))
  })
}
