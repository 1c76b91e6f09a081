/** The other files of a control archive: what dpkg reads of them, and which of them it can have at all. */
import { gnuLongName, type TarFixture, tarArchive } from '../../support/tar-fixtures.ts'
import { CONTROL_ENTRIES, CONTROL_FILE, controlMember, DATA_ENTRIES, dataMember, deb } from './parts.ts'
import type { Variant } from './variant.ts'

type Purpose = NonNullable<Variant['purpose']>

const SCRIPT = '#!/bin/sh\nexit 0\n'
/** Below /opt: a file, an empty folder, and links to each, to nothing and to themselves. */
const DATA: readonly TarFixture[] = [
  ...DATA_ENTRIES,
  { name: './opt/folder/', type: '5', mode: 0o755 },
  { name: './opt/to-file', type: '2', linkName: 'compared' },
  { name: './opt/to-folder', type: '2', linkName: 'folder' },
  { name: './opt/to-root', type: '2', linkName: '/' },
  { name: './opt/to-above', type: '2', linkName: '../opt' },
  { name: './opt/to-link', type: '2', linkName: 'to-folder' },
  { name: './opt/to-nothing', type: '2', linkName: 'nothing' },
  { name: './opt/to-itself', type: '2', linkName: 'to-itself' },
  { name: './opt/hard', type: '1', linkName: './opt/compared' },
]

function control(name: string, entries: readonly TarFixture[], purpose?: Purpose): Variant {
  const bytes = deb({ control: controlMember(tarArchive(entries)), data: dataMember(tarArchive(DATA)) })
  return { name, bytes, ...(purpose === undefined ? {} : { purpose }) }
}

function extra(name: string, entries: readonly TarFixture[], purpose?: Purpose): Variant {
  return control(name, [...CONTROL_ENTRIES, ...entries], purpose)
}

/** One variant for each content of the file, on purpose refused where the key of `purposes` is the content. */
function contentsOf(file: string, contents: readonly string[], purposes: Readonly<Record<string, Purpose>> = {}) {
  return [...contents, ...Object.keys(purposes)].map((content) => {
    const shown = content.length > 60 ? `${content.length} bytes that begin with ${content.slice(0, 20)}` : content
    const entry = { name: `./${file}`, content: Buffer.from(content, 'latin1'), mode: 0o755 }
    return extra(`${file} of ${JSON.stringify(shown)}`, [entry], purposes[content])
  })
}

export function conffilesVariants(): Variant[] {
  const name = (bytes: number) => `/opt/${'n'.repeat(bytes)}\n`
  const deep = (bytes: number) => `/${'a/'.repeat(bytes)}`.slice(0, bytes)
  const removed = ['/opt/old', '/opt/compared', '/opt', 'opt/old', ' /opt/old', '/', `/opt/${'n'.repeat(250)}`]
  return [
    ...contentsOf('conffiles', ['', '\n', '  \n', '/opt/compared\n', '/opt/compared  \r\n', '/opt/compared\n\n']),
    ...contentsOf('conffiles', [
      '/opt/compared',
      '# a comment\n',
      '#/opt/compared\n',
      ' /opt/compared\n',
      '\t/opt/compared\n',
    ]),
    ...contentsOf('conffiles', [
      'opt/compared\n',
      './opt/compared\n',
      '//opt/compared\n',
      '/./opt/compared\n',
      '/opt//compared\n',
    ]),
    ...contentsOf('conffiles', ['/\n', '//\n', '/.\n', '/ \n', '/opt\n', '/opt/\n', '/opt/folder\n', '/opt/folder/\n']),
    ...contentsOf('conffiles', [
      '/opt/absent\n',
      '/no/such/folder\n',
      '/opt/compared/\n',
      '/opt/compared/below\n',
      '/opt/hard\n',
    ]),
    ...['file', 'folder', 'root', 'above', 'link', 'nothing', 'itself'].flatMap((to) =>
      contentsOf('conffiles', [`/opt/to-${to}\n`]),
    ),
    ...contentsOf('conffiles', [
      '/opt/two words\n',
      '/opt/x obsolete\n',
      '/opt/\xe4\n',
      '/opt/compared\n/opt/compared\n',
    ]),
    ...contentsOf('conffiles', [
      '/opt/compared\0x\n',
      '\0\n',
      '/opt/compared\n\0',
      'keep /opt/compared\n',
      'remove-on-upgrade\n',
    ]),
    ...contentsOf('conffiles', [
      name(246),
      name(247),
      name(255),
      `${deep(996)}\n`.replace('/\n', 'a\n'),
      `${deep(997)}\n`,
    ]),
    ...removed.flatMap((path) => contentsOf('conffiles', [`remove-on-upgrade ${path}\n`])),
    ...contentsOf('conffiles', [
      'remove-on-upgrade \n',
      'Remove-On-Upgrade /opt/old\n',
      'remove-on-upgrade\t/opt/old\n',
    ]),
    ...contentsOf('conffiles', [], {
      '/opt/../opt/compared\n': 'climbing_path',
      'remove-on-upgrade /../x\n': 'climbing_path',
    }),
  ]
}

