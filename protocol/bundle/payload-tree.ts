/**
 * The files and folders of a bundle's payload as they come: which entries are allowed beside those before. It keeps the
 * invariant that what is unpacked is the same on every file system: plain names only, nothing twice, nothing that
 * differs only in the case of letters, no file where a folder is needed.
 */
import { quoted } from '../quoted.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { PayloadPath } from './manifest.ts'
import { FOLDER, PLAIN_FILE, type TarHeader } from './tar.ts'

/** Enough for a packed application; the names are held in memory while a bundle is read. */
export const MAX_PAYLOAD_ENTRIES = 10_000

const ROOT = 'payload/'
const TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a fifo',
  '7': 'a contiguous file',
  S: 'a sparse file',
  L: 'a GNU long name',
  K: 'a GNU long link',
  x: 'a pax header',
  g: 'a global pax header',
}

export type PayloadEntry =
  | { readonly part: 'folder'; readonly path: string }
  | { readonly part: 'file'; readonly path: string; readonly executable: boolean; readonly size: number }

type Known = { readonly path: string; readonly kind: 'file' | 'program' | 'folder'; readonly listed: boolean }

export class PayloadTree {
  /** By path in lower case. */
  readonly #known = new Map<string, Known>()
  #entries = 0

  add(header: TarHeader, at: number): PayloadEntry | Refusal {
    const place = `The entry ${quoted(header.name)} at byte ${at}`
    this.#entries++
    if (this.#entries > MAX_PAYLOAD_ENTRIES) {
      return refuse('too_large', `The payload has more than ${MAX_PAYLOAD_ENTRIES} entries.`)
    }
    if (header.type !== PLAIN_FILE && header.type !== FOLDER) {
      const kind = TYPES[header.type] ?? `of type ${quoted(header.type)}`
      return refuse('unsafe_entry', `${place} is ${kind}; only plain files and folders are accepted.`)
    }
    if (header.name.startsWith('/') || header.name.split('/').some((step) => step === '..' || step === '.')) {
      return refuse('unsafe_entry', `${place} leads out of payload/.`)
    }
    if (!header.name.startsWith(ROOT)) {
      return refuse('unsafe_entry', `${place} is not inside payload/; after signatures.json all entries are.`)
    }
    const folder = header.type === FOLDER
    const path = header.name.slice(ROOT.length, folder && header.name.endsWith('/') ? -1 : undefined)
    if (!PayloadPath.safeParse(path).success || header.name.endsWith('/') !== folder) {
      const grammar = 'letters, digits and + . _ - between slashes, at most 200, a slash at the end of a folder only'
      return refuse('bad_name', `${place} has a name that is not plain: ${grammar}.`)
    }
    if (header.mode !== 0o755 && (header.mode !== 0o644 || folder)) {
      const allowed = folder ? '755' : '644 and 755'
      return refuse('unsafe_entry', `${place} has mode ${header.mode.toString(8)}; only ${allowed} is accepted.`)
    }
    if (header.linkName !== '' || (folder && header.size !== 0)) {
      return refuse('malformed', `${place} has ${header.linkName === '' ? 'a folder with content' : 'a link name'}.`)
    }
    const executable = header.mode === 0o755
    const fault = this.#collision(path, folder ? 'folder' : executable ? 'program' : 'file')
    if (fault !== null) return refuse('unsafe_entry', `${place} ${fault}.`)
    return folder ? { part: 'folder', path } : { part: 'file', path, executable, size: header.size }
  }

  /** Null where each of `programs` is an executable file of the payload, and `packaged`, if any, a file of it. */
  missing(programs: readonly string[], packaged?: string): Refusal | null {
    const known = packaged === undefined ? undefined : this.#known.get(packaged.toLowerCase())
    if (packaged !== undefined && (known?.path !== packaged || known.kind === 'folder')) {
      return refuse('bad_manifest', `manifest.json names the package ${packaged}, and payload/${packaged} is no file.`)
    }
    for (const path of programs) {
      const known = this.#known.get(path.toLowerCase())
      if (known?.path !== path || known.kind === 'folder') {
        return refuse('bad_manifest', `manifest.json names the program ${path}, and payload/${path} is not there.`)
      }
      if (known.kind === 'file') {
        return refuse('bad_manifest', `manifest.json names the program ${path}, and its mode is 644 instead of 755.`)
      }
    }
    return null
  }

  #collision(path: string, kind: Known['kind']): string | null {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash)
      const known = this.#known.get(parent.toLowerCase())
      if (known === undefined) this.#known.set(parent.toLowerCase(), { path: parent, kind: 'folder', listed: false })
      else if (known.path !== parent) return `differs from ${known.path} only in the case of letters`
      else if (known.kind !== 'folder') return `passes through ${parent}, which is a file`
    }
    const known = this.#known.get(path.toLowerCase())
    if (known !== undefined && known.path !== path) return `differs from ${known.path} only in the case of letters`
    if (known !== undefined && (known.listed || kind !== 'folder')) return 'is there twice'
    this.#known.set(path.toLowerCase(), { path, kind, listed: true })
    return null
  }
}
