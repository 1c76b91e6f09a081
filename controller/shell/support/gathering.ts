/**
 * Gathers what helps to find out what went wrong with an install or an appliance: what the Service Center knows of it and
 * of itself, and what the appliances concerned answer when they are asked now. All of it is as its visitor may see it.
 */
import { randomBytes } from 'node:crypto'
import product from '../../../package.json' with { type: 'json' }
import type { OrganizationName } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { type Envelope, open } from '../../../protocol/trust/envelope.ts'
import { Detection, Order, Report } from '../../../protocol/trust/statements.ts'
import { applianceDetail } from '../../core/appliance-views.ts'
import { baselineViews } from '../../core/baselines/baseline-views.ts'
import { dataCenterViews, uplinkView } from '../../core/data-centers.ts'
import { dueDaysOf } from '../../core/exposure/advisory.ts'
import { exposureDetail } from '../../core/exposure/exposure-views.ts'
import { title } from '../../core/patch-identity.ts'
import { patchSummary } from '../../core/patch-views.ts'
import type { ApplianceRecord, InstallRecord, StatementRecord } from '../../core/records.ts'
import { isFinal, type TargetState } from '../../core/rollout/install-states.ts'
import { targetsOf } from '../../core/rollout/ongoing.ts'
import { everEnrolled, type ServiceCenterState } from '../../core/state.ts'
import { type Cleaning, pseudonymOf } from '../../core/support/cleaning.ts'
import { MAX_APPLIANCES_ASKED, MAX_TRAIL_ENTRIES, Parts } from '../../core/support/parts.ts'
import { applianceViews, installDetail, installSummaries } from '../../core/views.ts'
import { windowViews } from '../../core/windows/setting.ts'
import type { OwnMachine } from '../own-machine.ts'
import type { Repository, ServiceCenter } from '../ports.ts'

const PSEUDONYM_KEY_SETTING = 'support-pseudonym-key'

export type Subject =
  | { readonly kind: 'install'; readonly install: InstallRecord }
  | { readonly kind: 'appliance'; readonly appliance: ApplianceRecord }

export type Wanted = {
  readonly subject: Subject
  readonly keepsNames: boolean
  readonly mayReadTrail: boolean
  /** Null for all. */
  readonly organizations: readonly OrganizationName[] | null
}
type Given = { readonly serviceCenter: ServiceCenter; readonly repository: Repository; readonly machine: OwnMachine }

export async function gather(given: Given, wanted: Wanted): Promise<Parts> {
  const { state } = given.serviceCenter
  const parts = new Parts(await cleaningFor(given, wanted))
  const { subject } = wanted
  const concerned = subject.kind === 'install' ? targetAppliances(state, subject.install) : [subject.appliance]
  await addSubject(parts, given, subject)
  await addTrail(parts, given, wanted, concerned)
  await addAppliances(parts, given.serviceCenter, concerned)
  addServiceCenter(parts, given, wanted)
  parts.leaveOut('bytes of patches, keys, tokens, passwords and sessions', 'nobody needs them to find a fault')
  if (!wanted.keepsNames) parts.leaveOut('names of people, and from which address they came', 'they were not asked for')
  return parts
}

async function cleaningFor({ serviceCenter, repository }: Given, { keepsNames }: Wanted): Promise<Cleaning> {
  const { state } = serviceCenter
  const appliances = [...state.appliances.values(), ...state.retired.values()]
  const known = new Set<string>([
    ...appliances.flatMap(({ name, organization, dataCenter, group }) => [name, organization, dataCenter, group]),
    ...[...state.patches.values()].flatMap(({ publication: { name, version } }) => [name, version]),
    ...state.windows.keys(),
    ...state.publishers.keys(),
  ])
  if (keepsNames) return { people: null, known }
  const key = await pseudonymKey(repository)
  const machines = new Set<string>(appliances.flatMap(({ name, peer }) => [name, peer]))
  const names = (await peopleOf(state, repository)).filter((name) => !machines.has(name))
  return { known, people: new Map(names.map((name) => [name, pseudonymOf(name, key)])) }
}

async function pseudonymKey(repository: Repository): Promise<string> {
  const kept = await repository.readSetting(PSEUDONYM_KEY_SETTING)
  if (kept !== undefined) return kept
  const made = randomBytes(32).toString('hex')
  await repository.writeSetting(PSEUDONYM_KEY_SETTING, made)
  return made
}

