/**
 * Who copies a patch before its maintenance window opens: a tenant appliance that waits in an install for that, as soon as
 * its depot has the patch. It is told to copy and nothing else; its order goes out when the window is open, so nothing of
 * this has to be taken back when windows or blackouts change, and nobody takes a place in a wave for the sake of it.
 */
import { SERVICE_PROVIDER } from '../../../protocol/identifiers.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { Staging } from '../../../protocol/trust/statements.ts'
import type { ServiceCenterEffect } from '../effects.ts'
import type { ApplianceRecord, InstallRecord, PatchRecord, TargetRecord } from '../records.ts'
import { readiness } from '../replications.ts'
import { isUnderWay } from '../rollout/install-states.ts'
import { isWaiting } from '../rollout/ongoing.ts'
import type { ServiceCenterState } from '../state.ts'
import { letterTo } from '../synchronize.ts'
import type { Applying, Place } from './room.ts'
import { windowsByPlace } from './targets.ts'
import { opensAt } from './waiting.ts'

const EVERY_MS = 30_000
/** So long before a window opens at least: enough to look at what does not come, and to mend it. */
const AHEAD_MS = 3600 * 1000
/** What a depot of middling hardware gives to all that copy from it, by which large patches are begun earlier. */
const DEPOT_BYTES_PER_SECOND = 10_000_000

/** Letters to those who have not been told yet; `tookMs` is how long ago this was asked last. */
export function askForCopies(state: ServiceCenterState, tookMs: number): ServiceCenterEffect[] {
  const { monotonicMs } = state.clock
  if (state.windows.size === 0) return []
  if (Math.floor(monotonicMs / EVERY_MS) === Math.floor((monotonicMs - tookMs) / EVERY_MS)) return []
  const windowsAt = windowsByPlace(state)
  return [...state.open].flatMap((id) => {
    const install = state.installs.get(id)
    const patch = install === undefined ? undefined : state.patches.get(install.patch)
    if (install === undefined || patch === undefined) return []
    return patch.withdrawal === null ? copiesOf(state, { install, patch }, windowsAt) : []
  })
}

type Wanted = { readonly install: InstallRecord; readonly patch: PatchRecord }

function copiesOf(
  state: ServiceCenterState,
  { install, patch }: Wanted,
  windowsAt: (place: Place) => Applying,
): ServiceCenterEffect[] {
  if (install.outsideWindows || !isUnderWay(install.state) || install.state === 'paused') return []
  // Many have the same windows.
  const known = new Map<Applying, number | null>()
  const openingOf = (applying: Applying): number | null => {
    const opens = known.get(applying)
    if (opens !== undefined) return opens
    const found = opensAt(applying, patch.publication.manifest, state.clock.wallMs)
    known.set(applying, found)
    return found
  }
  const waiting = [...(state.targets.get(install.id)?.values() ?? [])].flatMap((target) => copier(state, target) ?? [])
  return [...Map.groupBy(waiting, ({ dataCenter }) => dataCenter).values()].flatMap((there) => {
    const until = state.clock.wallMs + aheadMs(there.length * patch.publication.bytes)
    return there.flatMap((appliance): ServiceCenterEffect[] => {
      const session = state.sessions.get(appliance.peer)
      if (session === undefined || session.copiesAhead.has(patch.sha256)) return []
      const opens = openingOf(windowsAt(appliance))
      if (opens === null || opens > until || readiness(state, patch.sha256, appliance) !== true) return []
      session.copiesAhead.add(patch.sha256)
      const said = { to: appliance.peer, install: install.id, patch: patch.sha256, opensAt: opens }
      return [letterTo(state, appliance.peer, seal(Staging, said, state.signing), session.via)]
    })
  })
}

/** Service Provider appliances have every patch already. */
function copier(state: ServiceCenterState, target: TargetRecord): ApplianceRecord | null {
  const appliance = state.appliances.get(target.appliance)
  return appliance === undefined || appliance.kind === SERVICE_PROVIDER || !isWaiting(target) ? null : appliance
}

/** How long before an opening so many bytes are asked for. */
export function aheadMs(bytes: number): number {
  return Math.max(AHEAD_MS, Math.ceil((1000 * bytes) / DEPOT_BYTES_PER_SECOND))
}
