/**
 * Every word of a manifest at the appliance that was ordered to install it: what it forbids is refused before anything
 * runs, in both formats, whatever the Service Center has planned; and what it asks for after the install is waited for.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { deliver, estate, orderFor, replicate, sealedOrder } from '../../../simulator/world/estate.ts'
import type { SimulatedAppliance } from '../../../simulator/world/simulated-appliance.ts'
import { type PatchOptions, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const TARGET = 'paris/secondary'
const NO_VERSIONS = { fromVersions: [] }

type Case = {
  field: string
  manifest: PatchOptions['manifest']
  /** Patches that the appliance has installed before. */
  has?: PatchOptions[]
  machine?: Partial<SimulatedAppliance['machine']>
  says: string
}
const cases: Case[] = [
  {
    field: 'appliesTo.applianceTypes',
    manifest: { appliesTo: { ...NO_VERSIONS, applianceTypes: ['tenant'] } },
    says: 'refused (the patch is for tenant, and this appliance is a service-provider)',
  },
  {
    field: 'appliesTo.architecture',
    manifest: { appliesTo: { ...NO_VERSIONS, applianceTypes: [], architecture: 'riscv64' } },
    says: 'refused (the patch is for riscv64, and this appliance takes amd64)',
  },
  {
    field: 'appliesTo.fromVersions',
    manifest: { appliesTo: { applianceTypes: [], fromVersions: ['0.9'] } },
    says: 'refused (the patch is for 0.9, and no version is there)',
  },
  {
    field: 'requires, of what nobody has published',
    manifest: { requires: [{ name: 'base' }] },
    says: 'refused (the patch needs base first, and none is there)',
  },
  {
    field: 'requires, of what is there too old',
    manifest: { requires: [{ name: 'base', version: '2' }] },
    has: [{ name: 'base', version: '1' }],
    says: 'refused (the patch needs base 2 or a later version first, and base 1 is there)',
  },
  {
    field: 'conflicts',
    manifest: { conflicts: [{ name: 'base' }] },
    has: [{ name: 'base', version: '1' }],
    says: 'refused (the patch must not stand beside base, and base 1 is there)',
  },
  {
    field: 'conflicts, of what is there',
    manifest: {},
    has: [{ name: 'base', version: '1', manifest: { conflicts: [{ name: 'patch-1' }] } }],
    says: 'refused (base 1 is there, which must not stand beside patch-1 5)',
  },
  {
    field: 'floor',
    manifest: { floor: '4' },
    has: [{ name: 'patch-1', version: '3' }],
    says: 'refused (version 3 is there, below the floor 4: install patch-1 4 first, or a later version that is not beyond 5)',
  },
  {
    field: 'floor, of what is there',
    manifest: {},
    has: [{ name: 'patch-1', version: '9', manifest: { floor: '6' } }],
    says: 'refused (patch-1 9 is there, over which nothing below its floor 6 is installed)',
  },
  {
    field: 'diskBytes',
    manifest: { diskBytes: 3_000_000 },
    machine: { rooms: [{ folder: '/', freeBytes: 1_000_000 }] },
    says: 'refused (the patch needs 3.0 MB free, and 1.0 MB are free at /)',
  },
]

function order(world: World, options: PatchOptions): ReturnType<typeof symbolicPatch> {
  const patch = replicate(world, symbolicPatch(options))
  const { sequence } = world.appliance(TARGET).state.orders
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { sequence: sequence + 1 })))
  return patch
}

/** Whatever it was ordered has ended. */
function awaitEnd(world: World): void {
  world.await('the order has ended', () => world.appliance(TARGET).state.orders.attempt === null)
}

