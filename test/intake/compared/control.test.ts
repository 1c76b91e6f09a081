import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cannotInstall } from '../../support/real-packages.ts'
import { differences } from './compare.ts'
import { conffilesVariants, controlArchiveVariants, triggersVariants } from './control-archive-variants.ts'
import { fieldVariants, relationVariants, stanzaVariants, versionVariants } from './control-variants.ts'

const TABLES = {
  'Y2 Y3: the lines of a control file': stanzaVariants,
  'Y2 Y3: the fields of a control file': fieldVariants,
  'Y3: versions': versionVariants,
  'Y3: relations to other packages': relationVariants,
  'Y4: conffiles': conffilesVariants,
  'Y4: triggers': triggersVariants,
  'Y2 Y4: the files of a control archive': controlArchiveVariants,
} as const

for (const [what, variants] of Object.entries(TABLES)) {
  test(`${what} are taken and refused as dpkg does`, { skip: cannotInstall() }, async () => {
    assert.deepEqual(await differences(variants()), [])
  })
}
