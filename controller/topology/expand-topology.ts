/**
 * From what a topology file says to the topology it means: numbers become names, shorthands become appliances, and what
 * the names say of each other is judged. Whatever is wrong is told with the path to it; the result counts only if nothing
 * was told.
 */
import {
  ApplianceName,
  DataCenterName,
  GroupName,
  OrganizationName,
  type Role,
  SERVICE_PROVIDER,
  TENANT,
} from '../../protocol/identifiers.ts'
import type { Slot } from '../core/records.ts'
import type { Link, Outage, Topology, TopologyAppliance, TopologyDataCenter } from './topology.ts'
import type { Path } from './topology-lines.ts'
import {
  type DataCenterText,
  type LinkText,
  MAX_DATA_CENTERS,
  type Members,
  NUMBER_PLACE,
  type TopologyText,
} from './topology-schema.ts'

export type Tell = (path: Path, sentence: string) => void

const DEFAULT_LAN_BITS_PER_SECOND = 10e9
const DEFAULT_DISK_BYTES = 100e9
const MAX_APPLIANCES = 100_000
const DEFAULT_GROUP = GroupName.parse('pair')

export function expandTopology(text: TopologyText, tell: Tell): Topology {
  const { provider } = text.organizations
  const tenants = tenantNames(text, tell)
  const organizations = new Set([provider, ...tenants])
  const dataCenters = new Map<DataCenterName, TopologyDataCenter>()
  const appliances = new Map<ApplianceName, TopologyAppliance>()

  for (const [index, described] of text.dataCenters.entries()) {
    const at: Path = ['dataCenters', index]
    const wan = linkOf(described.wan, [...at, 'wan'], tell)
    for (const name of numbered(described, at, (given) => DataCenterName.safeParse(given), tell)) {
      if (dataCenters.has(name)) {
        tell([...at, 'name'], `there is a second Data Center called ${name}, expected another name`)
        break
      }
      if (dataCenters.size === MAX_DATA_CENTERS) {
        tell(at, `there are more than ${MAX_DATA_CENTERS} Data Centers, expected fewer`)
        break
      }
      dataCenters.set(name, { name, wan })
      const groups = groupsOf(described, at, { dataCenter: name, provider, tenants, organizations, tell })
      const made = groups.flatMap((group) => membersOf(group, group.diskBytes ?? text.disk ?? DEFAULT_DISK_BYTES, tell))
      const clash = made.find((appliance) => addTo(appliances, appliance) === 'taken')
      if (clash !== undefined) {
        tell(clash.at, `there is a second appliance called ${clash.name}, expected another name`)
        break
      }
      if (appliances.size > MAX_APPLIANCES) {
        tell(at, `there are more than ${MAX_APPLIANCES} appliances, expected fewer`)
        break
      }
    }
  }
  return {
    appliances: [...appliances.values()],
    dataCenters: [...dataCenters.values()],
    serviceCenter: linkOf(text.serviceCenter, ['serviceCenter'], tell),
    lanBitsPerSecond: text.lan ?? DEFAULT_LAN_BITS_PER_SECOND,
  }
}

function tenantNames({ organizations: { provider, tenants = [] } }: TopologyText, tell: Tell): OrganizationName[] {
  const known = new Set<OrganizationName>([provider])
  for (const [index, given] of tenants.entries()) {
    const at: Path = ['organizations', 'tenants', index]
    const described = typeof given === 'string' ? { name: given } : given
    for (const name of numbered(described, at, (text) => OrganizationName.safeParse(text), tell)) {
      if (known.has(name)) {
        tell(at, `there is a second organization called ${name}, expected another name`)
        break
      }
      known.add(name)
    }
  }
  return [...known].filter((name) => name !== provider)
}

type Judged<Name> =
  | { success: true; data: Name }
  | { success: false; error: { issues: readonly { message: string }[] } }

/** The one name, or `count` of them with their numbers; nothing where one of them is no name. */
function numbered<Name>(
  { name, count }: { name: string; count?: number | undefined },
  at: Path,
  judge: (text: string) => Judged<Name>,
  tell: Tell,
): Name[] {
  const pattern = name.includes(NUMBER_PLACE)
  if (count !== undefined && count > 1 && !pattern) {
    tell([...at, 'name'], `the name ${name} would be given ${count} times, expected ${NUMBER_PLACE} in it`)
    return []
  }
  if (count === undefined && pattern) {
    tell([...at, 'name'], `the name ${name} has ${NUMBER_PLACE} in it, expected a count beside it`)
    return []
  }
  const names: Name[] = []
  for (let number = 1; number <= (count ?? 1); number++) {
    const one = pattern ? name.replaceAll(NUMBER_PLACE, String(number)) : name
    const judged = judge(one)
    if (!judged.success) {
      tell([...at, 'name'], `the name ${JSON.stringify(one)} ${judged.error.issues[0]?.message}, expected another name`)
      return []
    }
    names.push(judged.data)
  }
  return names
}

