/**
 * The signed statements that reach the Service Center. It believes a receipt, a detection or a report only if the
 * appliance that it speaks of signed it, with the key and the epoch that the fleet knows; through whom it came does not
 * matter.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { type Envelope, open, type StatementType } from '../../protocol/trust/envelope.ts'
import { LedgerLoss } from '../../protocol/trust/ledger-statements.ts'
import {
  Detection,
  Disproof,
  type Letter,
  Looked,
  PolicyHeld,
  Receipt,
  Report,
} from '../../protocol/trust/statements.ts'
import { notePolicyHeld } from './approvals/policies.ts'
import { hasIt } from './findings.ts'
import { whyKeyIsHeld } from './held-keys.ts'
import { keptStatement } from './kept-statements.ts'
import { ledgerLost } from './lost-ledgers.ts'
import { title } from './patch-identity.ts'
import { placeNote } from './places.ts'
import type { ApplianceRecord, Change, ReceiptRecord } from './records.ts'
import { followReport } from './rollout/following.ts'
import type { ServiceCenterState } from './state.ts'

/** What the statement in a letter changes; nothing, when it says what was known. */
export function readLetter(state: ServiceCenterState, letter: Letter): Change[] | Refusal {
  const appliance = state.appliances.get(letter.from)
  if (appliance === undefined) return refuse('not_a_member', `${letter.from} is not an appliance of this fleet`)
  const held = whyKeyIsHeld(appliance)
  if (held !== null) return refuse('held', held)
  switch (letter.envelope.payloadType) {
    case Receipt.payloadType:
      return readReceipt(state, appliance, letter.envelope)
    case Disproof.payloadType:
      return readDisproof(state, appliance, letter.envelope)
    case Detection.payloadType:
      return readDetection(state, appliance, letter.envelope)
    case Looked.payloadType:
      return readLooked(appliance, letter.envelope)
    case LedgerLoss.payloadType: {
      const loss = openFrom(appliance, LedgerLoss, letter.envelope)
      return isRefusal(loss) ? loss : ledgerLost(state, appliance, loss)
    }
    case PolicyHeld.payloadType: {
      const held = openFrom(appliance, PolicyHeld, letter.envelope)
      return isRefusal(held) ? held : notePolicyHeld(state, held)
    }
    case Report.payloadType: {
      const report = openFrom(appliance, Report, letter.envelope)
      return isRefusal(report)
        ? report
        : [...followReport(state, report), ...keepReport(state, report, letter.envelope)]
    }
    default:
      return refuse('undecodable', `an appliance does not send ${letter.envelope.payloadType}`)
  }
}

function readReceipt(state: ServiceCenterState, appliance: ApplianceRecord, envelope: Envelope): Change[] | Refusal {
  const receipt = openFrom(appliance, Receipt, envelope)
  if (isRefusal(receipt)) return receipt
  const { sha256, epoch, publishedAt, verifiedAt, counter } = receipt
  const patch = state.patches.get(sha256)
  if (patch === undefined)
    return refuse('not_found', `a receipt from ${appliance.name} names the unknown patch ${sha256}`)
  if (publishedAt !== patch.publication.publishedAt)
    return refuse('stale', `a receipt from ${appliance.name} is for an earlier publication of ${sha256}`)
  const before = state.receipts.get(sha256)?.get(appliance.peer)
  if (before !== undefined && before.counter >= counter) return []
  const row = { peer: appliance.peer, sha256, epoch, verifiedAt, counter, wrong: '', envelope }
  return [{ table: 'receipts', row: { ...row, ...mendedSince(before, verifiedAt) } }]
}

/** What was wrong may be mended before anybody has looked: it is remembered that it was. */
function mendedSince(before: ReceiptRecord | undefined, at: number): Pick<ReceiptRecord, 'mendedAt' | 'mendedWrong'> {
  if (before !== undefined && before.wrong !== '') return { mendedAt: at, mendedWrong: before.wrong }
  return { mendedAt: before?.mendedAt ?? null, mendedWrong: before?.mendedWrong ?? '' }
}

