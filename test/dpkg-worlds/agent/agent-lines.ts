/**
 * What the process of a world's agent and whoever started it say to each other, one JSON text a line, and who that
 * agent is: a Service Provider appliance without a peer, of a Service Center that the world plays itself.
 */
import type { AgentEffect } from '../../../agent/core/events.ts'
import type { DialAddress, PeerId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { open, type SigningKey, seal, signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { Membership, Roster } from '../../../protocol/trust/statements.ts'
import { NO_LIMITS } from '../../../protocol/wan-limits.ts'

/** An effect's name is its kind; a step is named with what it is: `run-step install`. */
export type EffectMoment = { readonly effect: string; readonly when: 'before' | 'after' }

export type ProgramInput =
  | { readonly tells: 'letter'; readonly message: string }
  | { readonly tells: 'die'; readonly at: EffectMoment }
  | { readonly tells: 'stand'; readonly at: string }
  | { readonly tells: 'go-on' }
  /** Neither to die nor to stand anywhere any more. */
  | { readonly tells: 'live' }

export type ProgramOutput =
  | { readonly says: 'ready' }
  | { readonly says: 'letter'; readonly message: string }
  | { readonly says: 'effect'; readonly effect: string }
  | { readonly says: 'standing'; readonly effect: string }
  | { readonly says: 'log'; readonly line: string }
  | { readonly says: 'broken'; readonly error: string }

export function effectName(effect: AgentEffect): string {
  switch (effect.kind) {
    case 'run-step':
      return `run-step ${effect.step}`
    case 'detect':
    case 'settle':
    case 'judge':
      return `${effect.kind} ${effect.publication.name}`
    default:
      return effect.kind
  }
}

export type ApplianceKeys = { readonly appliance: string; readonly serviceCenter: string }

export type WorldAppliance = {
  readonly identity: SigningKey
  readonly serviceCenter: SigningKey
  readonly root: PeerId
  readonly membership: Membership
  readonly roster: Roster
  readonly dial: DialAddress[]
}

/** The same keys give the same appliance. */
export function applianceOf(keys: ApplianceKeys): WorldAppliance {
  const identity = signingKeyFromSeed(Buffer.from(keys.appliance, 'hex'))
  const serviceCenter = signingKeyFromSeed(Buffer.from(keys.serviceCenter, 'hex'))
  const root = serviceCenter.peer
  const sealed = seal(
    Membership,
    Membership.schema.parse({
      appliance: identity.peer,
      name: 'world-appliance',
      organization: 'provider',
      dataCenter: 'paris',
      kind: 'service-provider',
      role: 'primary',
      group: 'provider',
      epoch: 1,
      serviceCenter: root,
      enrolledAt: 1,
    }),
    serviceCenter,
  )
  const membership = open(Membership, sealed, [root])
  if (isRefusal(membership)) throw new Error(membership.message)
  const roster = Roster.schema.parse({
    to: identity.peer,
    version: 1,
    members: [],
    group: [],
    enrolling: [],
    limits: NO_LIMITS,
  })
  const dial = [`/ip4/127.0.0.1/tcp/1/p2p/${root}`] as DialAddress[]
  return { identity, serviceCenter, root, membership, roster, dial }
}
