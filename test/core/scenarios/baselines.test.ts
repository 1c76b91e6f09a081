/**
 * Baselines, from the setting to the appliance: who is behind is listed with the reason, and brought up inside a maintenance
 * window of its place by an install that nobody starts; nowhere else, and not again and again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../../agent/core/events.ts'
import { BaselinePlace } from '../../../controller/core/baselines/baseline.ts'
import { type BaselineView, baselineViews } from '../../../controller/core/baselines/baseline-views.ts'
import type { InstallRecord } from '../../../controller/core/records.ts'
import { MaintenanceWindow } from '../../../controller/core/windows/window.ts'
import { isRefusal, type Refusal } from '../../../protocol/refusals.ts'
import { estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const MINUTE = 60_000
const [SECONDARY, PRIMARY] = ['paris/acme/secondary', 'paris/acme/primary']
const FAILED: Outcome = { ok: false, reason: 'the program ended with status 3', output: '', temporary: false }
const ACME = { organization: 'acme', dataCenter: 'paris', kind: 'tenant' }

const now = (world: World): number => world.center.state.clock.wallMs

function ask(world: World, kind: 'set-baseline' | 'remove-baseline', patch: SymbolicPatch, place: object = ACME) {
  const { sha256 } = patch.publication
  return world.ask({ kind, actor: 'ana', place: BaselinePlace.parse(place), patch: sha256 })
}
function set(world: World, patch: SymbolicPatch): void {
  assert.equal(isRefusal(ask(world, 'set-baseline', patch)), false)
}

/** From so many minutes on for an hour, each day. */
function windowIn(world: World, minutes: number): void {
  const begins = new Date(Math.ceil(now(world) / MINUTE) * MINUTE + minutes * MINUTE).toISOString().slice(0, 16)
  const given = { name: 'nightly', kind: 'window', organization: 'acme', dataCenter: null, begins, zone: 'UTC' }
  const window = MaintenanceWindow.parse({ ...given, rule: 'FREQ=DAILY', minutes: 60 })
  assert.equal(isRefusal(world.ask({ kind: 'set-window', actor: 'ana', window })), false)
}

function only(world: World): BaselineView {
  const [view, ...others] = baselineViews(world.center.state)
  assert.ok(view !== undefined && others.length === 0)
  return view
}
const behind = (world: World) => only(world).behind.map(({ appliance, reason }) => `${appliance}: ${reason}`)
const installs = (world: World): InstallRecord[] => [...world.center.state.installs.values()]
const installed = (world: World, name: string) => world.appliance(name).installer.installedVersion('patch-1')
const runs = (world: World, name: string): number =>
  world.appliance(name).installer.started.filter((run) => run.startsWith('install')).length

test('who is behind is brought up when the window of the place opens, pair by pair, and not before', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  windowIn(world, 30)
  set(world, patch)
  world.run(20 * MINUTE)
  assert.deepEqual(installs(world), [])
  assert.deepEqual(behind(world).sort(), [`${PRIMARY}: has not got it yet`, `${SECONDARY}: has not got it yet`])
  assert.match(only(world).next, /^waits for the maintenance window of acme, which opens on /)
  world.await('both have it', () => only(world).keeping === 2)
  const [install, ...others] = installs(world)
  assert.deepEqual(
    [install?.startedBy, install?.organizations, others.length],
    ['the baseline that ana has set', ['acme'], 0],
  )
  assert.deepEqual([only(world).behind, only(world).next], [[], ''])
})

test('where no window is set nothing begins by itself, and the list says so', () => {
  const world = estateWithTenants('paris')
  set(world, replicate(world))
  world.run(60 * MINUTE)
  assert.deepEqual(installs(world), [])
  assert.match(
    only(world).next,
    /^no maintenance window is set for it, so nothing begins there by itself: start an install$/,
  )
})

test('a newcomer is named as one, and brought up alone', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  set(world, patch)
  const first = world.install(patch, ['acme'])
  world.await('it is done', () => world.center.state.installs.get(first)?.state === 'done')
  world.add('paris/acme/web/primary')
  world.add('paris/acme/web/secondary')
  world.run(5_000)
  assert.deepEqual(
    behind(world).map((line) => line.split(': ')[1]),
    ['joined after the baseline was set', 'joined after the baseline was set'],
  )
  windowIn(world, 1)
  world.await('all have it', () => only(world).keeping === 4)
  assert.deepEqual([runs(world, SECONDARY), runs(world, PRIMARY)], [1, 1])
})

test('what was taken off by hand is listed as drift, and installed again a day later at the earliest', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  windowIn(world, 1)
  set(world, patch)
  world.await('both have it', () => only(world).keeping === 2)
  world.appliance(PRIMARY).installer.changeByHand('patch-1', null)
  world.run(2 * 60 * MINUTE)
  assert.deepEqual(behind(world), [`${PRIMARY}: it was installed, and is there no more`])
  assert.equal(installs(world).length, 1)
  assert.equal(only(world).next, 'nothing begins by itself for those that are behind now')
  world.run(24 * 60 * MINUTE)
  assert.equal(installed(world, PRIMARY), '1')
  assert.equal(installs(world).length, 2)
})

test('what failed is not tried again without a person, however often the window opens', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  world.appliance(SECONDARY).installer.outcomes.install.push(FAILED)
  windowIn(world, 1)
  set(world, patch)
  world.run(3 * 24 * 60 * MINUTE)
  assert.equal(installs(world).length, 1)
  assert.match(
    behind(world).find((line) => line.startsWith(SECONDARY)) ?? '',
    /ended as (failed|reverted): .*; start another one$/,
  )
  assert.equal(runs(world, SECONDARY), 1)
})

test('a later version keeps to it, and nobody is taken back', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  world.appliance(SECONDARY).installer.changeByHand('patch-1', '2')
  // It looks again by itself once an hour.
  world.run(65 * MINUTE)
  windowIn(world, 1)
  set(world, patch)
  world.await('the other has it', () => installed(world, PRIMARY) === '1')
  world.run(2 * 60 * MINUTE)
  assert.deepEqual([installed(world, SECONDARY), only(world).keeping], ['2', 2])
})

test('another version of the same patch takes its place, and once it is removed nothing begins', () => {
  const world = estateWithTenants('paris')
  const [old, next] = [replicate(world), replicate(world, symbolicPatch({ version: '2' }))]
  set(world, old)
  set(world, next)
  assert.equal(only(world).patch.version, '2')
  assert.equal(isRefusal(ask(world, 'remove-baseline', next)), false)
  windowIn(world, 1)
  world.run(10 * MINUTE)
  assert.deepEqual([baselineViews(world.center.state), installs(world)], [[], []])
})

test('a place without appliances, a patch that is not for its kind, and one that is withdrawn are refused', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const code = (reply: ReturnType<typeof ask>) => (isRefusal(reply) ? (reply as Refusal).refused : reply.kind)
  assert.equal(code(ask(world, 'set-baseline', patch, { ...ACME, dataCenter: 'oslo' })), 'nothing_to_install')
  assert.equal(code(ask(world, 'remove-baseline', patch)), 'not_found')
  const other = symbolicPatch({
    name: 'other',
    manifest: { appliesTo: { applianceTypes: ['firewall'], fromVersions: [] } },
  })
  assert.equal(code(ask(world, 'set-baseline', replicate(world, other))), 'not_applicable')
  world.ask({ kind: 'withdraw', actor: 'ana', patch: patch.publication.sha256, reason: '' })
  assert.equal(code(ask(world, 'set-baseline', patch)), 'withdrawn')
})
