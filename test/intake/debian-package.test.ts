import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { inspectDebianPackage } from '../../controller/shell/intake/debian-package.ts'
import { isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { chunked, flipBit, places } from '../support/chunked-bytes.ts'
import { type ArFixture, arArchive, buildDebianPackage, CONTROL, debianMembers } from '../support/debian-fixtures.ts'
import { gnuLongName, type TarFixture, tarArchive } from '../support/tar-fixtures.ts'

const COMPRESSIONS = ['gzip', 'xz', 'zstd'] as const

async function refuses(bytes: Uint8Array, code: RefusalCode, says: RegExp = /./): Promise<void> {
  const judged = await inspectDebianPackage(chunked(bytes))
  assert.ok(isRefusal(judged), `was accepted: ${JSON.stringify(judged)}`)
  assert.equal(judged.refused, code, judged.message)
  assert.match(judged.message, says)
}

async function refusesData(data: readonly TarFixture[], code: RefusalCode, says: RegExp): Promise<void> {
  await refuses(arArchive(debianMembers({ data })), code, says)
}

/** A right package with one member changed, added or left out. */
function withMembers(change: (members: ArFixture[]) => ArFixture[]): Buffer {
  return arArchive(change(debianMembers({})))
}

/**
 * 20,000 bytes that compress to half: gzip stores what does not compress in blocks whose headers end with up to seven
 * bits that mean nothing, and a flip of those is no damage.
 */
function filler(): Buffer {
  const digest = (index: number) => createHash('sha256').update(`${index}`).digest('hex')
  return Buffer.from(Array.from({ length: 20_000 / 64 + 1 }, (_, index) => digest(index)).join('')).subarray(0, 20_000)
}

test('derives the manifest of a package from its control fields, whatever compresses it', async () => {
  for (const compression of [...COMPRESSIONS, 'none'] as const) {
    for (const chunkBytes of [1, 997, 1 << 20]) {
      const draft = await inspectDebianPackage(chunked(buildDebianPackage({ compression }), chunkBytes))
      assert.ok(!isRefusal(draft), JSON.stringify(draft))
      assert.equal(draft.name, 'fixture')
      assert.equal(draft.version, '1:2.0-3~rc1')
      assert.equal(draft.publisher, 'Tests <tests@example.org>')
      assert.equal(draft.appliesTo.architecture, 'amd64')
      assert.equal(draft.impact.restart, 'none')
      assert.equal(draft.revert, 'none')
      assert.equal(draft.diskBytes, 12 * 1024)
      assert.deepEqual(draft.verify, { detect: { dpkg: 'fixture' }, soakSeconds: 0 })
    }
  }
})

test('a package with maintainer scripts restarts a service, one for all architectures fits everywhere', async () => {
  const control = CONTROL.map((line) => line.replace('Architecture: amd64', 'Architecture: all'))
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) {
    const deb = buildDebianPackage({ control, scripts: { [script]: '#!/bin/sh\nexit 0\n' } })
    const draft = await inspectDebianPackage(chunked(deb))
    assert.ok(!isRefusal(draft), JSON.stringify(draft))
    assert.equal(draft.impact.restart, 'service')
    assert.equal(draft.appliesTo.architecture, undefined)
  }
})

test('U4 refuses a package cut at every field of its headers and at every sixteenth', async () => {
  for (const compression of COMPRESSIONS) {
    const deb = buildDebianPackage({ compression })
    const cuts = new Set<number>()
    for (const field of [0, 16, 28, 34, 40, 48, 58, 60]) cuts.add(8 + field).add(72 + field)
    for (let part = 1; part < 16; part++) cuts.add(Math.floor((deb.byteLength * part) / 16))
    cuts.add(7).add(deb.byteLength - 1)
    for (const cut of cuts) {
      const judged = await inspectDebianPackage(chunked(deb.subarray(0, cut)))
      // a cut within the padding of the last member loses nothing but a line feed, which must be there
      assert.ok(isRefusal(judged), `${compression} cut at ${cut} was accepted`)
      assert.equal(judged.refused, 'truncated', judged.message)
    }
  }
})

test('U5 finds one flipped bit wherever a checksum or a field grammar covers it', async () => {
  for (const compression of COMPRESSIONS) {
    const deb = buildDebianPackage({ compression, files: { '/opt/filler': filler() } })
    const data = deb.indexOf('data.tar') + 60
    // the last eight bytes of xz are a footer without content; gzip's header has a time and a system without checksum
    const covered = places(64, deb.byteLength - data - 40).map((place) => data + 20 + place)
    for (const [index, place] of covered.entries()) {
      const judged = await inspectDebianPackage(chunked(flipBit(deb, place, index % 8)))
      assert.ok(isRefusal(judged), `${compression}: bit ${index % 8} of byte ${place} was not found`)
    }
  }
  const deb = buildDebianPackage({ files: { '/opt/filler': filler() } })
  await refuses(flipBit(deb, deb.byteLength - 5000, 2), 'digest_mismatch', /data.tar.gz is damaged/)
})

