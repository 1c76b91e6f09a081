/**
 * Connections that die without a word: neither end is told, and a dial uses what is left of them. Whoever is silent for 30
 * seconds is not reachable any more, and another connection is there soon after.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { step } from '../../../agent/core/step.ts'
import { tendSilence } from '../../../controller/core/silence.ts'
import { emptyState } from '../../../controller/core/state.ts'
import { SILENCE_MS } from '../../../protocol/limits.ts'
import { Greeting } from '../../../protocol/messages.ts'
import { seededRandom } from '../../../protocol/random.ts'
import { signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { estate, estateWithTenants, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

/** From silence to another connection; a ping, its answer and a dial are within. */
const AGAIN_MS = 40_000

const isReachable = (world: World, name: string) => world.center.state.sessions.has(world.appliance(name).peer)

test('R1: a dead connection is given up by both ends, and another one is there within 40 seconds', () => {
  const world = estate('paris')
  const died = world.nowMs
  world.network.die('paris/primary', 'service-center')
  world.await('it is not reachable', () => !isReachable(world, 'paris/primary'))
  assert.ok(world.nowMs - died <= SILENCE_MS + 10_000, `${world.nowMs - died} ms`)
  world.await('it is back', () => isReachable(world, 'paris/primary'))
  assert.ok(world.nowMs - died <= AGAIN_MS + 2_000, `${world.nowMs - died} ms`)
  const patch = replicate(world)
  assert.equal(world.replications(patch), '2/2')
})

test('R1: a tenant appliance whose connection with its depot is dead is told to have left, and comes back', () => {
  const world = estateWithTenants('paris')
  const { state } = world.appliance('paris/acme/primary')
  const depot = state.uplink.phase === 'up' ? state.uplink.peer : null
  assert.equal(depot, world.appliance('paris/primary').peer)
  // The depot is no longer heard, and the tenant has gone on to the secondary before the primary knows.
  world.network.die('paris/acme/primary', 'paris/primary')
  world.await(
    'the depot knows',
    () => !world.appliance('paris/primary').state.attached.has(world.appliance('paris/acme/primary').peer),
  )
  world.await('it is reachable', () => isReachable(world, 'paris/acme/primary'))
  const patch = replicate(world)
  const install = world.install(patch, ['acme'])
  world.await('it installs', () => world.center.state.installs.get(install)?.state === 'done')
})

test('R1: a source whose connection is dead is dialled anew, and the copy is whole', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 40 })
  world.upload(patch)
  world.await('some of it has come', () => {
    const phase = world.appliance('paris/secondary').state.replicas.get(patch.publication.sha256)?.phase
    return phase?.name === 'transferring'
  })
  world.network.die('paris/secondary', 'paris/primary')
  world.await('both have it', () => world.replications(patch) === '2/2')
})

test('a Service Center that was held up itself takes nobody for silent', () => {
  const heard = (tookMs: number) => {
    const state = emptyState(authority(), seededRandom(1))
    state.heardMs.set(state.mesh, 1_000)
    state.clock = { monotonicMs: 1_000 + SILENCE_MS + 500, wallMs: 0 }
    return tendSilence(state, tookMs).map(({ kind }) => kind)
  }
  assert.deepEqual(heard(500), ['log', 'hang-up'])
  assert.deepEqual(heard(25_000), [])
})

function authority() {
  const signing = signingKeyFromSeed(new Uint8Array(32))
  return { mesh: signing.peer, signing }
}

test('a silence that is set with a fraction of a second is greeted with in whole milliseconds', () => {
  const world = estate('paris')
  const { state, performed } = world.appliance('paris/primary')
  Object.assign(state, { settings: { ...state.settings, silenceMs: 32.3 * 1000 } })
  const told = performed.length
  world.network.cut('paris/primary', 'service-center')
  world.run(AGAIN_MS)
  world.network.mendAll()
  const greeting = () =>
    performed
      .slice(told)
      .flatMap((effect) =>
        effect.kind === 'send-control' && effect.message.kind === 'greeting' ? [effect.message.greeting] : [],
      )[0]
  world.await('it has greeted again', () => greeting() !== undefined)
  assert.ok(Greeting.safeParse(greeting()).success)
})

test('a member that has left the depot while it was dialled does not become what is above', () => {
  const world = estate('paris')
  const { state, peer } = world.appliance('paris/secondary')
  const above = structuredClone(state.uplink)
  const gone = signingKeyFromSeed(new Uint8Array(32).fill(9)).peer
  const effects = step(state, { kind: 'opened', channel: 'uplink', peer: gone, roundTripMs: 1 })
  assert.deepEqual(effects, [{ kind: 'close', channel: 'uplink', peer: gone }])
  assert.deepEqual(state.uplink, above)
  world.run(60_000)
  assert.ok(world.center.state.sessions.has(peer), 'and what it says goes to the Service Center')
})
