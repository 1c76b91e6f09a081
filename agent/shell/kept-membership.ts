/**
 * The two files that make an appliance a member: `DIR/identity`, its own key, and `DIR/enrollment`, what the Service Center
 * has signed for it and where it dials. Either was written once and whole; what is read is proven to be that, so a byte
 * that a disk has changed is told as one, and never becomes an address at which nobody answers.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { decode, encode } from '../../protocol/codec.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { DialAddress, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { Envelope, open, type SigningKey, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { Membership, Roster } from '../../protocol/trust/statements.ts'
import { DamagedFile, readKept } from './damaged-file.ts'
import { writeDurably } from './durable-file.ts'

const SEED_BYTES = 32
const IDENTITY = 'identity'
const ENROLLMENT = 'enrollment'

const Kept = z.strictObject({
  version: z.literal(1),
  membership: Envelope,
  roster: Envelope,
  root: PeerId,
  dial: z.array(DialAddress),
  /** Of the others, as they are encoded; an earlier release has not written it. */
  digest: Sha256.optional(),
})
type Members = Pick<z.infer<typeof Kept>, 'membership' | 'roster' | 'root' | 'dial'>

export type Enrollment = { membership: Membership; roster: Envelope; root: PeerId; dial: DialAddress[] }

/** The appliance's own key; made on the first start, and never sent anywhere. A member is never given another one. */
export async function loadIdentity(folder: string): Promise<{ seed: Uint8Array; identity: SigningKey }> {
  const file = join(folder, IDENTITY)
  let seed: Uint8Array | null = await readKept(file, ifDamaged(folder))
  if (seed === null) {
    if ((await readKept(join(folder, ENROLLMENT), ifDamaged(folder))) !== null)
      throw damaged(folder, IDENTITY, 'is missing, and the enrollment beside it was made for it')
    seed = randomBytes(SEED_BYTES)
    await writeDurably(folder, IDENTITY, seed)
  }
  if (seed.byteLength !== SEED_BYTES)
    throw damaged(folder, IDENTITY, `is damaged: it has ${seed.byteLength} bytes instead of ${SEED_BYTES}`)
  return { seed, identity: signingKeyFromSeed(seed) }
}

export async function keepEnrollment(folder: string, members: Members): Promise<void> {
  const kept: z.infer<typeof Kept> = { version: 1, ...members, digest: digestOf(members) }
  await writeDurably(folder, ENROLLMENT, encode(kept))
}

/** Null where the appliance is not enrolled yet. `identity` is what it was made for, where that is known. */
export async function loadEnrollment(folder: string, identity: PeerId | null): Promise<Enrollment | null> {
  const bytes = await readKept(join(folder, ENROLLMENT), ifDamaged(folder))
  if (bytes === null) return null
  const kept = decode(Kept, bytes, 'the enrollment')
  if (isRefusal(kept)) throw damaged(folder, ENROLLMENT, `is damaged: ${kept.message}`)
  const { digest, version: _, ...members } = kept
  if (digest !== undefined && digest !== digestOf(members))
    throw damaged(folder, ENROLLMENT, 'is damaged: it is not what was written')
  const { root, dial, roster } = members
  const membership = signedIn(folder, open(Membership, members.membership, [root]))
  signedIn(folder, open(Roster, roster, [root]))
  if (identity !== null && membership.appliance !== identity)
    throw damaged(folder, IDENTITY, `is another key than ${membership.appliance}, of which the enrollment beside it is`)
  return { membership, roster, root, dial }
}

function signedIn<Statement>(folder: string, statement: Statement | Refusal): Statement {
  if (isRefusal(statement)) throw damaged(folder, ENROLLMENT, `is damaged: ${statement.message}`)
  return statement
}

function digestOf({ membership, roster, root, dial }: Members): Sha256 {
  return sha256Hex(encode({ membership, roster, root, dial }))
}

function damaged(folder: string, name: string, what: string): DamagedFile {
  return new DamagedFile({ file: join(folder, name), what, advice: ifDamaged(folder) })
}

function ifDamaged(folder: string): string {
  return (
    `Restore identity and enrollment from the same backup of ${folder}, or make the appliance a new member: ` +
    'make a token for a successor of it (patchmesh appliances replace), move both files and the ledger away, and start the agent with the token.'
  )
}
