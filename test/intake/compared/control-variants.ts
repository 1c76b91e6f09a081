/** The control file: how its lines are written, and what its fields say. */

import { tarArchive } from '../../support/tar-fixtures.ts'
import { controlMember, deb } from './parts.ts'
import type { Variant } from './variant.ts'

const LINES: readonly string[] = [
  'Package: compared',
  'Version: 1.0-1',
  'Architecture: all',
  'Maintainer: patchmesh tests <tests@patchmesh.invalid>',
  'Description: compared with dpkg',
]
const WHOLE = `${LINES.join('\n')}\n`

type Purpose = NonNullable<Variant['purpose']>

function controlFile(name: string, text: string, purpose?: Purpose): Variant {
  const bytes = deb({
    control: controlMember(tarArchive([{ name: './control', content: Buffer.from(text, 'latin1') }])),
  })
  return { name: `a control file with ${name}`, bytes, ...(purpose === undefined ? {} : { purpose }) }
}

function fieldOf(line: string): string {
  return line.slice(0, line.indexOf(':'))
}

/** The whole file with this line instead of the one of that field; at its end where none has it. */
function withLine(line: string): string {
  const place = LINES.findIndex((one) => fieldOf(one) === fieldOf(line))
  const lines = place === -1 ? [...LINES, line, 'End: of it'] : LINES.toSpliced(place, 1, line)
  return `${lines.join('\n')}\n`
}

function shown(value: string): string {
  return value.length > 60 ? `${value.length} characters` : JSON.stringify(value)
}

/** One variant for each value, on purpose refused where the key of `purposes` is the value. */
function valuesOf(field: string, values: readonly string[], purposes: Readonly<Record<string, Purpose>> = {}) {
  return [...values, ...Object.keys(purposes)].map((value) =>
    controlFile(`${field}: ${shown(value)}`, withLine(`${field}: ${value}`), purposes[value]),
  )
}

export function stanzaVariants(): Variant[] {
  const texts: Readonly<Record<string, string>> = {
    'no last line feed': WHOLE.slice(0, -1),
    'carriage returns': WHOLE.replaceAll('\n', '\r\n'),
    'carriage returns alone': WHOLE.replaceAll('\n', '\r'),
    'an empty first line': `\n${WHOLE}`,
    'two empty first lines': `\n\n${WHOLE}`,
    'an empty first line of DOS': `\r\n${WHOLE}`,
    'a first line of blanks': `  \n${WHOLE}`,
    'an indented first line': ` ${WHOLE}`,
    'empty last lines': `${WHOLE}\n\n`,
    'a last line of blanks': `${WHOLE}  \n`,
    'a last line of one letter': `${WHOLE}x`,
    'a last line of two letters': `${WHOLE}xy`,
    'a last line that is a space': `${WHOLE} `,
    'an empty last line of DOS': `${WHOLE}\r\n`,
    'a continuation line of blanks': `${WHOLE} more\n  \n end\n`,
    'a continuation line of blanks at its end': `${WHOLE} more\n \t\n`,
    'a continuation line of a dot': `${WHOLE} .\n end\n`,
    'a continuation line after a tab': `${WHOLE}\tend\n`,
    'a continuation line without its end': `${WHOLE} more`,
    'an empty last field': `${WHOLE}Homepage:\n`,
    'an empty last field and an empty line': `${WHOLE}Homepage:\n\n`,
    'an empty field': `${WHOLE}Homepage:\nSection: x\n`,
    'a folded field': `${WHOLE}Homepage:\n x\n`,
    'a folded version': WHOLE.replace('Version: ', 'Version:\n '),
    'a folded name': WHOLE.replace('Package: ', 'Package:\n '),
    'a line without a colon': `${WHOLE}Homepage\nSection: x\n`,
    'a blank in a field name': `${WHOLE}Home page: x\n`,
    'blanks before a colon': WHOLE.replace('Version:', 'Version \t:'),
    'no blank behind a colon': WHOLE.replace('Version: ', 'Version:'),
    'a hyphen before a field name': `${WHOLE}-Home: x\n`,
    'a hash before a field name': `${WHOLE}#Home: x\n`,
    'a comment': `# a comment\n${WHOLE}`,
    'a comment with a colon': `${WHOLE}# a comment: x\n`,
    'a field name of one letter': `${WHOLE}X: x\n`,
    'no field name': `${WHOLE}: x\n`,
    'the beginning of a field name': `${WHOLE}Dep: =>\n`,
    'a field twice': `${WHOLE}Version: 2\n`,
    'a field twice in other letters': `${WHOLE}VERSION: 2\n`,
    'an unknown field twice': `${WHOLE}Foo: x\nFOO: x\n`,
    'a field by two of its names': `${WHOLE}Recommended: a\nRecommends: b\n`,
    'field names in small letters': WHOLE.replace(/^[A-Za-z]+:/gm, (name) => name.toLowerCase()),
    'a second stanza': `${WHOLE}\n${WHOLE}`,
    'a second stanza of another package': `${WHOLE}\nPackage: other\n`,
    'a signature around it': `-----BEGIN PGP SIGNED MESSAGE-----\n\n${WHOLE}`,
    'a byte order mark': `\xef\xbb\xbf${WHOLE}`,
    'Latin-1 in a field name': `${WHOLE}X-\xf6: x\n`,
    'nothing in it': '',
    'a line feed in it': '\n',
    'one letter in it': 'x',
  }
  return [
    ...Object.entries(texts).map(([name, text]) => controlFile(name, text)),
    ...LINES.map((line) => controlFile(`no ${fieldOf(line)}`, WHOLE.replace(`${line}\n`, ''))),
    ...LINES.map((line) => controlFile(`an empty ${fieldOf(line)}`, withLine(`${fieldOf(line)}:`))),
    controlFile('a NUL in a value', WHOLE.replace('tests <', 'tests\0<'), 'inner_end'),
    controlFile('a ^Z behind it', `${WHOLE}\x1a`, 'inner_end'),
    controlFile('a Revision before the Version', `Revision: 7\n${WHOLE}`),
    controlFile('a Revision by two of its names', `${WHOLE}Package_Revision: 7\nRevision: 8\n`),
  ]
}

