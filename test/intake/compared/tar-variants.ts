/** The data archive, which dpkg unpacks itself: its form, its end, the paths in it, and what kind of entry they have. */
import { gnuLongName, type TarFixture, tarArchive, tarEntry } from '../../support/tar-fixtures.ts'
import { DATA_ENTRIES, dataMember, deb } from './parts.ts'
import type { Variant } from './variant.ts'

const FOLDERS: readonly TarFixture[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: './opt/', type: '5', mode: 0o755 },
]
const ENTRIES = Buffer.concat(DATA_ENTRIES.map(tarEntry))
const packed = (tar: Uint8Array): Buffer => deb({ data: dataMember(tar) })
/** A right archive with these entries more. */
const withEntries = (...entries: TarFixture[]): Buffer => packed(tarArchive([...FOLDERS, ...entries]))
const file = (name: string, content = 'x'): TarFixture => ({ name, content })
const link = (name: string, linkName: string): TarFixture => ({ name, type: '2', linkName })
const hard = (name: string, linkName: string): TarFixture => ({ name, type: '1', linkName })
const folder = (name: string): TarFixture => ({ name, type: '5', mode: 0o755 })

export function tarVariants(): Variant[] {
  return [...ends(), ...paths(), ...kinds(), ...twice(), ...links()]
}

function ends(): Variant[] {
  const end = (tail: Uint8Array): Buffer => packed(Buffer.concat([ENTRIES, tail]))
  const block = Buffer.alloc(512)
  const noName = Buffer.concat([Buffer.alloc(1), Buffer.from('junk'.repeat(120)), Buffer.alloc(31)])
  return [
    { name: 'an archive that ends with two blocks', bytes: end(Buffer.alloc(1024)) },
    { name: 'an archive that ends with one block', bytes: end(block) },
    { name: 'an archive that ends without a block', bytes: end(Buffer.alloc(0)) },
    { name: 'an archive that ends with a part of a block', bytes: end(Buffer.alloc(100)) },
    { name: 'an archive that ends with twenty blocks', bytes: end(Buffer.alloc(10240)) },
    { name: 'an archive that ends with a block and a part of one', bytes: end(Buffer.alloc(600)) },
    { name: 'an archive of two blocks', bytes: packed(Buffer.alloc(1024)) },
    { name: 'an archive of nothing', bytes: packed(Buffer.alloc(0)) },
    {
      name: 'junk behind the end of the archive',
      bytes: end(Buffer.concat([Buffer.alloc(1024), Buffer.from('junk')])),
      purpose: 'after_archive',
    },
    {
      name: 'another archive behind the end',
      bytes: end(Buffer.concat([Buffer.alloc(1024), ENTRIES])),
      purpose: 'after_archive',
    },
    {
      name: 'another archive behind a single block',
      bytes: end(Buffer.concat([block, ENTRIES, Buffer.alloc(1024)])),
      purpose: 'after_archive',
    },
    {
      name: 'a header without a name and with a wrong checksum',
      bytes: end(Buffer.concat([noName, Buffer.alloc(1024)])),
      purpose: 'after_archive',
    },
    { name: 'a header that is no header', bytes: end(Buffer.concat([Buffer.alloc(512, 'x'), Buffer.alloc(1024)])) },
    { name: 'an archive that is cut in a header', bytes: packed(ENTRIES.subarray(0, 700)) },
    { name: 'an archive that is cut in a content', bytes: packed(ENTRIES.subarray(0, ENTRIES.byteLength - 508)) },
    { name: 'an archive that is cut in a padding', bytes: packed(ENTRIES.subarray(0, ENTRIES.byteLength - 400)) },
  ]
}

