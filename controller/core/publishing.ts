/**
 * Patches come and go: publishing a checked upload, and withdrawing a wrong one. A name, version and architecture stand for
 * one file for ever; the same file again changes nothing.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { MAX_KNOWN_PATCHES } from '../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { reopen, seal } from '../../protocol/trust/envelope.ts'
import { judgeSignatures, type Signed, type SignedBy } from '../../protocol/trust/publishers.ts'
import { Publication, Withdrawal } from '../../protocol/trust/statements.ts'
import type { Command, Reply } from './effects.ts'
import { ownCopyTold } from './own-copies.ts'
import { isTaken, title, titleOf } from './patch-identity.ts'
import type { Change, PatchRecord } from './records.ts'
import { isFinal } from './rollout/install-states.ts'
import { isUnheard } from './rollout/ongoing.ts'
import { hasInstalled } from './standings.ts'
import type { ServiceCenterState } from './state.ts'
import { judgeRelations } from './upload-relations.ts'

/** The rest is a number: a refusal is a sentence. */
const NAMED_HOLDERS = 5

type Publish = Extract<Command, { kind: 'publish' }>
type Withdraw = Extract<Command, { kind: 'withdraw' }>
export type Decision = { reply: Reply | Refusal; changes: Change[] }

export function livePatches(state: ServiceCenterState): PatchRecord[] {
  return [...state.patches.values()]
    .filter(({ withdrawal }) => withdrawal === null)
    .sort((left, right) => right.uploadedAt - left.uploadedAt)
}

export function livePatch(state: ServiceCenterState, patch: Sha256): PatchRecord | Refusal {
  const found = state.patches.get(patch)
  if (found === undefined) return refuse('not_found', `there is no patch ${patch}`)
  if (found.withdrawal !== null) return refuse('withdrawn', `${title(found)} was withdrawn`)
  return found
}

type Upload = Pick<Publication, 'name' | 'version' | 'sha256' | 'manifest'> & { readonly signed: Signed | null }

/** Whether a file that passed the check may be published, and by whose signature; or the patch that is already there. */
export function judgeUpload(
  state: ServiceCenterState,
  upload: Upload,
): { already: PatchRecord } | { already: null; publishedBy: SignedBy | null } | Refusal {
  const same = state.patches.get(upload.sha256)
  if (same !== undefined && same.withdrawal === null) return { already: same }
  const publishedBy = judgeSignatures(upload, [...state.publishers.values()], state.clock.wallMs)
  if (isRefusal(publishedBy)) return publishedBy
  const live = livePatches(state)
  const taken = live.find(({ publication }) => isTaken(publication, upload))
  if (taken !== undefined) return refuse('name_taken', whyTaken(taken, upload))
  if (live.length >= MAX_KNOWN_PATCHES)
    return refuse('too_many_patches', `there are ${MAX_KNOWN_PATCHES} patches, as many as an appliance keeps count of`)
  const others = live.map(({ publication }) => publication.manifest)
  return judgeRelations(upload.manifest, others) ?? { already: null, publishedBy }
}

function whyTaken(taken: PatchRecord, upload: Upload): string {
  const [one, other] = [title(taken), titleOf(upload)]
  if (one !== other) return `${one} is already there, and ${other} would be for some of the same appliances`
  const digests = [taken, upload].map(({ sha256 }) => `${sha256.slice(0, 12)}…`)
  return `${one} is already there with SHA-256 ${digests[0]}, and this file has ${digests[1]}`
}

