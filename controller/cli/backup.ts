/**
 * `patchmesh backup` and `patchmesh restore`: the Service Center's data as a file, made while it runs, and back. Each backup
 * is read again before it counts as made.
 */
import { open } from 'node:fs/promises'
import path from 'node:path'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { BackupError } from '../shell/backup/backup-contents.ts'
import { makeBackup } from '../shell/backup/make-backup.ts'
import { type Proof, proveBackup } from '../shell/backup/prove-backup.ts'
import { restoreBackup } from '../shell/backup/restore-backup.ts'
import { MAX_SEALED_BYTES, openSealedKeys, sealKeys } from '../shell/backup/sealed-keys.ts'
import { readKeySeeds } from '../shell/keys.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { DATA_OPTION, namedData } from './data-folder.ts'
import { ProgressLine } from './progress-line.ts'
import { plural, readableBytes, readableTime } from './quantities.ts'
import { readSmallFile } from './read-small-file.ts'

const MIN_PASSPHRASE_CHARACTERS = 12

export const backup = defineCommand({
  name: 'backup',
  summary: 'Writes a backup of the Service Center, while it runs or not, and reads it again',
  usage: '--out FILE [--keys-out FILE (--recipient RECIPIENT... | --passphrase-file FILE)] [--patches] [--data DIR]',
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write it; a file that is there is never replaced' },
    'keys-out': { type: 'string', value: 'FILE', about: 'write the keys too, sealed in the age format' },
    recipient: {
      type: 'string',
      multiple: true,
      value: 'RECIPIENT',
      about: 'seal them to who has this key, age1…, as age-keygen prints it',
    },
    'passphrase-file': { type: 'string', value: 'FILE', about: 'seal them to the first line of this file' },
    patches: { type: 'boolean', about: 'take the copies of patches along; appliances have them too' },
    ...DATA_OPTION,
    ...outputOptions('{"file","bytes","madeAt","appliances","patches","trail","keys"}'),
  },
  remarks: [
    'The keys never change: write them once, and keep them apart from the backups. Without them no backup can be restored.',
    'A backup is a tar archive packed with Zstandard: it holds all that the Service Center knows, and no key.',
  ],
  example: 'patchmesh backup --out /backups/center-2026-11-30.tar.zst',
  async run({ options, terminal, show }) {
    const out = path.resolve(required('out', options.out))
    const keysOut = options['keys-out']
    const sealedTo = keysOut === undefined ? null : await whomToSealTo(options)
    const folder = await namedData(options.data)
    const progress = new ProgressLine(terminal)
    await makeBackup({
      ...{ folder, out, withPatches: options.patches === true },
      progress: (bytes, of) => progress.update(() => `packed ${readableBytes(bytes)} of ${readableBytes(of)}`),
    })
    const proof = await proved(out, progress)
    if (keysOut !== undefined && sealedTo !== null) await writeKeys(folder, keysOut, sealedTo)
    const lines = () => [...aboutProof(out, proof), aboutKeys(keysOut)]
    return show(asJson(out, proof, keysOut ?? null), lines, proof.trail.intact ? 0 : 1)
  },
})

export const restore = defineCommand({
  name: 'restore',
  summary: 'Puts the Service Center back from a backup, or only proves that one is whole',
  operands: ['FILE'],
  usage: 'FILE [--keys FILE (--identity FILE | --passphrase-file FILE)] [--replace] [--check] [--data DIR]',
  options: {
    keys: { type: 'string', value: 'FILE', about: 'the sealed keys; not needed where the folder has them still' },
    identity: { type: 'string', value: 'FILE', about: 'opens them: a file of age-keygen' },
    'passphrase-file': { type: 'string', value: 'FILE', about: 'opens them: the first line of this file' },
    replace: { type: 'boolean', about: 'move aside what the folder has now' },
    check: { type: 'boolean', about: 'restore nothing: say whether the backup is whole' },
    ...DATA_OPTION,
    ...outputOptions('{"file","madeAt","appliances","patches","trail","aside"}'),
  },
  remarks: [
    'The controller must not run. Nothing is overwritten: what was there goes to a folder replaced-TIME beside it.',
    'What came after the backup is not known then: its orders are not repeated, patches that were uploaded later are set aside,\n' +
      'and appliances that were enrolled later need a token. The others go on as before, and tell anew what they have.',
  ],
  example: 'patchmesh restore ./center-2026-11-30.tar.zst --keys ./center.keys --passphrase-file ./passphrase',
  async run({ options, operands: [name = ''], terminal, show }) {
    const file = path.resolve(name)
    const progress = new ProgressLine(terminal)
    if (options.check === true) {
      const proof = await proved(file, progress)
      return show(asJson(file, proof, null), () => aboutProof(file, proof), proof.trail.intact ? 0 : 1)
    }
    const { keys } = options
    const seeds =
      keys === undefined ? null : await openSealedKeys(keys, await sealedFile(keys), await whatOpens(options))
    const folder = await namedData(options.data)
    const restored = await restoreBackup({
      ...{ folder, file, seeds, replaces: options.replace === true, nowMs: Date.now() },
      progress: (bytes) => progress.update(() => `unpacked ${readableBytes(bytes)}`),
    })
    progress.end()
    const { keys: _none, ...told } = asJson(file, restored, null)
    const lines = () => [
      ...aboutProof(file, restored),
      `restored into ${folder}; start the controller on it now`,
      ...(restored.aside === null ? [] : [`what was there is in ${restored.aside}`]),
    ]
    return show({ ...told, aside: restored.aside }, lines, restored.trail.intact ? 0 : 1)
  },
})

