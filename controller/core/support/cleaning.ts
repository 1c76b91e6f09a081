/**
 * Makes what goes into a support bundle fit to be handed on: no secret is left, and people are called by pseudonyms. What
 * is known by its name, its form or its field is taken out; and so is every long word of small and capital letters and digits,
 * as base64 makes them, if nobody knows it as an identifier. Hexadecimal stays, since digests and ids are: one that is a
 * secret is found by its field alone.
 */
import { sha256Hex } from '../../../protocol/hashing.ts'
import { redacted } from '../../../protocol/redacted.ts'

export type Cleaning = {
  /** By name, in whatever case; null where names are kept. */
  readonly people: ReadonlyMap<string, string> | null
  /** Names and identifiers of the fleet, which are no secrets however they look. */
  readonly known: ReadonlySet<string>
}

/** Fields that hold a secret, or what one could be tried against. */
const SECRET_FIELD =
  /^(?:password|passwordHash|secret|secretHash|proofKey|token|apiToken|privateKey|cookie|authorization)$/i
/** Of which address and by which session somebody did something. */
const ORIGIN_FIELD = 'origin'

const LONG_WORD = /[A-Za-z0-9_+/-]{32,}={0,2}/g
const PEER = /^12D3KooW[A-Za-z0-9]{44}$/
const HEXADECIMAL = /^[0-9a-f-]+$/

/** The same person is called the same in every bundle of this Service Center, and nobody else can work out who it is. */
export function pseudonymOf(name: string, key: string): string {
  return `person-${sha256Hex(Buffer.from(`${key} ${name.toLowerCase()}`)).slice(0, 8)}`
}

export function cleaned(value: unknown, cleaning: Cleaning): unknown {
  if (typeof value === 'string') return cleanText(value, cleaning)
  if (Array.isArray(value)) return value.map((item) => cleaned(item, cleaning))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, inner]): [string, unknown][] => {
      if (SECRET_FIELD.test(field)) return [[field, '[redacted]']]
      if (field === ORIGIN_FIELD && cleaning.people !== null) return []
      return [[cleanText(field, cleaning), cleaned(inner, cleaning)]]
    }),
  )
}

export function cleanText(text: string, { people, known }: Cleaning): string {
  const withoutSecrets = redacted(text).replace(LONG_WORD, (word) =>
    // Names and paths have slashes, and so has base64, whose padding gives it away.
    !word.endsWith('=') && word.split('/').every((part) => isNoSecret(part, known)) ? word : '[redacted]',
  )
  return people === null ? withoutSecrets : withPseudonyms(withoutSecrets, people)
}

function isNoSecret(word: string, known: ReadonlySet<string>): boolean {
  if (word.length < 20 || known.has(word) || PEER.test(word) || HEXADECIMAL.test(word)) return true
  return !(/[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word))
}

/** Names as whole words; the longest first, since one may begin with another. */
function withPseudonyms(text: string, people: ReadonlyMap<string, string>): string {
  const names = [...people.keys()].sort((left, right) => right.length - left.length)
  return names.reduce((kept, name) => replaceWord(kept, name, people.get(name) ?? ''), text)
}

function replaceWord(text: string, word: string, instead: string): string {
  const lower = text.toLowerCase()
  const wanted = word.toLowerCase()
  // A letter that has another length in lower case would move everything behind it.
  if (wanted === '' || lower.length !== text.length) return text.replaceAll(word, instead)
  let done = ''
  let from = 0
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + 1)) {
    const end = at + wanted.length
    if (at < from || isWordAt(text, at - 1) || isWordAt(text, end)) continue
    done += text.slice(from, at) + instead
    from = end
  }
  return done + text.slice(from)
}

function isWordAt(text: string, at: number): boolean {
  return /[\p{L}\p{N}_]/u.test(text.charAt(at))
}
