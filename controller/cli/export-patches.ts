/**
 * `patchmesh export`: patches with everything that proves them, onto a disk that is carried to a site whose line is thin, or
 * that has none. `patchmesh import` takes them in there.
 */
import { Sha256 } from '../../protocol/identifiers.ts'
import type { DiskEntry } from '../../protocol/patch-disk.ts'
import type { PatchProof } from '../api/schemas.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { listOnDisk, openDisk, type Proof, readProof, writePatch } from './patch-disk-writer.ts'
import { ProgressLine } from './progress-line.ts'
import { readableBytes } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

export const exportPatches = defineCommand({
  name: 'export',
  operations: ['listPatches', 'provePatch', 'downloadPatch'],
  summary: 'Writes patches onto a disk, to be imported at a site without a line',
  operands: ['[PATCH...]'],
  usage: '(PATCH... | --all) --to FOLDER',
  options: {
    to: { type: 'string', value: 'FOLDER', about: 'where to write them, on the disk that is carried' },
    all: { type: 'boolean', about: 'every patch that there is' },
    ...SERVER_OPTIONS,
  },
  remarks: [
    'At the site: patchmesh import FOLDER. Nothing on the disk is secret, and nothing of it is believed there that is not\n' +
      'signed. What is on it already stays; what was cut is gone on with.',
  ],
  example: 'patchmesh export kernel@6.1.4 example@1.0.0 --to /media/usb/patches',
  async run({ options, operands, terminal, show }) {
    const folder = required('to', options.to)
    if ((options.all === true) === operands.length > 0)
      throw new UsageError('name each PATCH, or say --all for every patch')
    const client = connect(options)
    const wanted = options.all === true ? (await client.patches()).map(({ id }) => id) : operands
    const written: (DiskEntry & { written: number })[] = []
    const progress = new ProgressLine(terminal)
    try {
      for (const patch of wanted) {
        const proof = readProof(
          await client.exchange.call<PatchProof>({ method: 'GET', path: ['patches', patch, 'proof'] }),
        )
        const entry = entryOf(proof)
        const title = `${entry.name}@${entry.version}`
        const done = (bytes: number) =>
          progress.update(() => printable(`writing ${title}  ${readableBytes(bytes)} of ${readableBytes(entry.bytes)}`))
        const others = await openDisk(folder, proof.signedBy)
        const file = (from: number) =>
          client.exchange.stream({
            method: 'GET',
            path: ['patches', entry.sha256, 'file'],
            query: { from: String(from) },
          })
        written.push({ ...entry, written: await writePatch(folder, proof, file, done) })
        const kept = others.filter(({ sha256 }) => sha256 !== entry.sha256)
        await listOnDisk(folder, proof.signedBy, [...kept, entry])
      }
    } finally {
      progress.end()
    }
    return show({ folder, patches: written }, () => linesOf(folder, written).map(printable))
  },
})

function entryOf({ publication: { sha256, name, version, bytes } }: Proof): DiskEntry {
  return { sha256: Sha256.parse(sha256), name, version, bytes }
}

function linesOf(folder: string, written: readonly (DiskEntry & { written: number })[]): string[] {
  return [
    ...written.map(({ name, version, bytes, written: now }) => {
      const came = now === 0 ? 'was there already' : `${readableBytes(now)} written`
      return `${name}@${version}  ${readableBytes(bytes)}  ${came}`
    }),
    `${written.length} ${written.length === 1 ? 'patch' : 'patches'} on the disk. At the site: patchmesh import ${folder}`,
  ]
}
