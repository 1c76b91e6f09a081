/**
 * `patchmesh keys new`: makes the key of a person who signs policies or approves installs. The private part is a PKCS #8 file
 * that is encrypted with a passphrase, which OpenSSL reads too; the public part, for the policy, is written beside it.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { ApplianceName } from '../../protocol/identifiers.ts'
import { type ApprovalKey, publicPart } from '../../protocol/trust/approval-keys.ts'
import { defineCommand, parsed, required } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { readSmallFile } from './read-small-file.ts'
import type { Terminal } from './terminal.ts'
import { writeNewFile } from './write-new-file.ts'

const MAX_KEY_FILE_BYTES = 4096
/** A file that is stolen is guessed at: several words hold, signs do not. */
export const MIN_PASSPHRASE_CHARACTERS = 12
const PASSPHRASE = 'PATCHMESH_KEY_PASSPHRASE'

export const newKey = defineCommand({
  name: 'keys new',
  summary: 'Makes the key of a person who signs policies or approves installs',
  usage: '--name NAME --out FILE [--p256]',
  options: {
    name: { type: 'string', value: 'NAME', about: 'whose it is: the name of the account of an approver' },
    out: {
      type: 'string',
      value: 'FILE',
      about: 'where to write it, and FILE.pub; a file that is there is never replaced',
    },
    p256: { type: 'boolean', about: 'ECDSA on P-256 instead of Ed25519' },
    ...outputOptions('{"name","keyid","publicKey"}'),
  },
  remarks: [
    `The passphrase is asked for, or taken from ${PASSPHRASE}; it has ${MIN_PASSPHRASE_CHARACTERS} characters or more. FILE stays with the person, away from the\n` +
      'Service Center; FILE.pub goes to whoever makes the policy.',
  ],
  example: 'patchmesh keys new --name maria --out ./maria.key',
  async run({ options, terminal, show }) {
    const name = parsed('name', required('name', options.name), ApplianceName)
    const out = required('out', options.out)
    const passphrase = await passphraseFor(out, terminal, true)
    const { privateKey } =
      options.p256 === true ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
    const described = { name, ...publicPart(privateKey) }
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    await writeNewFile(out, pem)
    await writeNewFile(`${out}.pub`, `${JSON.stringify(described)}\n`)
    return show(described, () => [`public key  ${described.publicKey}`, `keyid       ${described.keyid}`])
  },
})

export type PersonalKey = ApprovalKey & { readonly privateKey: KeyObject }

export async function readPersonalKey(file: string, terminal: Terminal): Promise<PersonalKey> {
  const key = Buffer.from(await readSmallFile(file, MAX_KEY_FILE_BYTES))
  const passphrase = key.includes('ENCRYPTED') ? await passphraseFor(file, terminal, false) : undefined
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(passphrase === undefined ? key : { key, passphrase })
    return { ...publicPart(privateKey), privateKey }
  } catch (error) {
    const why = passphrase === undefined ? 'is not a private key in PEM' : 'is no key, or that is not its passphrase'
    throw new LocalFileError(`${file} ${why}: name the file of patchmesh keys new`, { cause: error })
  }
}

async function passphraseFor(file: string, terminal: Terminal, isNew: boolean): Promise<string> {
  const given = process.env[PASSPHRASE] ?? (await terminal.ask(`Passphrase of ${file}: `, { hidden: true }))
  if (given === null || given === '') {
    throw new LocalFileError(`nobody has given the passphrase of ${file}: type it, or set ${PASSPHRASE}`)
  }
  if (isNew && given.length < MIN_PASSPHRASE_CHARACTERS) {
    const why = `has ${given.length} characters: choose ${MIN_PASSPHRASE_CHARACTERS} or more, such as four words`
    throw new LocalFileError(`the passphrase ${why}`)
  }
  return given
}
