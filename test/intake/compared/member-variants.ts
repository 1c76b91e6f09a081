/** The members of a package: which there are, in which order, and how their headers are written. */
import { tarArchive } from '../../support/tar-fixtures.ts'
import { AR_FIELDS, ar, controlMember, DATA_ENTRIES, dataMember, deb, FORMAT, type Member, member } from './parts.ts'
import type { Variant } from './variant.ts'

const extra = (name: string, content = 'extra'): Member => ({ name, content })

export function memberVariants(): Variant[] {
  return [...formats(), ...orders(), ...headers(), ...behind()]
}

function formats(): Variant[] {
  const texts = {
    '2.0': '2.0\n',
    '2.1': '2.1\n',
    '2.10 and other lines': '2.10\nsomething else\nand more\n',
    '2.0 and a blank line': '2.0\n\n',
    '2.0 and a line without an end': '2.0\nmore',
    '02.0': '02.0\n',
    '2.00': '2.00\n',
    '2.0 without a line feed': '2.0',
    '2.0 and a blank': '2.0 \n',
    '2.0 and a carriage return': '2.0\r\n',
    'a blank and 2.0': ' 2.0\n',
    '2': '2\n',
    '2.': '2.\n',
    '2.x': '2.x\n',
    '1.0': '1.0\n',
    '3.0': '3.0\n',
    'a line feed': '\n',
    nothing: '',
    '2.0 behind a NUL': '\x002.0\n',
  }
  return Object.entries(texts).map(([what, content]) => ({
    name: `debian-binary says ${what}`,
    bytes: deb({ format: { ...FORMAT, content } }),
  }))
}

function orders(): Variant[] {
  const [control, data] = [controlMember(), dataMember()]
  return [
    { name: 'an underscored member first', bytes: ar([extra('_x'), FORMAT, control, data]) },
    { name: 'an underscored member second', bytes: ar([FORMAT, extra('_x'), control, data]) },
    { name: 'an underscored member third', bytes: ar([FORMAT, control, extra('_x'), data]) },
    { name: 'an underscored member of even length third', bytes: ar([FORMAT, control, extra('_x', 'even'), data]) },
    { name: 'an empty underscored member third', bytes: ar([FORMAT, control, extra('_x', ''), data]) },
    { name: 'another member second', bytes: ar([FORMAT, extra('notes'), control, data]) },
    { name: 'another member third', bytes: ar([FORMAT, control, extra('notes'), data]) },
    { name: 'no member', bytes: ar([]) },
    { name: 'debian-binary only', bytes: ar([FORMAT]) },
    { name: 'no data.tar', bytes: ar([FORMAT, control]) },
    { name: 'no control.tar', bytes: ar([FORMAT, data]) },
    { name: 'data.tar before control.tar', bytes: ar([FORMAT, data, control]) },
    { name: 'control.tar twice', bytes: ar([FORMAT, control, control, data]) },
    { name: 'debian-binary twice', bytes: ar([FORMAT, FORMAT, control, data]) },
    { name: 'no debian-binary', bytes: ar([control, data]) },
    { name: 'data.tar of no bytes', bytes: deb({ data: { name: 'data.tar', content: '' } }) },
    { name: 'control.tar of no bytes', bytes: deb({ control: { name: 'control.tar', content: '' } }) },
  ]
}

