import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cannotInstall } from '../../support/real-packages.ts'
import { differences } from './compare.ts'
import { memberVariants } from './member-variants.ts'

test('Y2: the members of a package are taken and refused as dpkg does', { skip: cannotInstall() }, async () => {
  assert.deepEqual(await differences(memberVariants()), [])
})
