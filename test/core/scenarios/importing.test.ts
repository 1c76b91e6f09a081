/**
 * A patch that somebody brings on a disk: what is asked for, what is believed, what crosses the WAN meanwhile, and how it
 * ends for whoever waits there.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEffect, Visitor } from '../../../agent/core/events.ts'
import type { ImportAnswer } from '../../../agent/core/import-answers.ts'
import { step } from '../../../agent/core/step.ts'
import { hasBit } from '../../../protocol/bitfield.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { seal, signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { Publication } from '../../../protocol/trust/statements.ts'
import { estate, estateWithTenants } from '../../../simulator/world/estate.ts'
import { type SymbolicPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const AT = 'paris/primary'
const ANA = 1 as Visitor
const BOB = 2 as Visitor

/** Uploaded, and each piece takes as long over the network as the test likes. */
function published(world: World, patch: SymbolicPatch = symbolicPatch({ pieces: 6 })): SymbolicPatch {
  world.network.pieceMs = 20_000
  world.upload(patch)
  return patch
}

function ask(world: World, patch: SymbolicPatch, visitor = ANA, name = AT): void {
  const record = world.center.state.patches.get(patch.publication.sha256)
  assert.ok(record)
  world.appliance(name).hear({ kind: 'import-asked', visitor, publication: record.envelope, hashes: patch.hashes })
}

/** What this visitor was told, the oldest first. */
function told(world: World, visitor = ANA, name = AT): ImportAnswer[] {
  const isAnswer = (effect: AgentEffect) => effect.kind === 'answer-visitor' && effect.visitor === visitor
  return world
    .appliance(name)
    .performed.filter(isAnswer)
    .map((effect) => (effect as unknown as { answer: ImportAnswer }).answer)
}

function lastTold(world: World, visitor = ANA, name = AT): ImportAnswer {
  const last = told(world, visitor, name).at(-1)
  assert.ok(last, 'the visitor was told something')
  return last
}

function refusalOf(answer: ImportAnswer): string {
  assert.ok(isRefusal(answer), JSON.stringify(answer))
  return answer.refused
}

function bring(world: World, patch: SymbolicPatch, indexes: readonly number[]): void {
  for (const index of indexes) {
    world.appliance(AT).bringPiece(ANA, patch.publication.sha256, index, patch.pieces[index] ?? new Uint8Array())
    world.await('the piece was taken', () => 'taken' in lastTold(world) || 'imported' in lastTold(world))
  }
}

function wantedPieces(answer: ImportAnswer, patch: SymbolicPatch): number[] {
  assert.ok('wanted' in answer, JSON.stringify(answer))
  return patch.pieces.map((_, index) => index).filter((index) => hasBit(answer.wanted, index))
}

/** Pieces that any member has asked somebody outside for. */
function askedOverWan(world: World): number {
  return ['paris/primary', 'paris/secondary'].flatMap((name) =>
    world
      .appliance(name)
      .performed.filter(
        (effect) =>
          effect.kind === 'send-pieces' && effect.peer === world.center.peer && effect.message.kind === 'request',
      ),
  ).length
}

test('it counts at both members without a piece over the WAN, though the line is there', () => {
  const world = estate('paris')
  const patch = published(world)
  ask(world, patch)
  world.await('it is asked for', () => told(world).length === 1)
  assert.deepEqual(wantedPieces(lastTold(world), patch), [0, 1, 2, 3, 4, 5])
  world.run(4_000)
  bring(world, patch, [0, 1, 2, 3, 4, 5])
  world.await('it is proven', () => 'imported' in lastTold(world))
  world.await('both count', () => world.replications(patch) === '2/2')
  assert.equal(askedOverWan(world), 0)
})

