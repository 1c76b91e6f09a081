/**
 * `patchmesh backup` and `patchmesh restore`: what the Service Center knows as a file, made while it runs, and back. Each backup
 * is read again before it counts as made. Its keys go another way: `patchmesh keys seal` and `keys place`.
 */
import path from 'node:path'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { makeBackup } from '../shell/backup/make-backup.ts'
import { type Proof, proveBackup } from '../shell/backup/prove-backup.ts'
import { restoreBackup } from '../shell/backup/restore-backup.ts'
import { defineCommand, required } from './command.ts'
import { DATA_OPTION, namedData } from './data-folder.ts'
import { ProgressLine } from './progress-line.ts'
import { plural, readableBytes, readableTime } from './quantities.ts'

export const backup = defineCommand({
  name: 'backup',
  summary: 'Writes a backup of the Service Center, while it runs or not, and reads it again',
  usage: '--out FILE [--patches] [--data DIR]',
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write it; a file that is there is never replaced' },
    patches: { type: 'boolean', about: 'take the copies of patches along; appliances have them too' },
    ...DATA_OPTION,
    ...outputOptions('{"file","bytes","madeAt","appliances","patches","copies","trail"}'),
  },
  remarks: [
    'A tar archive packed with Zstandard: it holds all that the Service Center knows, and no key. The keys never change: seal them once, with\n' +
      'patchmesh keys seal, and keep them apart from the backups. Without them no backup can be restored.',
  ],
  example: 'patchmesh backup --out /backups/center-2026-11-30.tar.zst',
  async run({ options, terminal, show }) {
    const out = path.resolve(required('out', options.out))
    const folder = await namedData(options.data)
    const progress = new ProgressLine(terminal)
    await makeBackup({
      ...{ folder, out, withPatches: options.patches === true },
      progress: (bytes, of) => progress.update(() => `packed ${readableBytes(bytes)} of ${readableBytes(of)}`),
    })
    const proof = await proved(out, progress)
    return show(asJson(out, proof), () => aboutProof(out, proof), proof.trail.intact ? 0 : 1)
  },
})

export const restore = defineCommand({
  name: 'restore',
  summary: 'Puts the Service Center back from a backup, or only proves that one is whole',
  operands: ['FILE'],
  usage: 'FILE [--replace] [--check] [--data DIR]',
  options: {
    replace: { type: 'boolean', about: 'move aside the database that the folder has now' },
    check: { type: 'boolean', about: 'restore nothing: say whether the backup is whole' },
    ...DATA_OPTION,
    ...outputOptions('{"file","bytes","madeAt","appliances","patches","copies","trail","aside"}'),
  },
  remarks: [
    'The folder has the keys that the backup belongs to: on a new machine put them there first, with patchmesh keys place. The controller must\n' +
      'not run. Nothing is overwritten: what was there goes to a folder replaced-TIME beside it.',
    'What came after the backup is not known then: its orders are not repeated, patches that were uploaded later are set aside,\n' +
      'and appliances that were enrolled later need a token. The others go on as before, and tell anew what they have.',
  ],
  example: 'patchmesh restore ./center-2026-11-30.tar.zst --data /var/lib/patchmesh-controller',
  async run({ options, operands: [name = ''], terminal, show }) {
    const file = path.resolve(name)
    const progress = new ProgressLine(terminal)
    if (options.check === true) {
      const proof = await proved(file, progress)
      return show({ ...asJson(file, proof), aside: null }, () => aboutProof(file, proof), proof.trail.intact ? 0 : 1)
    }
    const folder = await namedData(options.data)
    const restored = await restoreBackup({
      ...{ folder, file, replaces: options.replace === true, nowMs: Date.now() },
      progress: (bytes) => progress.update(() => `unpacked ${readableBytes(bytes)}`),
    })
    progress.end()
    const { aside, trail } = restored
    const lines = () => [
      ...aboutProof(file, restored),
      `restored into ${folder}; start the controller on it now`,
      ...(aside === null ? [] : [`what was there is in ${aside}`]),
    ]
    return show({ ...asJson(file, restored), aside }, lines, trail.intact ? 0 : 1)
  },
})

async function proved(file: string, progress: ProgressLine): Promise<Proof> {
  const proof = await proveBackup(file, path.dirname(file), (bytes) =>
    progress.update(() => `read again ${readableBytes(bytes)}`),
  )
  progress.end()
  return proof
}

function asJson(file: string, { contents, appliances, patches, trail }: Proof) {
  const { madeAt, database, copies } = contents
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, database.bytes)
  return { file, bytes, madeAt, appliances, patches, copies: copies.length, trail }
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
