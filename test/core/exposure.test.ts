/**
 * Exposure clocks: what they count, when they begin and end, and when they are due.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exposureDetail, exposureSummaries } from '../../controller/core/exposure/exposure-views.ts'
import { apply } from '../../controller/core/state.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { type Fleet, peerOf, standardFleet } from '../support/fleet-fixtures.ts'

const DAY = 86_400_000
/** When everything began: appliances enrolled a day before. */
const UPLOAD = Date.UTC(2026, 0, 10)

let fleet: Fleet
let patch: Sha256
before(async () => {
  fleet = await standardFleet()
  patch = await fleet.publish({ name: 'openssl', version: '3.0' })
  const { state } = fleet.serviceCenter
  for (const row of [...state.appliances.values()])
    apply(state, { table: 'appliances', row: { ...row, enrolledAt: UPLOAD - DAY } })
  const record = state.patches.get(patch)
  assert.ok(record)
  apply(state, { table: 'patches', row: { ...record, uploadedAt: UPLOAD } })
  for (const { name, kind, organization } of state.appliances.values()) {
    if (kind !== 'tenant') await fleet.detect(name, patch, 'notApplicable', '', 'it is for tenants')
    else if (organization === 'acme') await fleet.detect(name, patch, 'applicable', '2.0')
  }
})
after(() => fleet.close())

/** As it is so many days after the upload. */
function at(days: number) {
  const { state } = fleet.serviceCenter
  state.clock = { ...state.clock, wallMs: UPLOAD + days * DAY }
  const record = state.patches.get(patch)
  assert.ok(record)
  const { organizations, ...all } = exposureDetail(state, record)
  return { all, of: (name: string) => organizations.find(({ organization }) => organization === name) }
}

/** The appliance has it, since so many days after the upload. */
async function installedAt(name: string, days: number): Promise<void> {
  await fleet.detect(name, patch, 'installed', '3.0')
  const { state } = fleet.serviceCenter
  const row = state.detections.get(patch)?.get(peerOf(fleet, name))
  assert.ok(row)
  apply(state, { table: 'detections', row: { ...row, satisfiedSince: UPLOAD + days * DAY } })
}

const day = (days: number) => new Date(UPLOAD + days * DAY).toISOString()
type Said = { severity?: 'critical' | 'high' | null; publishedAt?: number | null; dueAt?: number | null }
const say = (advisory: Said) => {
  const whole = { patch, severity: null, reference: 'DSA-1', publishedAt: null, dueAt: null, ...advisory }
  return fleet.serviceCenter.carryOut({ kind: 'set-advisory', actor: 'ana', advisory: whole })
}

test('without an advisory it runs from the upload and is never due; what nobody has told of counts as exposed', () => {
  const { all, of } = at(3)
  assert.deepEqual(
    [all.state, all.total, all.exposed, all.patched, all.notApplicable, all.since, all.dueAt, all.overdue],
    ['exposed', 8, 8, 0, 4, day(0), null, 0],
  )
  assert.deepEqual([of('acme')?.exposed, of('globex')?.exposed, of('Org 1000')?.state], [4, 4, 'not applicable'])
  assert.deepEqual(
    [...new Set(all.notMeant.map(({ organization, reason }) => `${organization}: ${reason}`))],
    ['Org 1000: it is for tenants'],
  )
  const reasons = new Map(all.appliances.map(({ name, reason }) => [name, reason]))
  assert.equal(reasons.get('acme-paris-primary'), 'no install of it was ordered')
  assert.equal(reasons.get('globex-paris-primary'), 'unknown: the appliance has not looked yet')
})

test('the days of its severity run from the advisory, and what is past them is overdue', async () => {
  assert.ok(!isRefusal(await say({ severity: 'critical', publishedAt: UPLOAD - 5 * DAY })))
  assert.deepEqual([at(9).all.state, at(9).all.clockSince, at(9).all.clockDueAt], ['exposed', day(-5), day(10)])
  const late = at(12).all
  assert.deepEqual([late.state, late.overdue, late.overdueSeconds], ['overdue', 8, (2 * DAY) / 1000])
  // They joined after the advisory, and were there when the patch came.
  assert.deepEqual([late.joinedLate, late.since, late.dueAt], [0, day(-5), day(10)])
})

