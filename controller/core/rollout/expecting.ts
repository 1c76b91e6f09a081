/**
 * How long an install takes on one appliance, as far as anybody can say beforehand: what the patch itself took where it is
 * installed already, else what its manifest estimates; and what comes before and after it there (earlier-times.ts). Nobody
 * who waits is counted: how long they will is not known.
 */
import type { PeerId } from '../../../protocol/identifiers.ts'
import type { ApplianceRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { AROUND_BASES, type AroundTimes, aroundInstalls } from './earlier-times.ts'
import { median } from './median.ts'
import { spentIn } from './phase-times.ts'

/** Fewer say little, and more say the same. */
const MEASURED = { atLeast: 3, atMost: 30 }

export type ExpectedOn = {
  readonly seconds: number
  /** For so long of this its peer has no stand-in. */
  readonly interruptedSeconds: number
  /** So much of this is not the patch itself, and what that rests on. */
  readonly aroundSeconds: number
  readonly basis: AroundTimes['basis']
}

export type Expectation = {
  /** On so many appliances it was measured what the patch itself takes; 0 where the manifest estimates it. */
  readonly measuredOn: number
  readonly on: (appliance: ApplianceRecord) => ExpectedOn
}

export function expectInstall(state: ServiceCenterState, patch: PatchRecord): Expectation {
  const { restart } = patch.publication.manifest.impact
  const { measuredOn, seconds, changeSeconds, isToTheEnd } = itself(state, patch)
  const aroundOf = aroundInstalls(state, restart !== 'none')
  return remembering({
    measuredOn,
    on: (appliance) => {
      const { beforeSeconds, afterSeconds, basis } = aroundOf(appliance)
      const after = isToTheEnd ? 0 : afterSeconds
      return {
        ...{ seconds: seconds + beforeSeconds + after, aroundSeconds: beforeSeconds + after, basis },
        interruptedSeconds: restart === 'none' ? 0 : changeSeconds + after,
      }
    },
  })
}

/** Of patches that go together: all of them. */
export function expectTogether(state: ServiceCenterState, patches: readonly PatchRecord[]): Expectation {
  const all = patches.map((patch) => expectInstall(state, patch))
  return remembering({
    measuredOn: Math.min(...all.map(({ measuredOn }) => measuredOn)),
    on: (appliance) => {
      const each = all.map(({ on }) => on(appliance))
      const sum = (of: (one: ExpectedOn) => number): number => each.reduce((total, one) => total + of(one), 0)
      return {
        ...{ seconds: sum(({ seconds }) => seconds), aroundSeconds: sum(({ aroundSeconds }) => aroundSeconds) },
        interruptedSeconds: sum(({ interruptedSeconds }) => interruptedSeconds),
        basis: AROUND_BASES[Math.max(...each.map(({ basis }) => AROUND_BASES.indexOf(basis)))] ?? 'allowance',
      }
    },
  })
}

type Itself = Pick<Expectation, 'measuredOn'> & {
  readonly seconds: number
  /** From when the installer starts. */
  readonly changeSeconds: number
  /** Measured with all that comes after it, since that cannot be told from the restart of a machine. */
  readonly isToTheEnd: boolean
}

/** From its copy to its soak, without what comes around it. */
function itself(state: ServiceCenterState, patch: PatchRecord): Itself {
  const { impact, verify } = patch.publication.manifest
  const isToTheEnd = impact.restart === 'reboot'
  const all: number[] = []
  const changes: number[] = []
  for (const target of state.standings.newest.get(patch.sha256)?.values() ?? []) {
    const spent = target.state === 'installed' ? spentIn(target.phaseTimes) : null
    if (spent === null) continue
    const after = isToTheEnd ? 0 : Math.max(0, spent.afterMs - verify.soakSeconds * 1000)
    all.push(Math.max(0, spent.allMs - spent.beforeMs - after))
    changes.push(Math.max(0, spent.changedMs - after))
    if (all.length === MEASURED.atMost) break
  }
  const estimated = impact.estimateSeconds + verify.soakSeconds
  if (all.length < MEASURED.atLeast)
    return { measuredOn: 0, seconds: estimated, changeSeconds: estimated, isToTheEnd: false }
  const [seconds = 0, changeSeconds = 0] = [all, changes].map((some) => Math.ceil(median(some) / 1000))
  return { measuredOn: all.length, seconds, changeSeconds, isToTheEnd }
}

/** The same appliance is asked for more than once. */
function remembering({ measuredOn, on }: Expectation): Expectation {
  const known = new Map<PeerId, ExpectedOn>()
  return {
    measuredOn,
    on: (appliance) => {
      const found = known.get(appliance.peer) ?? on(appliance)
      known.set(appliance.peer, found)
      return found
    },
  }
}
