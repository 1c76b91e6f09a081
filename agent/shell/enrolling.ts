/**
 * Becoming a member, once: the appliance makes its own key, dials with the identity that its token gives it, proves
 * that it knows the token's secret, and keeps the signed membership. Nothing is trusted that the token's root of trust
 * did not sign. While nobody answers it tries on; a token that is refused ends it with the reason.
 */
import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { DialAddress } from '../../protocol/identifiers.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from '../../protocol/limits.ts'
import { ENROLL_PROTOCOL, EnrollmentAnswer, type EnrollmentRequest, PROTOCOL_VERSION } from '../../protocol/messages.ts'
import { seededRandom } from '../../protocol/random.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { enrollingSeed, enrollmentProof, proofKey, type Token } from '../../protocol/token.ts'
import { open, type SigningKey } from '../../protocol/trust/envelope.ts'
import { Membership, Roster } from '../../protocol/trust/statements.ts'
import { backoffMs } from '../core/backoff.ts'
import { type Enrollment, keepEnrollment } from './kept-membership.ts'
import type { Log } from './log.ts'
import { startHost } from './network/host.ts'
import { MessageStream } from './network/message-stream.ts'

/** Connections closed without a word, after which the token counts as unknown; a token made just now may take a second to spread. */
const MAX_HANG_UPS = 6
const ANSWER_WITHIN_MS = 15_000
/** What Noise says when another key answers than the one in the address; libp2p passes on its words only. */
const WRONG_PEER = /does not match expected remote identity/

/** Resolves when the Service Center has made this appliance a member, and that is durable here; or with its refusal. */
export async function enroll(options: {
  folder: string
  token: Token
  identity: SigningKey
  log: Log
}): Promise<Enrollment | Refusal> {
  const { folder, token, identity, log } = options
  const random = seededRandom(randomBytes(4).readUInt32LE())
  // A depot has two members, and any of them will do.
  const targets = [...Map.groupBy(token.dial, (address) => address.slice(address.lastIndexOf('/'))).values()]
  for (let failures = 0, hangUps = 0; ; failures++) {
    const attempt = await ask(token, targets[failures % targets.length] ?? token.dial, identity)
    if (attempt.kind === 'answered') {
      if (attempt.answer.kind === 'refused') return refuse(attempt.answer.code, attempt.answer.message)
      return keep(folder, token, identity, attempt.answer)
    }
    if (attempt.kind === 'somebody-else' && ++hangUps >= MAX_HANG_UPS) {
      return refuse('unknown_token', `who answers at ${token.dial[0]} is somebody else than the token names`)
    }
    if (attempt.kind === 'hung-up' && ++hangUps >= MAX_HANG_UPS) {
      return refuse(
        'unknown_token',
        `${token.dial[0]} closes the connection without a word: it does not know this token`,
      )
    }
    const waitMs = backoffMs(random, Math.min(failures, 3))
    log.info({ retryInMs: waitMs, reason: attempt.reason }, 'not enrolled yet')
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

type Attempt =
  | { kind: 'answered'; answer: EnrollmentAnswer }
  | { kind: 'hung-up' | 'unreachable' | 'somebody-else'; reason: string }

async function ask(token: Token, dial: readonly DialAddress[], identity: SigningKey): Promise<Attempt> {
  const host = await startHost({ seed: enrollingSeed(token.secret), listen: [], mayConnect: () => false })
  try {
    const connection = await host.dial(dial.map((address) => multiaddr(address)))
    const proof = enrollmentProof(proofKey(token.secret), token.serviceCenter, identity.peer)
    const request: EnrollmentRequest = { version: PROTOCOL_VERSION, appliance: identity.peer, proof }
    let stream: Stream
    try {
      stream = await connection.newStream(ENROLL_PROTOCOL)
    } catch (error) {
      // What libp2p rejects with is an event where the connection was closed meanwhile, and not always an error.
      return { kind: 'hung-up', reason: error instanceof Error ? error.message : 'the connection was closed' }
    }
    return await new Promise<Attempt>((resolve) => {
      const deadline = setTimeout(
        () => resolve({ kind: 'unreachable', reason: 'no answer within 15 seconds' }),
        ANSWER_WITHIN_MS,
      )
      const messages = new MessageStream<EnrollmentAnswer | EnrollmentRequest>(stream, {
        schema: EnrollmentAnswer,
        maxMessageBytes: MAX_CONTROL_MESSAGE_BYTES,
        what: 'the answer to an enrollment',
        onMessage: (answer) => {
          clearTimeout(deadline)
          if ('kind' in answer) resolve({ kind: 'answered', answer })
        },
        onEnd: (reason) => {
          clearTimeout(deadline)
          resolve({ kind: reason === 'closed by the other side' ? 'unreachable' : 'hung-up', reason })
        },
      })
      messages.send(request)
    })
  } catch (error) {
    const causes = error instanceof AggregateError ? error.errors : [error]
    const kind = causes.some((cause) => WRONG_PEER.test(String(cause))) ? 'somebody-else' : 'unreachable'
    return { kind, reason: error instanceof Error ? error.message : String(error) }
  } finally {
    await host.stop()
  }
}

async function keep(
  folder: string,
  token: Token,
  identity: SigningKey,
  answer: Extract<EnrollmentAnswer, { kind: 'enrolled' }>,
): Promise<Enrollment | Refusal> {
  const membership = open(Membership, answer.membership, [token.root])
  if (isRefusal(membership)) return membership
  const roster = open(Roster, answer.roster, [token.root])
  if (isRefusal(roster)) return roster
  if (membership.appliance !== identity.peer || roster.to !== identity.peer) {
    return refuse('wrong_addressee', `the membership is for ${membership.appliance}, and this is ${identity.peer}`)
  }
  const { membership: signed, roster: members } = answer
  await keepEnrollment(folder, { membership: signed, roster: members, root: token.root, dial: token.dial })
  return { membership, roster: answer.roster, root: token.root, dial: token.dial }
}
