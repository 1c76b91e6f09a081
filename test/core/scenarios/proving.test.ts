/**
 * When a copy is read again: in its turn, after a process that did not end by itself, and when somebody doubts it; and
 * what is not read, since nobody has reason to.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estate, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'

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