test('U6 refuses whatever follows the last member', async () => {
  const deb = buildDebianPackage()
  for (const tail of [Buffer.from('x'), Buffer.alloc(60), Buffer.from('\n'), deb]) {
    await refuses(Buffer.concat([deb, tail]), 'trailing_bytes', /ends at byte \d+/)
  }
})

test('U6 refuses what follows the end inside a compressed member', async () => {
  const tar = tarArchive([{ name: './', type: '5', mode: 0o755 }])
  const junk = Buffer.from('junk')
  const members = debianMembers({}).slice(0, 2)
  const data = (name: string, content: Buffer) => arArchive([...members, { name, content }])
  await refuses(data('data.tar.gz', Buffer.concat([gzipSync(tar), junk])), 'digest_mismatch', /[Tt]railing junk/)
  await refuses(data('data.tar.zst', Buffer.concat([zstdCompressSync(tar), junk])), 'digest_mismatch', /trailing junk/)
  const xz = execFileSync('xz', ['-c'], { input: tar })
  await refuses(data('data.tar.xz', Buffer.concat([xz, junk])), 'digest_mismatch', /data.tar.xz is damaged/)
  await refuses(data('data.tar', Buffer.concat([tar, junk])), 'trailing_bytes', /follow the end of data.tar/)
})

test('passes over the members that are reserved for other tools, and refuses any other', async () => {
  const extra = (name: string) => ({ name, content: 'signature' })
  for (const place of [1, 2, 3]) {
    const draft = await inspectDebianPackage(
      chunked(withMembers((members) => members.toSpliced(place, 0, extra('_gpg')))),
    )
    assert.ok(!isRefusal(draft), JSON.stringify(draft))
  }
  await refuses(
    withMembers((members) => members.toSpliced(1, 0, extra('notes'))),
    'malformed',
    /has notes where/,
  )
  await refuses(
    withMembers((members) => [...members, extra('notes')]),
    'trailing_bytes',
  )
})

test('refuses members in another order, missing, twice, or of another kind', async () => {
  await refuses(
    withMembers((members) => members.toReversed()),
    'malformed',
  )
  await refuses(
    withMembers((members) => members.slice(0, 1)),
    'truncated',
    /before control.tar/,
  )
  await refuses(
    withMembers((members) => members.slice(0, 2)),
    'truncated',
    /before data.tar/,
  )
  await refuses(
    withMembers(([format, control, data]) => [format, control, control, data] as ArFixture[]),
    'malformed',
  )
  await refuses(
    withMembers((members) => [{ name: 'debian-binary', content: '3.0\n' }, ...members.slice(1)]),
    'malformed',
    /says "3.0/,
  )
  await refuses(
    withMembers((members) => [...members.slice(0, 2), { name: 'data.tar.bz2', content: 'BZh9' }]),
    'malformed',
    /data.tar.bz2 where/,
  )
  await refuses(
    withMembers((members) => [...members.slice(0, 2), { name: 'data.tar.xz', content: gzipSync('') }]),
    'malformed',
    /not xz/,
  )
  await refuses(
    withMembers((members) => [...members.slice(0, 2), { name: 'data.tar.gz', content: '' }]),
    'malformed',
    /too few/,
  )
})

test('U8 refuses a member size that is no number or more than there is', async () => {
  const sized = (size: string) =>
    withMembers((members) => members.map((member, index) => (index === 2 ? { ...member, size } : member)))
  for (const size of ['-1', 'NaN', '', '0x10', '1 2']) await refuses(sized(size), 'malformed', /has the size/)
  await refuses(sized('9999999999'), 'truncated')
})

test('U17 stops at a bomb of zeros, whatever compresses it', async () => {
  const bytes = 256 * 1024 * 1024
  const head = tarArchive([{ name: './zeros', size: 0o7777777777 }]).subarray(0, 512)
  const programs = { 'data.tar.gz': 'gzip -1', 'data.tar.zst': 'zstd -q', 'data.tar.xz': 'xz -0 -T0' }
  for (const [name, program] of Object.entries(programs)) {
    const content = execFileSync('sh', ['-c', `{ cat; head -c ${bytes} /dev/zero; } | ${program}`], {
      input: head,
      maxBuffer: 64 << 20,
    })
    const bomb = arArchive([...debianMembers({}).slice(0, 2), { name, content }])
    await refuses(bomb, 'too_large', /unpacks to more than/)
  }
})

test('U17 refuses a control archive that unpacks to more than 4 MiB', async () => {
  const control = [
    { name: './control', content: `${CONTROL.join('\n')}\n` },
    { name: './md5sums', content: Buffer.alloc(5 << 20) },
  ]
  await refuses(arArchive(debianMembers({ control })), 'too_large', /4194304/)
})