export function triggersVariants(): Variant[] {
  const directives = [
    'interest',
    'interest-await',
    'interest-noawait',
    'activate',
    'activate-await',
    'activate-noawait',
  ]
  const triggers = ['own', '/opt/own', 'with_underscore', '/opt//own', '-own', 'own/own', 'two words', '\xe4']
  return [
    ...directives.flatMap((directive) => triggers.flatMap((it) => contentsOf('triggers', [`${directive} ${it}\n`]))),
    ...contentsOf('triggers', [
      '',
      '\n',
      '  \t\n',
      '# a comment\ninterest own\n',
      ' # a comment\n',
      '\tinterest \t own  \n',
    ]),
    ...contentsOf('triggers', [
      'interest own',
      'interest\n',
      'interest \n',
      'Interest own\n',
      'listen own\n',
      '\r\n',
      'interest own\r\n',
    ]),
    ...contentsOf('triggers', [
      'interest Own\n',
      'interest /\n',
      'interest /opt/\n',
      'interest /opt/../x\n',
      'interest ..\n',
      'interest o:n\n',
    ]),
    ...contentsOf('triggers', [
      'interest own # a comment\n',
      'interest own\ninterest own\n',
      'interest own\0\n',
      '\0\n',
      'interest a\x7f\n',
    ]),
    ...contentsOf('triggers', [
      `interest ${'a'.repeat(245)}\n`,
      `interest ${'a'.repeat(246)}\n`,
      `#${'x'.repeat(300)}\n`,
    ]),
    ...contentsOf('triggers', ['interest File\n', 'interest Unincorp\n'], { 'interest Lock\n': 'kept_by_dpkg' }),
  ]
}

export function controlArchiveVariants(): Variant[] {
  const long = (bytes: number) => [gnuLongName(`./${'x'.repeat(bytes)}`), { name: 'short', content: 'x' }]
  const links = (name: string): TarFixture => ({ name: `./${name}`, type: '2', linkName: 'absent' })
  const folder = (name: string): TarFixture => ({ name: `./${name}/`, type: '5', mode: 0o755 })
  const file = (name: string, content = 'x', mode = 0o644): TarFixture => ({ name, content, mode })
  return [
    ...['control', './control'].map((name) => control(`a control file named ${name}`, [file(name, CONTROL_FILE)])),
    control('a control file named Control', [file('./Control', CONTROL_FILE)]),
    control('a control file of mode 000', [file('./control', CONTROL_FILE, 0)]),
    control('a control file in which nobody could read', [folder('control')]),
    control('no control file', [file('./md5sums')]),
    control(
      'a control file that is a link',
      [file('./real', CONTROL_FILE), { name: './control', type: '2', linkName: 'real' }],
      'control_link',
    ),
    control(
      'a control file that is a hard link',
      [file('./real', CONTROL_FILE), { name: './control', type: '1', linkName: './real' }],
      'control_link',
    ),
    ...['sub', 'sub.d', 'conffiles', 'triggers', 'md5sums', 'preinst', 'postinst', 'prerm', 'postrm'].flatMap(
      (name) => [
        extra(`a folder ${name} in the control archive`, [folder(name)]),
        extra(`a link ${name} to nothing in the control archive`, [links(name)]),
      ],
    ),
    extra('a file in a folder of the control archive', [file('./sub/file')]),
    extra(
      'a link to another file of the control archive',
      [{ name: './own', type: '2', linkName: 'control' }],
      'control_link',
    ),
    extra('a hard link to another file of the control archive', [{ name: './own', type: '1', linkName: './control' }]),
    extra('a script that is a hard link to another', [
      file('./preinst', SCRIPT, 0o755),
      { name: './postinst', type: '1', linkName: './preinst' },
    ]),
    ...[100, 101].map((bytes) => extra(`a name of ${bytes} bytes in the control archive`, long(bytes))),
    extra('a file named list', [file('./list', '/opt\n')]),
    extra('a file with a dot in its name', [file('./own.file')]),
    extra('md5sums of no sums', [file('./md5sums', 'no sums')]),
    extra('md5sums of other sums', [file('./md5sums', `${'0'.repeat(32)}  opt/compared\n`)]),
    extra('config and templates of debconf', [file('./config', SCRIPT, 0o755), file('./templates', 'none')]),
    ...[0o755, 0o644, 0, 0o4755].map((mode) =>
      extra(`a postinst of mode ${mode.toString(8)}`, [file('./postinst', SCRIPT, mode)]),
    ),
    ...contentsOf('preinst', [
      '',
      'exit 0\n',
      '#!\nexit 0\n',
      '#! /bin/sh\nexit 0\n',
      '#!/bin/sh\r\nexit 0\n',
      '#! /bin/sh -e\r\nexit 0\n',
    ]),
    ...contentsOf('postinst', [SCRIPT, '#!/bin/sh\r\nexit 0\r\n']),
    ...contentsOf('prerm', [SCRIPT], { '#!/bin/sh\r\nexit 0\r\n': 'stuck' }),
    ...contentsOf('postrm', [SCRIPT], { '#!/bin/sh\r\nexit 0\r\n': 'stuck' }),
  ]
}