export function publish(
  state: ServiceCenterState,
  { actor, publication, hashes, signed: signatures }: Publish,
): Decision {
  const judged = judgeUpload(state, { ...publication, signed: signatures })
  const at = state.clock.wallMs
  const audit = (outcome: string): Change => ({
    table: 'audit',
    row: { at, actor, action: 'upload', subject: title({ publication }), outcome },
  })
  if (isRefusal(judged)) return { reply: judged, changes: [audit(judged.refused)] }
  if (judged.already !== null)
    return {
      reply: { kind: 'published', patch: judged.already.sha256, created: false },
      changes: ownCopyTold(state, publication.sha256, { provenAt: at, wrong: '' }),
    }
  const signed: Publication = { ...publication, publishedAt: Math.max(at, withdrawnAt(state, publication.sha256) + 1) }
  const row: PatchRecord = {
    sha256: publication.sha256,
    publication: signed,
    envelope: seal(Publication, signed, state.signing),
    hashes,
    uploadedAt: at,
    uploadedBy: actor,
    publishedBy: judged.publishedBy,
    withdrawal: null,
  }
  return {
    reply: { kind: 'published', patch: row.sha256, created: true },
    changes: [
      { table: 'patches', row },
      { table: 'ownCopies', row: { sha256: row.sha256, provenAt: at, wrong: '' } },
      ...voidReceipts(state, row.sha256),
      audit('done'),
    ],
  }
}

/** Since this time an appliance that was told so knows that the patch was withdrawn; -1 if it never was. */
function withdrawnAt(state: ServiceCenterState, patch: Sha256): number {
  const withdrawal = state.patches.get(patch)?.withdrawal ?? null
  return withdrawal === null ? -1 : reopen(Withdrawal, withdrawal, [state.signing.peer]).withdrawnAt
}

/** Copies that were proven for an earlier publication of the same file may be gone: epoch 0 is no appliance's. */
function voidReceipts(state: ServiceCenterState, patch: Sha256): Change[] {
  return [...(state.receipts.get(patch)?.values() ?? [])].map((row) => ({
    table: 'receipts',
    row: { ...row, epoch: 0 },
  }))
}

/** Only a patch that is installed nowhere can be withdrawn, and that nobody may be installing now. */
export function withdraw(state: ServiceCenterState, { actor, patch, reason }: Withdraw): Decision {
  const found = livePatch(state, patch)
  if (isRefusal(found)) return { reply: found, changes: [] }
  const inTheWay = whyKept(state, found)
  if (inTheWay !== null) return { reply: inTheWay, changes: [] }
  const at = state.clock.wallMs
  // A clock that was set back must not make the withdrawal older than what it withdraws.
  const withdrawnAt = Math.max(at, found.publication.publishedAt)
  const withdrawal = seal(Withdrawal, { sha256: patch, reason, withdrawnAt }, state.signing)
  return {
    reply: { kind: 'withdrawn', patch },
    changes: [
      { table: 'patches', row: { ...found, withdrawal } },
      { table: 'audit', row: { at, actor, action: 'withdraw', subject: title(found), outcome: reason || 'done' } },
    ],
  }
}

/** Members of the fleet alone: what was installed on others is history. */
export function whyKept(state: ServiceCenterState, record: PatchRecord): Refusal | null {
  const holders = [...state.appliances.values()].filter(({ peer }) => hasInstalled(state, record.sha256, peer))
  if (holders.length > 0) {
    const named = holders.slice(0, NAMED_HOLDERS).map(({ name }) => name)
    const more = holders.length - named.length
    const where = more === 0 ? named.join(', ') : `${named.join(', ')} and ${more} more`
    return refuse('patch_installed', `${title(record)} is installed on ${where}`)
  }
  const parts = [
    ...[...state.unsettled.values()].filter(({ install }) => state.installs.get(install)?.patch === record.sha256),
    ...(state.standings.newest.get(record.sha256)?.values() ?? []),
  ]
  for (const target of parts) {
    const name = state.appliances.get(target.appliance)?.name
    if (name === undefined) continue
    // An appliance of which nothing is heard may be installing it all the same.
    if (isUnheard(target))
      return refuse('unheard', `${title(record)} may be installed on ${name}: nothing was heard of it since its order`)
    if (!isFinal(target.state))
      return refuse('in_use', `install ${target.install} has ${title(record)} ${target.state} on ${name}`)
  }
  return null
}
