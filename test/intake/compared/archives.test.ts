import assert from 'node:assert/strict'
import { test } from 'node:test'
import { provide } from '../../support/machine.ts'
import { cannotInstall } from '../../support/real-packages.ts'
import { differences } from './compare.ts'
import { controlTarVariants } from './control-tar-variants.ts'
import { memberVariants } from './member-variants.ts'
import { packingVariants } from './packing-variants.ts'
import { tarHeaderVariants } from './tar-header-variants.ts'
import { tarVariants } from './tar-variants.ts'
import { writerVariants } from './writers.ts'

const skip = cannotInstall()

test('Y2: the members of a package are taken and refused as dpkg does', { skip }, async () => {
  assert.deepEqual(await differences(memberVariants()), [])
})

test('Y0 Y1: packings are taken and refused as dpkg does', { skip }, async () => {
  await provide('xz', 'zstd', 'bzip2')
  assert.deepEqual(await differences(packingVariants()), [])
})

test('Y2 Y4: what is in the data archive is taken and refused as dpkg does', { skip }, async () => {
  assert.deepEqual(await differences([...tarVariants(), ...tarHeaderVariants()]), [])
})

test('Y2: the form of the control archive is taken and refused as tar does for dpkg', { skip }, async () => {
  assert.deepEqual(await differences(controlTarVariants()), [])
})

test('Y1 Y2: what dpkg-deb, CPack, ar and tar write is taken and refused as dpkg does', { skip }, async () => {
  await provide('ar', 'cpack')
  assert.deepEqual(await differences(writerVariants()), [])
})
