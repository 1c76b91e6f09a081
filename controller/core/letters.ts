/**
 * The signed statements that reach the Service Center. It believes a receipt, a detection or a report only if the
 * appliance that it speaks of signed it, with the key and the epoch that the fleet knows; through whom it came does not
 * matter.
 */
import { type Envelope, open, type StatementType } from '../../protocol/envelope.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { Detection, type Letter, Looked, Receipt, Report } from '../../protocol/statements.ts'
import { followReport } from './installing.ts'
import type { ApplianceRecord, Change } from './records.ts'
import type { ServiceCenterState } from './state.ts'

/** What the statement in a letter changes; nothing, when it says what was known. */
export function readLetter(state: ServiceCenterState, letter: Letter): Change[] | Refusal {
  const appliance = state.appliances.get(letter.from)
  if (appliance === undefined) return refuse('not_a_member', `${letter.from} is not an appliance of this fleet`)
  switch (letter.envelope.payloadType) {
    case Receipt.payloadType:
      return readReceipt(state, appliance, letter.envelope)
    case Detection.payloadType:
      return readDetection(state, appliance, letter.envelope)
    case Looked.payloadType:
      return readLooked(appliance, letter.envelope)
    case Report.payloadType: {
      const report = openFrom(appliance, Report, letter.envelope)
      return isRefusal(report) ? report : followReport(state, report)
    }
    default:
      return refuse('undecodable', `an appliance does not send ${letter.envelope.payloadType}`)
  }
}

function readReceipt(state: ServiceCenterState, appliance: ApplianceRecord, envelope: Envelope): Change[] | Refusal {
  const receipt = openFrom(appliance, Receipt, envelope)
  if (isRefusal(receipt)) return receipt
  const { sha256, epoch, publishedAt, verifiedAt } = receipt
  const patch = state.patches.get(sha256)
  if (patch === undefined)
    return refuse('not_found', `a receipt from ${appliance.name} names the unknown patch ${sha256}`)
  if (publishedAt !== patch.publication.publishedAt)
    return refuse('stale', `a receipt from ${appliance.name} is for an earlier publication of ${sha256}`)
  if (state.receipts.get(sha256)?.get(appliance.peer)?.epoch === epoch) return []
  return [{ table: 'receipts', row: { peer: appliance.peer, sha256, epoch, verifiedAt, envelope } }]
}

function readDetection(state: ServiceCenterState, appliance: ApplianceRecord, envelope: Envelope): Change[] | Refusal {
  const detection = openFrom(appliance, Detection, envelope)
  if (isRefusal(detection)) return detection
  const { patch, counter, result, installedVersion, reason, detectedAt } = detection
  if (!state.patches.has(patch))
    return refuse('not_found', `a detection from ${appliance.name} names the unknown patch ${patch}`)
  const newest = state.detections.get(patch)?.get(appliance.peer)
  if (newest !== undefined && newest.counter >= counter) return []
  return [
    {
      table: 'detections',
      row: { peer: appliance.peer, sha256: patch, counter, result, installedVersion, reason, detectedAt },
    },
  ]
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
