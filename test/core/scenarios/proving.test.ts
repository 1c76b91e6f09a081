/**
 * When a copy is read again: in its turn, after a process that did not end by itself, and when somebody doubts it; and
 * what is not read, since nobody has reason to.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_SETTINGS, newAgent } from '../../../agent/core/state.ts'
import { step } from '../../../agent/core/step.ts'
import { sha256Hex } from '../../../protocol/hashing.ts'
import { PatchName } from '../../../protocol/identifiers.ts'
import { pieceCount, pieceLengthBytes } from '../../../protocol/pieces.ts'
import { seededRandom } from '../../../protocol/random.ts'
import { seal, signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { Publication } from '../../../protocol/trust/statements.ts'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'

const DAY_MS = 24 * 3_600_000

test('a Service Center that did not end by itself reads again what it had, and not what is uploaded to it since', () => {
  const world = estate('paris')
  const [before, since] = [symbolicPatch({ name: 'before' }), symbolicPatch({ name: 'since' })]
  replicate(world, before)
  world.center.losePower()
  world.center.start()
  const provenAt = ({ publication }: typeof before) => world.center.state.ownCopies.get(publication.sha256)?.provenAt
  const startedAt = world.center.state.clock.wallMs
  world.await('the copy from before is proven again', () => (provenAt(before) ?? 0) >= startedAt)
  world.run(1_000)
  replicate(world, since)
  world.run(60_000)
  assert.equal(provenAt(since), world.center.state.patches.get(since.publication.sha256)?.uploadedAt)
})

/** A store of a Service Center, without a world around it. */
function filledStore({ copies, bytesEach }: { copies: number; bytesEach: number }) {
  const settings = DEFAULT_SETTINGS
  const identity = signingKeyFromSeed(new Uint8Array(32).fill(1))
  const random = seededRandom(1)
  const state = newAgent({
    identity,
    root: identity.peer,
    random,
    settings,
    membership: null,
    dial: [],
    life: '0'.repeat(32),
  })
  const { publication: like } = symbolicPatch()
  const pieceLength = pieceLengthBytes(bytesEach)
  const hash = new Uint8Array(32)
  const hashes = new Uint8Array(32 * pieceCount({ bytes: bytesEach, pieceLength }))
  for (let copy = 0; copy < copies; copy++) {
    const name = PatchName.parse(`patch-${copy}`)
    const sha256 = sha256Hex(Buffer.from(name))
    const publication = { ...like, name, sha256, bytes: bytesEach, pieceLength, publishedAt: 0 }
    const envelope = seal(Publication, publication, identity)
    step(state, { kind: 'seeded', publication, envelope, hashes, copy: { provenAt: 0, wrong: '' }, isNew: true })
  }
  return { state, pieceLength, hash }
}

/** What it wants to read is there and right, at once. */
function readingStore(size: { copies: number; bytesEach: number }) {
  const { state, pieceLength, hash } = filledStore(size)
  /** The oldest that a proof became, and the bytes that were read, from one time to another. */
  return (fromMs: number, toMs: number) => {
    const proofs = new Map<string, number>()
    let oldestMs = 0
    let readBytes = 0
    for (let now = fromMs; now <= toMs; now += 1_000) {
      let effects = step(state, { kind: 'tick', clock: { monotonicMs: now, wallMs: now } })
      for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
        if (effect.kind === 'note-copy') {
          oldestMs = Math.max(oldestMs, now - (proofs.get(effect.patch) ?? 0))
          proofs.set(effect.patch, effect.copy.provenAt)
        }
        if (effect.kind !== 'prove-piece') continue
        const { patch, index } = effect
        readBytes += pieceLength
        effects = [...effects, ...step(state, { kind: 'piece-read-back', patch, index, hash, reason: '' })]
      }
    }
    return { proofs: proofs.size, oldestMs, readBytes }
  }
}

test('a terabyte that was uploaded on one day is read again within a week at the default budget, and at no more than that', () => {
  const run = readingStore({ copies: 32, bytesEach: 31_250_000_000 })
  const { proofs, oldestMs, readBytes } = run(0, 8 * DAY_MS)
  assert.equal(proofs, 32)
  assert.ok(oldestMs <= 7 * DAY_MS, `a proof became ${oldestMs / DAY_MS} days old`)
  assert.ok(readBytes <= (8 * DAY_MS * DEFAULT_SETTINGS.proveBytesPerSecond) / 1000)
})

test('a small store is read once in half a week, while nothing is transferred', () => {
  const run = readingStore({ copies: 3, bytesEach: 1_000_000_000 })
  assert.equal(run(0, 3.4 * DAY_MS).readBytes, 0)
  const { proofs, readBytes } = run(3.4 * DAY_MS, 4 * DAY_MS)
  assert.equal(proofs, 3)
  assert.ok(readBytes < 3_100_000_000, 'each once')
})

/** The wall times of the ticks, twice a second, at which a copy was asked for; nothing is ever read. */
function askedAt(state: ReturnType<typeof filledStore>['state'], fromMs: number, toMs: number): number[] {
  const asked: number[] = []
  for (let now = fromMs; now <= toMs; now += 500) {
    const effects = step(state, { kind: 'tick', clock: { monotonicMs: now, wallMs: now } })
    if (effects.some(({ kind }) => kind === 'prove-piece')) asked.push(now)
  }
  return asked
}

test('a copy is read within a minute after it is due, and not before', () => {
  const { state } = filledStore({ copies: 1, bytesEach: 1_000_000 })
  const dueAt = 3.5 * DAY_MS
  const [first = 0] = askedAt(state, dueAt - 90_000, dueAt + 90_000)
  assert.ok(first >= dueAt && first <= dueAt + 60_000, `asked for ${(first - dueAt) / 1000} s after it was due`)
})

test('a clock that is set back makes a copy due at once', () => {
  const { state } = filledStore({ copies: 1, bytesEach: 1_000_000 })
  for (const patch of state.replicas.keys()) state.proven.set(patch, 2 * DAY_MS)
  assert.deepEqual(askedAt(state, 2 * DAY_MS, 2 * DAY_MS + 5_000), [])
  const clock = { monotonicMs: 2 * DAY_MS + 5_500, wallMs: DAY_MS }
  assert.ok(step(state, { kind: 'tick', clock }).some(({ kind }) => kind === 'prove-piece'))
})

test('while no copy is due they are looked at once a minute, however many they are', () => {
  const { state } = filledStore({ copies: 3, bytesEach: 1_000_000 })
  let looks = 0
  const [patch = assert.fail()] = state.proven.keys()
  state.proven = new (class extends Map<typeof patch, number> {
    override get(key: typeof patch) {
      if (key === patch) looks += 1
      return super.get(key)
    }
  })(state.proven)
  assert.deepEqual(askedAt(state, 0, 10 * 60_000), [])
  assert.ok(looks >= 9 && looks <= 11, `looked ${looks} times in ten minutes`)
})
