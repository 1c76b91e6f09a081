/**
 * The plan of an install, and of those that go before it, before anything of it is there. Everybody is judged by the very policies that the rollout and
 * the appliance judge by; it changes nothing and promises nothing, since whoever waits may come at any moment.
 */
import type { PatchThere } from '../../../agent/core/install/policies/patches-there.ts'
import { judgePreflight } from '../../../agent/core/install/policies/preflight.ts'
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal } from '../../../protocol/refusals.ts'
import { findingOn, patchesOn } from '../findings.ts'
import { identityOf } from '../patch-identity.ts'
import { livePatches } from '../publishing.ts'
import type { ApplianceRecord, InstallRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { FAILED_PAIRS, UNHEARD } from './budgets.ts'
import { type Expectation, expectTogether } from './expecting.ts'
import type { ExpectedEach, InstallPlan, PlanBody, PlannedStanding, PlanWanted } from './install-plan.ts'
import { median } from './median.ts'
import { newTarget } from './new-target.ts'
import { elsewhere, ongoingAround } from './ongoing.ts'
import { asThere, patchesFirst, pathTo } from './path.ts'
import { digestOf } from './plan-digest.ts'
import { installsBeside, windowsOver } from './plan-surroundings.ts'
import { installs, inWaves, type Judged } from './planned-waves.ts'
import { whyNotNow } from './policies.ts'
import { goingBack, meantAppliances, meantForNobody } from './previewing.ts'
import { appliancesInScope } from './starting.ts'
import { factsOf } from './target-facts.ts'
import { NO_WAVES } from './waves.ts'

/** Or why it could not begin at all. */
export function planInstall(state: ServiceCenterState, patch: PatchRecord, wanted: PlanWanted): InstallPlan | Refusal {
  const scope = appliancesInScope(state, wanted)
  if (isRefusal(scope)) return scope
  const first = patchesFirst(state, patch, wanted.first)
  if (isRefusal(first)) return first
  const { meant, others } = meantAppliances(state, patch, scope)
  if (meant.length === 0) return meantForNobody(patch, others)
  const { waveSoakSeconds } = wanted
  const steps = [...first, patch]
  let deadlineAt = 0
  for (const { sha256 } of steps) {
    const deadline = deadlineOf(state, { ...wanted, patch: sha256 }, meant)
    if (isRefusal(deadline)) return deadline
    deadlineAt = Math.max(deadlineAt, deadline)
  }
  const members = judgedInTurn(state, steps, { ...wanted, deadlineAt }, meant)
  const expected = expectTogether(state, steps)
  const { on } = expected
  const waves = inWaves(members, patch.publication.manifest.pair.order, { on, soak: waveSoakSeconds })
  const pairs = waves.flatMap((wave) => wave.pairs)
  const unprotected = pairs.map(({ unprotectedSeconds }) => unprotectedSeconds)
  const standing = (kind: PlannedStanding) => members.filter((member) => member.standing === kind).length
  const plan: PlanBody = {
    madeAt: new Date(state.clock.wallMs).toISOString(),
    patch: identityOf(patch),
    first: first.map(identityOf),
    needs: pathTo(state, patch, first, meant),
    ...{ organizations: [...new Set(wanted.organizations)], dataCenter: wanted.dataCenter },
    ...{ allowOutage: wanted.allowOutage, outsideWindows: wanted.outsideWindows, waveSoakSeconds },
    restart: worstRestart(steps),
    counts: {
      ...{ appliances: members.length, pairs: pairs.length, ready: standing('ready'), waits: standing('waits') },
      ...{ refuses: standing('refuses'), installed: standing('installed') },
    },
    expectedSeconds: pairs.reduce(
      (end, { beginsAfterSeconds, expectedSeconds }) => Math.max(end, (beginsAfterSeconds ?? 0) + expectedSeconds),
      0,
    ),
    each: eachOf(expected, members),
    unprotectedSeconds: {
      longest: unprotected.reduce((longest, seconds) => Math.max(longest, seconds), 0),
      all: unprotected.reduce((sum, seconds) => sum + seconds, 0),
    },
    deadline: new Date(deadlineAt).toISOString(),
    mayFail: {
      ...{ pairsAtFirst: FAILED_PAIRS.asCanary, pairsLater: FAILED_PAIRS.later, pairsOfADataCenter: 1 },
      ...{ unheardPairsAtFirst: UNHEARD.canaries, unheardDataCentersLater: UNHEARD.dataCenters },
    },
    waves,
    notApplicable: others,
    windows: wanted.outsideWindows ? [] : windowsOver(state, meant),
    beside: installsBeside(state, meant),
  }
  return { ...plan, digest: digestOf(plan) }
}

function asInstall(
  { clock }: ServiceCenterState,
  { sha256 }: PatchRecord,
  wanted: PlanWanted & { readonly deadlineAt: number },
): InstallRecord {
  const { organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, deadlineAt } = wanted
  return {
    ...{ id: '' as InstallId, patch: sha256, organizations: [...new Set(organizations)], dataCenter, allowOutage },
    ...{ outsideWindows, waveSoakSeconds, state: 'planned', reason: '', startedAt: clock.wallMs, startedBy: null },
    ...{ deadlineAt, continues: null, run: 1 },
  }
}

/** How each stands to all of the patches: by the first that it would refuse, or else that it waits for. */
function judgedInTurn(
  state: ServiceCenterState,
  steps: readonly PatchRecord[],
  wanted: PlanWanted & { readonly deadlineAt: number },
  meant: readonly ApplianceRecord[],
): Judged[] {
  const standings = steps.map((patch, index) => {
    const before = steps.slice(0, index).map(asThere)
    const members = index === steps.length - 1 ? meant : meantAppliances(state, patch, meant).meant
    const found = judged(state, patch, asInstall(state, patch, wanted), { appliances: members, before })
    return new Map(found.map((member) => [member.appliance.peer, member]))
  })
  return [...(standings.at(-1)?.values() ?? [])].map((last) => {
    const all = standings.flatMap((step) => step.get(last.appliance.peer) ?? [])
    const [worst = last] = [...all].sort((left, right) => RANKS[right.standing] - RANKS[left.standing])
    return { ...last, standing: worst.standing, reason: worst.reason }
  })
}

const RANKS: Readonly<Record<PlannedStanding, number>> = { installed: 0, ready: 1, waits: 2, refuses: 3 }

/** `before`: what is installed in the same interruption before it. */
function judged(
  state: ServiceCenterState,
  patch: PatchRecord,
  install: InstallRecord,
  { appliances, before }: { readonly appliances: readonly ApplianceRecord[]; readonly before: readonly PatchThere[] },
): Judged[] {
  const { manifest } = patch.publication
  const targets = appliances.map(({ peer }) => newTarget(state, install, peer))
  const facts = factsOf(state, install, targets)
  const ongoing = ongoingAround(install, facts, elsewhere(state, install))
  const live = livePatches(state)
  return facts.map((fact): Judged => {
    const { result, installedVersion } = findingOn(state, patch, fact.appliance)
    const has = installedVersion
    if (result === 'installed') return { ...fact, has, standing: 'installed', reason: '' }
    const { peer } = fact.appliance
    const machine = state.accounts.get(peer)?.machine ?? null
    const there = [...patchesOn(state, peer, live), ...before]
    const refusal = judgePreflight(manifest, { installedVersion, there, machine })
    if (refusal !== null) return { ...fact, has, standing: 'refuses', reason: refusal.message }
    const why = whyNotNow({ fact, install, manifest, ongoing, waves: NO_WAVES }, state.clock)
    if (why !== null) return { ...fact, has, standing: 'waits', reason: why }
    const [back] = goingBack(state, patch, [fact.appliance])
    return { ...fact, has, standing: 'ready', reason: back?.reason ?? '' }
  })
}

const RESTARTS = ['none', 'service', 'reboot'] as const

/** Of all of them what disturbs an appliance most. */
function worstRestart(steps: readonly PatchRecord[]): Manifest['impact']['restart'] {
  const restarts = steps.map(({ publication }) => publication.manifest.impact.restart)
  return RESTARTS[Math.max(...restarts.map((restart) => RESTARTS.indexOf(restart)))] ?? 'none'
}

/** Of those who would install it, or of all where nobody would. */
function eachOf({ measuredOn, on }: Expectation, members: readonly Judged[]): ExpectedEach {
  const installing = members.filter(installs)
  const each = (installing.length === 0 ? members : installing).map(({ appliance }) => on(appliance))
  const seconds = each.map((one) => one.seconds)
  const around = {
    seconds: median(each.map(({ aroundSeconds }) => aroundSeconds)),
    ...{ appliance: 0, kind: 0, allowance: 0 },
  }
  for (const { basis } of each) around[basis] += 1
  return {
    ...{ seconds: median(seconds), longest: seconds.reduce((longest, one) => Math.max(longest, one), 0) },
    ...{ measuredOn, around },
  }
}
