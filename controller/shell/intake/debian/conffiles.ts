/**
 * The conffiles file of a Debian package: which of its files are the admin's to change. dpkg reads it when it unpacks,
 * and looks at the files when it configures; a line that it cannot follow then leaves the package unpacked and not
 * configurable, and no dry run of dpkg finds that. So the lines are judged first by themselves, and then beside what the
 * data archive brings.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import { MAX_NAME_BYTES } from '../package-limits.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import { BLANKS, trimmed } from './blanks.ts'

/** `path` is below the root, as the entries of the archive are; `obsolete`, it is removed in an upgrade. */
export type Conffile = { readonly path: string; readonly obsolete: boolean }

const OBSOLETE = 'remove-on-upgrade'
/** dpkg reads 997 bytes at once, a line feed among them. */
const MAX_LINE_BYTES = 996
/** NAME_MAX of Linux; the last name of a path needs room for the `.dpkg-new` behind it, too. */
const MAX_FOLDER_NAME_BYTES = 255

export function parseConffiles(bytes: Uint8Array): Conffile[] | Refusal {
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  if (lines.pop() !== '') return refuseConffiles(`line ${lines.length + 1} of them has no line feed at its end`)
  const conffiles: Conffile[] = []
  for (const [index, line] of lines.entries()) {
    const place = `line ${index + 1} of them`
    if (line.includes('\0')) return refuseConffiles(`${place} has a NUL in it`)
    if (line.length > MAX_LINE_BYTES) return refuseConffiles(`${place} is longer than ${MAX_LINE_BYTES} bytes`)
    const text = trimmed(line, BLANKS, 'end')
    if (text === '') continue
    const [flag, path] = text.startsWith('/') ? ['', text] : splitAtFirst(text, ' ')
    if (!path.startsWith('/')) return refuseConffiles(`${place}, ${quoted(text)}, is no absolute path`)
    if (path !== text && flag !== OBSOLETE) return refuseConffiles(`${place} has the flag ${quoted(flag)}`)
    const conffile = { path: path.replace(/^(?:\.?\/)+/, ''), obsolete: flag === OBSOLETE }
    const steps = conffile.path.split('/')
    if (conffile.path === '' || conffile.path === '.') return refuseConffiles(`${place} is the root itself`)
    if (steps.includes('..')) return refuseOnPurpose('climbing_path', `A conffile is ${quoted(path)}`)
    if (!conffile.obsolete && areTooLong(steps)) return refuseConffiles(`${place} has too long a name in it`)
    conffiles.push(conffile)
  }
  return conffiles
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function areTooLong(steps: readonly string[]): boolean {
  return (steps.at(-1) ?? '').length > MAX_NAME_BYTES || steps.some((step) => step.length > MAX_FOLDER_NAME_BYTES)
}

function refuseConffiles(fault: string): Refusal {
  return refuse('malformed', `No dpkg installs the package for its conffiles: ${fault}.`)
}

/** An entry of the data archive; `linkName` is where a symbolic link leads. */
export type ShippedEntry = {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'symbolic link' | 'hard link'
  readonly linkName: string
}

/** Gathers what the data archive has of the conffiles, entry by entry, and judges it at the end. */
export class ShippedConffiles {
  readonly #conffiles: readonly Conffile[]
  readonly #kinds = new Map<string, ShippedEntry['kind']>()
  readonly #targets = new Map<string, string>()

  constructor(conffiles: readonly Conffile[]) {
    this.#conffiles = conffiles
  }

  add({ path, kind, linkName }: ShippedEntry): void {
    if (this.#conffiles.length === 0) return
    this.#kinds.set(path, kind)
    if (kind === 'symbolic link') this.#targets.set(path, linkName)
  }

  fault(): Refusal | null {
    for (const { path, obsolete } of this.#conffiles) {
      const kind = this.#kinds.get(path)
      const fault = obsolete
        ? kind !== undefined && 'is to be removed in an upgrade, and the package brings it'
        : this.#fault(path, kind)
      if (fault !== false) return refuseConffiles(`${quoted(`/${path}`)} ${fault}`)
    }
    return null
  }

  #fault(path: string, kind: ShippedEntry['kind'] | undefined): string | false {
    if (kind === 'folder') return 'is a folder'
    if (kind === 'symbolic link' && this.#leadsToFolder(path)) return 'is a link to a folder'
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const above = this.#kinds.get(path.slice(0, slash))
      if (above === 'file' || above === 'hard link') return `lies below ${quoted(`/${path.slice(0, slash)}`)}, a file`
    }
    return false
  }

  /** As far as the archive tells it; what lies on an appliance is seen there. */
  #leadsToFolder(path: string): boolean {
    const seen = new Set<string>()
    for (let at = path; !seen.has(at); ) {
      seen.add(at)
      const target = this.#targets.get(at)
      if (target === undefined) return at === '' || this.#kinds.get(at) === 'folder'
      at = resolved(at, target)
    }
    return false
  }
}

/** Where a link leads, below the root. */
function resolved(from: string, target: string): string {
  const steps = target.startsWith('/') ? [] : from.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.join('/')
}