function linkOf({ down, up, latency = 0, loss = 0, unavailable = [] }: LinkText, at: Path, tell: Tell): Link {
  const outages: Outage[] = unavailable.map((window) => ({ fromMs: window.from, forMs: window.for }))
  for (const [index, { fromMs }] of outages.entries()) {
    const before = outages[index - 1]
    if (before !== undefined && fromMs < before.fromMs + before.forMs) {
      tell(
        [...at, 'unavailable', index],
        'the window begins before the one above it has ended, expected windows in order and apart',
      )
    }
  }
  return { downBitsPerSecond: down, upBitsPerSecond: up, latencyMs: latency, lossRatio: loss, unavailable: outages }
}

type Group = Omit<Slot, 'name' | 'role'> & {
  readonly at: Path
  readonly members: Members
  readonly diskBytes: number | undefined
  /** What the names that are made for its appliances begin with. */
  readonly prefix: string
}

type Surroundings = {
  readonly dataCenter: DataCenterName
  readonly provider: OrganizationName
  readonly tenants: readonly OrganizationName[]
  readonly organizations: ReadonlySet<OrganizationName>
  readonly tell: Tell
}

function groupsOf(described: DataCenterText, at: Path, surroundings: Surroundings): Group[] {
  const { dataCenter, provider, tenants, organizations, tell } = surroundings
  const depot: Group = {
    at: [...at, described.serviceProvider === undefined ? 'name' : 'serviceProvider'],
    organization: provider,
    dataCenter,
    kind: SERVICE_PROVIDER,
    group: DEFAULT_GROUP,
    members: described.serviceProvider ?? 2,
    diskBytes: described.disk,
    prefix: `${plain(dataCenter)}-sp`,
  }
  const groups = [depot]
  const taken = new Set<string>()
  const listed = described.tenants === 'all' ? tenants.map((organization) => ({ organization })) : described.tenants
  for (const [index, given] of (listed ?? []).entries()) {
    const place: Path = described.tenants === 'all' ? [...at, 'tenants'] : [...at, 'tenants', index]
    const { organization, kind = TENANT, group = DEFAULT_GROUP, pairs, appliances, disk }: TenantText = given
    if (!organizations.has(organization)) {
      const known = [...organizations].slice(0, 10).join(', ')
      tell([...place, 'organization'], `there is no organization called ${organization}, expected one of ${known}`)
      continue
    }
    if (kind === SERVICE_PROVIDER) {
      tell([...place, 'kind'], `the kind is ${kind}, expected such appliances under serviceProvider`)
      continue
    }
    if (pairs !== undefined && appliances !== undefined) {
      tell([...place, 'pairs'], 'pairs and appliances are both given, expected one of them')
      continue
    }
    for (const name of pairs === undefined ? [group] : pairNames(group, pairs)) {
      const key = JSON.stringify([organization, kind, name])
      if (taken.has(key)) {
        tell(place, `${organization} has a second group called ${name} there, expected another group name`)
        continue
      }
      taken.add(key)
      const parts = [dataCenter, organization, ...(kind === TENANT ? [] : [kind]), ...(name === 'pair' ? [] : [name])]
      groups.push({
        at: place,
        organization,
        dataCenter,
        kind,
        group: name,
        members: appliances ?? 2,
        diskBytes: disk ?? described.disk,
        prefix: parts.map(plain).join('-'),
      })
    }
  }
  return groups
}

type TenantText = Pick<Slot, 'organization'> & Partial<Exclude<DataCenterText['tenants'], 'all' | undefined>[number]>

function pairNames(group: GroupName, pairs: number): GroupName[] {
  return Array.from({ length: pairs }, (_, index) => GroupName.parse(`${group}-${index + 1}`))
}

type MadeAppliance = TopologyAppliance & { readonly at: Path }

function membersOf(group: Group, diskBytes: number, tell: Tell): MadeAppliance[] {
  const { at, organization, dataCenter, kind, members, prefix } = group
  const place = { organization, dataCenter, kind, group: group.group }
  if (typeof members !== 'number') {
    const primaries = members.filter(({ role }) => role === 'primary').length
    if (primaries !== 1) {
      tell(at, `the group has ${primaries === 0 ? 'no primary' : `${primaries} primaries`}, expected one primary`)
    }
    return members.map(({ name, role, disk }) => ({ ...place, at, name, role, diskBytes: disk ?? diskBytes }))
  }
  const made: MadeAppliance[] = []
  for (let number = 0; number < members; number++) {
    const role: Role = number === 0 ? 'primary' : 'secondary'
    const name = ApplianceName.safeParse(`${prefix}-${role}${number > 1 ? `-${number}` : ''}`)
    if (!name.success) {
      tell(at, `the name of an appliance there ${name.error.issues[0]?.message}, expected a shorter name before it`)
      break
    }
    made.push({ ...place, at, name: name.data, role, diskBytes })
  }
  return made
}

function addTo(appliances: Map<ApplianceName, TopologyAppliance>, appliance: MadeAppliance): 'added' | 'taken' {
  if (appliances.has(appliance.name)) return 'taken'
  const { at: _at, ...added } = appliance
  appliances.set(appliance.name, added)
  return 'added'
}

/** Names of appliances are typed on command lines: lower case, and no spaces. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s/]+/g, '-')
}