/** The copy counts no longer, until a later receipt says that it is right again. */
function readDisproof(state: ServiceCenterState, appliance: ApplianceRecord, envelope: Envelope): Change[] | Refusal {
  const disproof = openFrom(appliance, Disproof, envelope)
  if (isRefusal(disproof)) return disproof
  const { sha256, publishedAt, counter, reason: wrong } = disproof
  const patch = state.patches.get(sha256)
  if (patch === undefined)
    return refuse('not_found', `${appliance.name} takes back a receipt for the unknown patch ${sha256}`)
  if (publishedAt !== patch.publication.publishedAt)
    return refuse('stale', `${appliance.name} takes back a receipt for an earlier publication of ${sha256}`)
  const before = state.receipts.get(sha256)?.get(appliance.peer)
  if ((before?.counter ?? -1) >= counter) return []
  const { peer, name, organization } = appliance
  const { mendedAt = null, mendedWrong = '' } = before ?? {}
  const row = { peer, sha256, epoch: 0, verifiedAt: before?.verifiedAt ?? 0, counter, wrong, envelope }
  return [
    { table: 'receipts', row: { ...row, mendedAt, mendedWrong } },
    placeNote(state, name, { action: 'check-copy', subject: title(patch), outcome: wrong, organization }),
  ]
}

function readDetection(state: ServiceCenterState, appliance: ApplianceRecord, envelope: Envelope): Change[] | Refusal {
  const detection = openFrom(appliance, Detection, envelope)
  if (isRefusal(detection)) return detection
  const { patch, counter, result, installedVersion, reason, detectedAt } = detection
  const record = state.patches.get(patch)
  if (record === undefined)
    return refuse('not_found', `a detection from ${appliance.name} names the unknown patch ${patch}`)
  const newest = state.detections.get(patch)?.get(appliance.peer)
  if (newest !== undefined && newest.counter >= counter) return []
  const satisfiedSince = hasIt(record, detection) ? (newest?.satisfiedSince ?? detectedAt) : null
  const row = { peer: appliance.peer, sha256: patch, counter, result, installedVersion, reason, detectedAt }
  return [
    { table: 'detections', row: { ...row, satisfiedSince } },
    keptStatement(state, { peer: appliance.peer, patch, install: null, envelope }),
  ]
}

/** Also one that comes late and changes nothing any more: what happened is told by all of them. */
function keepReport(state: ServiceCenterState, { from, install, patch }: Report, envelope: Envelope): Change[] {
  const isOrdered = state.targets.get(install)?.has(from) === true
  return isOrdered ? [keptStatement(state, { peer: from, patch, install, envelope })] : []
}

/** What it has told before holds at that moment too. */
function readLooked(appliance: ApplianceRecord, envelope: Envelope): Change[] | Refusal {
  const looked = openFrom(appliance, Looked, envelope)
  if (isRefusal(looked)) return looked
  const { lookedAt, counter } = looked
  if (counter <= appliance.lookedCounter) return []
  return [{ table: 'appliances', row: { ...appliance, lookedAt, lookedCounter: counter } }]
}

function openFrom<Spoken extends { from: PeerId; epoch: number }>(
  appliance: ApplianceRecord,
  type: StatementType<Spoken>,
  envelope: Envelope,
): Spoken | Refusal {
  const statement = open(type, envelope, [appliance.peer])
  if (isRefusal(statement)) return statement
  if (statement.from !== appliance.peer) {
    return refuse('wrong_signer', `${appliance.name} signed a statement that speaks for ${statement.from}`)
  }
  if (statement.epoch !== appliance.epoch) {
    return refuse('stale', `${appliance.name} speaks for its epoch ${statement.epoch}, and is at ${appliance.epoch}`)
  }
  return statement
}
