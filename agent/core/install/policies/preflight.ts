/**
 * What must be so before an install begins, in the order in which a person would want to be told. An appliance judges by
 * it with what it has just looked at, and nothing of the patch runs before; the Service Center says the same beforehand, by what it was
 * told.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import type { Refusal } from '../../../../protocol/refusals.ts'
import type { Machine } from '../../machine.ts'
import { judgeConflicts } from './conflicts.ts'
import { judgeDiskRoom } from './disk-room.ts'
import { judgeFloor } from './floor.ts'
import type { PatchThere } from './patches-there.ts'
import { judgeRequires } from './requires.ts'
import { judgeRestart } from './restart.ts'

export type PreflightFacts = {
  readonly installedVersion: string | null
  /** All that is there, this patch's name included. */
  readonly there: readonly PatchThere[]
  /** Null where nobody has told. */
  readonly machine: Machine | null
}

export function judgePreflight(
  manifest: Manifest,
  { installedVersion, there, machine }: PreflightFacts,
): Refusal | null {
  return (
    judgeFloor(manifest, installedVersion, there) ??
    judgeRequires(manifest, there) ??
    judgeConflicts(manifest, there) ??
    judgeRestart(manifest, machine) ??
    judgeDiskRoom(manifest, machine?.rooms ?? [])
  )
}
