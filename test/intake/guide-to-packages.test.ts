import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import * as limits from '../../controller/shell/intake/package-limits.ts'
import { REFUSED_ON_PURPOSE } from '../../controller/shell/intake/refused-on-purpose.ts'
import { MAX_SIGNATURES_BYTES } from '../../protocol/bundle/bundle.ts'
import { MAX_PAYLOAD_ENTRIES } from '../../protocol/bundle/payload-tree.ts'
import { MAX_MANIFEST_BYTES, MAX_PATCH_BYTES, MAX_SIGNATURES } from '../../protocol/limits.ts'

const guide = await readFile(join(import.meta.dirname, '../../docs/operators-guide.md'), 'utf8')
const section = /### Which packages are taken\n([^]*?)\n##/.exec(guide)?.[1] ?? ''

test('Y2: the guide lists what is refused on purpose, each with its reason, and nothing else', () => {
  const table = /\| what \| why \|\n\| --- \| --- \|\n([^]*?)\n\n/.exec(section)?.[1] ?? ''
  const reasons = table.split('\n').map((line) => line.split(' | ')[1]?.replace(/ \|$/, '') ?? line)
  assert.deepEqual(reasons.toSorted(), Object.values(REFUSED_ON_PURPOSE).toSorted())
})

test('Y5: the guide has every limit with its number', () => {
  const ofBundles = { MAX_MANIFEST_BYTES, MAX_SIGNATURES_BYTES, MAX_SIGNATURES, MAX_PAYLOAD_ENTRIES }
  const all = { ...limits, ...ofBundles, MAX_PATCH_BYTES }
  for (const [name, value] of Object.entries(all)) {
    const written = name.endsWith('_BYTES') ? inBytes(value) : [value.toLocaleString('en-US')]
    const found = written.some((text) => new RegExp(`(^|[^\\d,.])${text}\\b`, 'm').test(section))
    assert.ok(found, `the guide does not have ${name}, ${written.join(' or ')}`)
  }
})

/** "64 MiB" where it is so many, and the number of bytes. */
function inBytes(value: number): string[] {
  const units = ['bytes', 'KiB', 'MiB', 'GiB']
  let unit = 0
  let count = value
  while (count % 1024 === 0 && unit < units.length - 1) {
    count /= 1024
    unit += 1
  }
  return unit === 0 ? [`${value}`] : [`${count} ${units[unit]}`]
}
