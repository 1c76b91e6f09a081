/**
 * A disk that does not give a piece which was offered. The source says what it is, once, in its log and to the reader;
 * whoever asked takes the piece from another; and nobody asks the same disk for it again and again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const COULD_NOT_READ = 'cannot read a piece that was asked for: EIO: the disk cannot read a block'

function logged(world: World, name: string): string[] {
  return world.appliance(name).performed.flatMap((effect) => (effect.kind === 'log' ? [effect.line] : []))
}

test('a secondary whose primary cannot read its disk takes what is missing over the WAN', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.appliance('paris/secondary').stop()
  world.upload(patch)
  world.await('the primary has it', () => world.replications(patch) === '1/2')
  const primary = world.appliance('paris/primary')
  primary.store.disk.failing.add('read')
  const secondary = world.appliance('paris/secondary')
  secondary.start()
  world.await('the secondary has it', () => secondary.state.proven.size === 1)
  world.await('what cannot be read does not count', () => world.replications(patch) === '1/2')
  const unread = logged(world, 'paris/primary').filter((line) => line === COULD_NOT_READ)
  assert.ok(unread.length >= 1 && unread.length <= 6, 'each piece was asked of the broken disk once at most')
  const sources = world.taken.filter(({ to }) => to === 'paris/secondary').map(({ from }) => from)
  assert.deepEqual(
    sources,
    Array.from({ length: 6 }, () => 'service-center'),
  )

  primary.store.disk.failing.clear()
  world.await('both have it', () => world.replications(patch) === '2/2')
  assert.equal(world.taken.filter(({ to }) => to === 'paris/primary').length, 6, 'its pieces were right all the time')
})

test('while no other source has the piece its disk gives it when it is well again, though nobody can be reached', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.appliance('paris/secondary').stop()
  world.upload(patch)
  world.await('the primary has it', () => world.replications(patch) === '1/2')
  const primary = world.appliance('paris/primary')
  primary.store.disk.failing.add('read')
  const secondary = world.appliance('paris/secondary')
  secondary.start()
  world.await('it has heard of the patch', () => secondary.state.replicas.size > 0)
  for (const name of ['paris/secondary', 'paris/primary']) world.network.cut(name, 'service-center')
  world.run(4 * 60_000)
  const asked = logged(world, 'paris/primary').filter((line) => line === COULD_NOT_READ).length
  assert.ok(asked <= 6, `6 pieces, asked ${asked} times within four minutes`)
  primary.store.disk.failing.clear()
  world.await('both have it', () => primary.state.proven.size === 1 && secondary.state.proven.size === 1)
  for (const name of ['paris/secondary', 'paris/primary']) world.network.mend(name, 'service-center')
  world.await('both are counted', () => world.replications(patch) === '2/2')
})

test('a reader that is told so by the Service Center is let have other pieces, and gets these from its neighbour', () => {
  const world = estate('paris', 'oslo')
  const patch = symbolicPatch({ pieces: 12 })
  for (const name of ['oslo/primary', 'oslo/secondary']) world.appliance(name).stop()
  world.upload(patch)
  world.await('paris has it', () => world.replications(patch) === '2/4')
  world.center.store.disk.failing.add('read')
  for (const name of ['oslo/primary', 'oslo/secondary']) world.appliance(name).start()
  world.await('all have it', () => world.replications(patch) === '4/4')
})

test('a reader that is told that a piece cannot be read which it never asked for changes nothing', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  const { sha256 } = patch.publication
  world.upload(patch)
  const primary = world.appliance('paris/primary')
  world.await('the secondary is served', () => primary.state.readers.size > 0)
  const secondary = world.appliance('paris/secondary')
  for (const index of [0, 5, 6, 4_000_000])
    secondary.hear({
      kind: 'pieces-received',
      channel: 'source',
      peer: primary.peer,
      message: { kind: 'unreadable', patch: sha256, index },
    })
  world.await('both have it', () => world.replications(patch) === '2/2')
})

test('a reader that says it of itself is expelled', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  world.await('both have it', () => world.replications(patch) === '2/2')
  const primary = world.appliance('paris/primary')
  const message = { kind: 'unreadable', patch: patch.publication.sha256, index: 0 } as const
  primary.hear({ kind: 'pieces-received', channel: 'reader', peer: world.appliance('paris/secondary').peer, message })
  assert.ok(logged(world, 'paris/primary').some((line) => line.startsWith('reader expelled: said unreadable')))
})
