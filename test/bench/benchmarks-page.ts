/**
 * The page of figures: a bench that writes a section of it has the newest one there, after those of the others.
 */
import { readFile, writeFile } from 'node:fs/promises'

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url)

/** In place of the section with this heading; `about` says by what it was measured and of what, and the day is added. */
export async function keepSection(heading: string, about: string, table: string): Promise<void> {
  const sections = (await readFile(PAGE, 'utf8')).split(/^(?=## )/m)
  const others = sections.filter((one) => !one.startsWith(`${heading}\n`)).map((one) => `${one.trimEnd()}\n\n`)
  const day = new Date().toISOString().slice(0, 10)
  await writeFile(PAGE, [...others, `${heading}\n\nWritten by ${about} ${day}.\n\n${table}\n`].join(''))
}
