/**
 * Letters: a statement counter is used once, a roster never gets older, nothing is said to or about an appliance of
 * another organization or Data Center, and in the end every letter has been acknowledged.
 */

import { decode } from '../../protocol/codec.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { type Envelope, envelopeDigest } from '../../protocol/trust/envelope.ts'
import { LedgerLoss } from '../../protocol/trust/ledger-statements.ts'
import { Detection, Disproof, Looked, Receipt, Report } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, dataCenterOf, type Evidence, isTenant } from './evidence.ts'

export function letters(evidence: Evidence): Checker {
  const { world } = evidence
  const used = new Map<string, Sha256>()
  const seen = new WeakSet<Envelope>()
  const rosters = new Map<SimulatedAppliance, number>()

  const usedOnce = (who: SimulatedAppliance, envelope: Envelope): void => {
    if (seen.has(envelope)) return
    seen.add(envelope)
    const counter = counterOf(envelope)
    if (counter === null) return
    const key = `${who.name} ${counter}`
    const digest = envelopeDigest(envelope)
    const before = used.get(key) ?? digest
    evidence.expect(
      before === digest,
      'counters never go back',
      () => `${who.name} says two things with counter ${counter}`,
    )
    used.set(key, digest)
  }

  return {
    name: 'every letter is acknowledged',
    performed(who, effect) {
      if (effect.kind === 'send-control' && effect.message.kind === 'letter') {
        const { letter } = effect.message
        // An older ledger begins where it was, until its appliance is told how far it was heard.
        if (letter.from === who.peer && !evidence.setBack.has(who.peer)) usedOnce(who, letter.envelope)
      } else if (effect.kind === 'record' && effect.entries.some(({ key }) => key === 'roster')) {
        if (!evidence.setBack.has(who.peer)) rosterChanged(evidence, rosters, who)
      }
    },
    said(from, to, message) {
      if (message.kind !== 'letter') return
      const ends = [evidence.nameOf(from), evidence.nameOf(to)]
      const about = [evidence.nameOf(message.letter.from), evidence.nameOf(message.letter.to)]
      const places = new Set([...ends, ...about].filter((name) => name !== 'service-center').map(dataCenterOf))
      const tenant = ends.find(isTenant)
      evidence.expect(
        places.size <= 1 && (tenant === undefined || about.includes(tenant)),
        'nothing crosses organizations',
        () => `${ends.join(' says to ')} a letter between ${about.join(' and ')}`,
      )
    },
    pending() {
      for (const who of evidence.fleet()) {
        if (evidence.isStranded(who)) continue
        if (who.state.outbox.size > 0) return `${who.name} has a letter that nobody has acknowledged`
        for (const { letter } of who.state.mailbox.values()) {
          // A tenant that went over to another member of its depot acknowledges there; here it does so when it is back.
          const isOfFormer = evidence.former.has(letter.to) || evidence.former.has(letter.from)
          if (letter.to !== world.center.peer && !who.state.attached.has(letter.to) && !isOfFormer) continue
          return `${who.name} keeps a letter from ${evidence.nameOf(letter.from)} to ${evidence.nameOf(letter.to)}`
        }
      }
      return null
    },
  }
}

function rosterChanged(evidence: Evidence, rosters: Map<SimulatedAppliance, number>, who: SimulatedAppliance): void {
  const { roster } = who.state
  if (roster === null) return
  const before = rosters.get(who) ?? -1
  rosters.set(who, roster.version)
  evidence.expect(
    roster.version >= before,
    'counters never go back',
    () => `${who.name} takes roster ${roster.version} after ${before}`,
  )
  const foreign = roster.members.find(({ dataCenter, kind }) =>
    kind === SERVICE_PROVIDER
      ? isTenant(who.name) && dataCenter !== dataCenterOf(who.name)
      : isTenant(who.name) || dataCenter !== dataCenterOf(who.name),
  )
  evidence.expect(
    foreign === undefined,
    'nothing crosses organizations',
    () => `the roster of ${who.name} names ${foreign?.name}`,
  )
}

/** Null of what members of a group say to each other. */
function counterOf(envelope: Envelope): number | null {
  for (const type of [Report, Receipt, Disproof, Detection, Looked, LedgerLoss]) {
    if (type.payloadType !== envelope.payloadType) continue
    const statement = decode<{ counter: number }>(type.schema, envelope.payload, 'a statement')
    if (!isRefusal(statement)) return statement.counter
  }
  return null
}
