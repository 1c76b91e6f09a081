/**
 * `impact.restart: reboot`: such a patch is in force only after the machine has started again, so it counts as installed
 * only under another boot id than the one it was installed under. Nobody here restarts a machine: its own install
 * program may, or a person.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import type { Machine } from '../../machine.ts'

/** Without a boot id nobody could ever say that the machine has started again. */
export function judgeRestart({ impact }: Manifest, machine: Machine | null): Refusal | null {
  if (impact.restart !== 'reboot' || machine === null || machine.bootId !== null) return null
  return refuse(
    'not_applicable',
    'the patch counts only after a restart, and this appliance cannot tell one start of the machine from another',
  )
}

/** Whether the machine still runs since before the patch was installed. */
export function isBeforeRestart(installedUnder: string | undefined, machine: Machine | null): boolean {
  return installedUnder !== undefined && machine?.bootId === installedUnder
}
