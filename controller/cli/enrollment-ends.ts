/**
 * How enrollments that are waited for go on: whose token nobody has used yet, and who has become a member.
 */
import { EXIT, type ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { listed } from '../page/words.ts'
import { plural } from './quantities.ts'
import type { ServiceCenterClient } from './service-center-client.ts'
import type { Terminal } from './terminal.ts'
import { awaited, type Look } from './waiting.ts'

const MOST_NAMES = 3

export type AwaitedTokens = {
  readonly client: ServiceCenterClient
  readonly terminal: Terminal
  readonly timeoutMs: number
  readonly names: readonly string[]
  /** When each was enrolled that was a member before; it shall be another then. */
  readonly before: ReadonlyMap<string, string>
}

type Members = { readonly missing: readonly string[]; readonly gone: readonly string[] }

export async function untilEnrolled(tokens: AwaitedTokens): Promise<ExitStatus> {
  const { client, terminal, timeoutMs, names } = tokens
  const look = () => lookAt(tokens)
  const goesOn = 'the tokens stay good; see patchmesh appliances tokens'
  const { found, status } = await awaited({ client, terminal, timeoutMs, goesOn }, await look(), look)
  if (found.gone.length > 0)
    terminal.tell(`patchmesh: the token of ${few(found.gone)} was revoked or is too old. Make a new one.`)
  if (status === EXIT.done) terminal.tell(`enrolled ${few(names)}`)
  return status
}

async function lookAt({ client, names, before }: AwaitedTokens): Promise<Look<Members>> {
  // In this order: one that enrolls in between is in both.
  const open = new Set((await client.openTokens()).map(({ name }) => name))
  const members = new Map((await client.appliances({})).map(({ name, enrolledAt }) => [name, enrolledAt]))
  const missing = names.filter((name) => !members.has(name) || members.get(name) === before.get(name))
  const gone = missing.filter((name) => !open.has(name))
  const waited = missing.filter((name) => open.has(name))
  const line = `${names.length - missing.length} of ${plural(names.length, 'appliance')} enrolled; nobody has used the token of ${few(waited)}`
  const end = gone.length > 0 ? EXIT.cancelled : EXIT.done
  return { found: { missing, gone }, line, ended: waited.length === 0 ? end : null }
}

function few(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : listed(names)
}
