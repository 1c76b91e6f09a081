/**
 * `floor`: the version that lies between older ones and a patch. What is below it must come to it, or beyond, before the
 * patch is installed; and once the patch is there nothing below its floor is installed over it, since that way back was
 * never made. Where no version is there nothing has to be taken along, and the floor asks for nothing.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { titled } from '../../../../protocol/bundle/patch-references.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import { compareVersions } from '../../../../protocol/version-order.ts'
import type { PatchThere } from './patches-there.ts'

export function judgeFloor(
  { name, version, floor }: Manifest,
  installedVersion: string | null,
  there: readonly PatchThere[],
): Refusal | null {
  if (floor !== undefined && installedVersion !== null && compareVersions(installedVersion, floor) < 0) {
    const way = `install ${name} ${floor} first, or a later version that is not beyond ${version}`
    return refuse('needs_prerequisite', `version ${installedVersion} is there, below the floor ${floor}: ${way}`)
  }
  const above = there.find(
    ({ name: other, manifest }) =>
      other === name && manifest?.floor !== undefined && compareVersions(version, manifest.floor) < 0,
  )
  if (above?.manifest?.floor === undefined) return null
  return refuse(
    'not_applicable',
    `${titled(above)} is there, over which nothing below its floor ${above.manifest.floor} is installed`,
  )
}
