/**
 * Setting and removing a baseline. It changes no appliance by itself: who does not keep to it is listed, and brought up in
 * maintenance windows alone (bringing-up.ts).
 */
import { judgeKind } from '../../../agent/core/install/policies/appliance-kind.ts'
import { MAX_BASELINES } from '../../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import { censusOf, placeKey } from '../census.ts'
import type { Command, Reply } from '../effects.ts'
import { title } from '../patch-identity.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ServiceCenterState } from '../state.ts'
import { type BaselinePlace, baselineKey } from './baseline.ts'

type SetBaseline = Extract<Command, { kind: 'set-baseline' }>
type RemoveBaseline = Extract<Command, { kind: 'remove-baseline' }>

export function changeBaselines(state: ServiceCenterState, command: SetBaseline | RemoveBaseline): Decision {
  return command.kind === 'set-baseline' ? setBaseline(state, command) : removeBaseline(state, command)
}

function setBaseline(state: ServiceCenterState, { actor, place, patch: sha256 }: SetBaseline): Decision {
  const patch = livePatch(state, sha256)
  if (isRefusal(patch)) return { reply: patch, changes: [] }
  const { wallMs } = state.clock
  const key = baselineKey(state, { ...place, patch: sha256 })
  const before = state.baselines.get(key)
  const refusal = unknownPlace(state, place) ?? judgeKind(patch.publication.manifest, place.kind)
  if (refusal !== null) return { reply: refusal, changes: [] }
  const reply: Reply = { kind: 'baseline-set', key }
  if (before?.patch === sha256) return { reply, changes: [] }
  if (before === undefined && state.baselines.size >= MAX_BASELINES)
    return { reply: refuse('too_many_baselines', `${MAX_BASELINES} baselines are set already`), changes: [] }
  const baseline = { ...place, patch: sha256, setAt: wallMs, setBy: actor }
  const note = { at: wallMs, actor, action: 'set-baseline', subject: title(patch), outcome: `for ${inWords(place)}` }
  return {
    reply,
    changes: [{ table: 'baselines', row: { key, baseline } }, ...notedFor([place.organization], note)],
  }
}

function removeBaseline(state: ServiceCenterState, { actor, place, patch }: RemoveBaseline): Decision {
  const key = baselineKey(state, { ...place, patch })
  const before = state.baselines.get(key)
  const record = state.patches.get(patch)
  if (before === undefined || record === undefined)
    return { reply: refuse('not_found', `no such baseline is set for ${inWords(place)}`), changes: [] }
  const note = { at: state.clock.wallMs, actor, action: 'remove-baseline', subject: title(record) }
  return {
    reply: { kind: 'baseline-removed', key },
    changes: [
      { table: 'baselines', row: { key, baseline: null } },
      ...notedFor([place.organization], { ...note, outcome: `for ${inWords(place)}` }),
    ],
  }
}

/** A name that is mistyped would be kept by nobody. */
function unknownPlace(state: ServiceCenterState, place: BaselinePlace): Refusal | null {
  if (censusOf(state).places.has(placeKey(place))) return null
  return refuse('nothing_to_install', `there is no appliance for ${inWords(place)}`)
}

/** `tenant of acme in paris`. */
export function inWords({ organization, dataCenter, kind }: BaselinePlace): string {
  return `${kind} of ${organization} in ${dataCenter}`
}