function headers(): Variant[] {
  const field = (overwrite: Record<number, string>, which: Member = dataMember()): Buffer => {
    const changed = { ...which, overwrite }
    return which.name.startsWith('control') ? deb({ control: changed }) : deb({ data: changed })
  }
  const odd = (which: Member): Member => ({ ...which, content: oddLength(which.content) })
  const { modified, owner, group, mode, size, end, name } = AR_FIELDS
  const bytes = Buffer.from(dataMember().content).byteLength
  return [
    { name: 'a blank owner', bytes: field({ [owner]: '      ' }) },
    { name: 'a blank group', bytes: field({ [group]: '      ' }) },
    { name: 'a blank mode', bytes: field({ [mode]: '        ' }) },
    { name: 'a blank time', bytes: field({ [modified]: ' '.repeat(12) }) },
    { name: 'a time with a fraction', bytes: field({ [modified]: '1732880000.5' }) },
    {
      name: 'a time of debian-binary with a fraction',
      bytes: deb({ format: { ...FORMAT, overwrite: { [modified]: '1732880000.5' } } }),
    },
    {
      name: 'a blank time of debian-binary',
      bytes: deb({ format: { ...FORMAT, overwrite: { [modified]: ' '.repeat(12) } } }),
    },
    {
      name: 'a negative time of debian-binary',
      bytes: deb({ format: { ...FORMAT, overwrite: { [modified]: '-1          ' } } }),
    },
    { name: 'words for owner, group and mode', bytes: field({ [owner]: 'root  root  rw-r--r-' }) },
    { name: 'a size behind blanks', bytes: field({ [size]: String(bytes).padStart(10) }) },
    { name: 'a size with something behind a blank', bytes: field({ [size]: `${bytes} x`.padEnd(10) }) },
    { name: 'a size behind zeros', bytes: field({ [size]: String(bytes).padStart(10, '0') }) },
    { name: 'a blank size of data.tar', bytes: field({ [size]: ' '.repeat(10) }) },
    { name: 'a blank size of control.tar', bytes: field({ [size]: ' '.repeat(10) }, controlMember()) },
    { name: 'a size with a fraction', bytes: field({ [size]: `${bytes}.0`.padEnd(10) }) },
    { name: 'a negative size', bytes: field({ [size]: '-1        ' }) },
    { name: 'a size in hexadecimal', bytes: field({ [size]: '0x10      ' }) },
    { name: 'the largest size', bytes: field({ [size]: '9999999999' }) },
    { name: 'the largest size of control.tar', bytes: field({ [size]: '9999999999' }, controlMember()) },
    { name: 'a header that ends otherwise', bytes: field({ [end]: '\n`' }) },
    {
      name: 'names as GNU ar writes them',
      bytes: deb({ format: named(FORMAT), control: named(controlMember()), data: named(dataMember()) }),
    },
    { name: 'a name with two slashes behind it', bytes: field({ [name]: 'data.tar.gz//   ' }) },
    { name: 'a name with NULs behind it', bytes: field({ [name]: 'data.tar.gz\0\0\0\0\0' }) },
    { name: 'a name in capitals', bytes: field({ [name]: 'DATA.TAR.GZ     ' }) },
    { name: 'a name behind a blank', bytes: field({ [name]: ' data.tar.gz    ' }) },
    { name: 'a name in the long form of BSD', bytes: deb({ data: longName(dataMember()) }) },
    { name: 'the symbols of GNU ar first', bytes: ar([extra('/'), FORMAT, controlMember(), dataMember()]) },
    { name: 'the long names of GNU ar second', bytes: ar([FORMAT, extra('//'), controlMember(), dataMember()]) },
    { name: 'debian-binary with a slash behind it', bytes: deb({ format: named(FORMAT) }) },
    {
      name: 'debian-binary in capitals',
      bytes: deb({ format: { ...FORMAT, overwrite: { [name]: 'Debian-Binary   ' } } }),
    },
    { name: 'padding other than a line feed', bytes: deb({ control: { ...odd(controlMember()), padding: 'x' } }) },
    { name: 'no padding behind control.tar', bytes: deb({ control: { ...odd(controlMember()), padding: '' } }) },
    { name: 'no padding behind data.tar', bytes: deb({ data: { ...odd(dataMember()), padding: '' } }) },
    { name: 'odd lengths, padded', bytes: deb({ control: odd(controlMember()), data: odd(dataMember()) }) },
    { name: 'no padding behind debian-binary', bytes: deb({ format: { ...FORMAT, content: '2.0\n\n', padding: '' } }) },
    { name: 'another first line', bytes: Buffer.concat([Buffer.from('!<arch>\r'), deb().subarray(8)]) },
    { name: 'a thin archive', bytes: Buffer.concat([Buffer.from('!<thin>\n'), deb().subarray(8)]) },
  ]
}

function behind(): Variant[] {
  const whole = deb()
  const with_ = (tail: Uint8Array | string): Buffer => Buffer.concat([whole, Buffer.from(tail)])
  return [
    { name: 'an underscored member behind data.tar', bytes: deb({ after: [extra('_gpgorigin')] }) },
    { name: 'another member behind data.tar', bytes: deb({ after: [extra('notes')] }) },
    { name: 'three members behind data.tar', bytes: deb({ after: [extra('a'), extra('b', ''), extra('c')] }) },
    { name: 'a member behind data.tar that is cut', bytes: with_(member(extra('notes')).subarray(0, 62)) },
    { name: 'a header behind data.tar that is cut', bytes: with_(member(extra('notes')).subarray(0, 30)) },
    {
      name: 'a member behind data.tar whose size is no number',
      bytes: deb({ after: [{ ...extra('x'), overwrite: { 48: 'x' } }] }),
    },
    { name: 'a line feed behind the package', bytes: with_('\n') },
    { name: 'a byte behind the package', bytes: with_('x') },
    { name: 'zeros behind the package', bytes: with_(Buffer.alloc(1000)) },
    { name: 'text behind the package', bytes: with_('signed by nobody\n'.repeat(20)) },
    { name: 'data.tar twice', bytes: deb({ after: [dataMember()] }), purpose: 'second_member' },
    {
      name: 'data.tar twice, packed in two ways',
      bytes: deb({ after: [dataMember(tarArchive(DATA_ENTRIES), 'xz')] }),
      purpose: 'second_member',
    },
    { name: 'a second control.tar last', bytes: deb({ after: [controlMember()] }), purpose: 'second_member' },
    {
      name: 'data.tar twice, another member between',
      bytes: deb({ after: [extra('x'), dataMember()] }),
      purpose: 'second_member',
    },
    { name: 'two packages', bytes: with_(whole), purpose: 'second_member' },
  ]
}

function named(which: Member): Member {
  return { ...which, overwrite: { [AR_FIELDS.name]: `${which.name}/`.padEnd(16) } }
}

/** BSD ar puts a name that does not fit before the content. */
function longName(which: Member): Member {
  const content = Buffer.concat([Buffer.from(which.name), Buffer.from(which.content)])
  return { name: `#1/${which.name.length}`, content }
}

/** Zeros behind packed data are no part of it. */
function oddLength(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([bytes, Buffer.alloc(bytes.byteLength % 2 === 0 ? 1 : 2)])
}
