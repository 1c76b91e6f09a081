/**
 * Fleets in the states that the pages show.
 */

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { BaselinePlace } from '../../controller/core/baselines/baseline.ts'
import { MaintenanceWindow } from '../../controller/core/windows/window.ts'
import { OrganizationName, PatchName, PatchVersion, type Sha256 } from '../../protocol/identifiers.ts'
import { approvalsOf, policyFor } from '../../simulator/world/approving.ts'
import { emptyFleet, everyoneNeeds, type Fleet, peerOf, standardFleet, useTwice } from '../support/fleet-fixtures.ts'
import { keptPasskey, person } from '../support/people-fixtures.ts'
import { listedKey, publisherFixture, signedBundle } from '../support/publisher-fixtures.ts'
import { tamperTrail } from '../support/tampered-trail.ts'

const MiB = 1024 * 1024

export async function fleetWithoutAppliances(): Promise<Fleet> {
  const fleet = await emptyFleet()
  await fleet.publish({ name: 'kernel', version: '6.1' })
  return fleet
}

/** Nothing has arrived anywhere, and one appliance cannot be reached. */
export async function waitingFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service' })
  await everyoneNeeds(fleet, kernel)
  await fleet.disconnect('tokyo/secondary')
  return fleet
}

/** A patch that means something else for each appliance of one organization. */
export async function unevenFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service' })
  await everyoneNeeds(fleet, kernel)
  await replicate(fleet, kernel)
  await fleet.enroll({ name: 'acme-lab-1', organization: 'acme', dataCenter: 'paris', kind: 'lab', role: 'primary' })
  await fleet.detect('acme-lab-1', kernel, 'applicable', '6.0')
  for (const role of ['primary', 'secondary']) await fleet.detect(`acme-paris-${role}`, kernel, 'applicable', '6.2')
  await fleet.detect(
    'acme-tokyo-secondary',
    kernel,
    'notApplicable',
    '6.0',
    'it is for amd64, and this appliance is arm64',
  )
  const { state } = fleet.serviceCenter
  state.accounts.set(peerOf(fleet, 'acme-tokyo-primary'), {
    ...{ agentVersion: '0.1.0', storeBytes: 0, freeBytes: 9 * MiB, toldAt: Date.now(), machine: null },
    clockAheadMs: 3 * 24 * 3600 * 1000,
  })
  return fleet
}

/** Several patches, one of them on its way, and an install that has begun where the patch is. */
export async function busyFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  for (const version of ['1.2.1', '1.2.2']) await replicate(fleet, await fleet.publish({ name: 'firmware', version }))
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service' })
  await everyoneNeeds(fleet, kernel)
  await fleet.sendReceipt('paris/primary', kernel)
  await fleet.tellProgress('paris/secondary', {
    ...{ patch: kernel, state: 'transferring', bytes: 120_000_000, reason: '', bytesPerSecond: 5_000_000 },
    ...{ sources: [peerOf(fleet, 'paris/primary')], wanBytes: 0 },
  })
  await fleet.tellProgress('tokyo/primary', {
    ...{ patch: kernel, state: 'waiting', bytes: 0, reason: 'the store is full', bytesPerSecond: 0 },
    ...{ sources: [], wanBytes: 0 },
  })
  await install(fleet, kernel)
  return fleet
}

/** Two baselines: one place keeps to it, the other does not. */
export async function baselinedFleet(): Promise<Fleet> {
  const fleet = await installedFleet()
  const [patch] = fleet.serviceCenter.state.patches.keys()
  for (const organization of ['acme', 'globex']) {
    const place = BaselinePlace.parse({ organization, dataCenter: 'paris', kind: 'tenant' })
    if (patch !== undefined) await fleet.serviceCenter.carryOut({ kind: 'set-baseline', actor: 'Ana', place, patch })
  }
  return fleet
}

/** Overdue on some, everywhere for one organization, not applicable to the Service Provider's own. */
export async function exposedFleet(): Promise<Fleet> {
  const fleet = await busyFleet()
  const { state } = fleet.serviceCenter
  const [patch] = state.patches.keys()
  assert.ok(patch)
  for (const { name, kind, organization } of state.appliances.values()) {
    if (kind === 'service-provider') await fleet.detect(name, patch, 'notApplicable', '', 'it is for tenants')
    else if (organization === 'globex') await fleet.detect(name, patch, 'installed', '6.1')
  }
  const publishedAt = Date.now() - 40 * 86_400_000
  const advisory = { patch, severity: 'critical', reference: 'DSA-5941-1', publishedAt, dueAt: null } as const
  await fleet.serviceCenter.carryOut({ kind: 'set-advisory', actor: 'Ana', advisory })
  return fleet
}

