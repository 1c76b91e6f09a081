/**
 * The one door through which an appliance believes anything: a letter goes in with what is trusted here, and comes out as
 * a typed statement or as a refusal. `step` has each letter opened here once; whoever acts on a statement gets it typed,
 * and asks no more who signed it.
 *
 * Loading rules:
 * 1. What the Service Center says is signed by the root that the token pinned, for the purpose that it is read for.
 * 2. What a member of the own group says is signed by that member's own key, and speaks for nobody else.
 * 3. A statement that names its addressee is believed by that one alone.
 * 4. A membership names an appliance anew; it never moves it to another organization, Data Center, kind, role or group, by which
 *    others are trusted with it and policies are chosen.
 * 5. A policy is believed for its owners' signatures, whoever sent it, and only if it is later than the one that is held
 *    (taking-policies.ts). What people must have approved comes with the order and is judged by that policy (install/authorized.ts).
 * 6. What is read back from the ledger is proven again, since a disk may lie (ledger.ts).
 * 7. A publication is believed whoever brings it, a member of the depot or a disk: the Service Center has signed it.
 * 8. A kind that this release does not know is left alone: a later release may send it.
 *
 * Whether a statement is newer than what is known, and whether it may be acted on now, is decided by whoever acts on it.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { type Envelope, open, type StatementType } from '../../protocol/trust/envelope.ts'
import { Heard } from '../../protocol/trust/ledger-statements.ts'
import {
  LeaseAnswer,
  LeaseRelease,
  LeaseRequest,
  OrderOutcome,
  OrderQuestion,
} from '../../protocol/trust/pair-statements.ts'
import {
  Acknowledgement,
  Cancellation,
  type Letter,
  Membership,
  Order,
  PolicyNotice,
  Publication,
  Roster,
  Staging,
  Withdrawal,
} from '../../protocol/trust/statements.ts'

const OF_SERVICE_CENTER = {
  acknowledgement: Acknowledgement,
  publication: Publication,
  withdrawal: Withdrawal,
  roster: Roster,
  membership: Membership,
  order: Order,
  cancellation: Cancellation,
  staging: Staging,
  policy: PolicyNotice,
  heard: Heard,
} as const

const OF_MEMBER = {
  'lease-request': LeaseRequest,
  'lease-answer': LeaseAnswer,
  'lease-release': LeaseRelease,
  'order-question': OrderQuestion,
  'order-outcome': OrderOutcome,
  acknowledgement: Acknowledgement,
} as const

const PLACE = ['organization', 'dataCenter', 'kind', 'role', 'group'] as const

type Types = Readonly<Record<string, StatementType<unknown>>>
type Statement<Type> = Type extends StatementType<infer Inner> ? Inner : never
/** A statement, with the envelope in which it may be kept or passed on. */
type Believed<Known extends Types> = {
  [Kind in keyof Known & string]: {
    readonly kind: Kind
    readonly statement: Statement<Known[Kind]>
    readonly envelope: Envelope
  }
}[keyof Known & string]
export type FromServiceCenter = Believed<typeof OF_SERVICE_CENTER>
export type FromMember = Believed<typeof OF_MEMBER>
export type HandedOn = Extract<FromServiceCenter, { kind: 'publication' }>

/** What an appliance goes by. */
export type Trusted = {
  /** Its own peer id. */
  readonly self: PeerId
  /** Who signs for the Service Center. */
  readonly root: PeerId
  readonly membership: Membership | null
}

/** Null for a kind that is not known here. */
export function fromServiceCenter(trusted: Trusted, { envelope }: Letter): FromServiceCenter | Refusal | null {
  const { self, root, membership } = trusted
  const said = believed(OF_SERVICE_CENTER, envelope, { signer: root, to: self })
  if (said === null || isRefusal(said) || said.kind !== 'membership' || membership === null) return said
  const moved = PLACE.find((part) => said.statement[part] !== membership[part])
  if (moved === undefined) return said
  const [from, to] = [membership[moved], said.statement[moved]]
  return refuse('wrong_scope', `a membership would move this appliance from ${moved} ${from} to ${to}`)
}

/** Null for what is no publication. */
export function handedOn({ self, root }: Trusted, envelope: Envelope): HandedOn | Refusal | null {
  return believed({ publication: Publication }, envelope, { signer: root, to: self })
}

/** Null for a kind that is not known here. */
export function fromMember({ self }: Trusted, { from, envelope }: Letter): FromMember | Refusal | null {
  const said = believed(OF_MEMBER, envelope, { signer: from, to: self })
  if (said === null || isRefusal(said) || said.statement.from === from) return said
  return refuse('wrong_signer', `${from} signed a statement that speaks for ${said.statement.from}`)
}

/** Of a letter that is only carried: which letters whoever signs so does not need any more. */
export function acknowledgedBy(signer: PeerId, envelope: Envelope): Acknowledgement | Refusal {
  return open(Acknowledgement, envelope, [signer])
}

function believed<Known extends Types>(
  known: Known,
  envelope: Envelope,
  { signer, to }: { readonly signer: PeerId; readonly to: PeerId },
): Believed<Known> | Refusal | null {
  const found = Object.entries(known).find(([, { payloadType }]) => payloadType === envelope.payloadType)
  if (found === undefined) return null
  const [kind, type] = found
  const statement = open(type, envelope, [signer])
  if (isRefusal(statement)) return statement
  const addressee = addresseeOf(statement)
  if (addressee !== undefined && addressee !== to) {
    return refuse('wrong_addressee', `the ${kind} is for ${addressee}, and this is ${to}`)
  }
  return { kind, statement, envelope } as Believed<Known>
}

function addresseeOf(statement: unknown): PeerId | undefined {
  const { to, appliance } = statement as { to?: PeerId; appliance?: PeerId }
  return to ?? appliance
}
