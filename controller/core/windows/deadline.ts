/**
 * Until when an install has time, where maintenance windows say when it may begin: the end of the first window in which
 * everything has fitted, one Data Center of an organization after the other, each with the time for which its wave stands.
 * It is never less than without windows.
 */

import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../../protocol/refusals.ts'
import { groupKey } from '../census.ts'
import type { ApplianceRecord } from '../records.ts'
import { INSTALL_DEADLINE_MS } from '../rollout/install-times.ts'
import { standsInTurn, WAVE_SOAK_SECONDS } from '../rollout/standing.ts'
import type { ServiceCenterState } from '../state.ts'
import { applyingAt, nextRoom } from './room.ts'
import { neededMs } from './waiting.ts'
import { type MaintenanceWindow, scopeOf } from './window.ts'

type Wanted = {
  readonly patch: Sha256
  readonly outsideWindows?: boolean | undefined
  readonly waveSoakSeconds?: number | undefined
}

/** Of an install that begins now. */
export function deadlineOf(
  state: ServiceCenterState,
  { patch, outsideWindows, waveSoakSeconds = WAVE_SOAK_SECONDS.usual }: Wanted,
  appliances: readonly ApplianceRecord[],
): number | Refusal {
  const { wallMs } = state.clock
  const soakMs = waveSoakSeconds * 1000
  const places = new Set(appliances.map(({ dataCenter }) => dataCenter))
  const atLeast = wallMs + INSTALL_DEADLINE_MS + soakMs * standsInTurn(places.size)
  const manifest = state.patches.get(patch)?.publication.manifest
  if (outsideWindows === true || manifest === undefined) return atLeast
  return deadlineFor([...state.windows.values()], manifest, appliances, { wallMs, atLeast, soakMs })
}

/** Or the refusal, where no window is left in which it fits. */
export function deadlineFor(
  windows: readonly MaintenanceWindow[],
  manifest: Manifest,
  appliances: readonly ApplianceRecord[],
  { wallMs, atLeast, soakMs = 0 }: { wallMs: number; atLeast: number; soakMs?: number },
): number | Refusal {
  let deadline = atLeast
  if (windows.length === 0) return deadline
  for (const members of Map.groupBy(appliances, ({ organization }) => organization).values()) {
    let at = wallMs
    for (const site of Map.groupBy(members, ({ dataCenter }) => dataCenter).values()) {
      const [first] = site
      if (first === undefined) continue
      const applying = applyingAt(windows, first)
      const groups = [...Map.groupBy(site, groupKey).values()]
      for (const needMs of inOpenings(
        Math.max(...groups.map(({ length }) => length)),
        manifest,
        (needed) => nextRoom(applying, at, needed) !== null,
      )) {
        const room = nextRoom(applying, at, needMs)
        if (room === null) {
          const where = scopeOf(first)
          return refuse(
            'no_window',
            `no maintenance window of ${where} comes that is long enough for twice ${manifest.impact.estimateSeconds} seconds, which the patch estimates`,
          )
        }
        at = Number.isFinite(room.to) ? room.to : room.from + needMs
      }
      at += soakMs
    }
    deadline = Math.max(deadline, at)
  }
  return deadline
}

/** What each opening has to hold: the whole group where some opening is that long, else one member after the other. */
function inOpenings(members: number, manifest: Manifest, fits: (needMs: number) => boolean): number[] {
  const together = neededMs(manifest, members)
  if (members === 1 || fits(together)) return [together]
  return Array.from({ length: members }, () => neededMs(manifest, 1))
}
