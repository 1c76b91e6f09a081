/**
 * One record of every table, signed as the Service Center signs them, for tests of whatever keeps records.
 */

import { Baseline } from '../../controller/core/baselines/baseline.ts'
import type {
  AuthorizationRecord,
  Change,
  InstallRecord,
  PatchRecord,
  PolicyRecord,
  Slot,
  TargetRecord,
  TokenRecord,
} from '../../controller/core/records.ts'
import { MaintenanceWindow } from '../../controller/core/windows/window.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import {
  ApplianceName,
  DataCenterName,
  GroupName,
  InstallId,
  ListenAddress,
  OrderId,
  OrganizationName,
  PatchName,
  PatchVersion,
  PublisherName,
  SERVICE_PROVIDER,
  type Sha256,
} from '../../protocol/identifiers.ts'
import { MIN_PIECE_BYTES } from '../../protocol/limits.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { AUTHORIZATION_DOCUMENT, type Authorization } from '../../protocol/trust/authorization.ts'
import { seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { POLICY_DOCUMENT } from '../../protocol/trust/policy.ts'
import { documentDigest, newDocument, readDocument } from '../../protocol/trust/signed-document.ts'
import { Membership, Order, Publication, Receipt, Withdrawal } from '../../protocol/trust/statements.ts'
import { policyFor, signedBy } from '../../simulator/world/approving.ts'
import { publisherFixture } from '../support/publisher-fixtures.ts'

export const signing = signingKeyFromSeed(new Uint8Array(32).fill(1))
export const mesh = signingKeyFromSeed(new Uint8Array(32).fill(2)).peer
export const identity = signingKeyFromSeed(new Uint8Array(32).fill(3))
const AT = 1_790_000_000_000

export const slot: Slot = {
  name: ApplianceName.parse('Paris-Primär 1'),
  organization: OrganizationName.parse("Provider'); drop table tokens; --"),
  dataCenter: DataCenterName.parse('Paris'),
  kind: SERVICE_PROVIDER,
  role: 'primary',
  group: GroupName.parse('pair'),
}

export function sampleToken(number: number): TokenRecord {
  return {
    ...slot,
    name: ApplianceName.parse(`appliance-${number}`),
    enrollingPeer: signingKeyFromSeed(new Uint8Array(32).fill(100 + number)).peer,
    proofKey: new Uint8Array(32).fill(number),
    issuedAt: AT,
    expiresAt: AT + 3_600_000,
    usedBy: null,
    replaces: null,
  }
}

export function samplePatch(version = '1.0.0'): PatchRecord {
  const sha256 = sha256Hex(Buffer.from(version))
  const publication: Publication = {
    name: PatchName.parse('sample'),
    version: PatchVersion.parse(version),
    bytes: 1000,
    sha256,
    pieceLength: MIN_PIECE_BYTES,
    piecesRoot: sha256,
    format: 'bundle',
    publishedAt: AT,
    manifest: {
      name: PatchName.parse('sample'),
      version: PatchVersion.parse(version),
      kind: 'update',
      publisher: 'somebody',
      created: '2026-01-01T00:00:00.000Z',
      payload: { size: 1000, sha256, pieceSize: MIN_PIECE_BYTES, piecesRoot: sha256 },
      appliesTo: { applianceTypes: [], fromVersions: [] },
      requires: [],
      conflicts: [],
      supersedes: [],
      impact: { restart: 'none', estimateSeconds: 5 },
      pair: { peerCompat: [], maxSkewSeconds: 60, order: 'secondary-first' },
      install: { program: 'install', timeoutSeconds: 60 },
      verify: { detect: { versionFile: '/opt/sample/version' }, soakSeconds: 0 },
      revert: 'none',
      diskBytes: 0,
    },
  }
  const envelope = seal(Publication, publication, signing)
  return {
    sha256,
    publication,
    envelope,
    hashes: new Uint8Array(64).fill(7),
    uploadedAt: AT,
    uploadedBy: 'admin',
    publishedBy: { publisher: PublisherName.parse('Sample Ltd'), keys: [sha256] },
    withdrawal: null,
  }
}

export function withdrawn(patch: PatchRecord): PatchRecord {
  const withdrawal = { sha256: patch.sha256, reason: 'a mistake', withdrawnAt: AT }
  return { ...patch, withdrawal: seal(Withdrawal, withdrawal, signing) }
}

const sampleBaseline: Baseline = Baseline.parse({
  ...{ organization: slot.organization, dataCenter: slot.dataCenter, kind: slot.kind },
  ...{ patch: sha256Hex(Buffer.from('1.0.0')), setAt: AT, setBy: 'ann' },
})

export const sampleWindow: MaintenanceWindow = MaintenanceWindow.parse({
  ...{ name: "Sunday's; drop table windows; --", kind: 'window', organization: slot.organization, dataCenter: null },
  ...{ begins: '2026-12-06T02:00', zone: 'Europe/Berlin', rule: 'FREQ=WEEKLY;BYDAY=SU', minutes: 240 },
})

export function sampleInstall(number: number, patch: Sha256): InstallRecord {
  return {
    id: InstallId.parse(number.toString(16).padStart(32, '0')),
    patch,
    organizations: [slot.organization, OrganizationName.parse('Zweite "GmbH"')],
    dataCenter: 'All',
    allowOutage: number % 2 === 1,
    outsideWindows: number % 3 === 1,
    state: 'running',
    reason: '',
    startedAt: AT + number,
    startedBy: 'admin',
    deadlineAt: AT + 86_400_000,
    continues: number % 2 === 1 ? InstallId.parse('0'.repeat(32)) : null,
    waveSoakSeconds: 600 * number,
    run: 1 + (number % 2),
  }
}

export function sampleTarget(install: InstallRecord, appliance = identity.peer): TargetRecord {
  const id = OrderId.parse('ab'.repeat(16))
  const order: Order = {
    to: appliance,
    orderId: id,
    sequence: 1,
    install: install.id,
    attempt: 1,
    action: 'install',
    patch: install.patch,
    allowOutage: install.allowOutage,
    organization: slot.organization,
    dataCenter: slot.dataCenter,
    issuedAt: AT,
    expiresAt: AT + 1,
    after: null,
    continues: null,
    stages: [],
  }
  return {
    install: install.id,
    appliance,
    state: 'refused',
    reason: 'said no',
    refusal: 'not_applicable',
    output: 'line one\nline two\n',
    installedVersion: null,
    order: { id, envelope: seal(Order, order, signing) },
    counter: 3,
    changedAt: AT,
    run: 2,
    wave: 3,
    ...{ stoodAt: AT + 5, orderedAt: AT - 9, beganAt: AT - 4, phaseTimes: { preflight: AT - 7 } },
  }
}

/** One change a table, `audit` left out, in an order in which each may be written. */
export function everyRecord(): Change[] {
  const patch = samplePatch()
  const install = sampleInstall(1, patch.sha256)
  const { peer } = identity
  const { sha256 } = patch
  const membership = { ...slot, appliance: peer, epoch: 1, serviceCenter: mesh, enrolledAt: AT }
  const { publisher } = publisherFixture("Sample Ltd'); drop table publishers; --")
  const receipt = { from: peer, epoch: 1, counter: 1, sha256, publishedAt: AT, verifiedAt: AT, source: mesh }
  return [
    { table: 'tokens', row: sampleToken(1) },
    {
      table: 'appliances',
      row: {
        ...slot,
        peer,
        epoch: 1,
        enrolledAt: AT,
        membership: seal(Membership, membership, signing),
        membershipAt: AT,
        addresses: [ListenAddress.parse('/ip4/10.0.0.1/tcp/4001'), ListenAddress.parse('/dns4/paris.example/tcp/1')],
        orderSequence: 9,
        lastSeenAt: AT,
        lookedAt: AT,
        lookedCounter: 3,
        heldAt: 1_700_000_000_000,
        ledgerLostAt: AT,
        ledgerLostCounter: 4,
        retiredAt: null,
      },
    },
    { table: 'patches', row: patch },
    {
      table: 'receipts',
      row: {
        ...{ peer, sha256, epoch: 1, verifiedAt: AT, counter: 3, wrong: '' },
        ...{ mendedAt: AT, mendedWrong: 'piece 2 of 8 of its file' },
        envelope: seal(Receipt, receipt, identity),
      },
    },
    { table: 'ownCopies', row: { sha256, provenAt: AT, wrong: 'piece 2 of 8 of its file cannot be read: EIO' } },
    {
      table: 'detections',
      row: {
        peer,
        sha256,
        counter: 4,
        result: 'installed',
        installedVersion: '1.0.0',
        reason: '',
        detectedAt: AT,
        satisfiedSince: AT - 1,
      },
    },
    { table: 'installs', row: install },
    { table: 'targets', row: sampleTarget(install) },
    { table: 'rosters', row: { dataCenter: slot.dataCenter, version: 12 } },
    { table: 'publishers', row: { name: publisher.name, publisher } },
    { table: 'windows', row: { name: sampleWindow.name, window: sampleWindow } },
    { table: 'baselines', row: { key: 'a "key"', baseline: sampleBaseline } },
    {
      table: 'advisories',
      row: { patch: sha256, severity: 'high', reference: "DSA'); --", publishedAt: AT - 5, dueAt: AT + 5 },
    },
    { table: 'dueDays', row: { severity: 'high', days: 20 } },
    { table: 'dueDays', row: { severity: 'low', days: null } },
    { table: 'retention', row: { keepNewest: 3, setAt: AT, setBy: "o'brien" } },
    { table: 'pins', row: { patch: sha256, pin: { patch: sha256, reason: "'); --", pinnedAt: AT, pinnedBy: 'ana' } } },
    { table: 'policies', row: samplePolicy() },
    { table: 'authorizations', row: sampleAuthorization(install) },
  ]
}

function samplePolicy(): PolicyRecord {
  const document = readDocument(POLICY_DOCUMENT, policyFor(signing.peer, { version: 3 }))
  if (isRefusal(document)) throw new Error(document.message)
  return { version: 3, document, setAt: AT, setBy: 'olga' }
}

function sampleAuthorization(install: InstallRecord): AuthorizationRecord {
  const { sha256, publication } = samplePatch()
  const document = newDocument<Authorization>({
    ...{ fleet: signing.peer, install: install.id, sequence: 7 },
    patch: { sha256, name: publication.name, version: publication.version },
    ...{ organization: slot.organization, dataCenter: slot.dataCenter },
    appliances: [{ peer: identity.peer, name: slot.name }],
    ...{ fromVersions: null, downgrade: false, allowOutage: false },
    ...{ requestedBy: 'olga', requestedAt: AT, expiresAt: AT + 1 },
  })
  const signed = signedBy(AUTHORIZATION_DOCUMENT, document, 'maria')
  return { digest: documentDigest(AUTHORIZATION_DOCUMENT, signed), install: install.id, document: signed }
}
