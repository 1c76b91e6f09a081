/**
 * Whether the administrator keeps the package at its version: a hold is lifted by dpkg whenever it installs, so an
 * order goes around it only after somebody has lifted it.
 */
import { describeState, isHeld, type PackageState } from '../package-state.ts'
import type { Situation } from './situation.ts'

export async function isItHeld({ name, state }: Situation): Promise<string | null> {
  return whyHeld(name, state)
}

/** Null where nobody holds it. */
export function whyHeld(name: string, state: PackageState | null): string | null {
  if (state === null || !isHeld(state)) return null
  return `${describeState(name, state)}, and an install would lift the hold; lift it on this appliance first: echo ${name} install | dpkg --set-selections`
}
