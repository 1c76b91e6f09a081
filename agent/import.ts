/**
 * `patchmesh import`: takes in the patches of a disk that was carried here. This command reads the disk, and the running
 * agent judges and stores what it lacks; each patch is imported or not, whatever becomes of the others.
 */
import { parseArgs } from 'node:util'
import { pieceCount } from '../protocol/pieces.ts'
import { printableSentence } from '../protocol/printable.ts'
import { hint, isRefusal, type Refusal } from '../protocol/refusals.ts'
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT } from './shell/config/agent-config.ts'
import { dataFolder } from './shell/config/places.ts'
import { fail, printResult, readFormat } from './shell/daemon-command.ts'
import { openCarried, readDisk } from './shell/patch-disk.ts'
import { type Brought, bringPatch } from './shell/visits/bring-import.ts'

const HELP = `Usage: patchmesh import FOLDER [--data DIR] [-o FORMAT]

Takes in the patches of a disk that "patchmesh export --to" has written, without a line to
the Service Center. The agent that runs on the data folder believes what its Service Center
has signed and nothing else; it takes what it lacks, reads it back, and passes it on to the
other members of its depot. The disk is only read. What was cut is gone on with when the
command is given again.

Options:
  --data DIR           the data folder of the agent (default: that of /etc/patchmesh/agent.yaml)
  -o, --output FORMAT  json, yaml or table (default table)
  --json               one object on standard output, as -o json
  --help               this text

Example:
  patchmesh import /media/usb/patches --data /var/lib/patchmesh
`
const TOLD_EVERY_MS = 2_000

type Imported = {
  id: string
  name: string
  version: string
  state: 'imported' | 'already here' | 'incomplete' | 'refused'
  /** Brought from the disk now. */
  pieces: number
  bytes: number
  reason: string
  hint: string
}

/** The exit status. */
export async function importPatches(args: string[]): Promise<number> {
  const { values, positionals } = read(args)
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const [disk, ...more] = positionals
  if (disk === undefined) return fail('FOLDER is missing: name the folder on the disk; see patchmesh import --help', 2)
  if (more.length > 0) return fail('one FOLDER at a time; see patchmesh import --help', 2)
  const folder = await dataFolder(values.data, AGENT)
  if (folder === undefined) return fail('--data is missing: name the data folder of the agent', 2)
  const list = await readDisk(disk)
  if (isRefusal(list)) return fail(printableSentence(list.message), 1)
  const imported: Imported[] = []
  for (const entry of list.patches) {
    const one = await importOne({ folder, disk, entry })
    imported.push(one)
    if (format === 'table') process.stdout.write(`${printableSentence(lineOf(one))}\n`)
  }
  const missing = imported.filter(({ state }) => state === 'refused' || state === 'incomplete')
  // People have read each line when it was done.
  await printResult(format, { patches: imported }, () => (imported.length === 0 ? ['the disk lists no patch'] : []))
  return missing.length === 0 ? 0 : 1
}

async function importOne(options: {
  folder: string
  disk: string
  entry: Parameters<typeof openCarried>[1]
}): Promise<Imported> {
  const { folder, disk, entry } = options
  const { sha256: id, name, version } = entry
  const carried = await openCarried(disk, entry)
  const nothing = { id, name, version, pieces: 0, bytes: 0 }
  if (isRefusal(carried)) return { ...nothing, ...refused(carried) }
  const { publication, envelope, hashes, piece, wrong } = carried
  const title = `${name} ${version}`
  const tell = progress(title, publication.bytes)
  try {
    const brought = await bringPatch(folder, {
      ...{ publication: envelope, hashes, pieces: pieceCount(publication), piece, progress: tell },
    })
    if (brought === null)
      return fail(`no agent runs on ${folder}: start it, so that it takes in what is on the disk`, 1)
    const { pieces, bytes } = brought
    return { ...nothing, pieces, bytes, ...outcome(brought, wrong()) }
  } finally {
    tell.end()
    await carried.close()
  }
}

function outcome({ answer }: Brought, wrong: readonly string[]): Pick<Imported, 'state' | 'reason' | 'hint'> {
  switch (answer.kind) {
    case 'imported': {
      const unsigned =
        answer.unsigned === '' ? '' : `it is passed on, and would not be installed here: ${answer.unsigned}`
      return { state: answer.isNew ? 'imported' : 'already here', reason: unsigned, hint: '' }
    }
    case 'partly':
      return {
        ...{ state: 'incomplete', reason: wrong.join('; ') },
        hint: 'What is right was taken in. Write the disk again, or wait until the rest comes over the mesh.',
      }
    case 'refused':
      return refused({ refused: answer.refused, message: answer.message })
  }
}

function refused({ refused: code, message }: Refusal): Pick<Imported, 'state' | 'reason' | 'hint'> {
  return { state: 'refused', reason: message, hint: hint(code) }
}

function lineOf({ name, version, state, pieces, bytes, reason, hint: advice }: Imported): string {
  const came = pieces === 0 ? '' : `, ${pieces} pieces of ${bytes} bytes from the disk`
  const why = reason === '' ? '' : `: ${reason}`
  return `${name} ${version}: ${state}${came}${why}${advice === '' ? '' : `. ${advice}`}`
}

/** A line on standard error every two seconds while pieces go over, and while the agent reads all of them back. */
function progress(title: string, patchBytes: number) {
  let said = `${title}: looks what is here already`
  const timer = setInterval(() => process.stderr.write(`${printableSentence(said)}\n`), TOLD_EVERY_MS)
  const tell = ({ pieces, of, bytes }: { pieces: number; of: number; bytes: number }): void => {
    said =
      pieces < of
        ? `${title}: ${pieces} of ${of} pieces that are missing, ${bytes} bytes`
        : `${title}: the agent reads all ${patchBytes} bytes back from its disk`
  }
  return Object.assign(tell, { end: () => clearInterval(timer) })
}

function read(args: string[]) {
  const options = { data: { type: 'string' }, help: { type: 'boolean' }, ...outputOptions() } as const
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    return fail(`${(error as Error).message}; see patchmesh import --help`, 2)
  }
}
