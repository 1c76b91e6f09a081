/**
 * The keys of the Service Center as a file that may lie beside other backups: sealed in the age format (age-encryption.org/v1)
 * to a passphrase or to recipients, so that `age --decrypt` opens it as well. Whoever opens it can speak for this Service
 * Center to every appliance.
 */
import { armor, Decrypter, Encrypter } from 'age-encryption'
import { z } from 'zod'
import type { PeerId } from '../../../protocol/identifiers.ts'
import { jsonIn } from '../../../protocol/json-in.ts'
import { signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import type { KeySeeds } from '../keys.ts'
import { BackupError } from './backup-contents.ts'

export const MAX_SEALED_BYTES = 64 * 1024

export type SealedTo = { readonly passphrase: string } | { readonly recipients: readonly string[] }
export type OpenedWith = { readonly passphrase: string } | { readonly identities: readonly string[] }

const Seed = z.base64().refine((text) => Buffer.from(text, 'base64').byteLength === 32)
const SealedKeys = z.strictObject({ format: z.literal('patchmesh-keys/1'), signing: Seed, meshIdentity: Seed })

/** Throws a BackupError for a recipient that is none. */
export async function sealKeys({ signing, meshIdentity }: KeySeeds, to: SealedTo): Promise<string> {
  const encrypter = new Encrypter()
  if ('passphrase' in to) encrypter.setPassphrase(to.passphrase)
  else for (const recipient of to.recipients) addRecipient(encrypter, recipient)
  const keys: z.infer<typeof SealedKeys> = {
    format: 'patchmesh-keys/1',
    signing: Buffer.from(signing).toString('base64'),
    meshIdentity: Buffer.from(meshIdentity).toString('base64'),
  }
  return armor.encode(await encrypter.encrypt(JSON.stringify(keys)))
}

/** Throws a BackupError, which begins with `name`, for what is not sealed to these, or is no such file. */
export async function openSealedKeys(name: string, sealed: Uint8Array, opened: OpenedWith): Promise<KeySeeds> {
  const decrypter = new Decrypter()
  if ('passphrase' in opened) decrypter.addPassphrase(opened.passphrase)
  else for (const identity of opened.identities) addIdentity(decrypter, identity)
  const keys = SealedKeys.safeParse(jsonIn(await decrypted(name, sealed, decrypter)))
  if (!keys.success)
    throw new BackupError(`${name} holds no keys of a Service Center: name the file of patchmesh keys seal`)
  const { signing, meshIdentity } = keys.data
  return { signing: Buffer.from(signing, 'base64'), meshIdentity: Buffer.from(meshIdentity, 'base64') }
}

/** The peer ids by which a database names its keys. */
export function peersOf({ signing, meshIdentity }: KeySeeds): { signing: PeerId; mesh: PeerId } {
  return { signing: signingKeyFromSeed(signing).peer, mesh: signingKeyFromSeed(meshIdentity).peer }
}

type Peers = ReturnType<typeof peersOf>

export function areSame(some: Peers, others: Peers): boolean {
  return some.signing === others.signing && some.mesh === others.mesh
}

async function decrypted(name: string, sealed: Uint8Array, decrypter: Decrypter): Promise<string> {
  try {
    return await decrypter.decrypt(armor.decode(Buffer.from(sealed).toString('latin1')), 'text')
  } catch (error) {
    const isOther = error instanceof Error && error.message.includes('no identity matched')
    const why = isOther
      ? 'is sealed to another passphrase or recipient'
      : 'is not a file in the age format, or is damaged'
    throw new BackupError(`${name} ${why}: it is the file that patchmesh keys seal wrote`, {
      cause: error,
    })
  }
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient)
  } catch (error) {
    throw new BackupError(`the recipient ${JSON.stringify(recipient)} is none of age: age-keygen prints one, age1…`, {
      cause: error,
    })
  }
}

function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity)
  } catch (error) {
    throw new BackupError('an identity in the file is none of age: age-keygen prints one, AGE-SECRET-KEY-1…', {
      cause: error,
    })
  }
}
