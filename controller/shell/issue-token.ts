/**
 * Issuing an enrollment token: judges the slot against the fleet as the database knows it, makes the secret, and stores
 * what proves it. Works beside a running controller, which learns of the token from the database.
 */
import { randomBytes } from 'node:crypto'
import { type DialAddress, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { seededRandom } from '../../protocol/random.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { enrollingIdentity, printToken, proofKey, TOKEN_SECRET_BYTES } from '../../protocol/token.ts'
import { judgeSlot } from '../core/membership.ts'
import type { Slot } from '../core/records.ts'
import { depotOf } from '../core/replications.ts'
import { type Authority, apply, emptyState, type ServiceCenterState } from '../core/state.ts'
import { MESH_ADDRESSES_SETTING, type Repository } from './ports.ts'

export const TOKEN_LIFETIME_MS = 3600 * 1000

/** The text of the token, which is nowhere else, or why there is none. */
export async function issueToken(repository: Repository, authority: Authority, slot: Slot): Promise<string | Refusal> {
  const state = emptyState(authority, seededRandom(0))
  const issuedAt = Date.now()
  state.clock = { monotonicMs: 0, wallMs: issuedAt }
  for (const change of await repository.load()) apply(state, change)
  const refusal = judgeSlot(state, slot)
  if (refusal !== null) return refusal
  const dial = slot.kind === SERVICE_PROVIDER ? await meshAddresses(repository) : depotAddresses(state, slot)
  if (isRefusal(dial)) return dial
  const secret = randomBytes(TOKEN_SECRET_BYTES)
  await repository.issueToken({
    ...slot,
    enrollingPeer: enrollingIdentity(secret).peer,
    proofKey: proofKey(secret),
    issuedAt,
    expiresAt: issuedAt + TOKEN_LIFETIME_MS,
    usedBy: null,
  })
  return printToken({ version: 1, dial, secret, root: authority.signing.peer, serviceCenter: authority.mesh })
}

async function meshAddresses(repository: Repository): Promise<DialAddress[] | Refusal> {
  const setting = await repository.readSetting(MESH_ADDRESSES_SETTING)
  if (setting !== undefined) return JSON.parse(setting) as DialAddress[]
  return refuse(
    'not_found',
    'the controller of this data folder has never run, so nobody knows where appliances shall dial it',
  )
}

function depotAddresses(state: ServiceCenterState, slot: Slot): DialAddress[] | Refusal {
  const addresses = depotOf(state, slot.dataCenter).flatMap(({ peer, addresses }) =>
    addresses.map((address) => `${address}/p2p/${peer}` as DialAddress),
  )
  if (addresses.length > 0) return addresses.slice(0, 16)
  return refuse(
    'no_depot',
    `no Service Provider appliance of ${slot.dataCenter} has been connected yet, so its address is not known`,
  )
}
