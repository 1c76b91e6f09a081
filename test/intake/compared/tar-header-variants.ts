/** The headers of the entries in the data archive: how their numbers are written, and in which form they are. */
import { type TarFixture, tarArchive, tarEntry } from '../../support/tar-fixtures.ts'
import { dataMember, deb } from './parts.ts'
import type { Variant } from './variant.ts'

const FOLDERS: readonly TarFixture[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: './opt/', type: '5', mode: 0o755 },
]
const packed = (tar: Uint8Array): Buffer => deb({ data: dataMember(tar) })
const withEntries = (...entries: TarFixture[]): Buffer => packed(tarArchive([...FOLDERS, ...entries]))
const file = (name: string, content = 'x'): TarFixture => ({ name, content })

export function tarHeaderVariants(): Variant[] {
  return [...numbers(), ...forms()]
}

function numbers(): Variant[] {
  const field = (offset: number, text: string): Buffer =>
    withEntries({ ...file('./opt/x'), overwrite: { [offset]: text } })
  const [mode, owner, group, size, modified] = [100, 108, 116, 124, 136]
  const binary = (...bytes: number[]): string => String.fromCharCode(...bytes)
  return [
    { name: 'a mode that is no number', bytes: field(mode, 'rw-r--r-') },
    { name: 'a blank mode', bytes: field(mode, ' '.repeat(8)) },
    { name: 'an owner that is no number', bytes: field(owner, 'root\0\0\0\0') },
    { name: 'a blank owner', bytes: field(owner, ' '.repeat(8)) },
    { name: 'an owner of NULs', bytes: field(owner, '\0'.repeat(8)) },
    { name: 'a group behind blanks', bytes: field(group, '     0 \0') },
    { name: 'a group with a NUL in it', bytes: field(group, '00\x0000000') },
    { name: 'an owner in binary', bytes: field(owner, binary(0x80, 0, 0, 0, 0, 0, 3, 0xe8)) },
    { name: 'an owner in binary that is too large', bytes: field(owner, binary(0x80, 0, 0, 1, 0, 0, 0, 0)) },
    { name: 'a negative owner in binary', bytes: field(owner, binary(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)) },
    { name: 'a size in binary', bytes: field(size, binary(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)) },
    { name: 'a size in binary that is too large', bytes: field(size, binary(0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)) },
    { name: 'a negative size in binary', bytes: field(size, '\xff'.repeat(12)) },
    { name: 'a size without an end', bytes: field(size, '000000000001') },
    { name: 'a size behind blanks', bytes: field(size, '          1 ') },
    { name: 'a blank size', bytes: field(size, ' '.repeat(12)) },
    { name: 'a size that is no octal number', bytes: field(size, '00000000008\0') },
    { name: 'a negative size', bytes: field(size, '-0000000001\0') },
    { name: 'a size beyond the archive', bytes: field(size, '77777777777\0') },
    { name: 'a negative time in binary', bytes: field(modified, '\xff'.repeat(12)) },
    { name: 'a time that is no number', bytes: field(modified, 'yesterday   ') },
    { name: 'a blank time', bytes: field(modified, ' '.repeat(12)) },
  ]
}

function forms(): Variant[] {
  const magic = (text: string, more: Record<number, string> = {}): Buffer =>
    withEntries({ ...file('./opt/x'), overwrite: { 257: text, ...more } })
  const sum = (text: string): Buffer => packed(withSum(text))
  return [
    { name: 'a header without a magic', bytes: magic('\0'.repeat(8)) },
    { name: 'a header with the magic of GNU', bytes: magic('ustar  \0') },
    { name: 'a header of ustar in another version', bytes: magic('ustar\x00xx') },
    { name: 'a header with another magic', bytes: magic('rotar\x0000') },
    { name: 'a prefix in ustar', bytes: withEntries({ ...file('x'), overwrite: { 345: './opt\0' } }) },
    { name: 'a prefix in the form of GNU', bytes: magic('ustar  \0', { 345: 'nowhere\0' }) },
    { name: 'a name of a hundred bytes without an end', bytes: withEntries(file(`./opt/${'n'.repeat(94)}`)) },
    {
      name: 'owners by names that nobody has',
      bytes: withEntries({ ...file('./opt/x'), overwrite: { 265: 'nobody-at-all', 297: 'none' } }),
    },
    { name: 'a checksum behind blanks', bytes: sum('blanks') },
    { name: 'a checksum without an end', bytes: sum('digits') },
    { name: 'a wrong checksum', bytes: sum('wrong') },
    { name: 'a checksum that is no number', bytes: sum('words') },
  ]
}

/** The last entry's checksum written in another way. */
function withSum(how: string): Buffer {
  const tar = Buffer.concat([...FOLDERS, file('./opt/x')].map(tarEntry))
  const at = 1024 + 148
  const digits = tar.toString('latin1', at, at + 6)
  const written = {
    blanks: `${digits.replace(/^0+/, '').padStart(6)} \0`,
    digits: `00${digits}`,
    wrong: '0000001 ',
    words: 'checksum',
  }[how]
  tar.write(written ?? '', at, 'latin1')
  return Buffer.concat([tar, Buffer.alloc(1024)])
}
