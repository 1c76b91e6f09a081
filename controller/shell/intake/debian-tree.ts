/**
 * The files that an archive of a Debian package would make, entry by entry. It keeps every entry below the root: no
 * path climbs, no device comes in, no path is two things, nothing is written through a link that the same archive
 * brings, and a hard link is to a file of the archive. What dpkg could not unpack for its length is refused too.
 */
import { quoted } from '../../../protocol/quoted.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { DebianHeader } from './debian-tar-header.ts'
import {
  MAX_DEPTH,
  MAX_ENTRIES,
  MAX_LINK_TARGET_BYTES,
  MAX_NAME_BYTES,
  MAX_NAMES_BYTES,
  MAX_PATH_BYTES,
} from './package-limits.ts'
import { type Purpose, refuseOnPurpose } from './refused-on-purpose.ts'

type Kind = 'file' | 'folder' | 'symbolic link'

export type Placed = {
  /** Below the root of the appliance, without `./` before it; empty for the root itself. */
  readonly path: string
  readonly kind: Kind | 'hard link'
  readonly size: number
  /** Where a link leads, as the archive has it. */
  readonly linkName: string
}

const KINDS: Readonly<Record<string, Placed['kind']>> = {
  '0': 'file',
  // the form before ustar has no type
  '': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '5': 'folder',
}
const ON_PURPOSE: Readonly<Record<string, readonly [Purpose, what: string]>> = {
  '3': ['device', 'a character device'],
  '4': ['device', 'a block device'],
  '6': ['fifo', 'a fifo'],
  S: ['sparse_file', 'a sparse file'],
}
const UNPACKED_BY_NONE: Readonly<Record<string, string>> = {
  g: 'a global pax header',
  x: 'a pax header',
  M: 'the rest of a file of another archive',
  V: 'the label of a volume',
}

export class DebianTree {
  readonly #archive: string
  readonly #known = new Map<string, Kind>()
  #entries = 0
  #namesBytes = 0

  /** `archive` names it for sentences. */
  constructor(archive: string) {
    this.#archive = archive
  }

  /** What the entry with this header makes, its own content's size among it. */
  add(header: DebianHeader): Placed | Refusal {
    const entry = `The entry ${quoted(header.name)} of ${this.#archive}`
    this.#entries += 1
    this.#namesBytes += header.name.length + header.linkName.length
    if (this.#entries > MAX_ENTRIES) return this.#tooLarge(`has more than ${MAX_ENTRIES} entries`)
    if (this.#namesBytes > MAX_NAMES_BYTES) return this.#tooLarge(`has more than ${MAX_NAMES_BYTES} bytes of names`)
    const isFile = header.type === '0' || header.type === ''
    const kind = isFile && header.name.endsWith('/') ? 'folder' : KINDS[header.type]
    if (kind === undefined) return refuseKind(header.type, entry)
    const path = pathBelowRoot(header.name, entry)
    if (isRefusal(path)) return path
    if (kind !== 'folder' && path !== '' && header.name.endsWith('/')) {
      return refuse('bad_name', `${entry} is a ${kind} with a slash behind its name, which dpkg does not unpack.`)
    }
    const fault = this.#placeFault(path, entry) ?? this.#targetFault(kind, header.linkName, entry)
    if (fault !== null) return fault
    const size = kind === 'file' ? header.size : 0
    return this.#place(path, kind, entry) ?? { path, kind, size, linkName: header.linkName }
  }

  #place(path: string, kind: Placed['kind'], entry: string): Refusal | null {
    const becomes = kind === 'hard link' ? 'file' : kind
    const before = path === '' ? 'folder' : this.#known.get(path)
    if (before !== undefined && before !== becomes) {
      return refuseOnPurpose('two_kinds', `${entry} is a ${kind}, and a ${before} before`)
    }
    this.#known.set(path, becomes)
    return null
  }

  /** Whether something of the archive that is no folder lies on the way; folders that have no entry are noted. */
  #placeFault(path: string, entry: string): Refusal | null {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash)
      const kind = this.#known.get(parent)
      if (kind === undefined) this.#known.set(parent, 'folder')
      else if (kind !== 'folder') {
        return refuse('unsafe_entry', `${entry} passes through ${quoted(parent)}, a ${kind} of the same archive.`)
      }
    }
    return null
  }

  #targetFault(kind: Placed['kind'], target: string, entry: string): Refusal | null {
    if (kind !== 'symbolic link' && kind !== 'hard link') return null
    if (target === '' || target.length > MAX_LINK_TARGET_BYTES) {
      const limit = `1 to ${MAX_LINK_TARGET_BYTES} are possible`
      return refuse('bad_name', `${entry} is a ${kind} to a path of ${target.length} bytes; ${limit}.`)
    }
    if (kind === 'symbolic link') return null
    const path = pathBelowRoot(target, `${entry}, a hard link,`)
    if (isRefusal(path)) return path
    if (this.#known.get(path) === 'file') return null
    return refuseOnPurpose('foreign_link', `${entry} is a hard link to ${quoted(target)}, no file before it`)
  }

  #tooLarge(what: string): Refusal {
    return refuse('too_large', `${this.#archive} ${what}, which is the most that is accepted.`)
  }
}

function refuseKind(type: string, entry: string): Refusal {
  const [purpose, what] = ON_PURPOSE[type] ?? []
  if (purpose !== undefined) return refuseOnPurpose(purpose, `${entry} is ${what}`)
  const none = UNPACKED_BY_NONE[type] ?? `of type ${quoted(type)}`
  return refuse('unsafe_entry', `${entry} is ${none}, which dpkg does not unpack.`)
}

/** Slashes and `./` before it do not count, nor does one slash behind it. */
function pathBelowRoot(name: string, entry: string): string | Refusal {
  if (name.includes('\n'))
    return refuse('bad_name', `${entry} has a line feed in its path, which dpkg does not unpack.`)
  // by bytes, as tar has names: those from 0x80 on belong to UTF-8 characters
  if (/\p{Cc}/u.test(name.replace(/[\x80-\xff]/g, '')))
    return refuseOnPurpose('control_character', `${entry} is named with one`)
  const path = name.replace(/^(?:\.?\/)+/, '').replace(/\/$/, '')
  if (path === '' || path === '.') return ''
  const steps = path.split('/')
  if (steps.includes('..')) return refuseOnPurpose('climbing_path', `${entry} leads to ${quoted(name)}`)
  if (steps.includes('') || steps.includes('.')) {
    return refuseOnPurpose('odd_path', `${entry} leads to ${quoted(name)}`)
  }
  if (steps.length > MAX_DEPTH) {
    return refuse('bad_name', `${entry} lies ${steps.length} folders deep; at most ${MAX_DEPTH} are accepted.`)
  }
  const last = steps.at(-1) ?? ''
  if (last.length > MAX_NAME_BYTES || path.length > MAX_PATH_BYTES) {
    const had = `a path of ${path.length} bytes, the last name of it with ${last.length}`
    return refuse('bad_name', `${entry} has ${had}; dpkg unpacks at most ${MAX_PATH_BYTES} and ${MAX_NAME_BYTES}.`)
  }
  return path
}