export function fieldVariants(): Variant[] {
  const [x100, x101] = ['x'.repeat(100), 'x'.repeat(101)]
  const hash = '0123456789abcdef0123456789abcdef'
  return [
    ...valuesOf('Package', ['t', 'T', 'tT_x', 't+t', 't.t', '1', 't--', x100], { [x101]: 'long_name' }),
    ...valuesOf('Package', ['-t', '.t', '+t', 't/t', 't:t', 't t', 't@t', 't\xe4', '../t']),
    ...valuesOf('Architecture', ['amd64', 'i386', 'riscv64', 'any', 'source', 'linux-any', 'any-amd64', 'a_b', '-x']),
    ...valuesOf('Architecture', ['amd64 i386', 'AMD64', 'x'.repeat(41), '\n all']),
    ...valuesOf('Multi-Arch', [
      'same',
      'SAME',
      'foreign',
      'allowed',
      'no',
      'maybe',
      'foreign x',
      'foreigns',
      '\n no',
      '',
    ]),
    controlFile('Multi-Arch: same for one', withLine('Architecture: amd64').concat('Multi-Arch: same\n')),
    ...valuesOf('Essential', ['yes', 'NO', 'maybe', 'true', 'yes no', '']),
    ...valuesOf('Protected', ['yes', 'maybe']),
    ...['Status', 'Config-Version', 'Triggers-Pending', 'Triggers-Awaited'].flatMap((field) =>
      valuesOf(field, ['x', '']),
    ),
    ...valuesOf('Status', ['install ok installed']),
    ...valuesOf('Priority', ['optional', 'Optional', 'own', 'optional x', 'optionalx', '']),
    ...valuesOf('Section', ['net', 'no such section', '']),
    ...valuesOf('Installed-Size', ['12', '12.5', '-1', 'abc', '12 kB', '9'.repeat(20)]),
    ...valuesOf('Maintainer', ['J\xf6rg <j@example.org>', 'a\x1b[2Jb', 'x'.repeat(300)]),
    ...valuesOf('Revision', ['2', '2-3', '', '-1', '~'], { '1:2': 'unreadable_version', '%$': 'unreadable_version' }),
    ...valuesOf('Revision', ['two words', 'two\n lines']),
    ...valuesOf('Optional', ['a', '=>']),
    ...valuesOf('Filename', ['a', 'a b', '']),
    controlFile('as many sizes as names', `${WHOLE}Filename: a b\nSize: 1 2\n`),
    controlFile('fewer sizes than names', `${WHOLE}Filename: a b\nSize: 1\n`),
    controlFile('more sizes than names', `${WHOLE}Filename: a\nSize: 1 2\n`),
    ...valuesOf('Conffiles', [
      `\n /etc/x ${hash}`,
      `\n /etc/x ${hash} obsolete`,
      '',
      '/etc/x',
      '\n /etc/x',
      `\n / ${hash}`,
    ]),
    ...valuesOf('Source', ['x (v1)', 'X y']),
  ]
}

