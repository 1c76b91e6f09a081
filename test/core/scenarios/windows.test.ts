/**
 * Installs and the maintenance windows of the places where they go, from the setting to the appliance: nothing begins outside
 * of a window, what begins too late is refused by the appliance itself, and everything goes on in the next.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaintenanceWindow } from '../../../controller/core/windows/window.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import {
  deliver,
  estate,
  estateWithTenants,
  estateWithTwoTenants,
  orderFor,
  replicate,
  sealedOrder,
} from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { START_WALL_MS, type World } from '../../../simulator/world/world.ts'

const MINUTE = 60_000
const SECONDARY = 'paris/acme/secondary'
const PRIMARY = 'paris/acme/primary'

const local = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 16)
const now = (world: World): number => world.center.state.clock.wallMs

/** Opens so many minutes from now, for some minutes, and again each hour. */
function windowIn(world: World, minutes: number, given: Partial<Record<keyof MaintenanceWindow, unknown>> = {}) {
  const begins = local(Math.ceil(now(world) / MINUTE) * MINUTE + minutes * MINUTE)
  return MaintenanceWindow.parse({
    ...{ name: 'hourly', kind: 'window', organization: 'acme', dataCenter: null },
    ...{ begins, zone: 'UTC', rule: 'FREQ=HOURLY', minutes: 3 },
    ...given,
  })
}

function set(world: World, window: MaintenanceWindow): void {
  const reply = world.ask({ kind: 'set-window', actor: 'ana', window })
  assert.ok(!isRefusal(reply), JSON.stringify(reply))
}

const started = (world: World, name: string): string[] => world.appliance(name).installer.started
const reasons = (world: World, install: ReturnType<World['install']>): string[] =>
  [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ reason }) => reason)

test('a pair waits for its window and is installed in it, one after the other', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const window = windowIn(world, 10)
  set(world, window)
  const install = world.install(patch, ['acme'])
  world.run(1_000)
  const opensAt = Date.parse(`${window.begins}Z`)
  assert.match(
    reasons(world, install)[0] ?? '',
    /^waits for the maintenance window of acme, which opens on 2026-01-01 at 00:\d\d UTC \(in less than two hours\)$/,
  )
  world.await('it has begun', () => started(world, SECONDARY).length > 0)
  assert.ok(now(world) >= opensAt, 'the window was open')
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.ok(now(world) < opensAt + 3 * MINUTE)
})

test('replication and what has no window go on meanwhile', () => {
  const world = estateWithTenants('paris')
  set(world, windowIn(world, 30))
  const patch = replicate(world)
  const own = world.install(patch, ['provider'])
  world.await('the provider is done', () => world.center.state.installs.get(own)?.state === 'done')
  assert.ok(now(world) < START_WALL_MS + 20 * MINUTE)
})

test('whoever may install may begin outside of windows, and the trail says so', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  set(world, windowIn(world, 30))
  const reply = world.ask({
    ...{ kind: 'start-install', actor: 'ana', patch: patch.publication.sha256, dataCenter: 'All' },
    ...{ organizations: [world.appliance(PRIMARY).state.membership?.organization ?? assert.fail()] },
    ...{ allowOutage: false, outsideWindows: true },
  })
  assert.ok(!isRefusal(reply) && reply.kind === 'install-started')
  const { install } = reply
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.ok(now(world) < START_WALL_MS + 20 * MINUTE)
  const entries = world.center.database.flatMap((change) => (change.table === 'audit' ? [change.row] : []))
  const noted = entries.filter(({ action }) => action === 'set-window' || action === 'install')
  assert.deepEqual(
    noted.map(({ outcome }) => outcome.replace(/\d{4}-\S+ \S+/, 'THEN')),
    ['window of acme: 3 minutes from THEN UTC, FREQ=HOURLY', 'in all Data Centers, outside of maintenance windows'],
  )
})

test('an appliance that gets its order too late refuses it, and is ordered again in the next window', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const window = windowIn(world, 1, { rule: 'FREQ=MINUTELY;INTERVAL=20' })
  set(world, window)
  const install = world.install(patch, ['acme'])
  const target = () => world.center.state.targets.get(install)?.get(world.appliance(SECONDARY).peer)
  // It stands still from the moment at which it was ordered until the window is over.
  world.await('it was ordered', () => target()?.order !== null)
  world.appliance(SECONDARY).freeze()
  world.run(4 * MINUTE)
  world.appliance(SECONDARY).thaw()
  world.await('it has refused', () => target()?.order === null)
  assert.equal(target()?.state, 'queued')
  assert.match(target()?.reason ?? '', /^waits for (its next|the) maintenance window/)
  assert.deepEqual(started(world, SECONDARY), [])
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.ok(now(world) >= Date.parse(`${window.begins}Z`) + 20 * MINUTE)
})

