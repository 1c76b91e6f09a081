/**
 * `patchmesh keys seal` and `patchmesh keys place`: the keys of the Service Center as a file that may leave its machine, and from it
 * onto another one, for a restore or for another node.
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { BackupError } from '../shell/backup/backup-contents.ts'
import { placeKeys } from '../shell/backup/place-keys.ts'
import {
  MAX_SEALED_BYTES,
  type OpenedWith,
  openSealedKeys,
  peersOf,
  type SealedTo,
  sealKeys,
} from '../shell/backup/sealed-keys.ts'
import { readKeySeeds } from '../shell/keys.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { DATA_OPTION, namedData } from './data-folder.ts'
import { MIN_PASSPHRASE_CHARACTERS } from './personal-keys.ts'
import { readSmallFile } from './read-small-file.ts'
import { writeNewFile } from './write-new-file.ts'

export const sealKeysCommand = defineCommand({
  name: 'keys seal',
  summary: 'Writes the keys of the Service Center to a file, sealed in the age format',
  usage: '--out FILE (--recipient RECIPIENT... | --passphrase-file FILE) [--data DIR]',
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write them; a file that is there is never replaced' },
    recipient: {
      type: 'string',
      multiple: true,
      value: 'RECIPIENT',
      about: 'to who has this key, age1…, as age-keygen prints it',
    },
    'passphrase-file': { type: 'string', value: 'FILE', about: 'to the first line of this file' },
    ...DATA_OPTION,
    ...outputOptions('{"file","signingKey","meshIdentity"}'),
  },
  remarks: [
    'Whoever opens the file can speak for this Service Center to every appliance: keep it apart from the backups. The keys never change, so\n' +
      'once is enough. age --decrypt opens it as well.',
  ],
  example: 'patchmesh keys seal --out ./center.keys --passphrase-file ./passphrase',
  async run({ options, show }) {
    const out = required('out', options.out)
    const to = await whomToSealTo(options)
    const folder = await namedData(options.data)
    const seeds = await readKeySeeds(folder)
    if (seeds === null)
      throw new BackupError(`${folder} has no keys: name the data folder of the controller with --data`)
    await writeNewFile(out, await sealKeys(seeds, to))
    const { signing: signingKey, mesh: meshIdentity } = peersOf(seeds)
    return show({ file: out, signingKey, meshIdentity }, () => [`the keys of ${signingKey} are sealed in ${out}`])
  },
})

export const placeKeysCommand = defineCommand({
  name: 'keys place',
  summary: 'Puts sealed keys into a data folder, for a restore or for another node',
  operands: ['FILE'],
  usage: 'FILE (--identity FILE | --passphrase-file FILE) [--data DIR]',
  options: {
    identity: { type: 'string', value: 'FILE', about: 'opens them: a file of age-keygen' },
    'passphrase-file': { type: 'string', value: 'FILE', about: 'opens them: the first line of this file' },
    ...DATA_OPTION,
    ...outputOptions('{"folder","signingKey","meshIdentity"}'),
  },
  remarks: ['Keys that are there are never replaced.'],
  example: 'patchmesh keys place ./center.keys --passphrase-file ./passphrase --data /var/lib/patchmesh-controller',
  async run({ options, operands: [file = ''], show }) {
    const seeds = await openSealedKeys(file, await smallFile(file), await whatOpens(options))
    const folder = await namedData(options.data)
    await placeKeys(folder, seeds)
    const { signing: signingKey, mesh: meshIdentity } = peersOf(seeds)
    return show({ folder, signingKey, meshIdentity }, () => [`${folder} has the keys of ${signingKey}`])
  },
})

type Given = {
  readonly recipient?: string[] | undefined
  readonly identity?: string | undefined
  readonly 'passphrase-file'?: string | undefined
}

async function whomToSealTo({ recipient, 'passphrase-file': file }: Given): Promise<SealedTo> {
  if ((recipient === undefined) === (file === undefined))
    throw new UsageError('either --recipient or --passphrase-file is needed')
  if (file === undefined) return { recipients: recipient ?? [] }
  const passphrase = await firstLine(file)
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS)
    throw new UsageError(`the passphrase in ${file} is shorter than ${MIN_PASSPHRASE_CHARACTERS} characters`)
  return { passphrase }
}

async function whatOpens({ identity, 'passphrase-file': file }: Given): Promise<OpenedWith> {
  if ((identity === undefined) === (file === undefined))
    throw new UsageError('either --identity or --passphrase-file is needed')
  if (file !== undefined) return { passphrase: await firstLine(file) }
  const lines = (await textOf(identity ?? '')).split(/\r?\n/)
  return { identities: lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')) }
}

async function firstLine(file: string): Promise<string> {
  return (await textOf(file)).split(/\r?\n/, 1)[0] ?? ''
}

async function textOf(file: string): Promise<string> {
  return Buffer.from(await smallFile(file)).toString('utf8')
}

function smallFile(file: string): Promise<Uint8Array> {
  return readSmallFile(file, MAX_SEALED_BYTES)
}
