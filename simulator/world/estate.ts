/**
 * What many scenarios begin with: pairs in Data Centers, a patch that is everywhere, and letters that nobody sent.
 */
import { InstallId, OrderId } from '../../protocol/identifiers.ts'
import { type Envelope, seal } from '../../protocol/trust/envelope.ts'
import { Order } from '../../protocol/trust/statements.ts'
import { type SymbolicPatch, symbolicPatch } from './symbolic-patch.ts'
import { START_WALL_MS, World } from './world.ts'

/** A world in which each named Data Center has a Service Provider pair, and everybody is connected. */
export function estate(...dataCenters: string[]): World {
  const world = new World()
  for (const dataCenter of dataCenters) {
    world.add(`${dataCenter}/primary`)
    world.add(`${dataCenter}/secondary`)
  }
  world.run(2_000)
  return world
}

/** `estate` with a tenant pair of the organization `acme` in each Data Center. */
export function estateWithTenants(...dataCenters: string[]): World {
  const world = estate(...dataCenters)
  for (const dataCenter of dataCenters) {
    world.add(`${dataCenter}/acme/primary`)
    world.add(`${dataCenter}/acme/secondary`)
  }
  world.run(2_000)
  return world
}

/** `estateWithTenants` with a pair of `globex` too, so that two pairs are at it side by side after the first. */
export function estateWithTwoTenants(...dataCenters: string[]): World {
  const world = estateWithTenants(...dataCenters)
  for (const dataCenter of dataCenters) {
    world.add(`${dataCenter}/globex/primary`)
    world.add(`${dataCenter}/globex/secondary`)
  }
  world.run(2_000)
  return world
}

/** Uploads a patch and waits until every Service Provider appliance has proven it. */
export function replicate(world: World, patch: SymbolicPatch = symbolicPatch()): SymbolicPatch {
  world.upload(patch)
  const total = world.replications(patch).split('/')[1]
  world.await(`${patch.publication.name} is replicated`, () => world.replications(patch) === `${total}/${total}`)
  return patch
}

/** An order as the Service Center would sign it for this appliance, but for what `differently` says. */
export function orderFor(world: World, name: string, patch: SymbolicPatch, differently: Partial<Order> = {}): Order {
  const { membership, peer } = { ...world.appliance(name).state, peer: world.appliance(name).peer }
  if (membership === null) throw new Error(`${name} is a member`)
  return {
    to: peer,
    orderId: OrderId.parse('f0'.repeat(16)),
    sequence: 100,
    install: InstallId.parse('f1'.repeat(16)),
    attempt: 1,
    action: 'install',
    patch: patch.publication.sha256,
    allowOutage: false,
    organization: membership.organization,
    dataCenter: membership.dataCenter,
    issuedAt: START_WALL_MS,
    expiresAt: START_WALL_MS + 3_600_000,
    after: null,
    continues: null,
    stages: [],
    ...differently,
  }
}

export function sealedOrder(world: World, order: Order, key = world.center.signing): Envelope {
  return seal(Order, order, key)
}

/** Hands a letter to an appliance over its own control stream, as if the Service Center had sent it. */
export function deliver(world: World, name: string, envelope: Envelope): void {
  const { peer, state } = world.appliance(name)
  if (state.uplink.phase !== 'up') throw new Error(`${name} is connected`)
  const { peer: above } = state.uplink
  world.appliance(name).hear({
    kind: 'control-received',
    channel: 'uplink',
    peer: above,
    message: { kind: 'letter', letter: { to: peer, from: world.center.peer, envelope } },
  })
  world.run(100)
}

/** Hands a letter to the Service Center over the stream of `through`. */
export function deliverUp(world: World, through: string, from: string, envelope: Envelope): void {
  const letter = { to: world.center.peer, from: world.appliance(from).peer, envelope }
  world.center.tell({
    kind: 'control-received',
    peer: world.appliance(through).peer,
    message: { kind: 'letter', letter },
  })
}
