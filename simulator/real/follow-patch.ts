/**
 * Follows a patch through a fleet of real processes, from published to installed, with a line for each change.
 */

import type { PatchDetail } from '../../controller/core/patch-views.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import type { Fleet } from '../processes/fleet.ts'

/** Far beyond any run that still moves; a run that stands still for other reasons ends with an error. */
const PATIENCE_MS = 30 * 60_000
const REPEAT_MS = 2_000
const ENDED: ReadonlySet<string> = new Set(['installed', 'failed', 'reverted', 'refused', 'cancelled', 'unknown'])

export type Say = (line: string) => void

/** Resolves when every Service Provider appliance has it; `hear` gets what was seen on the way. */
export async function followReplication(
  fleet: Fleet,
  patch: string,
  { since, say, hear }: { since: number; say: Say; hear: (detail: PatchDetail) => void },
): Promise<PatchDetail> {
  let shown = ''
  let shownAt = Number.NEGATIVE_INFINITY
  return fleet.until(
    'the patch is on every Service Provider appliance',
    async () => {
      const detail = await fleet.api.patch(patch)
      hear(detail)
      const { complete, total } = detail.replications
      const moving = detail.appliances
        .filter(({ state }) => state !== 'replicated')
        .map(({ name, state }) => `${name} ${state}`)
      const line = `replications ${complete}/${total}${moving.length === 0 ? '' : `  ${listed(moving)}`}`
      if (line !== shown || performance.now() - shownAt > REPEAT_MS) {
        say(`${line}  ${sharePresent(detail)} after ${secondsSince(since)}`)
        shownAt = performance.now()
      }
      shown = line
      return detail
    },
    ({ replications: { complete, total } }) => total > 0 && complete === total,
    PATIENCE_MS,
  )
}

/** Resolves when every appliance of these organizations has it installed; rejects when one does not. */
export async function installEverywhere(
  fleet: Fleet,
  { patch, organizations, allowOutage }: { patch: string; organizations: readonly string[]; allowOutage: boolean },
  { say, hear }: { say: Say; hear: (detail: InstallDetail) => void },
): Promise<void> {
  say(`installing for ${listed(organizations)} in all Data Centers`)
  const { id } = await fleet.api.startInstall({ patch, organizations, dataCenter: 'All', allowOutage })
  let shown = ''
  const ended = await fleet.until(
    'the install has ended',
    async () => {
      const detail = await fleet.api.install(id)
      hear(detail)
      const line = `installed ${detail.installed} of ${detail.total}`
      if (line !== shown) say(line)
      shown = line
      return detail
    },
    ({ state, targets }) => !isUnderWay(state) && targets.every((target) => ENDED.has(target.state)),
    PATIENCE_MS,
  )
  for (const target of ended.targets) {
    if (target.state !== 'installed') say(`${target.appliance} ${target.state}: ${target.reason}\n${target.output}`)
  }
  if (ended.state !== 'done') throw new Error(`the install is ${ended.state}: ${ended.reason}`)
  const { installed, total } = ended
  if (installed !== total) throw new Error(`${total - installed} of ${total} appliances did not install it`)
}

export function secondsSince(moment: number): string {
  return `${((performance.now() - moment) / 1000).toFixed(1)} s`
}

/** Of all bytes that shall be on all Service Provider appliances. */
function sharePresent({ bytes, appliances }: PatchDetail): string {
  const present = appliances.reduce((sum, copy) => sum + copy.bytes, 0)
  return `${Math.floor((100 * present) / Math.max(1, bytes * appliances.length))} %`
}

const SHOWN_AT_ONCE = 8

function listed(words: readonly string[]): string {
  const more = words.length - SHOWN_AT_ONCE
  return words.slice(0, SHOWN_AT_ONCE).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
