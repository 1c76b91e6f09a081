/**
 * The control archive, which GNU tar unpacks for dpkg: its form, its end, and what kind of entries it has. Without a
 * fifo, which would hold dpkg-deb up for ever.
 */
import { gnuLongName, type TarFixture, tarArchive, tarEntry } from '../../support/tar-fixtures.ts'
import { CONTROL_ENTRIES, CONTROL_FILE, controlMember, deb } from './parts.ts'
import type { Variant } from './variant.ts'

const ROOT: TarFixture = { name: './', type: '5', mode: 0o755 }
const CONTROL: TarFixture = { name: './control', content: CONTROL_FILE }
const packed = (tar: Uint8Array): Buffer => deb({ control: controlMember(tar) })
const of = (...entries: TarFixture[]): Buffer => packed(tarArchive(entries))
const pax = (records: string, type: 'x' | 'g' = 'x'): TarFixture => ({ name: './PaxHeaders/x', type, content: records })

/** A record says its own length, of which the digits are part. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return `${length}${rest}`
}

export function controlTarVariants(): Variant[] {
  const entries = Buffer.concat(CONTROL_ENTRIES.map(tarEntry))
  const end = (tail: Uint8Array): Buffer => packed(Buffer.concat([entries, tail]))
  const md5sums: TarFixture = { name: './md5sums', content: '' }
  const other = { ...CONTROL, content: CONTROL_FILE.replace('1.0-1', '2.0-1') }
  return [
    { name: 'a control archive that ends with one block', bytes: end(Buffer.alloc(512)) },
    { name: 'a control archive that ends without a block', bytes: end(Buffer.alloc(0)) },
    { name: 'a control archive that ends with a part of a block', bytes: end(Buffer.alloc(100)) },
    {
      name: 'junk behind the end of the control archive',
      bytes: end(Buffer.concat([Buffer.alloc(1024), Buffer.from('junk')])),
      purpose: 'after_archive',
    },
    {
      name: 'another control archive behind the end',
      bytes: end(Buffer.concat([Buffer.alloc(1024), tarArchive([other])])),
      purpose: 'after_archive',
    },
    { name: 'a header in the control archive that is no header', bytes: end(Buffer.alloc(512, 'x')) },
    { name: 'a control archive that is cut', bytes: packed(entries.subarray(0, 1300)) },
    { name: 'control without a dot before it', bytes: of({ ...CONTROL, name: 'control' }) },
    { name: 'control with a slash before it', bytes: of({ ...CONTROL, name: '/control' }) },
    { name: 'control with a dot and two slashes before it', bytes: of({ ...CONTROL, name: './/control' }) },
    { name: 'control in capitals', bytes: of({ ...CONTROL, name: './CONTROL' }) },
    { name: 'no control', bytes: of(ROOT, md5sums) },
    { name: 'control twice', bytes: of(ROOT, CONTROL, other) },
    { name: 'control last', bytes: of(ROOT, md5sums, CONTROL) },
    { name: 'control of an old type', bytes: of({ ...CONTROL, type: '\0' }) },
    {
      name: 'control with its name in a pax header',
      bytes: of(pax(record('path', './control')), { ...CONTROL, name: 'other' }),
    },
    { name: 'control with its time in a pax header', bytes: of(pax(record('mtime', '1732880000.5')), CONTROL) },
    {
      name: 'control with its size in a pax header',
      bytes: of(pax(record('size', String(CONTROL_FILE.length))), CONTROL),
    },
    {
      name: 'a pax header with several records',
      bytes: of(pax(record('atime', '1') + record('SCHILY.dev', '7') + record('path', './control')), {
        ...CONTROL,
        name: 'o',
      }),
    },
    { name: 'a pax header for all', bytes: of(pax(record('comment', 'made by nobody'), 'g'), CONTROL) },
    { name: 'a pax header of no bytes', bytes: of(pax(''), CONTROL) },
    { name: 'a pax header that is too short for its record', bytes: of(pax('99 path=./control\n'), CONTROL) },
    { name: 'a pax header without a length', bytes: of(pax('path=./control\n'), CONTROL) },
    { name: 'a pax header without a value', bytes: of(pax('7 path\n'), CONTROL) },
    { name: 'a long name of GNU', bytes: of(gnuLongName('./control'), { ...CONTROL, name: 'other' }) },
    {
      name: 'a character device in the control archive',
      bytes: of(CONTROL, { name: './x', type: '3', overwrite: { 329: '0000001\x000000003\0' } }),
    },
    { name: 'an entry of the control archive that climbs', bytes: of(CONTROL, { name: './../x', content: 'x' }) },
    {
      name: 'two files of the control archive that are one',
      bytes: of(
        CONTROL,
        { name: './templates', content: '' },
        { name: './config', type: '1', linkName: './templates' },
      ),
    },
  ]
}
