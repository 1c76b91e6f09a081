/**
 * The fields that name other packages: `a (>= 1), b | c:any`. Only the grammar is judged, as dpkg does when it reads a
 * package; whether the others are there is found out on each appliance.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { architectureFault, packageNameFault } from './names.ts'
import { parseVersion } from './versions.ts'

/** In lower case; whether alternatives may stand in it. */
export const RELATION_FIELDS: ReadonlyMap<string, 'alternatives' | 'one'> = new Map([
  ['pre-depends', 'alternatives'],
  ['depends', 'alternatives'],
  ['recommends', 'alternatives'],
  ['suggests', 'alternatives'],
  ['enhances', 'alternatives'],
  ['breaks', 'one'],
  ['conflicts', 'one'],
  ['replaces', 'one'],
  ['provides', 'one'],
])

const BLANKS = /[ \t\n\v\f\r]*/y
const NAME = /[^ \t\n\v\f\r:(,|]*/y
const ARCHITECTURE = /[^ \t\n\v\f\r(,|]*/y
/** `<` and `>` alone are old forms, which dpkg takes with a warning; so is a version alone. */
const OPERATOR = /<=|<<|<(?!>)|>=|>>|>(?!<)|=|(?![<>])/y
const VERSION = /[^ \t\n\v\f\r()]*/y

/** A clause that says what is wrong, or null. */
export function relationsFault(value: string, allowed: 'alternatives' | 'one'): string | null {
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const [found = null] = pattern.exec(value) ?? []
    at += found?.length ?? 0
    return found
  }
  if (value === '') return null
  while (true) {
    const name = take(NAME) ?? ''
    if (name === '') return 'a package name is missing, or something else stands where one is expected'
    const fault = packageNameFault(name)
    if (fault !== null) return `${quoted(name)} is no package name: ${fault}`
    if (value.charAt(at) === ':') {
      at += 1
      const architecture = take(ARCHITECTURE) ?? ''
      const why = architectureFault(architecture)
      if (why !== null) return `${quoted(architecture)} after ${name}: is no architecture: ${why}`
    }
    take(BLANKS)
    if (value.charAt(at) === '(') {
      at += 1
      take(BLANKS)
      if (take(OPERATOR) === null) return `${quoted(value.slice(at, at + 2))} after ${name} compares no versions`
      take(BLANKS)
      const version = take(VERSION) ?? ''
      take(BLANKS)
      if (value.charAt(at) === '') return `the parenthesis after ${name} is not closed`
      if (value.charAt(at) !== ')')
        return `the version after ${name} has ${quoted(value.charAt(at))} where ")" is expected`
      const parsed = parseVersion(version)
      if (typeof parsed === 'string') return `the version ${quoted(version)} after ${name} is none: ${parsed}`
      at += 1
      take(BLANKS)
    }
    const separator = value.charAt(at)
    if (separator === '') return null
    if (separator !== ',' && separator !== '|') return `${quoted(separator)} stands after ${name}, where a comma must`
    if (separator === '|' && allowed === 'one') return `${name} has an alternative, which the field cannot have`
    at += 1
    take(BLANKS)
  }
}