/** Accounts, and who has ever done something: scripts are called by the names of their tokens, which are no people. */
async function peopleOf(state: ServiceCenterState, repository: Repository): Promise<string[]> {
  const scripts = new Set((await repository.people.access('api-token')).map(({ name }) => name))
  const others = [
    ...[...state.patches.values()].map(({ uploadedBy }) => uploadedBy),
    ...[...state.installs.values()].map(({ startedBy }) => startedBy),
    ...[...state.baselines.values()].map(({ setBy }) => setBy),
    ...(await repository.trail({ organizations: null, limit: MAX_TRAIL_ENTRIES })).map(({ actor }) => actor),
  ].filter((name): name is string => name !== null && !scripts.has(name) && !NOBODY.test(name))
  const accounts = (await repository.people.accounts()).map(({ name }) => name)
  return [...new Set([...accounts, ...others])]
}
/** The Service Center itself, who was not signed in, and a baseline, whose text names its person. */
const NOBODY = /^(?:Service Center$|nobody$|the baseline that )/

async function addSubject(parts: Parts, { serviceCenter, repository }: Given, subject: Subject): Promise<void> {
  const { state } = serviceCenter
  if (subject.kind === 'appliance') return
  const { install } = subject
  const patch = state.patches.get(install.patch)
  const { targets, ...detail } = installDetail(state, install)
  parts.json('install.json', 'The install: its state, waves, and what it would take', detail)
  const byNeed = [...targets].sort((left, right) => needOf(left.state) - needOf(right.state))
  parts.json('targets.json', 'Each target with its reason and output, those that failed first', byNeed)
  parts.json('plan.json', 'What was chosen when it was started', planOf(install))
  if (patch !== undefined) {
    parts.json('patch.json', 'The patch: its publication, and who holds it', {
      ...patchSummary(state, patch),
      manifest: patch.publication.manifest,
    })
    const { appliances, ...exposure } = exposureDetail(state, patch)
    parts.json('exposure.json', 'Who is exposed without the patch, by organization', exposure)
    parts.json('exposed.json', 'Each appliance that is exposed without it, and why', appliances)
  }
  const statements = await repository.statements({ install: install.id, patch: install.patch })
  const own = statements.filter(({ peer }) => everEnrolled(state, peer) !== undefined)
  const told = own.map((one) => statementTold(state, one))
  parts.entries(
    'statements.jsonl',
    'Orders, reports and detections as they were signed, the oldest first',
    told,
    'last',
  )
}

function planOf({
  organizations,
  dataCenter,
  allowOutage,
  outsideWindows,
  waveSoakSeconds,
  run,
  ...install
}: InstallRecord) {
  const { deadlineAt, startedAt, startedBy, continues } = install
  return {
    ...{ organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, run, startedBy, continues },
    ...{ startedAt: new Date(startedAt).toISOString(), deadlineAt: new Date(deadlineAt).toISOString() },
  }
}

function statementTold(state: ServiceCenterState, { peer, heardAt, envelope }: StatementRecord) {
  const about = everEnrolled(state, peer)?.name ?? peer
  return { heardAt: new Date(heardAt).toISOString(), appliance: about, kind: envelope.payloadType, ...opened(envelope) }
}

function opened(envelope: Envelope): object {
  const signers = envelope.signatures.map(({ keyid }) => keyid)
  for (const type of [Order, Report, Detection]) {
    if (type.payloadType !== envelope.payloadType) continue
    const statement = open<object>(type, envelope, signers)
    return isRefusal(statement) ? { unreadable: statement.message } : { statement }
  }
  return {}
}

async function addTrail(
  parts: Parts,
  given: Given,
  wanted: Wanted,
  concerned: readonly ApplianceRecord[],
): Promise<void> {
  if (!wanted.mayReadTrail) return parts.leaveOut('trail.jsonl', 'it takes the right to read the trail')
  const { subject, organizations } = wanted
  const { state } = given.serviceCenter
  const about: string[] = concerned.slice(0, MAX_APPLIANCES_ASKED).flatMap(({ name, peer }) => [name, peer])
  if (subject.kind === 'install') {
    const { id, patch } = subject.install
    const record = state.patches.get(patch)
    about.push(id, patch, ...(record === undefined ? [] : [title(record)]))
  }
  const entries = await given.repository.trail({ about, organizations, limit: MAX_TRAIL_ENTRIES })
  const told = entries.map(({ at, ...entry }) => ({ at: new Date(at).toISOString(), ...entry }))
  parts.entries('trail.jsonl', `The newest ${MAX_TRAIL_ENTRIES} entries of the trail that are about it`, told, 'first')
}

