/**
 * Tokens as tests want them: read from their text, or put into the database of a fleet past the rules for issuing one.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Slot } from '../../controller/core/records.ts'
import { loadAuthority } from '../../controller/shell/keys.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { ApplianceName, GroupName, OrganizationName, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { enrollingIdentity, proofKey, readToken, type Token } from '../../protocol/token.ts'
import type { Fleet } from '../../simulator/processes/fleet.ts'

/** A place that any fleet of one provider has free. */
const ELSEWHERE = {
  organization: OrganizationName.parse('Provider'),
  kind: SERVICE_PROVIDER,
  role: 'secondary',
  group: GroupName.parse('elsewhere'),
} as const

export function tokenOf(text: string): Token {
  const token = readToken(text)
  assert.ok('secret' in token)
  return token
}

/** A token that the database knows, whatever the rules for issuing one say. */
export async function insertToken(
  fleet: Fleet,
  slot: Slot,
  change: { expiresAt?: number; dial?: Token['dial'] } = {},
): Promise<Token> {
  const folder = join(fleet.folder, 'service-center')
  const authority = await loadAuthority(folder)
  const repository = await openRepository({ folder, root: authority.signing.peer })
  const secret = new Uint8Array(randomBytes(32))
  const issuedAt = Date.now() - 7_200_000
  const expiresAt = change.expiresAt ?? Date.now() + 60_000
  const enrollingPeer = enrollingIdentity(secret).peer
  const proof = { enrollingPeer, proofKey: proofKey(secret) }
  await repository.issueToken({ ...slot, ...proof, issuedAt, expiresAt, usedBy: null, replaces: null })
  await repository.close()
  const dial =
    change.dial ??
    tokenOf(await fleet.token({ ...slot, ...ELSEWHERE, name: ApplianceName.parse(`beside ${slot.name}`) })).dial
  return { version: 1, dial, secret, root: authority.signing.peer, serviceCenter: authority.mesh }
}
