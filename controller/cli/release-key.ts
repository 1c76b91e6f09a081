/**
 * `patchmesh release key`: makes the key with which a publisher signs patches. It is a PKCS #8 file that other tools read
 * too; it belongs on a machine that is not the Service Center.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { keyIdOf, type PublicKey } from '../../protocol/trust/publishers.ts'
import { defineCommand, required } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { readSmallFile } from './read-small-file.ts'
import { writeNewFile } from './write-new-file.ts'

const MAX_KEY_FILE_BYTES = 4096

export type PublisherSigningKey = { readonly publicKey: PublicKey; readonly privateKey: KeyObject }

export const releaseKey = defineCommand({
  name: 'release key',
  summary: 'Makes a key with which a publisher signs patches, and prints its public part',
  usage: '--out FILE',
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write it; a file that is there is never replaced' },
    ...outputOptions('{"keyid","publicKey"}'),
  },
  remarks: ['Keep the file away from the Service Center: whoever has it can sign as this publisher.'],
  example: 'patchmesh release key --out ./acme-1.key',
  async run({ options, show }) {
    const out = required('out', options.out)
    const { publicKey, privateKey } = withPublicKey(generateKeyPairSync('ed25519').privateKey)
    await writeNewFile(out, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const keyid = keyIdOf(publicKey)
    return show({ keyid, publicKey }, () => [`public key  ${publicKey}`, `keyid       ${keyid}`])
  },
})

export async function readSigningKey(file: string): Promise<PublisherSigningKey> {
  const pem = Buffer.from(await readSmallFile(file, MAX_KEY_FILE_BYTES))
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (error) {
    throw new LocalFileError(`${file} is not a private key in PEM: name the file of patchmesh release key`, {
      cause: error,
    })
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new LocalFileError(`${file} is a key of type ${key.asymmetricKeyType}: an Ed25519 key is needed`)
  }
  return withPublicKey(key)
}

function withPublicKey(privateKey: KeyObject): PublisherSigningKey {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return { publicKey: spki.subarray(-32).toString('base64') as PublicKey, privateKey }
}
