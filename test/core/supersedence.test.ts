import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchSummaries } from '../../controller/core/patch-views.ts'
import { emptyFleet } from '../support/fleet-fixtures.ts'

type Published = { name: string; version: string; supersedes?: { name: string; version?: string }[] }

/** NAME VERSION of each patch, and of the one that took its place. */
async function superseded(...patches: Published[]): Promise<Record<string, string>> {
  const fleet = await emptyFleet()
  try {
    for (const patch of patches) await fleet.publish(patch)
    const titled = patchSummaries(fleet.serviceCenter.state).flatMap(({ name, version, supersededBy }) =>
      supersededBy === null ? [] : [[`${name} ${version}`, `${supersededBy.name} ${supersededBy.version}`]],
    )
    return Object.fromEntries(titled) as Record<string, string>
  } finally {
    await fleet.close()
  }
}

test('the latest version of a name supersedes the others, in whatever order they came', async () => {
  const patches = ['1.10', '1.9', '1.9.1'].map((version) => ({ name: 'kernel', version }))
  const expected = { 'kernel 1.9': 'kernel 1.10', 'kernel 1.9.1': 'kernel 1.10' }
  assert.deepEqual(await superseded(...patches), expected)
})

test('a patch supersedes those that its manifest names, up to the version it gives', async () => {
  const rollup = { name: 'rollup', version: '1', supersedes: [{ name: 'old', version: '2.0' }, { name: 'kernel' }] }
  assert.deepEqual(await superseded({ name: 'kernel', version: '9' }, { name: 'old', version: '2.0' }, rollup), {
    'kernel 9': 'rollup 1',
    'old 2.0': 'rollup 1',
  })
  assert.deepEqual(await superseded({ name: 'old', version: '2.1' }, rollup), {})
})

test('of two that name each other neither is superseded', async () => {
  const patches = [
    { name: 'left', version: '1', supersedes: [{ name: 'right' }] },
    { name: 'right', version: '1', supersedes: [{ name: 'left' }] },
  ]
  assert.deepEqual(await superseded(...patches), {})
})
