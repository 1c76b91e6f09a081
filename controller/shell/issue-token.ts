/**
 * Issuing an enrollment token: judges the slot by the same rules as the running controller and stores what proves the
 * token, both in one transaction, so two at once cannot both get a name or a role. It works on the database, whether a
 * controller runs beside it or not.
 */
import { randomBytes } from 'node:crypto'
import { DialAddress, type PeerId, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { MAX_ADDRESSES } from '../../protocol/limits.ts'
import { DialAddresses } from '../../protocol/messages.ts'
import { seededRandom } from '../../protocol/random.ts'
import { type Refusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { enrollingIdentity, printToken, proofKey, TOKEN_SECRET_BYTES } from '../../protocol/token.ts'
import type { ServiceCenterEvent } from '../core/effects.ts'
import { judgeReplacement, judgeSlot } from '../core/membership.ts'
import type { Change, Slot, TokenRecord } from '../core/records.ts'
import { depotOf } from '../core/replications.ts'
import { type Authority, apply, emptyState, type ServiceCenterState } from '../core/state.ts'
import { type IssuedToken, MESH_ADDRESSES_SETTING, type Repository, type WantedToken } from './ports.ts'

/** Time to carry it to the appliance, and no more: whoever finds it later has found nothing. */
const TOKEN_LIFETIME_MS = 60 * 60 * 1000

export type TokenData = { authority: Authority; repository: Repository }

/**
 * The text of the token, which is nowhere else. With `replaces` it is for the place of that appliance, and not for one
 * beside it. Throws `RefusedError` when the slot cannot be had.
 */
export async function issueToken(
  { authority, repository }: TokenData,
  slot: Slot,
  replaces: PeerId | null = null,
): Promise<{ token: string; expiresAt: number; record: TokenRecord }> {
  const secret = new Uint8Array(randomBytes(TOKEN_SECRET_BYTES))
  const issuedAt = Date.now()
  const expiresAt = issuedAt + TOKEN_LIFETIME_MS
  const meshAddresses = await repository.readSetting(MESH_ADDRESSES_SETTING)
  let dial: DialAddress[] = []
  const judge = (slots: readonly Change[]) => {
    const state = emptyState(authority, seededRandom(0))
    state.clock = { monotonicMs: 0, wallMs: issuedAt }
    for (const change of slots) apply(state, change)
    const refusal = replaces === null ? judgeSlot(state, slot) : judgeReplacement(state, replaces)
    if (refusal === null) dial = slot.kind === SERVICE_PROVIDER ? ofServiceCenter(meshAddresses) : ofDepot(state, slot)
    return refusal
  }
  const enrollingPeer = enrollingIdentity(secret).peer
  const proof = { enrollingPeer, proofKey: proofKey(secret) }
  const record: TokenRecord = { ...slot, ...proof, issuedAt, expiresAt, usedBy: null, replaces }
  await repository.issueToken(record, judge)
  const root = authority.signing.peer
  return { token: printToken({ version: 1, dial, secret, root, serviceCenter: authority.mesh }), expiresAt, record }
}

/** Asked for by somebody of a running controller, which learns of it at once. */
export async function issueHere(
  { deliver, ...data }: TokenData & { deliver: (event: ServiceCenterEvent) => void },
  { slot, replaces, actor }: WantedToken,
  origin: string,
): Promise<IssuedToken | Refusal> {
  try {
    const { token, record } = await issueToken(data, slot, replaces)
    const { enrollingPeer: id, issuedAt: at, expiresAt } = record
    const action = replaces === null ? 'issue-token' : 'replace'
    const row = { at, actor, action, subject: slot.name, outcome: 'done', organization: slot.organization, origin }
    await data.repository.commit([{ table: 'audit', row }])
    deliver({ kind: 'token-issued', token: record })
    return { id, name: slot.name, token, expiresAt }
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
}

function ofServiceCenter(setting: string | undefined): DialAddress[] {
  if (setting === undefined) {
    throw new Error('The controller has never run on this folder, so its address is unknown: start it once first')
  }
  return DialAddresses.parse(JSON.parse(setting).slice(0, 2 * MAX_ADDRESSES))
}

function ofDepot(state: ServiceCenterState, { dataCenter, name }: Slot): DialAddress[] {
  const dial = depotOf(state, dataCenter).flatMap(({ addresses, peer }) =>
    addresses.map((address) => DialAddress.parse(`${address}/p2p/${peer}`)),
  )
  if (dial.length > 0) return dial.slice(0, 2 * MAX_ADDRESSES)
  const message = `no Service Provider appliance of ${dataCenter} has ever been connected, so there is no address for ${name} to dial`
  throw new RefusedError(refuse('no_depot', message))
}
