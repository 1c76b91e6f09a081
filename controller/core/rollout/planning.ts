/**
 * The plan of an install, before anything of it is there. Everybody is judged by the very policies that the rollout and
 * the appliance judge by; it changes nothing and promises nothing, since whoever waits may come at any moment.
 */
import { judgePreflight } from '../../../agent/core/install/policies/preflight.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal } from '../../../protocol/refusals.ts'
import { findingOn, patchesOn } from '../findings.ts'
import { nameOf } from '../patch-identity.ts'
import { livePatches } from '../publishing.ts'
import type { ApplianceRecord, InstallRecord, PatchRecord } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { deadlineOf } from '../windows/deadline.ts'
import { FAILED_PAIRS, UNHEARD } from './budgets.ts'
import { expectedEach } from './expecting.ts'
import type { InstallPlan, PlanBody, PlannedStanding, PlanWanted } from './install-plan.ts'
import { newTarget } from './new-target.ts'
import { elsewhere, ongoingAround } from './ongoing.ts'
import { digestOf } from './plan-digest.ts'
import { installsBeside, windowsOver } from './plan-surroundings.ts'
import { inWaves, type Judged } from './planned-waves.ts'
import { whyNotNow } from './policies.ts'
import { goingBack, meantAppliances, meantForNobody } from './previewing.ts'
import { appliancesInScope } from './starting.ts'
import { factsOf } from './target-facts.ts'
import { NO_WAVES } from './waves.ts'

/** Or why it could not begin at all. */
export function planInstall(state: ServiceCenterState, patch: PatchRecord, wanted: PlanWanted): InstallPlan | Refusal {
  const scope = appliancesInScope(state, wanted)
  if (isRefusal(scope)) return scope
  const { meant, others } = meantAppliances(state, patch, scope)
  if (meant.length === 0) return meantForNobody(patch, others)
  const deadlineAt = deadlineOf(state, { ...wanted, patch: patch.sha256 }, meant)
  if (isRefusal(deadlineAt)) return deadlineAt
  const install = asInstall(state, patch, { ...wanted, deadlineAt })
  const members = judged(state, patch, install, meant)
  const { manifest } = patch.publication
  const each = expectedEach(state, patch)
  const { waveSoakSeconds } = wanted
  const waves = inWaves(members, manifest, { each: each.seconds, soak: waveSoakSeconds })
  const pairs = waves.flatMap((wave) => wave.pairs)
  const unprotected = pairs.map(({ unprotectedSeconds }) => unprotectedSeconds)
  const standing = (kind: PlannedStanding) => members.filter((member) => member.standing === kind).length
  const plan: PlanBody = {
    madeAt: new Date(state.clock.wallMs).toISOString(),
    patch: { id: patch.sha256, ...nameOf(patch) },
    ...{ organizations: install.organizations, dataCenter: wanted.dataCenter },
    ...{ allowOutage: wanted.allowOutage, outsideWindows: wanted.outsideWindows, waveSoakSeconds },
    restart: manifest.impact.restart,
    counts: {
      ...{ appliances: members.length, pairs: pairs.length, ready: standing('ready'), waits: standing('waits') },
      ...{ refuses: standing('refuses'), installed: standing('installed') },
    },
    expectedSeconds: waves.reduce(
      (sum, { expectedSeconds }) => sum + expectedSeconds,
      waveSoakSeconds * Math.max(0, waves.length - 1),
    ),
    each,
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
    ...{ deadlineAt, run: 1 },
  }
}

function judged(
  state: ServiceCenterState,
  patch: PatchRecord,
  install: InstallRecord,
  appliances: readonly ApplianceRecord[],
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
    const refusal = judgePreflight(manifest, { installedVersion, there: patchesOn(state, peer, live), machine })
    if (refusal !== null) return { ...fact, has, standing: 'refuses', reason: refusal.message }
    const why = whyNotNow({ fact, install, manifest, ongoing, waves: NO_WAVES }, state.clock)
    if (why !== null) return { ...fact, has, standing: 'waits', reason: why }
    const [back] = goingBack(state, patch, [fact.appliance])
    return { ...fact, has, standing: 'ready', reason: back?.reason ?? '' }
  })
}