async function proved(file: string, progress: ProgressLine): Promise<Proof> {
  const proof = await proveBackup(file, path.dirname(file), (bytes) =>
    progress.update(() => `read again ${readableBytes(bytes)}`),
  )
  progress.end()
  return proof
}

type KeyWords = {
  readonly recipient?: string[] | undefined
  readonly identity?: string | undefined
  readonly 'passphrase-file'?: string | undefined
}

async function whomToSealTo({ recipient, 'passphrase-file': file }: KeyWords) {
  if ((recipient === undefined) === (file === undefined))
    throw new UsageError('--keys-out needs either --recipient or --passphrase-file')
  if (file === undefined) return { recipients: recipient ?? [] }
  const passphrase = await firstLine(file)
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS)
    throw new UsageError(`the passphrase in ${file} is shorter than ${MIN_PASSPHRASE_CHARACTERS} characters`)
  return { passphrase }
}

async function whatOpens({ identity, 'passphrase-file': file }: KeyWords) {
  if ((identity === undefined) === (file === undefined))
    throw new UsageError('--keys needs either --identity or --passphrase-file')
  if (identity === undefined) return { passphrase: await firstLine(file ?? '') }
  const lines = Buffer.from(await sealedFile(identity))
    .toString('utf8')
    .split(/\r?\n/)
  return { identities: lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')) }
}

async function firstLine(file: string): Promise<string> {
  return (
    Buffer.from(await sealedFile(file))
      .toString('utf8')
      .split(/\r?\n/, 1)[0] ?? ''
  )
}

function sealedFile(file: string): Promise<Uint8Array> {
  return readSmallFile(file, MAX_SEALED_BYTES)
}

async function writeKeys(folder: string, out: string, to: Parameters<typeof sealKeys>[1]): Promise<void> {
  const seeds = await readKeySeeds(folder)
  if (seeds === null) throw new BackupError(`${folder} has no keys any more`)
  const sealed = await sealKeys(seeds, to)
  const file = await open(out, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EEXIST' ? 'is there already, and keys are never replaced' : `cannot be written (${error.code})`
    throw new BackupError(`${out} ${why}: name another file; the backup was made`, { cause: error })
  })
  try {
    await file.writeFile(sealed)
    await file.sync()
  } finally {
    await file.close()
  }
}

function asJson(file: string, { contents, appliances, patches, trail }: Proof, keys: string | null) {
  const { madeAt, database, copies } = contents
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, database.bytes)
  return { file, bytes, madeAt, appliances, patches, copies: copies.length, trail, keys }
}

function aboutProof(file: string, { contents, appliances, patches, patchBytes, trail }: Proof): string[] {
  const { madeAt, copies } = contents
  const known = `${plural(appliances, 'appliance')}, ${patches} ${patches === 1 ? 'patch' : 'patches'}`
  return [
    `${file} is whole: made at ${readableTime(madeAt)} UTC by release ${contents.release}`,
    `${known}; the trail has ${trail.entries} entries and ${trail.intact ? 'is intact' : `is broken: ${trail.brokenAt?.reason}`}, head ${trail.head}`,
    copies.length > 0
      ? `with ${copies.length} copies of patches`
      : `without the copies of patches (${readableBytes(patchBytes)}): appliances have them, or upload the files again`,
  ]
}

function aboutKeys(keys: string | undefined): string {
  if (keys === undefined) return 'without the keys: write them once with --keys-out, and keep them apart'
  return `the keys are sealed in ${keys}: keep it apart, and what opens it too`
}
