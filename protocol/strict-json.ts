/**
 * JSON from outside, without its traps: exact UTF-8, a bound on depth and on the keys of one object, no key twice in it (parsers disagree
 * on which counts), no key that reaches a prototype, no text that a terminal or a log would act on. What the values mean
 * is for a schema. Text longer than a caller wants to read whole must be refused before it comes here.
 */
import { quoted } from './quoted.ts'
import { type Refusal, type RefusalCode, refuse } from './refusals.ts'

/** A manifest nests four deep; more is somebody looking for a parser that recurses. */
const MAX_DEPTH = 16
/** No object here has a hundred; more is somebody looking for a hash table that degenerates, in a text of megabytes. */
const MAX_KEYS = 5_000

/** The closing quote is optional so that no text, whatever it is, is read more than once. */
const TOKEN = /"(?:[^"\\]|\\.)*"?|[{}[\],:]/g
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

export type Json = { readonly json: unknown }

/** `place` names the text in the refusal, which has `code`. */
export function parseStrictJson(bytes: Uint8Array, place: string, code: RefusalCode): Json | Refusal {
  let text: string
  let json: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (hasTooManyKeys(text)) return refuse(code, `${place} has an object of more than ${MAX_KEYS} keys.`)
    json = JSON.parse(text)
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8 text'
    return refuse(code, `${place} ${why}.`)
  }
  const fault = findTrap(text)
  return fault === null ? { json } : refuse(code, `${place} ${fault}.`)
}

/** Before anything is made of it; of a text that is not JSON it may say anything. */
function hasTooManyKeys(text: string): boolean {
  const open: number[] = []
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(0)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const keys = (open.pop() ?? 0) + 1
      if (keys > MAX_KEYS) return true
      open.push(keys)
    }
  }
  return false
}

/** `text` is known to be JSON, so its tokens suffice to follow it. */
function findTrap(text: string): string | null {
  const open: (Set<string> | null)[] = []
  let last: string | null = null
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : null)
      if (open.length > MAX_DEPTH) return `nests deeper than ${MAX_DEPTH} levels`
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const keys = open.at(-1)
      if (last === '__proto__') return 'has the key "__proto__"'
      if (last !== null && keys?.has(last)) return `has the key ${quoted(last)} twice in one object`
      if (last !== null) keys?.add(last)
    } else if (token !== ',') {
      last = JSON.parse(token) as string
      if (!last.isWellFormed() || UNPRINTABLE.test(last)) {
        return `has a text with control or formatting characters, ${quoted(last)}`
      }
    }
  }
  return null
}
