/**
 * Carries one damage out, on the data folder of a daemon that does not run. The file is another one afterwards: whoever
 * still has the old one open does not see it, as after a restore.
 */
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cut, empty, fillPages, fillWithText, flipByte } from '../support/damage.ts'
import type { Damage } from './draw.ts'

/** The path of the file below `folder` that was damaged; null where there was none to damage. `before` is an earlier copy of the folder. */
export function damageFile(folder: string, before: string, { place, way, word }: Damage): string | null {
  const name = nameOf(folder, place, word)
  if (way === 'nothing' || name === null) return null
  const file = join(folder, name)
  renew(file)
  const { size } = statSync(file)
  switch (way) {
    case 'flip':
      if (size > 0) flipByte(file, word % size)
      break
    case 'cut':
      cut(file, size === 0 ? 0 : word % size)
      break
    case 'empty':
      empty(file)
      break
    case 'remove':
      rmSync(file)
      break
    case 'pages':
      fillPages(file)
      break
    case 'text':
      fillWithText(file)
      break
    case 'older':
      if (existsSync(join(before, name))) copyFileSync(join(before, name), file)
      break
  }
  return name
}

/** The same content in a file of its own. */
export function renew(file: string): void {
  copyFileSync(file, `${file}.renewed`)
  renameSync(`${file}.renewed`, file)
}

function nameOf(folder: string, place: string, word: number): string | null {
  const path = join(folder, place)
  if (!existsSync(path)) return null
  if (!statSync(path).isDirectory()) return place
  const names = readdirSync(path).sort()
  const name = names[word % Math.max(1, names.length)]
  return name === undefined ? null : join(place, name)
}