test('who brings it and goes away leaves what came, and the rest comes over the WAN', () => {
  const world = estate('paris')
  const patch = published(world)
  ask(world, patch)
  world.await('it is asked for', () => told(world).length === 1)
  bring(world, patch, [0, 1, 2])
  world.network.pieceMs = 100
  world.run(5_000)
  assert.equal(askedOverWan(world), 0)
  world.appliance(AT).hear({ kind: 'import-left', visitor: ANA })
  world.await('both count', () => world.replications(patch) === '2/2')
  assert.equal(askedOverWan(world), 3)
})

test('a wrong piece ends it, and is not stored', () => {
  const world = estate('paris')
  const patch = published(world)
  ask(world, patch)
  world.await('it is asked for', () => told(world).length === 1)
  world.appliance(AT).bringPiece(ANA, patch.publication.sha256, 2, Buffer.from('something else'))
  assert.equal(refusalOf(lastTold(world)), 'digest_mismatch')
  const { phase } = world.appliance(AT).state.replicas.get(patch.publication.sha256) ?? {}
  assert.ok(phase?.name === 'transferring' && phase.storing.size === 0 && !hasBit(phase.stored, 2))
  world.network.pieceMs = 100
  world.await('both count all the same', () => world.replications(patch) === '2/2')
})

test('nothing is believed that its own Service Center has not signed', () => {
  const world = estate('paris')
  const patch = published(world)
  const record = world.center.state.patches.get(patch.publication.sha256)
  assert.ok(record)
  const forged = seal(Publication, record.publication, signingKeyFromSeed(new Uint8Array(32).fill(3)))
  world.appliance(AT).hear({ kind: 'import-asked', visitor: ANA, publication: forged, hashes: patch.hashes })
  assert.equal(refusalOf(lastTold(world)), 'wrong_signer')
  const hashes = Buffer.from(patch.hashes)
  hashes[5] = (hashes[5] ?? 0) ^ 1
  world.appliance(AT).hear({ kind: 'import-asked', visitor: ANA, publication: record.envelope, hashes })
  assert.equal(refusalOf(lastTold(world)), 'digest_mismatch')
})

test('one that was withdrawn since the disk was written is refused', () => {
  const world = estate('paris')
  const patch = published(world)
  const { envelope } = world.center.state.patches.get(patch.publication.sha256) ?? {}
  assert.ok(envelope)
  world.ask({ kind: 'withdraw', actor: 'admin', patch: patch.publication.sha256, reason: 'a mistake' })
  world.run(5_000)
  world.appliance(AT).hear({ kind: 'import-asked', visitor: ANA, publication: envelope, hashes: patch.hashes })
  assert.equal(refusalOf(lastTold(world)), 'withdrawn')
  assert.equal(world.appliance(AT).state.replicas.has(patch.publication.sha256), false)
})

test('a second one who brings the same patch is told to wait, and one at a tenant to go to the depot', () => {
  const world = estateWithTenants('paris')
  const patch = published(world)
  ask(world, patch)
  world.await('it is asked for', () => told(world).length === 1)
  ask(world, patch, BOB)
  assert.equal(refusalOf(lastTold(world, BOB)), 'import_running')
  world.run(2_000)
  ask(world, patch, ANA, 'paris/acme/primary')
  assert.equal(refusalOf(lastTold(world, ANA, 'paris/acme/primary')), 'not_wanted')
})

test('whoever waits is told that the disk of the appliance is full', () => {
  const world = estate('paris')
  const patch = published(world)
  ask(world, patch)
  world.await('it is asked for', () => told(world).length === 1)
  const { state } = world.appliance(AT)
  const { sha256 } = patch.publication
  const effects = step(state, { kind: 'store-failed', patch: sha256, code: 'no_space', message: '9 MB needed' })
  const [answer] = effects.filter(({ kind }) => kind === 'answer-visitor')
  assert.ok(answer?.kind === 'answer-visitor' && isRefusal(answer.answer))
  assert.deepEqual(answer.answer, { refused: 'no_space', message: 'no space: 9 MB needed' })
  assert.equal(state.importing.size, 0)
})