for (const format of ['bundle', 'deb'] as const) {
  describe(`X14: an appliance that is ordered a ${format}`, () => {
    for (const { field, manifest, has = [], machine = {}, says } of cases) {
      test(`obeys ${field} before anything runs`, () => {
        const world = estate('paris')
        const appliance = world.appliance(TARGET)
        appliance.machine = { ...appliance.machine, ...machine }
        world.restart(TARGET)
        world.run(2_000)
        for (const [index, earlier] of has.entries()) {
          order(world, { ...earlier, format, content: `earlier ${index}` })
          awaitEnd(world)
        }
        const before = appliance.installer.started.length
        order(world, { version: '5', format, ...(manifest === undefined ? {} : { manifest }) })
        awaitEnd(world)
        assert.deepEqual(appliance.installer.started.slice(before), [])
        assert.ok(world.transcript.text().includes(`sends report: ${says}`), world.transcript.text().slice(-1500))
      })
    }

    test('installs what all of it allows', () => {
      const world = estate('paris')
      order(world, { name: 'base', version: '2', format })
      awaitEnd(world)
      order(world, {
        format,
        manifest: {
          appliesTo: { applianceTypes: ['service-provider'], fromVersions: [], architecture: 'amd64' },
          requires: [{ name: 'base', version: '1.10' }],
          conflicts: [{ name: 'base', version: '3' }],
          floor: '1',
        },
      })
      awaitEnd(world)
      assert.equal(world.appliance(TARGET).installer.installedVersion('patch-1'), '1')
    })
  })
}

test('X14: a prerequisite that was installed in the meantime is seen by the next order', () => {
  const world = estate('paris')
  const needing = { manifest: { requires: [{ name: 'base' }] } }
  const patch = order(world, needing)
  awaitEnd(world)
  order(world, { name: 'base' })
  awaitEnd(world)
  const { sequence } = world.appliance(TARGET).state.orders
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { sequence: sequence + 1 })))
  awaitEnd(world)
  assert.equal(world.appliance(TARGET).installer.installedVersion('patch-1'), '1')
})

test('X14: an order that is there before the machine was looked at waits for the look, and is not refused', () => {
  const world = estate('paris')
  // A new process knows nothing of its machine yet, and what it was ordered meanwhile is sent as soon as it is connected.
  const appliance = world.appliance(TARGET)
  appliance.state.machine = null
  order(world, { manifest: { appliesTo: { ...NO_VERSIONS, applianceTypes: [], architecture: 'amd64' } } })
  awaitEnd(world)
  assert.equal(appliance.installer.installedVersion('patch-1'), '1')
})

const SOAK = { verify: { detect: { versionFile: '/v' }, soakSeconds: 60 } }
const WATCHED =
  /sends report: verifying \(version 1 is there and healthy, and is watched until .*: the patch asks for 60 seconds\)/

function stateOf(world: World, install: InstallId, name: string): string | undefined {
  return world.center.state.targets.get(install)?.get(world.appliance(name).peer)?.state
}

test('X14: a soak is waited out on each member before the next begins, and the version is verified again at its end', () => {
  const world = estate('paris')
  const install = world.install(replicate(world, symbolicPatch({ manifest: SOAK })), ['provider'])
  world.run(40_000)
  assert.equal(stateOf(world, install, TARGET), 'verifying')
  assert.match(world.transcript.text(), WATCHED)
  assert.deepEqual(world.appliance('paris/primary').installer.started, [], 'its peer waits')
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.equal(world.replications(symbolicPatch({ manifest: SOAK })), '2/2')
  for (const { installer } of world.appliances.values())
    assert.deepEqual(installer.started, ['install patch-1', 'verify patch-1', 'verify patch-1'])
})

test('X14: what is not healthy any more at the end of its soak is taken back', () => {
  const world = estate('paris')
  const install = world.install(replicate(world, symbolicPatch({ manifest: SOAK })), ['provider'])
  world.run(40_000)
  world.appliance(TARGET).installer.sickness = 'it has stopped answering'
  world.await('the install is halted', () => world.center.state.installs.get(install)?.state === 'halted')
  assert.equal(stateOf(world, install, TARGET), 'reverted')
  assert.equal(world.appliance(TARGET).installer.installedVersion('patch-1'), null)
})

