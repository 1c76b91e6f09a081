/**
 * Compares the Service Center's verdict on each package of a table with dpkg's. Alike is: both take it and read the
 * same name and version, or neither takes it, or dpkg takes it and it is refused for the purpose that the table names.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspectPatch } from '../../../controller/shell/intake/inspect-patch.ts'
import { REFUSED_ON_PURPOSE } from '../../../controller/shell/intake/refused-on-purpose.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { chunked } from '../../support/chunked-bytes.ts'
import { type DpkgVerdict, judgeWithDpkg, makeEmptyRoot } from './real-dpkg.ts'
import type { Variant } from './variant.ts'

/** One line for each difference that no purpose explains; none where the two agree. */
export async function differences(variants: readonly Variant[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'compared-'))
  try {
    await makeEmptyRoot(folder)
    await Promise.all(variants.map(({ bytes }, number) => writeFile(join(folder, `${number}.deb`), bytes)))
    const count = availableParallelism()
    const shells = Array.from({ length: count }, (_, shell) =>
      [...variants.keys()].filter((number) => number % count === shell),
    )
    const lines: string[] = []
    const work = async (numbers: readonly number[]) => {
      for (const [index, dpkg] of (await judgeWithDpkg(folder, numbers)).entries()) {
        const number = numbers[index] as number
        const variant = variants[number] as Variant
        const line = await difference(variant, dpkg)
        if (line !== null) lines[number] = `${variant.name}: ${line}`
      }
    }
    await Promise.all(shells.map(work))
    return [...namedTwice(variants), ...lines.filter((line) => line !== undefined)]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function difference(variant: Variant, dpkg: DpkgVerdict): Promise<string | null> {
  const ours = await inspectPatch(chunked(variant.bytes))
  if (isRefusal(ours)) {
    const refused = `refused here (${ours.refused}: ${ours.message})`
    if (variant.purpose === undefined) return dpkg.taken ? `${refused}, dpkg takes it` : null
    if (!dpkg.taken) return `dpkg refuses it too (${dpkg.says}), so it needs no purpose`
    const reason = REFUSED_ON_PURPOSE[variant.purpose]
    return ours.message.includes(reason) ? null : `${refused}, and not because ${reason}`
  }
  if (!dpkg.taken) return `taken here, dpkg says: ${dpkg.says}`
  if (variant.purpose !== undefined) return `taken here, to be refused because ${REFUSED_ON_PURPOSE[variant.purpose]}`
  if (ours.format !== 'deb') return 'taken here as a bundle'
  const [mine, theirs] = [ours.draft, dpkg].map((it) => ('name' in it ? it.name : it.package) + ' ' + it.version)
  return mine === theirs ? null : `is ${mine} here, and ${theirs} for dpkg`
}

function namedTwice(variants: readonly Variant[]): string[] {
  const names = variants.map(({ name }) => name)
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name}: is there twice`)
}
