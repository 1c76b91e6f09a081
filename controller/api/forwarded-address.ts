/**
 * Which address a proxy in front says that a request comes from: the last one that it wrote into `X-Forwarded-For`, or
 * into `Forwarded` (RFC 7239) where there is no other. What stands before the last may be made up by the client. An
 * address may come with a port, in brackets or in quotes, as proxies write them; what is no address is told as it is,
 * and never taken for one.
 */
import { isIP } from 'node:net'

export type ForwardedHeaders = { readonly forwardedFor: string | undefined; readonly forwarded: string | undefined }
/** `unread` is what stands where an address was expected, empty where nothing does. */
export type ForwardedAddress = { readonly address: string } | { readonly unread: string; readonly header: string }

/** More than any address with a port takes. */
const MAX_SHOWN_CHARACTERS = 100

export function forwardedAddress({ forwardedFor, forwarded }: ForwardedHeaders): ForwardedAddress {
  const header = forwardedFor === undefined && forwarded !== undefined ? 'Forwarded' : 'X-Forwarded-For'
  const last = elements(forwardedFor ?? forwarded ?? '', ',').at(-1) ?? ''
  const written = header === 'Forwarded' ? forParameter(last) : last
  const address = addressIn(written)
  return address === undefined ? { unread: last.slice(0, MAX_SHOWN_CHARACTERS), header } : { address }
}

/** `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:4711`, each perhaps in quotes. */
function addressIn(written: string): string | undefined {
  const text = unquoted(written)
  const inBrackets = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1]
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)?.[1]
  const address = inBrackets ?? withPort ?? text
  // Brackets hold an IPv6 address only (RFC 3986, "Host").
  if (isIP(address) === 0 || (inBrackets !== undefined && isIP(address) === 4)) return undefined
  return plainAddress(address)
}

/** An IPv4 address that came over an IPv6 socket is the IPv4 address. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** The `for` of one element of `Forwarded`, such as `for="[2001:db8::7]:4711";proto=https`. */
function forParameter(element: string): string {
  for (const pair of elements(element, ';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim().toLowerCase() === 'for') return pair.slice(equals + 1).trim()
  }
  return ''
}

/** The parts between separators that stand in no quoted string. */
function elements(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let isQuoted = false
  let begin = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isQuoted && character === '\\') at++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(begin, at).trim())
      begin = at + 1
    }
  }
  return [...parts, text.slice(begin).trim()]
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
