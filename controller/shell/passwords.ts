/**
 * Passwords: kept as argon2id with the parameters that OWASP's Password Storage Cheat Sheet gives (19 MiB, two passes).
 * One guess costs a twentieth of a second and much memory, so few are worked on at once and few wait; whoever comes when
 * the line is full is told so at once. Whoever has signed in before has places that strangers cannot take.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { assert } from '../../protocol/assert.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'

const MEMORY_KIB = 19 * 1024
const PASSES = 2
const SALT_BYTES = 16
const TAG_BYTES = 32
/** They use the threads that also read and write files: half of these stay free. */
const AT_ONCE = 2
const WAITING_AT_MOST = 20
/** Beyond these, for people who are known. */
const PLACES_OF_THE_KNOWN = 20

export const MIN_PASSWORD_CHARACTERS = 12
export const MAX_PASSWORD_CHARACTERS = 200
/** Fewer different characters than this are a pattern, not a password. */
const MIN_DIFFERENT = 5

/** Why this is no good password for the person, as the end of a sentence, or null. */
export function weakness(password: string, name: string): string | null {
  const characters = [...password]
  if (characters.length < MIN_PASSWORD_CHARACTERS) return `is shorter than ${MIN_PASSWORD_CHARACTERS} characters`
  if (characters.length > MAX_PASSWORD_CHARACTERS) return `is longer than ${MAX_PASSWORD_CHARACTERS} characters`
  if (new Set(characters).size < MIN_DIFFERENT) return `has fewer than ${MIN_DIFFERENT} different characters`
  if (password.toLowerCase().includes(name.toLowerCase())) return 'contains the name'
  return null
}

export type Passwords = {
  /** What is kept of it. */
  hash(password: string): Promise<string | Refusal>
  /** Takes as long for an account without a password, which nothing matches. */
  matches(kept: string | null, password: string, isKnown: boolean): Promise<boolean | Refusal>
}

export function boundedPasswords(): Passwords {
  const inLine = boundedLine()
  const nobodys = encode(randomBytes(SALT_BYTES), randomBytes(TAG_BYTES))
  return {
    hash: (password) =>
      inLine(true, async () => {
        const salt = randomBytes(SALT_BYTES)
        return encode(salt, await derive(password, salt))
      }),
    matches: (kept, password, isKnown) =>
      inLine(isKnown, async () => {
        const { salt, tag } = decode(kept ?? nobodys)
        return timingSafeEqual(await derive(password, salt), tag) && kept !== null
      }),
  }
}

/** Runs few works at once, in the order in which they came, those of known people first. */
function boundedLine(): <Result>(isKnown: boolean, work: () => Promise<Result>) => Promise<Result | Refusal> {
  const known: (() => void)[] = []
  const strangers: (() => void)[] = []
  let running = 0
  return async (isKnown, work) => {
    const full = isKnown ? known.length >= PLACES_OF_THE_KNOWN : strangers.length >= WAITING_AT_MOST
    if (running >= AT_ONCE && full) return refuse('slow_down', 'too many people sign in at this moment')
    if (running >= AT_ONCE) await new Promise<void>((resolve) => (isKnown ? known : strangers).push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = known.shift() ?? strangers.shift()
      // The place of the one that ends goes to the next.
      if (next === undefined) running--
      else next()
    }
  }
}

const argon2id = promisify(argon2)

function derive(password: string, nonce: Buffer): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFC'))
  const parameters = { message, nonce, parallelism: 1, tagLength: TAG_BYTES, memory: MEMORY_KIB, passes: PASSES }
  return argon2id('argon2id', parameters)
}

/** The PHC string format, so that another release can tell with which parameters it was made. */
const PREFIX = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$`

function encode(salt: Buffer, tag: Buffer): string {
  return PREFIX + [salt, tag].map((bytes) => bytes.toString('base64').replaceAll('=', '')).join('$')
}

function decode(kept: string): { salt: Buffer; tag: Buffer } {
  const [salt = '', tag = ''] = kept.slice(PREFIX.length).split('$')
  assert(kept.startsWith(PREFIX) && tag !== '', 'a password hash is one that this release made')
  return { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
}
