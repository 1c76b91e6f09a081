import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectBundle } from '../../protocol/bundle/bundle.ts'
import { isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { bundleFixture, SCRIPT } from '../support/bundle-fixtures.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { type TarFixture, tarEntry } from '../support/tar-fixtures.ts'

async function refuses(entries: readonly TarFixture[], code: RefusalCode, says: RegExp): Promise<void> {
  const judged = await inspectBundle(chunked(bundleFixture({ payload: [SCRIPT, ...entries] })))
  assert.ok(isRefusal(judged), `${JSON.stringify(entries)} was accepted`)
  assert.equal(judged.refused, code, judged.message)
  assert.match(judged.message, says)
}

test('accepts folders, deep paths and long names', async () => {
  const payload: TarFixture[] = [
    SCRIPT,
    { name: 'payload/empty/', type: '5', mode: 0o755 },
    { name: `payload/${'d'.repeat(90)}/${'f'.repeat(95)}`, content: 'x' },
    { name: 'payload/a/b/c/d', content: 'x' },
    { name: 'payload/a/', type: '5', mode: 0o755 },
  ]
  const entries = payload.map((entry) =>
    entry.name.length <= 100
      ? tarEntry(entry)
      : tarEntry({ ...entry, overwrite: { 0: `${'f'.repeat(95)}\0`, 345: `payload/${'d'.repeat(90)}\0` } }),
  )
  const judged = await inspectBundle(chunked(bundleFixture({ payload: entries })))
  assert.ok(!isRefusal(judged), JSON.stringify(judged))
})

test('U10 U11 refuses names that lead out of payload/', async () => {
  const names = [
    'payload/../etc/cron.d/x',
    '../x',
    '/etc/passwd',
    'payload/./x',
    'payload/a/../../x',
    'etc/passwd',
    'payload',
  ]
  for (const name of names) await refuses([{ name, content: 'x' }], 'unsafe_entry', /leads out of|not inside payload/)
})

test('U10 refuses names that are not plain, and prints them harmlessly', async () => {
  const plainIsNot = [
    'C:\\x',
    'a\nb',
    'a\x1b[31m',
    'a b',
    '<script>alert(1)</script>',
    ';reboot',
    '$(id)',
    'a//b',
    '',
    'a/',
  ]
  const unicode = ['caf\u00e9', 'a\u202eb', '\u{1f600}'].map((name) => Buffer.from(name).toString('latin1'))
  for (const name of [...plainIsNot, ...unicode]) {
    await refuses([{ name: `payload/${name}`, content: 'x' }], 'bad_name', /^[\x20-\x7e\u0080-\uffff]+$/)
  }
})

test('U12 U13 refuses symbolic and hard links', async () => {
  await refuses([{ name: 'payload/l', type: '2', linkName: '/etc' }], 'unsafe_entry', /a symbolic link/)
  await refuses([{ name: 'payload/l', type: '1', linkName: '/etc/shadow' }], 'unsafe_entry', /a hard link/)
  await refuses([{ name: 'payload/l', linkName: '/etc/shadow' }], 'malformed', /a link name/)
})

test('U14 refuses devices, fifos, sparse files and dangerous modes', async () => {
  const types = {
    '3': 'character device',
    '4': 'block device',
    '6': 'fifo',
    S: 'sparse',
    '7': 'contiguous',
    '\0': 'type',
  }
  for (const [type, what] of Object.entries(types)) {
    await refuses([{ name: 'payload/d', type }], 'unsafe_entry', new RegExp(what))
  }
  for (const mode of [0o4755, 0o2755, 0o1755, 0o777, 0o600, 0]) {
    await refuses([{ name: 'payload/m', mode, content: 'x' }], 'unsafe_entry', /has mode/)
  }
})

test('U15 refuses an entry that is there twice, or is a file and a folder', async () => {
  const file = { name: 'payload/f', content: 'x' }
  await refuses([file, file], 'unsafe_entry', /there twice/)
  const folder = { name: 'payload/d/', type: '5', mode: 0o755 }
  await refuses([folder, folder], 'unsafe_entry', /there twice/)
  await refuses([file, { name: 'payload/f/g', content: 'x' }], 'unsafe_entry', /passes through f/)
  await refuses([{ name: 'payload/f/g', content: 'x' }, file], 'unsafe_entry', /there twice/)
})

test('U16 refuses names that differ only in the case of letters, folders on the way too', async () => {
  const lower = { name: 'payload/read/me', content: 'x' }
  await refuses([lower, { name: 'payload/read/Me', content: 'x' }], 'unsafe_entry', /case of letters/)
  await refuses([lower, { name: 'payload/Read/other', content: 'x' }], 'unsafe_entry', /case of letters/)
})

test('U19 refuses more entries than a payload may have', async () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => ({ name: `payload/e${index}` }))
  await refuses(entries, 'too_large', /more than 10000 entries/)
})

test('U20 refuses pax and GNU entries that would override a name or a size', async () => {
  for (const type of ['x', 'g', 'L', 'K']) {
    await refuses([{ name: 'payload/h', type, content: '12 size=1\n' }], 'unsafe_entry', /pax|GNU/)
  }
})

test('U21 refuses a header that hides something in a field that is not read', async () => {
  const hidden = { 136: '00000000001\0', 108: '0000001\0', 265: 'root', 500: 'PK\x03\x04', 20: 'hidden' }
  for (const [offset, text] of Object.entries(hidden)) {
    await refuses([{ name: 'payload/h', overwrite: { [offset]: text } }], 'malformed', /is not plain/)
  }
})
