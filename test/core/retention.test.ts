/**
 * Which patches stay and which are let go, why, and what becomes of the copies of those that are.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOKED_EVERY_MS } from '../../controller/core/retention/letting-go.ts'
import { retentionView } from '../../controller/core/retention/retention-views.ts'
import { UNTOUCHED_MS } from '../../controller/core/retention/standing.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { estate, estateWithTenants, replicate } from '../../simulator/world/estate.ts'
import { type PatchOptions, type SymbolicPatch, symbolicPatch } from '../../simulator/world/symbolic-patch.ts'
import type { World } from '../../simulator/world/world.ts'

const kernel = (version: string, more: PatchOptions = {}) => symbolicPatch({ name: 'kernel', version, ...more })

/** As if they had been uploaded long ago. */
function aged(world: World, ...patches: SymbolicPatch[]): void {
  for (const patch of patches) replicate(world, patch)
  for (const record of world.center.state.patches.values()) record.uploadedAt -= 2 * UNTOUCHED_MS
}

const live = (world: World): string[] =>
  retentionView(world.center.state)
    .patches.filter(({ id }) => world.center.state.patches.get(id as never)?.withdrawal === null)
    .map(({ name, version }) => `${name} ${version}`)

/** What would go, and why the others stay. */
function judged(world: World, keepNewest: number | null): Record<string, string> {
  const { patches } = retentionView(world.center.state, keepNewest)
  return Object.fromEntries(
    patches.map(({ name, version, reasons }) => [`${name} ${version}`, reasons.join('; ') || 'goes']),
  )
}

function keep(world: World, keepNewest: number | null): void {
  assert.ok(!isRefusal(world.ask({ kind: 'set-retention', actor: 'ana', keepNewest })))
}

test('nothing goes while nobody has set a number, and a number that is tried changes nothing', () => {
  const world = estate('paris')
  aged(world, kernel('1'), kernel('2'), kernel('10'))
  assert.deepEqual(judged(world, null), {
    'kernel 10': 'all versions are kept',
    'kernel 2': 'all versions are kept',
    'kernel 1': 'all versions are kept',
  })
  assert.deepEqual(judged(world, 2), {
    'kernel 10': 'it is the newest of its name',
    'kernel 2': 'it is one of the 2 newest of its name',
    'kernel 1': 'goes',
  })
  world.run(2 * LOOKED_EVERY_MS)
  assert.deepEqual(live(world), ['kernel 10', 'kernel 2', 'kernel 1'])
})

test('what is left over is let go within an hour: copies are deleted, receipts count no longer, the trail says why', () => {
  const world = estate('paris')
  const [old, middle, last] = [kernel('1'), kernel('2'), kernel('3')]
  aged(world, old, middle, last)
  keep(world, 2)
  assert.equal(live(world).length, 3)
  world.run(LOOKED_EVERY_MS)
  assert.deepEqual(live(world), ['kernel 3', 'kernel 2'])
  for (const name of ['paris/primary', 'paris/secondary'])
    assert.deepEqual([...world.appliance(name).store.held().keys()].sort(), [middle, last].map(idOf).sort())
  assert.equal(world.replications(last), '2/2')
  const view = retentionView(world.center.state)
  assert.deepEqual([view.leftOverBytes, view.holders], [0, 3])
  assert.equal(world.appliance('paris/primary').state.proven.has(idOf(old)), false)
})

test('pins, baselines, what is installed and what goes back to it stay, and say so', () => {
  const world = estateWithTenants('paris')
  const [installed, pinned, base, gone, newest] = ['1', '2', '3', '4', '5'].map((version) => kernel(version))
  assert.ok(installed && pinned && base && gone && newest)
  aged(world, installed, pinned, base, gone, newest)
  world.install(installed, ['acme'])
  world.await('it is installed', () => judged(world, 1)['kernel 1']?.includes('is installed on') === true)
  world.ask({ kind: 'pin-patch', actor: 'ana', patch: idOf(pinned), reason: 'for the audit' })
  const place = { organization: 'acme', dataCenter: 'paris', kind: 'tenant' } as never
  assert.ok(!isRefusal(world.ask({ kind: 'set-baseline', actor: 'bob', place, patch: idOf(base) })))
  keep(world, 1)
  world.run(3 * LOOKED_EVERY_MS)
  const why = judged(world, 1)
  assert.deepEqual(Object.keys(why), ['kernel 5', 'kernel 3', 'kernel 2', 'kernel 1'])
  assert.equal(why['kernel 2'], 'ana has pinned it: for the audit')
  assert.equal(why['kernel 3'], 'it is the baseline for tenant of acme in paris')
  assert.match(why['kernel 1'] ?? '', /^kernel@1 is installed on /)
  world.ask({ kind: 'unpin-patch', actor: 'ana', patch: idOf(pinned) })
  world.run(LOOKED_EVERY_MS)
  assert.ok(!live(world).includes('kernel 2'))
})

test('a patch that another one needs stays as long as that one does', () => {
  const world = estate('paris')
  const floor = kernel('1')
  const needing = kernel('3', { manifest: { floor: '1' as never, requires: [{ name: 'base' as never }] } })
  const [base, older] = [symbolicPatch({ name: 'base', version: '2' }), symbolicPatch({ name: 'base', version: '1' })]
  aged(world, floor, kernel('2'), older, base, needing)
  assert.deepEqual(judged(world, 1), {
    'base 2': 'it is the newest of its name',
    'base 1': 'goes',
    'kernel 3': 'it is the newest of its name',
    'kernel 2': 'goes',
    'kernel 1': 'kernel@3, which stays, needs it',
  })
})

test('an older version that was uploaded today is not taken away from whoever did it', () => {
  const world = estate('paris')
  aged(world, kernel('2'))
  replicate(world, kernel('1'))
  keep(world, 1)
  world.run(2 * LOOKED_EVERY_MS)
  assert.equal(judged(world, 1)['kernel 1'], 'it was uploaded less than a day ago')
  assert.deepEqual(live(world), ['kernel 2', 'kernel 1'])
})

function idOf({ publication }: SymbolicPatch) {
  return publication.sha256
}