test('a day that was set counts in place of the days of the severity', async () => {
  await say({ severity: 'critical', dueAt: UPLOAD + 2 * DAY })
  assert.deepEqual([at(1).all.clockDueAt, at(1).all.dueIsSet, at(1).all.state], [day(2), true, 'exposed'])
  assert.deepEqual([at(3).all.state, at(3).all.overdueSeconds], ['overdue', DAY / 1000])
  await say({ dueAt: UPLOAD + 2 * DAY })
  assert.equal(at(3).all.state, 'overdue')
  await say({ severity: 'critical' })
})

test('it stops for an organization with its last appliance, and says how long it took', async () => {
  const names = ['acme-paris-primary', 'acme-paris-secondary', 'acme-tokyo-primary', 'acme-tokyo-secondary']
  for (const [index, name] of names.entries()) await installedAt(name, [1, 2, 4, 20][index] ?? 0)
  const { all, of } = at(30)
  const acme = of('acme')
  assert.deepEqual(
    [acme?.state, acme?.exposed, acme?.patched, acme?.endedAt, acme?.since, acme?.dueAt],
    ['ended', 0, 4, day(20), null, null],
  )
  assert.deepEqual(
    [acme?.medianSeconds, acme?.longestSeconds, acme?.patchedLate],
    [(4 * DAY) / 1000, (20 * DAY) / 1000, 1],
  )
  assert.deepEqual([all.state, all.exposed, all.endedAt], ['overdue', 4, null])
})

test('a later version, or what supersedes it, ends it too; telling the same again does not move the end', async () => {
  await fleet.detect('globex-paris-primary', patch, 'applicable', '3.1')
  assert.equal(at(30).of('globex')?.patched, 1)
  const before = at(30).of('acme')?.endedAt
  await fleet.detect('acme-tokyo-secondary', patch, 'installed', '3.0')
  assert.equal(at(30).of('acme')?.endedAt, before)
})

test('what is lost again counts from the beginning', async () => {
  await fleet.detect('acme-paris-primary', patch, 'applicable', '2.0')
  const { of } = at(30)
  assert.deepEqual([of('acme')?.state, of('acme')?.exposed, of('acme')?.since], ['overdue', 1, day(0)])
  await installedAt('acme-paris-primary', 1)
})

test('one that joins later has the days of the severity from then on, and is counted', async () => {
  const place = { organization: 'acme', dataCenter: 'paris', kind: 'tenant', role: 'primary', group: 'new' } as const
  await fleet.enroll({ name: 'acme-new', ...place })
  const { state } = fleet.serviceCenter
  const row = state.appliances.get(peerOf(fleet, 'acme-new'))
  assert.ok(row)
  apply(state, { table: 'appliances', row: { ...row, enrolledAt: UPLOAD + 25 * DAY } })
  const { of } = at(30)
  assert.deepEqual(
    [of('acme')?.state, of('acme')?.joinedLate, of('acme')?.since, of('acme')?.dueAt],
    ['exposed', 1, day(25), day(40)],
  )
  assert.equal(at(41).of('acme')?.state, 'overdue')
  const told = at(30).all.appliances.find(({ name }) => name === 'acme-new')
  assert.equal(told?.joinedLate, true)
})

test('lists what is overdue first, keeps a superseded patch, and leaves out what is everywhere', async () => {
  const newer = await fleet.publish({ name: 'openssl', version: '3.2' })
  const done = await fleet.publish({ name: 'bash', version: '1' })
  for (const { name } of [...fleet.serviceCenter.state.appliances.values()])
    await fleet.detect(name, done, 'installed', '1')
  at(41)
  const { state } = fleet.serviceCenter
  const names = (which: 'open' | 'all') =>
    exposureSummaries(state, which).map(({ patch: { id }, supersededBy }) => [id, supersededBy?.id ?? null])
  assert.deepEqual(names('open'), [
    [patch, newer],
    [newer, null],
  ])
  assert.deepEqual(names('all').length, 3)
})

test('an advisory of tomorrow, and one that is due before it was published, are refused', async () => {
  for (const advisory of [{ publishedAt: Date.now() + DAY }, { publishedAt: UPLOAD, dueAt: UPLOAD - DAY }]) {
    const reply = await say(advisory)
    assert.ok(isRefusal(reply) && reply.refused === 'bad_field', JSON.stringify(reply))
  }
})
