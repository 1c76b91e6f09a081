/**
 * The control archive of a Debian package: which files dpkg makes of it, and what those say that it reads itself. dpkg
 * opens each of them for writing before it does anything else, so a folder among them stops it, and a link would have it
 * write to where the link leads.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { isRefusal, type Refusal, refuse } from '../../../../protocol/refusals.ts'
import { MAX_CONTROL_FILE_BYTES } from '../package-limits.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import { type Conffile, parseConffiles } from './conffiles.ts'
import { type Control, readControl } from './control-fields.ts'
import { scriptFault } from './scripts.ts'
import { judgeTriggers } from './triggers.ts'

export type ControlArchive = {
  readonly control: Control
  readonly conffiles: readonly Conffile[]
  /** Whether it runs programs of its own, or has others run, when it is installed or removed. */
  readonly hasScripts: boolean
}

/** An entry as the walk through the archive gives it. */
export type ControlEntry = {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'symbolic link' | 'hard link'
  /** Of a hard link, the path of a file before it. */
  readonly linkName: string
  readonly size: number
  readonly content: () => AsyncIterable<Uint8Array>
}

/** dpkg keeps the files under `PACKAGE.NAME`; a name with a dot in it is passed over. */
const MAX_NAME_BYTES = 100
const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'] as const
const READ_BY_DPKG = ['control', 'conffiles', 'triggers'] as const
/** More than the first line of a script, of which Linux reads 256 bytes. */
const SCRIPT_HEAD_BYTES = 1024

/** `archive` names it for sentences. */
export async function readControlArchive(
  entries: AsyncIterable<ControlEntry>,
  archive: string,
): Promise<ControlArchive | Refusal> {
  const files = new Map<string, Uint8Array | null>()
  for await (const entry of entries) {
    const fault = entryFault(entry, archive)
    if (fault !== null) return fault
    if (entry.path === '') continue
    const target = entry.linkName.replace(/^(?:\.?\/)+/, '')
    const content = entry.kind === 'hard link' ? (files.get(target) ?? null) : await contentOf(entry, archive)
    if (isRefusal(content)) return content
    if (content === null && isReadByDpkg(entry.path)) {
      return refuseOnPurpose('control_link', `${quoted(entry.path)} of ${archive} is a link`)
    }
    files.set(entry.path, content)
  }
  return judge(files, archive)
}

function entryFault({ path, kind }: ControlEntry, archive: string): Refusal | null {
  if (path === '' && kind === 'folder') return null
  if (kind === 'folder' || path.includes('/')) {
    return refuse('malformed', `${archive} has the folder ${quoted(path)} in it; no dpkg installs that.`)
  }
  if (kind === 'symbolic link') return refuseOnPurpose('control_link', `${quoted(path)} of ${archive} is a link`)
  if (path.length <= MAX_NAME_BYTES || path.includes('.')) return null
  const limit = `no dpkg installs more than ${MAX_NAME_BYTES}`
  return refuse('bad_name', `${archive} has a file with a name of ${path.length} bytes; ${limit}.`)
}

/** Null where nothing is to be judged in it. */
async function contentOf(entry: ControlEntry, archive: string): Promise<Uint8Array | Refusal | null> {
  const whole = isReadByDpkg(entry.path)
  if (!whole && !isScript(entry.path)) return null
  if (whole && entry.size > MAX_CONTROL_FILE_BYTES) {
    const limit = `at most ${MAX_CONTROL_FILE_BYTES} are accepted`
    return refuse('too_large', `The file ${entry.path} of ${archive} has ${entry.size} bytes; ${limit}.`)
  }
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of entry.content()) {
    if (whole || bytes < SCRIPT_HEAD_BYTES) parts.push(Uint8Array.from(part))
    bytes += part.byteLength
  }
  return Buffer.concat(parts).subarray(0, whole ? undefined : SCRIPT_HEAD_BYTES)
}

function judge(files: ReadonlyMap<string, Uint8Array | null>, archive: string): ControlArchive | Refusal {
  const file = files.get('control')
  if (file === undefined || file === null) return refuse('malformed', `${archive} holds no file named control.`)
  const control = readControl(file)
  if (isRefusal(control)) return control
  const conffiles = parseConffiles(files.get('conffiles') ?? new Uint8Array())
  if (isRefusal(conffiles)) return conffiles
  const triggers = judgeTriggers(files.get('triggers') ?? new Uint8Array())
  if (triggers !== null) return triggers
  for (const script of SCRIPTS) {
    const fault = scriptFault(script, files.get(script) ?? new Uint8Array())
    if (fault !== null) return fault
  }
  return { control, conffiles, hasScripts: [...SCRIPTS, 'triggers'].some((name) => files.has(name)) }
}

function isReadByDpkg(path: string): boolean {
  return READ_BY_DPKG.some((name) => name === path)
}

function isScript(path: string): boolean {
  return SCRIPTS.some((name) => name === path)
}