/** Three versions, of which the oldest is pinned and one is left over. */
export async function retainedFleet(): Promise<Fleet> {
  const fleet = await busyFleet()
  const patches: Sha256[] = []
  for (const version of ['5.1', '5.2', '5.3']) patches.push(await fleet.publish({ name: 'kernel', version }))
  for (const record of fleet.serviceCenter.state.patches.values()) record.uploadedAt -= 3 * 86_400_000
  const [oldest] = patches
  assert.ok(oldest)
  await fleet.serviceCenter.carryOut({ kind: 'pin-patch', actor: 'Ana', patch: oldest, reason: 'the audit of 2026' })
  await fleet.serviceCenter.carryOut({ kind: 'set-retention', actor: 'Ana', keepNewest: 2 })
  return fleet
}

/** Two joined after an install had begun. */
export async function grownFleet(): Promise<Fleet> {
  const fleet = await busyFleet()
  for (const role of ['primary', 'secondary'] as const) {
    const place = { organization: 'acme', dataCenter: 'paris', kind: 'tenant', group: 'web' } as const
    await fleet.enroll({ name: `acme-web-${role}`, role, ...place })
  }
  return fleet
}

/** A key is used by two machines, in the middle of an install. */
export async function copiedFleet(): Promise<Fleet> {
  const fleet = await busyFleet()
  await useTwice(fleet, 'paris/secondary')
  return fleet
}

/** Everything is where it should be, and one install is done. */
export async function installedFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1' })
  await everyoneNeeds(fleet, kernel)
  await replicate(fleet, kernel)
  await install(fleet, kernel)
  const [id] = [...fleet.serviceCenter.state.installs.keys()]
  if (id === undefined) throw new Error('no install was started')
  for (const place of ['paris', 'tokyo']) {
    for (const role of ['secondary', 'primary']) {
      await fleet.report(`acme-${place}-${role}`, id, 'installed')
      await fleet.detect(`acme-${place}-${role}`, kernel, 'installed', '6.1')
    }
  }
  return fleet
}

export async function replicate(fleet: Fleet, patch: Sha256): Promise<void> {
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
}

async function install(fleet: Fleet, patch: Sha256): Promise<void> {
  const acme = [...fleet.serviceCenter.state.appliances.values()].find(({ organization }) => organization === 'acme')
  if (acme === undefined) throw new Error('acme has no appliance')
  const scope = { organizations: [acme.organization], dataCenter: 'All' as const, allowOutage: false }
  await fleet.serviceCenter.carryOut({ kind: 'start-install', actor: 'admin', patch, ...scope })
}

/** A replication that fills every link: the primaries trade, and each seeds its secondary. */
export async function tradingFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1' })
  const trading = (to: string, rate: number, from: string[]) =>
    fleet.tellProgress(to, {
      ...{ patch: kernel, state: 'transferring', bytes: 120 * MiB, reason: '', wanBytes: 60 * MiB },
      ...{ bytesPerSecond: rate, sources: from.map((name) => sourceOf(fleet, name)) },
    })
  await trading('paris/primary', 5 * MiB, ['Service Center', 'tokyo/primary'])
  await trading('tokyo/primary', 8 * MiB, ['Service Center', 'paris/primary'])
  await trading('paris/secondary', 5 * MiB, ['paris/primary'])
  await trading('tokyo/secondary', 8 * MiB, ['tokyo/primary'])
  return fleet
}

/** A quarter of two hundred Data Centers is on its way. */
export async function largeFleet(): Promise<Fleet> {
  const fleet = await emptyFleet()
  for (let number = 1; number <= 200; number++) {
    const place = { organization: 'Org 1000', kind: 'service-provider', dataCenter: `site-${number}` }
    for (const role of ['primary', 'secondary'] as const)
      await fleet.enroll({ ...place, name: `site-${number}/${role}`, role })
  }
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1' })
  for (let number = 1; number <= 100; number++) {
    const [primary, secondary] = [`site-${number}/primary`, `site-${number}/secondary`]
    if (number > 50) {
      await fleet.sendReceipt(primary, kernel)
      await fleet.sendReceipt(secondary, kernel)
      continue
    }
    const moving = { patch: kernel, state: 'transferring', bytes: 10 * MiB, reason: '', wanBytes: 10 * MiB } as const
    const sources = ['Service Center', `site-${number + 50}/primary`].map((name) => sourceOf(fleet, name))
    await fleet.tellProgress(primary, { ...moving, bytesPerSecond: 2 * MiB, sources })
    await fleet.tellProgress(secondary, { ...moving, bytesPerSecond: 2 * MiB, sources: [sourceOf(fleet, primary)] })
  }
  return fleet
}

