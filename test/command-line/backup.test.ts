/**
 * `patchmesh backup` and `patchmesh restore` on a folder without a controller: what they refuse, with their sentences, and
 * that a backup which is cut or changed anywhere is never taken for a whole one.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { proveBackup } from '../../controller/shell/backup/prove-backup.ts'
import { openData } from '../../controller/shell/open-data.ts'
import { tamperTrail } from '../support/tampered-trail.ts'
import { patchmesh } from './run-patchmesh.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-backup-'))
const at = (name: string): string => path.join(folder, name)
after(() => rmSync(folder, { recursive: true }))

async function madeData(name: string): Promise<string> {
  const { repository } = await openData(at(name))
  const row = { at: 1, actor: 'Ana', action: 'upload', subject: 'x', outcome: 'done' }
  await repository.commit([{ table: 'audit', row }])
  await repository.close()
  return at(name)
}

const SECRET = ['--passphrase-file', at('passphrase')]
const backUp = (data: string, out: string) => patchmesh(['backup', '--data', data, '--out', at(out)])
const restore = (...words: string[]) => patchmesh(['restore', ...words])
const seal = (out: string, ...words: string[]) =>
  patchmesh(['keys', 'seal', '--data', at('data'), '--out', at(out), ...words])
const place = (file: string, data: string, ...words: string[]) =>
  patchmesh(['keys', 'place', at(file), '--data', at(data), ...words])

before(async () => {
  writeFileSync(at('passphrase'), 'nobody guesses this one\nand this is no part of it\n')
  writeFileSync(at('short'), 'secret\n')
  writeFileSync(at('wrong'), 'somebody else has this one\n')
  for (const { status, stderr } of [await backUp(await madeData('data'), 'backup'), await seal('keys', ...SECRET)])
    assert.equal(status, 0, stderr)
})

describe('what is made', () => {
  test('is for its owner alone, holds no key, and leaves nothing beside it', () => {
    for (const name of ['backup', 'keys']) assert.equal(statSync(at(name)).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    )
    const unpacked = zstdDecompressSync(readFileSync(at('backup')))
    for (const name of ['signing', 'mesh-identity']) {
      const key = readFileSync(path.join(at('data'), 'keys', name))
      assert.equal(unpacked.includes(key), false)
      assert.equal(unpacked.includes(key.toString('base64')), false)
    }
  })

  test('is said to be whole by a check, which restores nothing', async () => {
    const { status, stdout } = await restore(at('backup'), '--check')
    assert.equal(status, 0)
    assert.match(stdout, /backup is whole: made at \d{4}-\d\d-\d\d \d\d:\d\d UTC by release /)
    assert.match(stdout, /\n0 appliances, 0 patches; the trail has 1 entries and is intact, head [0-9a-f]{64}\n/)
  })

  test('is exit status 1 where the trail in it is broken, in words and as JSON', async () => {
    const data = await madeData('tampered')
    tamperTrail(data, "update audit set subject = 'nothing' where position = 1")
    const { status, stdout } = await backUp(data, 'broken-trail')
    assert.equal(status, 1)
    assert.match(stdout, /the trail has \d entries and is broken: entry 1/)
    const checked = await restore(at('broken-trail'), '--check', '--json')
    assert.equal(checked.status, 1)
    assert.equal(JSON.parse(checked.stdout).trail.intact, false)
  })
})

describe('is never replaced or guessed', () => {
  const REFUSED: readonly [string, () => ReturnType<typeof patchmesh>, number, RegExp][] = [
    [
      'a backup that is there',
      () => backUp(at('data'), 'backup'),
      1,
      /is there already, and a backup is never replaced/,
    ],
    ['a folder without data', () => backUp(at('nowhere'), 'new'), 1, /there is no controller's data in .*nowhere/],
    ['keys that are there', () => seal('keys', ...SECRET), 1, /keys is there already, and is never replaced/],
    ['keys without what seals them', () => seal('more'), 2, /either --recipient or --passphrase-file is needed/],
    [
      'a recipient that is none',
      () => seal('more', '--recipient', 'age1no'),
      1,
      /the recipient "age1no" is none of age/,
    ],
    ['a short passphrase', () => seal('more', '--passphrase-file', at('short')), 2, /is shorter than 12 characters/],
    [
      'the wrong passphrase',
      () => place('keys', 'new', '--passphrase-file', at('wrong')),
      1,
      /keys is sealed to another passphrase or recipient/,
    ],
    [
      'a file that holds no keys',
      () => place('passphrase', 'new', ...SECRET),
      1,
      /passphrase is not a file in the age format, or is damaged/,
    ],
    [
      'keys over those of another',
      async () => (await madeData('other'), place('keys', 'other', ...SECRET)),
      1,
      /other has the keys of another Service Center \(12D3\w+\): name another folder/,
    ],
    [
      'no keys at all',
      () => restore(at('backup'), '--data', at('new')),
      1,
      /new has no keys: put them there first with/,
    ],
    ['a file that is not there', () => restore(at('nothing'), '--check'), 1, /nothing cannot be read \(ENOENT\)/],
    [
      'a folder of other keys',
      () => restore(at('backup'), '--data', at('other'), '--replace'),
      1,
      /backup is of a Service Center with other keys \(12D3\w+\): take a backup of this one/,
    ],
  ]
  for (const [what, act, expected, sentence] of REFUSED)
    test(what, async () => {
      const { status, stderr } = await act()
      assert.match(stderr, sentence)
      assert.equal(status, expected)
    })
})

describe('is found', () => {
  /** In this process: each is one of many. */
  const proven = async (content: Uint8Array): Promise<string> => {
    writeFileSync(at('doubtful'), content)
    try {
      await proveBackup(at('doubtful'), folder, () => {})
      return 'whole'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  test('a cut, wherever it is', async () => {
    const whole = readFileSync(at('backup'))
    assert.equal(await proven(whole), 'whole')
    for (const kept of [0, 1, 10, 100, 0.25, 0.5, 0.75, -100, -10, -1]) {
      const bytes = kept > 0 && kept < 1 ? Math.floor(whole.length * kept) : kept
      assert.match(await proven(whole.subarray(0, bytes < 0 ? whole.length + bytes : bytes)), /is damaged|is no backup/)
    }
  })

  test('a changed byte in what is packed, wherever it is, and an entry that is missing or too much', async () => {
    const archive = zstdDecompressSync(readFileSync(at('backup')))
    // A tar header has the length of what follows in octal, from its byte 124; the database is the second entry.
    const contents = 512 + Math.ceil(Number.parseInt(archive.toString('latin1', 124, 135), 8) / 512) * 512
    assert.equal(archive.toString('latin1', contents, contents + 16), 'patchmesh.sqlite')
    for (const place of [contents + 600, contents + 5000, Math.floor(archive.length / 2), archive.length - 2048]) {
      const changed = Buffer.from(archive)
      changed.writeUInt8((changed.readUInt8(place) + 1) % 256, place)
      assert.match(await proven(zstdCompressSync(changed)), /is damaged|cannot be used|fails/, `at ${place}`)
    }
    const ended = Buffer.concat([archive.subarray(0, contents), Buffer.alloc(1024)])
    assert.match(await proven(zstdCompressSync(ended)), /is damaged: patchmesh.sqlite is missing/)
    const end = archive.subarray(0, archive.length - 1024)
    const twice = Buffer.concat([end, archive.subarray(contents)])
    assert.match(await proven(zstdCompressSync(twice)), /is damaged: patchmesh.sqlite was not expected/)
  })

  test('a file of something else', async () => {
    assert.match(await proven(Buffer.from('a letter, and no backup')), /is damaged: it is cut, or is not packed/)
    assert.match(await proven(zstdCompressSync(Buffer.alloc(10_240, 'a letter'))), /is no backup of a Service Center/)
    assert.match(await proven(zstdCompressSync(Buffer.alloc(10_240))), /is no backup of a Service Center/)
  })
})