test('X14: a soak goes on after a restart of the agent, from where it was, and says so again', () => {
  const world = estate('paris')
  const install = world.install(replicate(world, symbolicPatch({ manifest: SOAK })), ['provider'])
  world.await('it is watched', () => world.appliance(TARGET).state.orders.attempt?.phase === 'soaking')
  const endsAt = world.appliance(TARGET).state.orders.attempt?.soakEndsAt
  world.run(20_000)
  world.restart(TARGET)
  world.run(20_000)
  assert.equal(stateOf(world, install, TARGET), 'verifying')
  assert.equal(world.appliance(TARGET).state.orders.attempt?.soakEndsAt, endsAt)
  world.await('it has ended', () => stateOf(world, install, TARGET) === 'installed')
  const { started } = world.appliance(TARGET).installer
  assert.deepEqual(started, ['install patch-1', 'verify patch-1', 'verify patch-1'], 'nothing ran for the restart')
})

test('X13: a patch that declares a reboot counts only after a new boot id, and its peer waits for that', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'reboot' }))
  const install = world.install(patch, ['provider'])
  world.await('it waits', () => world.appliance(TARGET).state.orders.attempt?.phase === 'restarting')
  assert.equal(world.appliance(TARGET).state.found.get(patch.publication.sha256)?.result, 'applicable')
  assert.match(
    world.transcript.text(),
    /verifying \(version 1 is there, and counts after a restart: restart this appliance\)/,
  )
  assert.deepEqual(world.appliance('paris/primary').installer.started, [])
  world.await('the install is done', () => world.center.state.installs.get(install)?.state === 'done')
  const text = world.transcript.text()
  const restarted = text.indexOf('paris/secondary        reboots')
  assert.ok(restarted > 0 && restarted < text.indexOf('paris/primary          starts install'), text.slice(-2000))
  assert.deepEqual(world.appliance(TARGET).installer.started, ['install patch-1', 'verify patch-1', 'verify patch-1'])
})

test('X13: a restart of the agent alone is no restart of the machine', () => {
  const world = estate('paris')
  const install = world.install(replicate(world, symbolicPatch({ restart: 'reboot' })), ['provider'])
  const { state } = world.appliance(TARGET)
  world.await('it waits', () => state.orders.attempt?.phase === 'restarting')
  world.restart(TARGET)
  world.run(2_000)
  assert.equal(world.appliance(TARGET).state.orders.attempt?.phase, 'restarting')
  assert.equal(stateOf(world, install, TARGET), 'verifying')
})

test('X13: what was not restarted by the end of its order has failed, stays, and counts after a restart all the same', () => {
  const world = estate('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'reboot' }))
  const { installer } = world.appliance(TARGET)
  const { wallMs } = world.appliance(TARGET).state.clock
  deliver(world, TARGET, sealedOrder(world, orderFor(world, TARGET, patch, { expiresAt: wallMs + 5_000 })))
  awaitEnd(world)
  assert.match(
    world.transcript.text(),
    /sends report: failed \(version 1 is there, and the appliance was not restarted in time: restart it, then it counts\)/,
  )
  assert.equal(installer.installedVersion('patch-1'), '1')
  world.appliance(TARGET).losePower()
  world.appliance(TARGET).start()
  const found = () => world.appliance(TARGET).state.found.get(patch.publication.sha256)?.result
  world.await('it counts', () => found() === 'installed')
  assert.equal(world.appliance(TARGET).state.restarts.size, 0)
})

test('X13: what is installed while a restart is due says so', () => {
  const world = estate('paris')
  const appliance = world.appliance(TARGET)
  appliance.machine = { ...appliance.machine, restartDue: { sinceMs: 86_400_000, wantedBy: ['libc6', 'linux-image'] } }
  world.restart(TARGET)
  world.run(2_000)
  order(world, {})
  awaitEnd(world)
  assert.match(
    world.transcript.text(),
    /sends report: installed \(a restart is due since 1970-01-02T00:00:00.000Z, for libc6, linux-image\)/,
  )
})
