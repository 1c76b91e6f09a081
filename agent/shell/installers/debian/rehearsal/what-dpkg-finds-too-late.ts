/**
 * What dpkg meets in the middle of an install and no dry run of it sees: its lists of configuration files and triggers,
 * names that leave no room for what it adds to them, and a configuration file that is or becomes a folder. The Service
 * Center refuses such a package at the upload, as far as the package tells it; a copy may be older than that, and where
 * a link leads is known on the appliance alone.
 */
import { posix } from 'node:path'
import { type BytePath, readableName } from '../package-contents.ts'
import type { Situation } from './situation.ts'

/** NAME_MAX of Linux, less the `.dpkg-new` that dpkg writes behind it at first. */
const MAX_NAME_BYTES = 255 - '.dpkg-new'.length
/** PATH_MAX of Linux, less its NUL. */
const MAX_LINK_TARGET_BYTES = 4095
const DIRECTIVES = new Set(['interest', 'activate'].flatMap((verb) => [verb, `${verb}-await`, `${verb}-noawait`]))

export async function whatDpkgFindsTooLate(situation: Situation): Promise<string | null> {
  const { control, entries } = situation
  const fault =
    whyNoConffiles(control.get('conffiles') ?? '') ??
    whyNoTriggers(control.get('triggers') ?? '') ??
    entries.map(whyNoEntry).find((why) => why !== null) ??
    (await whichConffileIsAFolder(situation))
  return fault === null ? null : `no dpkg installs the package: ${fault}; have it corrected`
}

function whyNoConffiles(text: string): string | null {
  if (text !== '' && !text.endsWith('\n')) return 'its list of configuration files has no line feed at its end'
  const odd = text.split('\n').find((line) => line.trim() !== '' && !/^(remove-on-upgrade )?\//.test(line))
  return odd === undefined ? null : `${readableName(odd)} in its list of configuration files is no absolute path`
}

function whyNoTriggers(text: string): string | null {
  if (text !== '' && !text.endsWith('\n')) return 'its list of triggers has no line feed at its end'
  const lines = text.split('\n').map((line) => line.trim())
  const odd = lines.find((line) => line !== '' && !line.startsWith('#') && !isTrigger(line))
  return odd === undefined ? null : `${readableName(odd)} in its list of triggers is no trigger`
}

function isTrigger(line: string): boolean {
  const [directive = '', trigger, ...more] = line.split(/[ \t]+/)
  return DIRECTIVES.has(directive) && trigger !== undefined && more.length === 0
}

function whyNoEntry({ path, kind, target }: Situation['entries'][number]): string | null {
  const bytes = path.length - path.lastIndexOf('/') - 1
  if (bytes > MAX_NAME_BYTES)
    return `${readableName(path)} has a name of ${bytes} bytes, and ${MAX_NAME_BYTES} are possible`
  if (kind !== 'symbolic link' || (target !== '' && target.length <= MAX_LINK_TARGET_BYTES)) return null
  return `the link ${readableName(path)} leads to a name of ${target.length} bytes`
}

async function whichConffileIsAFolder({ conffiles, entries, below }: Situation): Promise<string | null> {
  if (conffiles.length === 0) return null
  const byPath = new Map(entries.map((entry) => [entry.path, entry]))
  for (const { path, removeOnUpgrade } of conffiles) {
    const entry = byPath.get(path)
    if (removeOnUpgrade || entry === undefined) continue
    const name = readableName(path)
    if (entry.kind === 'folder') return `its configuration file ${name} is a folder`
    if (entry.kind !== 'symbolic link') continue
    const end: BytePath = posix.resolve(posix.dirname(path), entry.target)
    const isFolder = byPath.get(end)?.kind === 'folder' || (await below.leadsTo(end))?.isDirectory() === true
    if (isFolder) return `its configuration file ${name} is a link to ${readableName(end)}, a folder`
  }
  return null
}
