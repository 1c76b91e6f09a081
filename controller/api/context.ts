/**
 * What every route works with: the seams that `main.ts` built, and what the outer layers have found out about a request
 * before a route sees it. Nothing here decides anything.
 */
import type { Context, Hono } from 'hono'
import type { Sha256 } from '../../protocol/identifiers.ts'
import type { Actor } from '../core/effects.ts'
import type { Standing } from '../core/permissions.ts'
import type { OwnMachine } from '../shell/own-machine.ts'
import type { PasskeyChallenges } from '../shell/passkey-challenges.ts'
import type { Passwords } from '../shell/passwords.ts'
import type { Repository, ServiceCenter } from '../shell/ports.ts'
import type { SignInThrottle } from '../shell/sign-in-throttle.ts'
import type { TrailNote, TrailNotes } from '../shell/trail-notes.ts'
import type { TrailWatch } from '../shell/trail-watch.ts'
import type { ForwardedBy } from './client-address.ts'

/** The part of a pino logger that the HTTP side uses. */
export type RequestLog = {
  info(fields: Record<string, unknown>, line: string): void
  error(fields: Record<string, unknown>, line: string): void
}

export type AppGiven = {
  serviceCenter: ServiceCenter
  repository: Repository
  trailWatch: TrailWatch
  machine: OwnMachine
  /** Wall milliseconds. */
  clock: () => number
  log: RequestLog
  /** The page is reached over TLS, here or at a proxy in front: cookies are `Secure` and carry the `__Host-` prefix. */
  secureCookies: boolean
  /** Where the page may be reached besides loopback, each as `https://HOST[:PORT]`; every other Host is refused. */
  origins: readonly string[]
  /** A proxy in front says from where a request comes (`X-Forwarded-For`, `Forwarded`). */
  behindProxy?: boolean
}

export type AppDependencies = AppGiven & {
  passwords: Passwords
  throttle: SignInThrottle
  challenges: PasskeyChallenges
  notes: TrailNotes
  /** Reads what a proxy in front wrote; null where there is none, since then anybody may write it. */
  forwardedBy: ForwardedBy | null
}

/** Routes never get the Service Center itself: they take it from the request, as its visitor may see it. */
export type RouteDependencies = Omit<AppDependencies, 'serviceCenter'>

/** Who is asking, and what for that is allowed. `secretHash` names the session or API token. */
export type Visitor = Standing & {
  actor: Actor
  /** From where: the address, and by what it is known. */
  origin: string
  /** The key of the account whose session it is. */
  account: string | null
  /** Entered by a one-time link, and there is no account yet. */
  isFirst: boolean
  kind: 'session' | 'api-token'
  secretHash: Sha256
  expiresAt: number
}

type Noted = Omit<TrailNote, 'actor' | 'origin'>

export type AppEnvironment = {
  Variables: {
    requestId: string
    visitor: Visitor
    /** Set where a person is refused because nobody is signed in: whether there is no account yet. */
    isUnclaimed: boolean
    /** Writes into the trail what the visitor has done, or was refused. */
    note(note: Noted): Promise<void>
    noteRefusal(note: Noted): Promise<void>
    /** As the visitor may see it. Read its state anew after a command: it may be made for this request alone. */
    serviceCenter: ServiceCenter
  }
}
export type App = Hono<AppEnvironment>
export type AppContext = Context<AppEnvironment>