test('U11 refuses entries that leave the root', async () => {
  for (const name of ['../x', './../x', 'a/../../x', '/etc/passwd', './/etc', 'a/./b']) {
    await refusesData([{ name, content: 'x' }], 'unsafe_entry', /not a plain path below the root/)
  }
  await refusesData(
    [gnuLongName(`./${'a/'.repeat(60)}../x`), { name: 'short', content: 'x' }],
    'unsafe_entry',
    /plain path/,
  )
})

test('U12 refuses an entry that passes through a link of the same archive', async () => {
  const link = { name: './opt/link', type: '2', linkName: '/etc' }
  await refusesData([link, { name: './opt/link/passwd', content: 'x' }], 'unsafe_entry', /passes through "opt\/link"/)
  await refusesData([link, { name: './opt/link', content: 'x' }], 'unsafe_entry', /there twice/)
})

test('U13 refuses a hard link to anything but an earlier file of the same archive', async () => {
  const hard = (linkName: string) => ({ name: './h', type: '1', linkName })
  await refusesData([hard('/etc/shadow')], 'unsafe_entry', /plain path below the root/)
  await refusesData([hard('../../etc/shadow')], 'unsafe_entry', /plain path below the root/)
  await refusesData([hard('./etc/shadow')], 'unsafe_entry', /no file before it/)
  await refusesData(
    [{ name: './l', type: '2', linkName: '/etc' }, hard('./l/shadow')],
    'unsafe_entry',
    /passes through/,
  )
  await refusesData(
    [{ name: './l', type: '2', linkName: '/etc/shadow' }, hard('./l')],
    'unsafe_entry',
    /no file before it/,
  )
})

test('accepts the links, long names and empty folders that packages have', async () => {
  const data: TarFixture[] = [
    { name: './', type: '5', mode: 0o755 },
    { name: './usr/', type: '5', mode: 0o755 },
    { name: './usr/a', content: 'x', mode: 0o4755 },
    { name: './usr/b', type: '1', linkName: './usr/a' },
    { name: './usr/c', type: '2', linkName: '../../etc' },
    gnuLongName(`./usr/${'l'.repeat(200)}`),
    { name: './usr/llll', content: 'x' },
  ]
  const draft = await inspectDebianPackage(chunked(arArchive(debianMembers({ data }))))
  assert.ok(!isRefusal(draft), JSON.stringify(draft))
})

test('U14 U15 U20 refuses devices, fifos, pax headers and what is there twice', async () => {
  const types = {
    '3': 'character device',
    '4': 'block device',
    '6': 'fifo',
    S: 'sparse',
    x: 'pax',
    g: 'pax',
    '7': 'of type',
  }
  for (const [type, what] of Object.entries(types))
    await refusesData([{ name: './d', type }], 'unsafe_entry', new RegExp(what))
  const file = { name: './f', content: 'x' }
  await refusesData([file, file], 'unsafe_entry', /there twice/)
  await refusesData([file, { name: './f/g', content: 'x' }], 'unsafe_entry', /passes through/)
  await refusesData([{ name: './a\nb', content: 'x' }], 'bad_name', /control character/)
  await refusesData([gnuLongName('x'.repeat(5000)), file], 'bad_name', /5001 bytes/)
})

test('U10 refuses control fields that are missing, twice or not what they should be', async () => {
  const control = (lines: readonly string[]) =>
    arArchive(debianMembers({ control: [{ name: './control', content: `${lines.join('\n')}\n` }] }))
  const changed = (from: RegExp, to: string) => control(CONTROL.map((line) => line.replace(from, to)))
  for (const name of ['../../x', 'A', '<script>', 'x'.repeat(200), '-rf', '$(id)', '']) {
    await refuses(changed(/^Package: .*/, `Package: ${name}`), 'bad_name', /Package field/)
  }
  for (const version of ['1 0', '1_0', 'x'.repeat(200), '$(id)', '']) {
    await refuses(changed(/^Version: .*/, `Version: ${version}`), 'bad_name', /Version field/)
  }
  await refuses(changed(/^Architecture: .*/, 'Architecture: AMD 64'), 'bad_manifest', /Architecture field/)
  await refuses(changed(/^Installed-Size: .*/, 'Installed-Size: -1'), 'bad_manifest', /Installed-Size/)
  await refuses(changed(/^Maintainer: .*/, 'Maintainer: a\u001b[2J'), 'bad_manifest', /Maintainer/)
  await refuses(control(CONTROL.slice(1)), 'bad_manifest', /no Package field/)
  await refuses(control([...CONTROL, 'Version: 2']), 'malformed', /field Version twice/)
  await refuses(control([...CONTROL, '', 'Package: second']), 'malformed', /Line 9/)
  await refuses(
    arArchive(debianMembers({ control: [{ name: './md5sums', content: 'x' }] })),
    'malformed',
    /no file named control/,
  )
  await refuses(
    arArchive(debianMembers({ control: [{ name: './control', type: '2', linkName: '/etc/passwd' }] })),
    'malformed',
    /is a symbolic link/,
  )
})
