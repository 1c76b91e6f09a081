/**
 * The names that a control file may have: of packages and of architectures. The answers are clauses that say what is
 * wrong, for a sentence, or null.
 */
import { quoted } from '../../../../protocol/quoted.ts'

/** Capitals too: dpkg keeps them as small letters. */
export function packageNameFault(name: string): string | null {
  return nameFault(name, /[^A-Za-z0-9+._-]/, 'letters, digits and + . _ -')
}

export function architectureFault(name: string): string | null {
  return nameFault(name, /[^A-Za-z0-9-]/, 'letters, digits and -')
}

function nameFault(name: string, other: RegExp, allowed: string): string | null {
  if (name === '') return 'it is empty'
  if (!/^[A-Za-z0-9]/.test(name)) return 'it does not begin with a letter or a digit'
  const found = other.exec(name)?.[0]
  return found === undefined ? null : `it has ${quoted(found)}, and only ${allowed} are allowed`
}
