/**
 * How the bytes of a patch reach every Service Provider appliance, and what they go through on the way.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataCenterViews } from '../../../controller/core/data-centers.ts'
import { MAX_REQUESTED_BYTES, MAX_UNSTORED_BYTES } from '../../../protocol/limits.ts'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

const MiB = 1024 * 1024

test('each piece crosses the WAN into a Data Center once, and the secondary takes everything from its primary', () => {
  const world = estate('paris', 'oslo')
  replicate(world, symbolicPatch({ pieces: 9 }))
  for (const dataCenter of ['paris', 'oslo']) {
    const inside = world.taken.filter(({ to }) => to.startsWith(dataCenter))
    const crossed = inside.filter(({ from }) => !from.startsWith(dataCenter))
    assert.deepEqual(crossed.map(({ index }) => index).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8])
    assert.deepEqual(new Set(crossed.map(({ to }) => to)), new Set([`${dataCenter}/primary`]))
    const local = inside.filter(({ to }) => to === `${dataCenter}/secondary`)
    assert.deepEqual(new Set(local.map(({ from }) => from)), new Set([`${dataCenter}/primary`]))
  }
  world.transcript.check('secondary takes everything from its primary')
})

test('a Data Center that cannot be reached delays no other one', () => {
  const world = estate('paris', 'oslo')
  for (const name of ['oslo/primary', 'oslo/secondary']) world.appliance(name).stop()
  const patch = symbolicPatch()
  world.upload(patch)
  world.await('paris has it', () => world.replications(patch) === '2/4')
  assert.ok(world.nowMs < 4_000, 'in the time that it takes alone')
})

test('a secondary whose primary gets nothing for 5 s goes over the WAN, and the primary takes what is then inside', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  const takenBy = (name: string) => world.taken.filter(({ to }) => to === name)
  world.await('the secondary has two pieces', () => takenBy('paris/secondary').length === 2)
  world.network.cut('paris/primary', 'service-center')
  world.say('paris/primary', 'LOSES THE WAN')
  world.await('the secondary has all', () => world.replications(patch) === '1/2')
  world.run(1_000)
  assert.equal(takenBy('paris/primary').length, 6)
  world.network.mend('paris/primary', 'service-center')
  world.say('paris/primary', 'HAS THE WAN AGAIN')
  world.await('both are counted', () => world.replications(patch) === '2/2')

  const crossed = world.taken.filter(({ from }) => from === 'service-center').map(({ index }) => index)
  assert.deepEqual(crossed.sort(), [0, 1, 2, 3, 4, 5], 'each piece crossed the WAN once')
  world.transcript.check('primary loses the WAN and secondary goes over it')
})

test('a secondary whose primary stands still takes the missing pieces over the WAN and keeps those that are inside', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  const takenBySecondary = () => world.taken.filter(({ to }) => to === 'paris/secondary')
  world.await('the secondary has two pieces', () => takenBySecondary().length === 2)
  world.appliance('paris/primary').freeze()
  const frozenAtMs = world.nowMs
  world.await('the secondary has all', () => world.replications(patch) === '1/2')
  assert.ok(world.nowMs - frozenAtMs > 5_000)
  assert.deepEqual(
    takenBySecondary()
      .map(({ index }) => index)
      .sort(),
    [0, 1, 2, 3, 4, 5],
  )
  world.appliance('paris/primary').thaw()
  world.await('both have all', () => world.replications(patch) === '2/2')
})

test('an appliance that is restarted in the middle takes only the pieces that are missing', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  const takenByPrimary = () => world.taken.filter(({ to }) => to === 'paris/primary').map(({ index }) => index)
  world.await('half of it is there', () => takenByPrimary().length === 3)
  world.run(20)
  world.restart('paris/primary')
  world.await('both have all', () => world.replications(patch) === '2/2')
  assert.deepEqual(takenByPrimary().sort(), [0, 1, 2, 3, 4, 5], 'no piece was taken twice')
  world.transcript.check('restart in the middle takes only what is missing')
})

test('a bad piece is caught at the piece, its source is named and told, and each is taken from another meanwhile', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 8 })
  const bad = world.appliance('paris/primary')
  bad.corruptsPieces = true
  world.upload(patch)
  world.await('both have all', () => world.replications(patch) === '2/2')
  const { performed, state } = world.appliance('paris/secondary')
  const blamed = performed.flatMap((effect) =>
    effect.kind === 'log' && effect.line.startsWith('bad source') ? [effect] : [],
  )
  assert.ok(blamed.length > 0 && blamed.every(({ fields }) => fields['peer'] === bad.peer))
  const pieces = blamed.map(({ fields }) => fields['index'])
  assert.equal(new Set(pieces).size, pieces.length, 'no piece was asked of it twice')
  const told = performed.filter((effect) => effect.kind === 'send-pieces' && effect.message.kind === 'wrong')
  assert.equal(told.length, blamed.length)
  assert.equal(state.sources.get(bad.peer)?.quarantinedUntilMs, 0, 'wrong pieces of one patch are what rot makes')
  assert.deepEqual(
    new Set(world.taken.filter(({ to }) => to === 'paris/secondary').map(({ from }) => from)),
    new Set(['service-center']),
  )
  world.transcript.check('bad source is named and left alone')
})

test('a full disk stops one transfer with its reason, and when there is room again it goes on from what was kept', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  const secondary = world.appliance('paris/secondary')
  world.upload(patch)
  const takenBySecondary = () => world.taken.filter(({ to }) => to === 'paris/secondary').map(({ index }) => index)
  world.await('two pieces are there', () => takenBySecondary().length === 2)
  world.run(10)
  secondary.store.isFull = true
  world.say('paris/secondary', 'HAS A FULL DISK')
  world.run(4_000)
  assert.equal(world.replications(patch), '1/2')
  assert.match(
    world.center.state.progress.get(patch.publication.sha256)?.get(secondary.peer)?.reason ?? '',
    /^no space: /,
  )
  secondary.store.isFull = false
  world.say('paris/secondary', 'HAS ROOM AGAIN')
  world.await('both have all', () => world.replications(patch) === '2/2')
  assert.equal(takenBySecondary().filter((index) => index < 2).length, 2, 'what was kept is not taken again')
  world.transcript.check('full disk and room again')
})

test('a file that is damaged before it is sealed is never counted, and is pulled anew', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 4 })
  const { sha256 } = patch.publication
  const primary = world.appliance('paris/primary')
  world.upload(patch)
  world.await('three pieces are there', () => world.taken.filter(({ to }) => to === primary.name).length === 3)
  world.run(10)
  primary.store.rot(sha256, 1)
  world.say(primary.name, 'LOSES A BIT OF PIECE 1')
  world.await('both have all', () => world.replications(patch) === '2/2')
  assert.ok(primary.store.held().has(sha256))
  const expelled = world.transcript.lines.filter((line) => line.includes('reader expelled'))
  assert.deepEqual(expelled, [], 'a reader that was offered the lost pieces is told, not blamed')
  world.transcript.check('damaged file is pulled anew')
})

test('a crash between sealing the file and signing for it costs a second look at the disk, and the receipt still comes', () => {
  const world = estate('paris')
  const patch = symbolicPatch()
  const primary = world.appliance('paris/primary')
  primary.crashPoint = { when: ({ kind }) => kind === 'seal', moment: 'after' }
  world.upload(patch)
  world.await('the primary has crashed', () => !primary.isRunning)
  assert.ok(primary.store.held().has(patch.publication.sha256))
  world.run(1_000)
  world.restart('paris/primary')
  world.await('both have all', () => world.replications(patch) === '2/2')
  world.transcript.check('crash between sealing and receipt')
})

test('a crash after the receipt is recorded and before it is sent loses nothing', () => {
  const world = estate('paris')
  const patch = symbolicPatch()
  const primary = world.appliance('paris/primary')
  primary.crashPoint = {
    when: (effect) => effect.kind === 'record' && effect.entries.some(({ key }) => key.startsWith('proven-')),
    moment: 'after',
  }
  world.upload(patch)
  world.await('the primary has crashed', () => !primary.isRunning)
  world.restart('paris/primary')
  world.await('both have all', () => world.replications(patch) === '2/2')
})

test('a patch whose bytes are already whole in the unfinished file is sealed without a single piece', () => {
  const world = estate('paris')
  const patch = symbolicPatch()
  const primary = world.appliance('paris/primary')
  primary.crashPoint = { when: ({ kind }) => kind === 'seal', moment: 'before' }
  world.upload(patch)
  world.await('the primary has crashed', () => !primary.isRunning)
  const before = world.taken.filter(({ to }) => to === primary.name).length
  world.restart('paris/primary')
  world.await('both have all', () => world.replications(patch) === '2/2')
  assert.equal(world.taken.filter(({ to }) => to === primary.name).length, before)
})

test('the Service Center that is restarted goes on serving what it holds', () => {
  const world = estate('paris')
  const patch = symbolicPatch({ pieces: 6 })
  world.upload(patch)
  world.await('two pieces are there', () => world.taken.length === 2)
  world.center.stop()
  world.run(3_000)
  world.center.start()
  world.await('both have all', () => world.replications(patch) === '2/2')
  assert.equal(new Set(world.taken.map(({ to, index }) => `${to} ${index}`)).size, world.taken.length)
})

test('F14: what came over the WAN is known after appliances and Service Center have both started anew', () => {
  const world = estate('paris')
  replicate(world)
  const came = () => dataCenterViews(world.center.state).map(({ wanBytes }) => wanBytes)
  world.await('all of it is told', () => came().some((bytes) => bytes > 0))
  world.run(2_000)
  const [before] = came()
  world.center.stop()
  world.restart('paris/primary')
  world.restart('paris/secondary')
  world.center.start()
  assert.deepEqual(came(), [0], 'the Service Center itself has forgotten it')
  world.await('it is told anew', () => came()[0] === before)
  world.restart('paris/primary')
  world.run(5_000)
  assert.deepEqual(came(), [before], 'and is not counted twice')
})

test('two patches reach every appliance side by side', () => {
  const world = estate('paris', 'oslo')
  const one = symbolicPatch({ name: 'patch-1', pieces: 5 })
  const other = symbolicPatch({ name: 'patch-2', pieces: 3 })
  world.upload(one)
  world.upload(other)
  world.await('both are everywhere', () => world.replications(one) === '4/4' && world.replications(other) === '4/4')
})

test('a secondary that a cut separates from its primary is served over the WAN, and counted', () => {
  const world = estate('paris')
  world.network.cut('paris/primary', 'paris/secondary')
  const patch = replicate(world)
  assert.equal(world.replications(patch), '2/2')
})

test('a single Service Provider appliance called secondary pulls over the WAN at once', () => {
  const world = new World()
  world.add('paris/secondary')
  world.run(1_000)
  const patch = symbolicPatch()
  world.upload(patch)
  world.await('it has all', () => world.replications(patch) === '1/1')
})

test('an appliance whose disk is slow asks for no more than it can write soon, and completes', () => {
  // A piece of 4 MiB comes in at once and takes two seconds to write.
  const world = new World({ disks: { writeBytesPerMs: 2048, proveBytesPerMs: Number.POSITIVE_INFINITY } })
  world.add('paris/primary')
  world.run(2_000)
  const patch = symbolicPatch({ bytes: 1024 * MiB })
  world.upload(patch)
  const { sha256, pieceLength } = patch.publication
  let most = 0
  world.await('it is whole', () => {
    const phase = world.appliance('paris/primary').state.replicas.get(sha256)?.phase
    const unstored = phase?.name === 'transferring' ? phase.storing.size * pieceLength : 0
    // What was asked for before it was too much still comes.
    most = Math.max(most, unstored)
    return phase?.name === 'held'
  })
  assert.ok(most >= MAX_UNSTORED_BYTES, 'the disk is slower than the network')
  assert.ok(most <= MAX_UNSTORED_BYTES + MAX_REQUESTED_BYTES, `${most / MiB} MiB waited for the disk`)
})
