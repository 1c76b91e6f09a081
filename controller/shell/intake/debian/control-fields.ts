/**
 * What the fields of a control file say, judged as dpkg judges them when it reads a package: what it refuses is refused,
 * what it only warns about is taken. The answer is in the form in which dpkg's database will have it.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { isRefusal, type Refusal, type RefusalCode, refuse } from '../../../../protocol/refusals.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import { BLANKS, trimmed } from './blanks.ts'
import { type ControlField, parseStanza } from './control-stanza.ts'
import { architectureFault, packageNameFault } from './names.ts'
import { RELATION_FIELDS, relationsFault } from './relations.ts'
import { type DebianVersion, formatVersion, parseVersion } from './versions.ts'

export type Control = {
  /** In small letters. */
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** By bytes, as the file has them; empty where they are not there. */
  readonly maintainer: string
  readonly installedSize: string
}

/** The name of a field today, by a name that it had before. */
const FORMER_NAMES: ReadonlyMap<string, string> = new Map([
  ['recommended', 'recommends'],
  ['optional', 'suggests'],
  ['class', 'priority'],
  ['package-revision', 'revision'],
  ['package_revision', 'revision'],
])
const OF_THE_DATABASE = new Set(['status', 'config-version', 'triggers-pending', 'triggers-awaited'])
/** The lists of an archive's index: each is as long as the others. */
const OF_AN_INDEX = new Set(['filename', 'size', 'md5sum', 'msdos-filename'])
const ONE_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['essential', ['yes', 'no']],
  ['protected', ['yes', 'no']],
  ['multi-arch', ['no', 'allowed', 'foreign', 'same']],
])
const PRIORITIES = [
  ...['required', 'important', 'standard', 'optional', 'extra', 'unknown'],
  'this is a bug - please report',
]
const KNOWN_ARCHITECTURES = /^[a-z0-9-]{1,40}$/

export function readControl(bytes: Uint8Array): Control | Refusal {
  const fields = parseStanza(bytes)
  if (isRefusal(fields)) return fields
  const fault = repetition(fields) ?? firstFault(fields)
  if (fault !== null) return fault
  const values = new Map(fields.map(({ name, value }) => [name.toLowerCase(), value]))
  const version = versionOf(fields)
  const name = values.get('package')?.toLowerCase()
  const architecture = values.get('architecture')
  if (name === undefined) return lacks('Package')
  if (version === null) return lacks('Version')
  if (isRefusal(version)) return version
  if (architecture === undefined) return lacks('Architecture')
  if (architecture === 'all' && values.get('multi-arch')?.toLowerCase() === 'same') {
    return refuseField('Multi-Arch', 'same', 'a package for all architectures cannot be beside itself')
  }
  const [maintainer = '', installedSize = ''] = [values.get('maintainer'), values.get('installed-size')]
  return { name, version, architecture, maintainer, installedSize }
}

function lacks(field: string): Refusal {
  return refuse('bad_manifest', `The control file has no ${field} field.`)
}

function repetition(fields: readonly ControlField[]): Refusal | null {
  const seen = new Set<string>()
  for (const { name } of fields) {
    if (seen.has(name.toLowerCase()))
      return refuse('malformed', `The control file has the field ${quoted(name)} twice.`)
    seen.add(name.toLowerCase())
  }
  return null
}

function firstFault(fields: readonly ControlField[]): Refusal | null {
  let listed: { readonly name: string; readonly words: number } | null = null
  for (const { name, value } of fields) {
    const known = nameNow(name)
    const code = known === 'package' || known === 'version' ? 'bad_name' : 'bad_manifest'
    const fault = valueFault(known, value)
    if (fault !== null) return refuseField(name, value, fault, code)
    if (!OF_AN_INDEX.has(known)) continue
    const words = value === '' ? 0 : value.split(/[ \t\n\v\f\r]+/).length
    if (words === 0) return refuseField(name, value, 'it is empty')
    if (listed !== null && listed.words !== words) {
      return refuseField(name, value, `it lists ${words}, and ${listed.name} lists ${listed.words}`)
    }
    listed = { name, words }
  }
  return null
}

function nameNow(name: string): string {
  return FORMER_NAMES.get(name.toLowerCase()) ?? name.toLowerCase()
}

/** A clause that says what dpkg has against it, or null. */
function valueFault(known: string, value: string): string | null {
  const relations = RELATION_FIELDS.get(known)
  if (relations !== undefined) return relationsFault(value, relations)
  const values = ONE_OF.get(known)
  if (values !== undefined) {
    return value === '' || values.includes(value.toLowerCase()) ? null : `it is none of ${values.join(', ')}`
  }
  if (OF_THE_DATABASE.has(known)) return "only dpkg's own database has this field"
  if (known === 'package') return packageNameFault(value)
  if (known === 'architecture') return unknownArchitectureFault(value)
  if (known === 'version') {
    const version = parseVersion(value)
    return typeof version === 'string' ? version : null
  }
  if (known === 'priority') return priorityFault(value)
  if (known === 'conffiles') return conffilesFault(value)
  return known.length === 1 ? 'the name of a field has two letters at least' : null
}

/** Any word is one, unless it begins with one of dpkg's and goes on. */
function priorityFault(value: string): string | null {
  const word = PRIORITIES.find((one) => value.toLowerCase().startsWith(one))
  if (word === undefined || value.length === word.length) return null
  return `something follows ${word}`
}

/** dpkg reads the field as its database has it, ` PATH HASH`, though it then takes what the conffiles file says. */
function conffilesFault(value: string): string | null {
  for (const line of value.split('\n')) {
    if (line === '') continue
    if (!line.startsWith(' ')) return 'a line of it does not begin with a space'
    const words = trimmed(line, BLANKS).split(' ')
    if (['obsolete', 'remove-on-upgrade'].includes(words.at(-1) ?? '')) words.pop()
    const path = words
      .slice(0, -1)
      .join(' ')
      .replace(/^(?:\.?\/)+/, '')
    if (path === '') return 'a line of it is not a path and a hash'
  }
  return null
}

/** The wildcards are for those who build packages; the rest is what a manifest can name. */
function unknownArchitectureFault(value: string): string | null {
  const fault = architectureFault(value)
  if (fault !== null) return fault
  if (['any', 'source', 'native'].includes(value) || value.startsWith('any-') || value.endsWith('-any')) {
    return 'no appliance can be of it'
  }
  return KNOWN_ARCHITECTURES.test(value) ? null : 'only 1 to 40 small letters, digits and - are known'
}

/** What dpkg's database will have: a Revision field becomes the end of a version that stands before it. */
function versionOf(fields: readonly ControlField[]): string | Refusal | null {
  let version: DebianVersion | null = null
  for (const { name, value } of fields) {
    const known = nameNow(name)
    if (known === 'version') {
      const parsed = parseVersion(value)
      if (typeof parsed !== 'string') version = parsed
    } else if (known === 'revision' && version !== null && value !== '') version = extended(version, value)
  }
  if (version === null) return null
  const text = formatVersion(version)
  if (typeof parseVersion(text) !== 'string') return text
  return refuseOnPurpose('unreadable_version', `The Revision field makes the version ${quoted(text)}`)
}

function extended({ epoch, upstream, revision }: DebianVersion, by: string): DebianVersion {
  return { epoch, upstream: revision === '' ? upstream : `${upstream}-${revision}`, revision: by }
}

function refuseField(name: string, value: string, fault: string, code: RefusalCode = 'bad_manifest'): Refusal {
  return refuse(code, `No dpkg takes the ${name} field of the control file, ${quoted(value)}: ${fault}.`)
}
