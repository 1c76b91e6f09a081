import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { inspectDebianPackage } from '../../controller/shell/intake/debian-package.ts'
import { type Compression, decompress } from '../../controller/shell/intake/decompress.ts'
import { isRefusal, type RefusalCode, RefusedError } from '../../protocol/refusals.ts'
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

function dataBytes(deb: Buffer): number {
  return Number(deb.toString('latin1', deb.indexOf('data.tar') + 48, deb.indexOf('data.tar') + 58))
}

test('U4 refuses a package cut at every field of its headers and at every sixteenth', async () => {
  for (const compression of COMPRESSIONS) {
    const deb = buildDebianPackage({ compression })
    const cuts = new Set<number>()
    for (const field of [0, 16, 28, 34, 40, 48, 58, 60]) cuts.add(8 + field).add(72 + field)
    for (let part = 1; part < 16; part++) cuts.add(Math.floor((deb.byteLength * part) / 16))
    cuts.add(7).add(deb.byteLength - 1)
    for (const cut of cuts) {
      const judged = await inspectDebianPackage(chunked(deb.subarray(0, cut)))
      // what pads the last member is no part of it
      if (cut === deb.byteLength - 1 && dataBytes(deb) % 2 === 1) continue
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

test('U6 refuses a second package behind the first, and passes over what dpkg does not read', async () => {
  const deb = buildDebianPackage()
  await refuses(Buffer.concat([deb, deb]), 'trailing_bytes', /A second package begins at byte \d+: dpkg would install/)
  for (const tail of [Buffer.from('x'), Buffer.alloc(60), Buffer.from('\n')]) {
    const draft = await inspectDebianPackage(chunked(Buffer.concat([deb, tail])))
    assert.ok(!isRefusal(draft), JSON.stringify(draft))
  }
})

test('Y0: refuses what follows the end inside a packed member, which dpkg would leave out', async () => {
  const tar = tarArchive([{ name: './', type: '5', mode: 0o755 }])
  const members = debianMembers({}).slice(0, 2)
  const data = (name: string, content: Buffer) => arArchive([...members, { name, content }])
  const packed = {
    'data.tar.gz': gzipSync(tar),
    'data.tar.zst': zstdCompressSync(tar),
    'data.tar.xz': execFileSync('xz', ['-c'], { input: tar }),
    'data.tar.bz2': execFileSync('bzip2', ['-c'], { input: tar }),
    'data.tar.lzma': execFileSync('xz', ['-c', '--format=lzma'], { input: tar }),
    'data.tar': tar,
  }
  for (const [name, content] of Object.entries(packed)) {
    await refuses(data(name, Buffer.concat([content, Buffer.from('junk')])), 'trailing_bytes', /without a word/)
  }
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
    /has "notes" where/,
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
    withMembers((members) => [...members.slice(0, 2), { name: 'data.tar.Z', content: 'x' }]),
    'unsupported',
    /"data.tar.Z" is packed in a way that dpkg does not read; it reads data.tar, data.tar.gz, data.tar.xz/,
  )
  const control = (name: string) =>
    withMembers(([format, , data]) => [format, { name, content: 'x' }, data] as ArFixture[])
  await refuses(control('control.tar.lzma'), 'unsupported', /reads control.tar, control.tar.gz, .*control.tar.zst\.$/)
  await refuses(
    withMembers((members) => [...members.slice(0, 2), { name: 'data.tar.xz', content: gzipSync('') }]),
    'malformed',
    /not xz/,
  )
  for (const name of ['data.tar.xz', 'data.tar.zst', 'data.tar.bz2', 'data.tar.lzma']) {
    for (const content of [
      '',
      Buffer.from({ xz: 'fd377a', zst: '28b52ffd00', bz2: '425a', lzma: '5d0000' }[name.slice(9)] ?? '', 'hex'),
    ]) {
      await refuses(
        withMembers((members) => [...members.slice(0, 2), { name, content }]),
        'truncated',
        /ends early/,
      )
    }
  }
})

test('U8 refuses a member size that is no number or more than there is', async () => {
  const sized = (size: string) =>
    withMembers((members) => members.map((member, index) => (index === 2 ? { ...member, size } : member)))
  for (const size of ['-1', 'NaN', '0x10', '1.5']) await refuses(sized(size), 'malformed', /has the size/)
  await refuses(sized('9999999999'), 'truncated')
})

test('Y5: takes 300 MiB of zeros in a few kB, and counts them as room that is needed', async () => {
  const bytes = 300 * 1024 * 1024
  const head = tarArchive([{ name: './zeros', size: bytes }]).subarray(0, 512)
  const programs = { 'data.tar.gz': 'gzip -1', 'data.tar.zst': 'zstd -q', 'data.tar.xz': 'xz -0 -T0' }
  for (const [name, program] of Object.entries(programs)) {
    const content = execFileSync('sh', ['-c', `{ cat; head -c ${bytes} /dev/zero; } | ${program}`], {
      input: head,
      maxBuffer: 64 << 20,
    })
    const draft = await inspectDebianPackage(chunked(arArchive([...debianMembers({}).slice(0, 2), { name, content }])))
    assert.ok(!isRefusal(draft), JSON.stringify(draft))
    assert.equal(draft.diskBytes, bytes)
  }
})

/** One header again and again, with another number in its name and so another checksum. */
function manyFiles(count: number): Buffer {
  const digits = 6
  const header = tarArchive([{ name: `./${'0'.repeat(digits)}` }]).subarray(0, 512)
  const sum = Number.parseInt(header.toString('latin1', 148, 154), 8)
  const tar = Buffer.alloc(count * 512)
  for (let index = 0; index < count; index++) {
    const number = String(index).padStart(digits, '0')
    const more = number.split('').reduce((total, digit) => total + Number(digit), 0)
    header.copy(tar, index * 512)
    tar.write(number, index * 512 + 2, 'latin1')
    tar.write((sum + more).toString(8).padStart(6, '0'), index * 512 + 148, 'latin1')
  }
  return tar
}

test('Y5: takes 150,000 small files with their checksums', async () => {
  const count = 150_000
  const data = manyFiles(count)
  const md5sums = Array.from({ length: count }, (_, index) => `d41d8cd98f00b204e9800998ecf8427e  many/${index}\n`).join(
    '',
  )
  const control = [
    { name: './control', content: `${CONTROL.join('\n')}\n` },
    { name: './md5sums', content: md5sums },
  ]
  const members = debianMembers({ control }).with(2, { name: 'data.tar', content: data })
  const draft = await inspectDebianPackage(chunked(arArchive(members)))
  assert.ok(!isRefusal(draft), JSON.stringify(draft))
})

test('U17 refuses what unpacks to more than its limit, whatever packs it', async () => {
  const zeros = Buffer.alloc(3 << 20)
  const packed = {
    none: zeros,
    gz: gzipSync(zeros),
    zst: zstdCompressSync(zeros),
    xz: execFileSync('xz', ['-c'], { input: zeros }),
    bz2: execFileSync('bzip2', ['-c'], { input: zeros }),
    lzma: execFileSync('xz', ['-c', '--format=lzma'], { input: zeros }),
  }
  for (const [compression, content] of Object.entries(packed)) {
    const member = { name: 'data.tar', compression: compression as Compression, bytes: 1000, chunks: chunked(content) }
    const limits = { anyRatioUpToBytes: 1 << 20, maxRatio: 200, maxUnpackedBytes: 1 << 30 }
    const unpack = async () => {
      for await (const bytes of decompress(member, limits)) void bytes
    }
    await assert.rejects(unpack, (error) => error instanceof RefusedError && error.refusal.refused === 'too_large')
  }
})

test('U17 refuses a control archive that unpacks to more than 64 MiB', async () => {
  const control = [
    { name: './control', content: `${CONTROL.join('\n')}\n` },
    { name: './md5sums', content: Buffer.alloc(65 << 20) },
  ]
  await refuses(arArchive(debianMembers({ control })), 'too_large', /67108864/)
})

test('U11 refuses entries that leave the root', async () => {
  for (const name of ['../x', './../x', 'a/../../x', '/etc/../../x']) {
    await refusesData([{ name, content: 'x' }], 'unsafe_entry', /a path with \.\. in it/)
  }
  for (const name of ['a/./b', 'a//b']) await refusesData([{ name, content: 'x' }], 'unsafe_entry', /nobody looks for/)
  await refusesData(
    [gnuLongName(`./${'a/'.repeat(60)}../x`), { name: 'short', content: 'x' }],
    'unsafe_entry',
    /a path with \.\. in it/,
  )
})

test('U12 refuses an entry that passes through a link of the same archive', async () => {
  const link = { name: './opt/link', type: '2', linkName: '/etc' }
  await refusesData([link, { name: './opt/link/passwd', content: 'x' }], 'unsafe_entry', /passes through "opt\/link"/)
  await refusesData(
    [link, { name: './opt/link', content: 'x' }],
    'unsafe_entry',
    /is a file, and a symbolic link before/,
  )
})

test('U13 refuses a hard link to anything but an earlier file of the same archive', async () => {
  const hard = (linkName: string) => ({ name: './h', type: '1', linkName })
  await refusesData([hard('/etc/shadow')], 'unsafe_entry', /no file before it/)
  await refusesData([hard('../../etc/shadow')], 'unsafe_entry', /a path with \.\. in it/)
  await refusesData([hard('./etc/shadow')], 'unsafe_entry', /no file before it/)
  await refusesData(
    [{ name: './l', type: '2', linkName: '/etc' }, hard('./l/shadow')],
    'unsafe_entry',
    /no file before it/,
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

test('U14 U15 U20 refuses devices, fifos, pax headers and what is there as two things', async () => {
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
  await refusesData([file, { ...file, type: '5', content: '' }], 'unsafe_entry', /is a folder, and a file before/)
  await refusesData([file, { name: './f/g', content: 'x' }], 'unsafe_entry', /passes through/)
  await refusesData([{ name: './a\nb', content: 'x' }], 'bad_name', /a line feed/)
  await refusesData([{ name: './a\u001bb', content: 'x' }], 'bad_name', /control character/)
  await refusesData([gnuLongName('x'.repeat(5000)), file], 'bad_name', /5000 bytes/)
  await refusesData([gnuLongName('x'.repeat(70_000)), file], 'bad_name', /70001 bytes of names/)
  await refusesData([{ ...gnuLongName(''), content: '' }, file], 'bad_name', /without a name/)
})