function paths(): Variant[] {
  const taken = [
    './opt/x',
    'opt/x',
    '/opt/x',
    '//opt/x',
    './/opt/x',
    '././opt/x',
    '/./opt/x',
    './opt/ x',
    './opt/x ',
    './opt/.x',
  ]
  const odd = { './opt//x': 'two slashes', './opt/./x': 'a dot' }
  const climbing = ['./opt/../opt/x', '../x', '/opt/../opt/x']
  const roots = ['./', '.', '/', './/', './.', '//']
  const utf8 = Buffer.from('./opt/größe').toString('latin1')
  return [
    ...taken.map((name) => ({ name: `a file ${name}`, bytes: withEntries(file(name)) })),
    ...Object.keys(odd).map((name) => ({
      name: `a file ${name}`,
      bytes: withEntries(file(name)),
      purpose: 'odd_path' as const,
    })),
    ...climbing.map((name) => ({
      name: `a file ${name}`,
      bytes: withEntries(file(name)),
      purpose: 'climbing_path' as const,
    })),
    ...roots.map((name) => ({
      name: `the root as ${name}`,
      bytes: packed(tarArchive([folder(name), folder('./opt'), file('./opt/x')])),
    })),
    { name: 'no entry for the root', bytes: packed(tarArchive([folder('./opt'), file('./opt/x')])) },
    { name: 'the root as a file', bytes: withEntries(file('.')) },
    { name: 'a folder without a slash behind it', bytes: withEntries(folder('./opt/d'), file('./opt/d/x')) },
    { name: 'a folder with a slash behind it', bytes: withEntries(folder('./opt/d/'), file('./opt/d/x')) },
    { name: 'a folder with two slashes behind it', bytes: withEntries(folder('./opt/d//')) },
    { name: 'a file with a slash behind it', bytes: withEntries(file('./opt/d/', '')) },
    { name: 'a file of the old form with a slash behind it', bytes: withEntries({ name: './opt/d/', type: '\0' }) },
    { name: 'a link with a slash behind it', bytes: withEntries(link('./opt/l/', 'x')) },
    { name: 'a path in UTF-8', bytes: withEntries(named(utf8)) },
    { name: 'a path in Latin-1', bytes: withEntries(named('./opt/gr\xf6\xdfe')) },
    { name: 'a path with a line feed', bytes: withEntries(file('./opt/a\nb')) },
    { name: 'a path with a tab', bytes: withEntries(file('./opt/a\tb')), purpose: 'control_character' },
    { name: 'a path with an escape', bytes: withEntries(file('./opt/\x1b[2J')), purpose: 'control_character' },
    { name: 'an entry without a name', bytes: withEntries({ ...file('x'), overwrite: { 0: '\0' } }) },
    { name: 'a name of 246 bytes', bytes: withEntries(gnuLongName(`./opt/${'n'.repeat(246)}`), file('n')) },
    { name: 'a name of 247 bytes', bytes: withEntries(gnuLongName(`./opt/${'n'.repeat(247)}`), file('n')) },
    {
      name: 'a folder with a name of 247 bytes',
      bytes: withEntries(gnuLongName(`./opt/${'n'.repeat(247)}`), folder('n')),
    },
    {
      name: 'a link with a name of 247 bytes',
      bytes: withEntries(gnuLongName(`./opt/${'n'.repeat(247)}`), link('n', 'x')),
    },
    { name: 'a file below a file', bytes: withEntries(file('./opt/x'), file('./opt/x/y')) },
    { name: 'a file below a link', bytes: withEntries(link('./opt/l', '/opt'), file('./opt/l/y')) },
    { name: 'a file where a folder lies below it', bytes: withEntries(file('./opt/d/x'), file('./opt/d')) },
  ]
}

function kinds(): Variant[] {
  const of = (type: string, more: Partial<TarFixture> = {}): Buffer => withEntries({ name: './opt/x', type, ...more })
  const refusedByBoth = ['7', 'x', 'g', 'M', 'V', 'D', 'X', 'A', 'N', 'Z', '8', '9']
  return [
    { name: 'a character device', bytes: of('3', { overwrite: { 329: '0000001\x000000003\0' } }), purpose: 'device' },
    { name: 'a block device', bytes: of('4', { overwrite: { 329: '0000007\x000000001\0' } }), purpose: 'device' },
    { name: 'a fifo', bytes: of('6'), purpose: 'fifo' },
    { name: 'a sparse file of GNU tar', bytes: of('S') },
    ...refusedByBoth.map((type) => ({ name: `an entry of type ${type}`, bytes: of(type) })),
    { name: 'a folder with a size', bytes: of('5', { size: 5 }) },
    { name: 'a folder with a content', bytes: of('5', { content: 'hello' }) },
    { name: 'a link with a size', bytes: of('2', { linkName: 'y', size: 5 }) },
    { name: 'a file of no bytes', bytes: withEntries(file('./opt/x', '')) },
    ...[1, 511, 512, 513].map((size) => ({
      name: `a file of ${size} bytes`,
      bytes: withEntries(file('./opt/x', 'x'.repeat(size))),
    })),
    { name: 'a file that anybody may run as root', bytes: withEntries({ ...file('./opt/x'), mode: 0o4755 }) },
    {
      name: 'a thousand files',
      bytes: withEntries(...Array.from({ length: 1000 }, (_, index) => file(`./opt/${index}`))),
    },
  ]
}