test('an appliance begins nothing after the time in its order, also where its clock is behind', () => {
  for (const behindMs of [0, 30 * MINUTE]) {
    const world = estate('paris')
    const name = 'paris/secondary'
    const patch = replicate(world)
    const beginBy = now(world) - 1_000
    world.appliance(name).state.clockAheadMs = -behindMs
    const { state } = world.appliance(name)
    state.clock = { ...state.clock, wallMs: state.clock.wallMs - behindMs }
    deliver(world, name, sealedOrder(world, orderFor(world, name, patch, { beginBy })))
    assert.deepEqual(started(world, name), [])
    assert.match(
      world.transcript.text(),
      /sends report: refused \(it was to begin by \S+, for its maintenance window, and/,
    )
  }
})

test('a blackout holds what is queued, and a pair that has begun is finished', () => {
  const world = estateWithTwoTenants('paris')
  const patch = replicate(world, symbolicPatch({ order: 'any' }))
  const install = world.install(patch, ['acme', 'globex'])
  world.await('one has begun', () => started(world, SECONDARY).length + started(world, PRIMARY).length > 0)
  const minute = Math.floor(now(world) / MINUTE) * MINUTE
  set(
    world,
    windowIn(world, 0, {
      name: 'freeze',
      kind: 'blackout',
      organization: 'globex',
      begins: local(minute),
      rule: '',
      minutes: 20,
    }),
  )
  world.run(10 * MINUTE)
  const states = () => [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ state }) => state).sort()
  assert.deepEqual(states(), ['installed', 'installed', 'queued', 'queued'])
  assert.ok(reasons(world, install).some((reason) => reason.startsWith('waits for the end of the blackout freeze')))
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.ok(now(world) >= minute + 20 * MINUTE)
})

test('the deadline follows from the windows, and an install that fits into none is refused', () => {
  const world = estateWithTenants('paris')
  const patch = replicate(world)
  const begins = local(START_WALL_MS + 5 * 24 * 60 * MINUTE)
  set(world, windowIn(world, 0, { name: 'far', begins, rule: 'FREQ=WEEKLY', minutes: 60 }))
  const install = world.center.state.installs.get(world.install(patch, ['acme']))
  assert.equal(install?.deadlineAt, Date.parse(`${begins}Z`) + 60 * MINUTE)
  set(world, windowIn(world, 0, { name: 'far', begins, rule: 'FREQ=WEEKLY', minutes: 1 }))
  const slow = replicate(
    world,
    symbolicPatch({ name: 'slow', manifest: { impact: { restart: 'none', estimateSeconds: 60 } } }),
  )
  const reply = world.ask({
    ...{ kind: 'start-install', actor: 'ana', patch: slow.publication.sha256, dataCenter: 'All', allowOutage: false },
    ...{ organizations: [world.appliance(PRIMARY).state.membership?.organization ?? assert.fail()] },
  })
  assert.ok(isRefusal(reply) && reply.refused === 'no_window', JSON.stringify(reply))
})

test('a window of somebody who does not exist is refused, and so is one that somebody else has changed', () => {
  const world = estateWithTenants('paris')
  const window = windowIn(world, 10)
  const nobody = world.ask({ kind: 'set-window', actor: 'ana', window: { ...window, organization: 'nobody' as never } })
  assert.ok(isRefusal(nobody) && nobody.refused === 'unknown_organization')
  const nowhere = world.ask({ kind: 'set-window', actor: 'ana', window: { ...window, dataCenter: 'nowhere' as never } })
  assert.ok(isRefusal(nowhere) && nowhere.refused === 'unknown_data_center')
  set(world, window)
  const late = world.ask({ kind: 'set-window', actor: 'ana', window, instead: null })
  assert.ok(isRefusal(late) && late.refused === 'changed_meanwhile')
  assert.ok(!isRefusal(world.ask({ kind: 'remove-window', actor: 'ana', name: window.name })))
  const gone = world.ask({ kind: 'remove-window', actor: 'ana', name: window.name })
  assert.ok(isRefusal(gone) && gone.refused === 'not_found')
})