export function versionVariants(): Variant[] {
  const [digits100, digits101] = ['1'.repeat(100), '1'.repeat(101)]
  const taken = [
    '1',
    '01',
    '0:1',
    '00:1',
    '+1:2',
    '-0:1',
    '1:0:5',
    '0:1:2',
    '2147483647:1',
    '1--2',
    '1-1-1',
    '1~',
    '1.',
    '\t1',
  ]
  const odd = ['1-0', '1-~', '1-+', digits100]
  const refused = [
    'v1.0',
    '1.0-',
    '1:',
    'a:1.0',
    ':1',
    '1::',
    '-1:2',
    '+:1',
    '1+:1',
    '0x1:2',
    '2147483648:1',
    '9'.repeat(30),
  ]
  const wrong = [
    '1--',
    '1-1_1',
    '1_0',
    '1 0',
    '1/0',
    '1-1:2',
    '1:1-1:2',
    '.1',
    '~1',
    '-1',
    '1:-1',
    '1:v1',
    '1\xe4',
    '1%',
    '1\v0',
  ]
  return valuesOf('Version', [...taken, ...odd, ...refused, ...wrong], { [digits101]: 'long_name' })
}

export function relationVariants(): Variant[] {
  const taken = ['a', 'a,b', 'a , b', 'a|b', 'a (>= 1)', 'a(>=1)', 'a ( = 1 )', 'a (> 1)', 'a (< 1)', 'a (1)', 'a (=1)']
  const odd = [
    'a:any',
    'a:amd64 (>= 1) | b',
    'a:AMD64',
    'A_b',
    'compared (= 2)',
    'a,\n b',
    'a (>=\n 1)',
    'a (>= 1:1-0~)',
  ]
  const missing = ['a,', 'a,,b', ',a', 'a |', '| a', 'a || b', '\n a', 'a:', 'a: any']
  const operators = [
    'a (=> 1)',
    'a (=< 1)',
    'a (== 1)',
    'a (<> 1)',
    'a (>< 1)',
    'a (!= 1)',
    'a (~ 1)',
    'a >= 1',
    'a ()',
    'a (',
  ]
  const versions = [
    'a (>= )',
    'a (>= v1)',
    'a (>= 1-)',
    'a (>= 1:)',
    'a (>= 1_0)',
    'a (>= 1 2)',
    'a (>= 1',
    'a (>= (1)',
    'a (>= -1)',
  ]
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as debian/control has it before it is filled in
  const others = [
    '${shlibs:Depends}',
    'a, ${misc:Depends}',
    'a [amd64]',
    'a <!nocheck>',
    'a b',
    'a (>= 1) b',
    'a (>= 1))',
    'a;b',
    '-a',
    'a:b_c',
    'a:any:any',
    'a, # c',
  ]
  const shorter = ['a (= 1)', 'a (>= 1)', 'a | b', 'a:any', 'a,', 'a (= v1)', 'compared']
  return [
    ...valuesOf('Depends', [...taken, ...odd, '', ...missing, ...operators, ...versions, ...others]),
    ...['Provides', 'Breaks', 'Conflicts', 'Replaces', 'Pre-Depends', 'Recommends', 'Suggests', 'Enhances'].flatMap(
      (field) => valuesOf(field, shorter),
    ),
  ]
}