/** What one path is, and what it is again. */
function twice(): Variant[] {
  const kinds: Readonly<Record<string, TarFixture>> = {
    file: file('./opt/x'),
    folder: folder('./opt/x'),
    link: link('./opt/x', 'y'),
    'hard link': hard('./opt/x', './opt/y'),
  }
  /** With these dpkg stops half-way. */
  const refusedByBoth = new Set(['file, then folder', 'hard link, then folder'])
  const pairs = Object.entries(kinds).flatMap(([first, one]) =>
    Object.entries(kinds).map(([then, other]) => ({
      what: `${first}, then ${then}`,
      one,
      other,
      same: kindOf(first) === kindOf(then),
    })),
  )
  return [
    ...pairs.map(({ what, one, other, same }) => ({
      name: `a path as ${what}`,
      bytes: withEntries(file('./opt/y', 'y'), one, other),
      ...(same || refusedByBoth.has(what) ? {} : { purpose: 'two_kinds' as const }),
    })),
    { name: 'a file three times', bytes: withEntries(file('./opt/x', '1'), file('./opt/x', '2'), file('/opt/x', '3')) },
    {
      name: 'a folder and its file twice',
      bytes: withEntries(folder('./opt/d'), file('./opt/d/x'), folder('./opt/d/'), file('./opt/d/x')),
    },
    {
      name: 'a file in place of a folder with a file',
      bytes: withEntries(folder('./opt/d'), file('./opt/d/x'), file('./opt/d')),
    },
    { name: 'a link in place of the root', bytes: withEntries(link('./', '/opt')), purpose: 'two_kinds' },
  ]
}

function kindOf(kind: string): string {
  return kind === 'hard link' ? 'file' : kind
}

function links(): Variant[] {
  const [most, tooLong] = ['t'.repeat(4095), 't'.repeat(4096)]
  return [
    { name: 'a hard link to a file before it', bytes: withEntries(file('./opt/x'), hard('./opt/h', './opt/x')) },
    {
      name: 'a hard link to a file, told without the dot',
      bytes: withEntries(file('./opt/x'), hard('./opt/h', 'opt/x')),
    },
    {
      name: 'a hard link to a file, told from the root',
      bytes: withEntries(file('./opt/x'), hard('./opt/h', '/opt/x')),
    },
    {
      name: 'a hard link to a hard link',
      bytes: withEntries(file('./opt/x'), hard('./opt/h', 'opt/x'), hard('./opt/i', 'opt/h')),
    },
    {
      name: 'a hard link with a size',
      bytes: withEntries(file('./opt/x'), { ...hard('./opt/h', './opt/x'), size: 1 }),
    },
    { name: 'a hard link to a file behind it', bytes: withEntries(hard('./opt/h', './opt/x'), file('./opt/x')) },
    { name: 'a hard link to nothing', bytes: withEntries(hard('./opt/h', './opt/x')) },
    { name: 'a hard link to a folder', bytes: withEntries(hard('./opt/h', './opt')) },
    { name: 'a hard link to a link', bytes: withEntries(link('./opt/l', 'x'), hard('./opt/h', './opt/l')) },
    { name: 'a hard link to no path', bytes: withEntries(hard('./opt/h', '')) },
    {
      name: 'a hard link to a file of the appliance',
      bytes: withEntries(hard('./opt/h', './var/lib/dpkg/available')),
      purpose: 'foreign_link',
    },
    { name: 'a hard link that climbs', bytes: withEntries(file('./opt/x'), hard('./opt/h', './opt/../opt/x')) },
    { name: 'a link to an absolute path', bytes: withEntries(link('./opt/l', '/etc/passwd')) },
    { name: 'a link that climbs', bytes: withEntries(link('./opt/l', '../../../etc')) },
    { name: 'a link to itself', bytes: withEntries(link('./opt/l', 'l')) },
    { name: 'a link to no path', bytes: withEntries(link('./opt/l', '')) },
    { name: 'a link to a path of 4095 bytes', bytes: withEntries(gnuLongName(most, 'K'), link('./opt/l', 'l')) },
    { name: 'a link to a path of 4096 bytes', bytes: withEntries(gnuLongName(tooLong, 'K'), link('./opt/l', 'l')) },
    { name: 'a link to a path with a tab', bytes: withEntries(link('./opt/l', 'a\tb')) },
    { name: 'a long name told twice', bytes: withEntries(gnuLongName('./opt/a'), gnuLongName('./opt/b'), file('x')) },
    {
      name: 'a long name and a long target',
      bytes: withEntries(gnuLongName('./opt/a'), gnuLongName('b', 'K'), link('x', 'y')),
    },
    { name: 'a long name without an entry', bytes: withEntries(gnuLongName('./opt/a')) },
    { name: 'a long name without a NUL', bytes: withEntries({ ...gnuLongName(''), content: './opt/long' }, file('x')) },
    {
      name: 'a long name with something behind its NUL',
      bytes: withEntries({ ...gnuLongName(''), content: './opt/a\0b' }, file('x')),
    },
  ]
}

/** With a path that is given byte by byte. */
function named(path: string): TarFixture {
  return { name: './opt/overwritten', content: 'x', overwrite: { 0: `${path}\0` } }
}
