/**
 * The state as somebody sees it who is limited to organizations: the same type with fewer appliances, so that every view
 * that is worked out from it tells of nothing else. Patches are for all to see. What is kept by appliance is not copied:
 * it is looked up in the whole, if the appliance is one of theirs. Nothing here is for writing.
 */
import type { OrganizationName, PeerId } from '../../protocol/identifiers.ts'
import { OwnEntries } from './own-entries.ts'
import type { ApplianceRecord, InstallRecord, TargetRecord } from './records.ts'
import { SERVICE_CENTER, type ServiceCenterState } from './state.ts'

/** Every field is named, so that the compiler asks about each new one what of it may be seen. */
export function restrictedState(
  whole: ServiceCenterState,
  organizations: readonly OrganizationName[],
): ServiceCenterState {
  const isOwn = (organization: OrganizationName) => organizations.includes(organization)
  const appliances = filtered(whole.appliances, ({ organization }) => isOwn(organization))
  const dataCenters = new Set([...appliances.values()].map(({ dataCenter }) => dataCenter))
  const own = <Value>(map: Map<PeerId, Value>): Map<PeerId, Value> => new OwnEntries(map, appliances)
  const isForOthersToo = ({ install }: TargetRecord) => whole.installs.get(install)?.organizations.every(isOwn) !== true
  const ownParts = (parts: Map<PeerId, TargetRecord>) =>
    new OwnEntries(parts, appliances, (target) => (isForOthersToo(target) ? withoutNames(target) : target))
  const installs = filtered(whole.installs, (install) => concerns(whole, install, organizations, appliances))
  return {
    whole,
    mesh: whole.mesh,
    signing: whole.signing,
    random: whole.random,
    clock: whole.clock,
    patches: whole.patches,
    appliances,
    retired: filtered(whole.retired, ({ organization }) => isOwn(organization)),
    accounts: own(whole.accounts),
    tokens: filtered(whole.tokens, ({ organization }) => isOwn(organization)),
    receipts: mapped(whole.receipts, own),
    ownCopies: whole.ownCopies,
    detections: mapped(whole.detections, own),
    progress: mapped(whole.progress, own),
    wanBytesBefore: mapped(whole.wanBytesBefore, own),
    sessions: own(whole.sessions),
    installs: mapped(installs, (install) => withoutOthers(install, isOwn)),
    targets: mapped(installs, ({ id, organizations: chosen }) => {
      const targets = whole.targets.get(id) ?? new Map()
      return new OwnEntries(targets, appliances, chosen.every(isOwn) ? undefined : withoutNames)
    }),
    open: new Set([...whole.open].filter((id) => installs.has(id))),
    continuedBy: whole.continuedBy,
    unsettled: filtered(whole.unsettled, ({ appliance }) => appliances.has(appliance)),
    unsettledOn: own(whole.unsettledOn),
    rosterVersions: filtered(whole.rosterVersions, (_, dataCenter) => dataCenters.has(dataCenter)),
    limits: filtered(whole.limits, ({ place }) => place === SERVICE_CENTER || dataCenters.has(place)),
    // Who has a say for the whole fleet is for Owners to know.
    publishers: new Map(),
    windows: filtered(
      whole.windows,
      ({ organization, dataCenter }) =>
        (organization === null || isOwn(organization)) && (dataCenter === null || dataCenters.has(dataCenter)),
    ),
    baselines: filtered(whole.baselines, ({ organization }) => isOwn(organization)),
    advisories: whole.advisories,
    dueDays: whole.dueDays,
    retention: whole.retention,
    // What is asked for is told by it to whom it concerns.
    policies: whole.policies,
    authorizations: mapped(
      filtered(whole.authorizations, (_, id) => installs.has(id)),
      (all) => filtered(all, ({ document }) => isOwn(document.stated.organization)),
    ),
    newestAuthorization: whole.newestAuthorization,
    partnersChanged: new Set(),
    attachments: new Map(),
    silenceMs: whole.silenceMs,
    heardMs: new Map(),
    lives: new Map(),
    silentSinceMs: new Map(),
    standsSinceMs: new Map(),
    // Found by place, and there are only their places to look for.
    tallies: whole.tallies,
    standings: {
      newest: mapped(whole.standings.newest, ownParts),
      unfinished: mapped(whole.standings.unfinished, ownParts),
    },
    censuses: whole.censuses,
  }
}

/** Whether an install that is seen in a restricted state has targets of organizations that are not. */
export function concernsOthers({ whole }: ServiceCenterState, { id, organizations }: InstallRecord): boolean {
  return whole !== null && (whole.installs.get(id)?.organizations.length ?? 0) > organizations.length
}

function concerns(
  whole: ServiceCenterState,
  install: InstallRecord,
  organizations: readonly OrganizationName[],
  own: ReadonlyMap<PeerId, ApplianceRecord>,
): boolean {
  if (!install.organizations.some((chosen) => organizations.includes(chosen))) return false
  return !new OwnEntries(whole.targets.get(install.id) ?? new Map(), own).keys().next().done
}

/** The reason may name appliances of others; each of one's own targets has a reason of its own. */
function withoutOthers(install: InstallRecord, isOwn: (organization: OrganizationName) => boolean): InstallRecord {
  const organizations = install.organizations.filter(isOwn)
  if (organizations.length === install.organizations.length) return install
  const reason = install.reason === '' ? '' : `${install.state}, for other organizations too`
  return { ...install, organizations, reason, startedBy: null }
}

/** What was not started says whose failure halted its install, and that may be an appliance of others. */
function withoutNames(target: TargetRecord): TargetRecord {
  return target.state === 'cancelled' ? { ...target, reason: 'not started: its install has ended' } : target
}

function filtered<Key, Value>(map: Map<Key, Value>, keep: (value: Value, key: Key) => boolean): Map<Key, Value> {
  return new Map([...map].filter(([key, value]) => keep(value, key)))
}

function mapped<Key, Value, Other>(map: Map<Key, Value>, change: (value: Value) => Other): Map<Key, Other> {
  return new Map([...map].map(([key, value]) => [key, change(value)]))
}