/** Those that have not ended well first: of a large install not all are asked. */
function targetAppliances(state: ServiceCenterState, install: InstallRecord): ApplianceRecord[] {
  return targetsOf(state, install.id)
    .sort((left, right) => needOf(left.state) - needOf(right.state))
    .flatMap(({ appliance }) => everEnrolled(state, appliance) ?? [])
}

/** Which targets say most: those that ended otherwise, then those that go on. */
function needOf(state: TargetState): number {
  return state === 'installed' ? 2 : isFinal(state) ? 0 : 1
}

async function addAppliances(
  parts: Parts,
  serviceCenter: ServiceCenter,
  concerned: readonly ApplianceRecord[],
): Promise<void> {
  const asked = concerned.slice(0, MAX_APPLIANCES_ASKED)
  const others = concerned.length - asked.length
  if (others > 0)
    parts.leaveOut(`appliances/ of ${others} more`, `${asked.length} are asked at most, those that failed first`)
  const answers = await Promise.all(asked.map(({ peer }) => serviceCenter.inquire(peer)))
  for (const [index, appliance] of asked.entries()) {
    const folder = `appliances/${fileName(appliance)}`
    const answer = answers[index]
    const detail = applianceDetail(serviceCenter.state, appliance)
    parts.json(
      `${folder}/appliance.json`,
      `What is known of ${appliance.name}: copies, detections, installs, release, disk`,
      detail,
    )
    if (answer?.told !== true) {
      parts.leaveOut(`${folder}/agent.log`, answer?.reason ?? 'it was not asked')
      continue
    }
    const about = 'The last lines of the log of its agent; the last of them says what its ledger holds'
    parts.log(`${folder}/agent.log`, about, answer.log)
  }
}

/** Names have any letters; of these none has a meaning in a path, and no two become one. */
function fileName({ name, peer }: ApplianceRecord): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_')
  return safe === name ? name : `${safe}-${peer.slice(-6)}`
}

function addServiceCenter(parts: Parts, { serviceCenter, machine }: Given, { organizations }: Wanted): void {
  const { state } = serviceCenter
  const isWhole = organizations === null
  parts.json('versions.json', 'Which releases run', {
    ...{ patchmesh: product.version, node: process.versions.node, platform: process.platform, machine: process.arch },
    agents: countedReleases(state),
  })
  parts.json('fleet.json', 'Every appliance: where it stands, and whether it can be reached', applianceViews(state))
  parts.json('installs.json', 'All installs', installSummaries(state))
  parts.json('settings.json', 'What is set: limits, windows, baselines and due dates', {
    ...{ uplink: uplinkView(state), dataCenters: dataCenterViews(state), windows: windowViews(state) },
    ...{ baselines: baselineViews(state), dueDays: dueDaysOf(state) },
    publishers: [...state.publishers.values()],
    daemon: isWhole ? machine.settings() : 'left out',
  })
  if (!isWhole) {
    parts.leaveOut(
      'service-center.json, service-center.log and the settings of its daemon',
      'they tell of every organization',
    )
    return
  }
  const certificateUntil = machine.certificateUntil()
  parts.json('service-center.json', 'How the Service Center is', {
    ...{ notReady: serviceCenter.notReady(), freeBytes: machine.freeBytes(), memory: process.memoryUsage() },
    ...{ uptimeSeconds: Math.round(process.uptime()), connected: serviceCenter.connectedPeers.size },
    certificateUntil: certificateUntil === null ? null : new Date(certificateUntil).toISOString(),
  })
  parts.log('service-center.log', 'The last lines of the log of the Service Center', machine.recentLog())
}

function countedReleases(state: ServiceCenterState): Record<string, number> {
  const releases = [...state.accounts.values()].map(({ agentVersion }) => agentVersion)
  return Object.fromEntries(
    [...Map.groupBy(releases, (release) => release)].map(([release, all]) => [release, all.length]),
  )
}