/** Publishers in each condition, and a patch that one of them has signed. */
export async function publishedFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const soon = new Date(Date.now() + 30 * 24 * 3600 * 1000).toISOString()
  const acme = publisherFixture('Acme', { threshold: 2, patches: ['kernel*', 'firmware-*'] })
  const initech = publisherFixture('Initech', { expiresAt: soon, patches: ['tps-reports'] })
  const hooli = publisherFixture('Hooli', { expiresAt: '2026-01-01T00:00:00Z' })
  const umbrella = publisherFixture('Umbrella', { keys: hooli.keys.map((key) => listedKey(key, true)) })
  for (const { publisher } of [acme, initech, hooli, umbrella])
    await fleet.serviceCenter.carryOut({ kind: 'set-publisher', actor: 'Ana', publisher })
  const bytes = signedBundle(acme.keys, { manifest: { name: 'kernel', version: '6.1' } })
  const body = Readable.from([bytes])
  const expectedBytes = bytes.byteLength
  await fleet.serviceCenter.upload({ body, filename: 'kernel-6.1.patch', actor: 'Ana', expectedBytes })
  return fleet
}

/** A window for one organization, open now, one for a Data Center, and a blackout; and a patch to install. */
export async function windowedFleet(): Promise<Fleet> {
  const fleet = await waitingFleet()
  const minute = new Date().toISOString().slice(0, 16)
  const windows = [
    { name: 'sundays', organization: 'acme', begins: '2090-01-01T02:00', rule: 'FREQ=WEEKLY;BYDAY=SU', minutes: 240 },
    { name: 'tonight', dataCenter: 'paris', begins: minute, zone: 'UTC', rule: 'FREQ=DAILY', minutes: 1_380 },
    { name: 'year end', kind: 'blackout', begins: '2090-12-23T00:00', minutes: 14_400 },
  ]
  for (const given of windows) {
    const usual = { kind: 'window', organization: null, dataCenter: null, zone: 'Europe/Berlin', rule: '' }
    const window = MaintenanceWindow.parse({ ...usual, ...given })
    await fleet.serviceCenter.carryOut({ kind: 'set-window', actor: 'Ana', window })
  }
  return fleet
}

/** People of each role, one of them limited to an organization. */
export async function staffedFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  await person(fleet.repository, 'Ana')
  await person(fleet.repository, 'Bela', 'operator', ['acme'])
  await person(fleet.repository, 'Chidi', 'uploader')
  await person(fleet.repository, 'Dorothea', 'auditor')
  await person(fleet.repository, 'Emre', 'approver', ['acme', 'globex'])
  await keptPasskey(fleet.repository, 'ana', 'Work laptop')
  await keptPasskey(fleet.repository, 'bela', 'Security key on the key ring')
  return fleet
}

/** Somebody has got at the database. */
export async function rewrittenFleet(): Promise<Fleet> {
  const fleet = await busyFleet()
  tamperTrail(fleet.folder, "update audit set actor = 'nobody' where position = 7")
  return fleet
}

function sourceOf(fleet: Fleet, name: string): ReturnType<typeof peerOf> {
  return name === 'Service Center' ? fleet.serviceCenter.state.mesh : peerOf(fleet, name)
}

/** A policy holds, and an install waits for a second approval. */
export async function approvedFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const { serviceCenter } = fleet
  const document = policyFor(serviceCenter.state.signing.peer, {
    organizations: [{ organization: OrganizationName.parse('globex'), approvalsNeeded: 0 }],
    floors: [{ patch: PatchName.parse('kernel'), version: PatchVersion.parse('6.0') }],
  })
  await serviceCenter.carryOut({ kind: 'set-policy', actor: 'Ana', document })
  const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
  const order = { actor: 'Olga', patch, organizations: ['acme'], dataCenter: 'All', allowOutage: false }
  const started = await serviceCenter.carryOut({ kind: 'start-install', ...order } as never)
  if (!('install' in started)) throw new Error(JSON.stringify(started))
  const { install } = started
  const approvals = approvalsOf(serviceCenter.state, install, 'maria')
  await serviceCenter.carryOut({ kind: 'approve-install', actor: 'Maria', install, approvals })
  return fleet
}
