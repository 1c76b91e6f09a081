/**
 * What a patch says of others when it is uploaded: circles that nobody could ever get through are refused, and what only
 * looks like one is not.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeRelations } from '../../controller/core/upload-relations.ts'
import { contradiction } from '../../protocol/bundle/manifest-contradictions.ts'
import { type PatchOptions, symbolicPatch } from '../../simulator/world/symbolic-patch.ts'

const patch = (name: string, version: string, manifest: PatchOptions['manifest'] = {}) =>
  symbolicPatch({ name, version, manifest }).publication.manifest
const needs = (name: string, version?: string) => ({
  requires: [version === undefined ? { name } : { name, version }],
})
const replacing = (name: string, version?: string) => ({
  supersedes: [version === undefined ? { name } : { name, version }],
})

const rows: [
  title: string,
  upload: ReturnType<typeof patch>,
  others: ReturnType<typeof patch>[],
  says: RegExp | null,
][] = [
  ['two that require each other', patch('a', '1', needs('b')), [patch('b', '1', needs('a'))], /^a 1 requires b, which/],
  [
    'three that require each other in a circle',
    patch('a', '1', needs('b')),
    [patch('b', '1', needs('c')), patch('c', '1', needs('a'))],
    /requires b, which requires it in turn/,
  ],
  ['a required one that nobody has published', patch('a', '1', needs('b')), [], null],
  [
    'a circle that an older version of the other leads out of',
    patch('a', '1', needs('b')),
    [patch('b', '2', needs('a')), patch('b', '1')],
    null,
  ],
  [
    'a circle that only a version below the required one leads out of',
    patch('a', '1', needs('b', '2')),
    [patch('b', '2', needs('a')), patch('b', '1')],
    /requires b 2/,
  ],
  [
    'two that supersede each other',
    patch('a', '1', replacing('b')),
    [patch('b', '1', replacing('a'))],
    /supersede each other in a circle/,
  ],
  [
    'a circle through a later version of a name',
    patch('a', '2', replacing('b', '2')),
    [patch('b', '2'), patch('b', '1', replacing('a', '2'))],
    /a 2, b 1 supersede each other in a circle/,
  ],
  ['one that takes the place of another', patch('a', '1', replacing('b')), [patch('b', '9')], null],
]

for (const [title, upload, others, says] of rows) {
  test(`X14: ${title}: ${says === null ? 'is taken in' : 'is refused'}`, () => {
    const judged = judgeRelations(upload, others)
    if (says === null) assert.equal(judged, null)
    else {
      assert.equal(judged?.refused, 'bad_manifest')
      assert.match(judged?.message ?? '', says)
    }
  })
}

const against: [title: string, manifest: PatchOptions['manifest'], says: string | null][] = [
  ['a floor above the version', { floor: '2.1' }, 'its floor 2.1 is above 2'],
  ['a floor at the version', { floor: '2' }, null],
  [
    'a conflict with what is required',
    { ...needs('b'), conflicts: [{ name: 'b' }] },
    'it conflicts with b, and requires b',
  ],
  [
    'a conflict with all that would be late enough',
    { ...needs('b', '2'), conflicts: [{ name: 'b', version: '1' }] },
    'it conflicts with b 1, and requires b 2',
  ],
  ['a conflict with what is later than needed', { ...needs('b', '2'), conflicts: [{ name: 'b', version: '3' }] }, null],
  ['a requirement of its own next version', needs('a', '3'), 'a 2 requires itself, or what comes after it'],
  ['a requirement of its own last version', needs('a', '1'), null],
  [
    'a skew that is shorter than the soak',
    {
      pair: { peerCompat: [], maxSkewSeconds: 60, order: 'any' },
      verify: { detect: { versionFile: '/v' }, soakSeconds: 60 },
    },
    'a pair is at different versions for 65 seconds at least, its soak and its estimate, and pair.maxSkewSeconds allows 60',
  ],
]

for (const [title, manifest, says] of against) {
  test(`X14: ${title} ${says === null ? 'is no contradiction' : 'contradicts itself'}`, () =>
    assert.equal(contradiction(patch('a', '2', manifest)), says))
}
