/**
 * The two lists of configuration files that dpkg knows: what a package declares (deb-conffiles(5)) and what the database
 * recorded when they were installed, with the MD5 of what the package brought then.
 */
import type { BytePath } from '../package-contents.ts'

export type Conffile = {
  readonly path: BytePath
  /** The package does not bring it and wants it gone. */
  readonly removeOnUpgrade: boolean
}

export type RecordedConffile = {
  /** Of what the package brought; another word where the file was there before the package. */
  readonly md5: string
  /** A version after the one that brought it did not bring it any more. */
  readonly obsolete: boolean
}

const REMOVE_ON_UPGRADE = 'remove-on-upgrade '

export function readConffiles(text: string): Conffile[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .map((line) => ({
      path: line.replace(REMOVE_ON_UPGRADE, '').trim(),
      removeOnUpgrade: line.startsWith(REMOVE_ON_UPGRADE),
    }))
}

/** The field `Conffiles` as dpkg-query shows it: ` /etc/a MD5`, with `obsolete` or `remove-on-upgrade` behind. */
export function readRecorded(field: string): Map<BytePath, RecordedConffile> {
  const recorded = new Map<BytePath, RecordedConffile>()
  for (const line of field.split('\n')) {
    const [, path, md5, mark] = /^ (.+) (\S+?)( obsolete| remove-on-upgrade)?$/.exec(line) ?? []
    if (path !== undefined && md5 !== undefined) recorded.set(path, { md5, obsolete: mark !== undefined })
  }
  return recorded
}
