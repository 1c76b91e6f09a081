/**
 * The digest of a plan: equal for plans that say the same, in whatever order a program has written the fields, so that a
 * plan that somebody kept is the one that was made, and not one that was edited since.
 */
import { sha256Hex } from '../../../protocol/hashing.ts'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import type { InstallPlan, PlanBody } from './install-plan.ts'

export function digestOf(plan: PlanBody): Sha256 {
  return sha256Hex(Buffer.from(JSON.stringify(plan, sorted)))
}

export function isWhole({ digest, ...plan }: InstallPlan): boolean {
  return digest === digestOf(plan)
}

/** Of each object its fields by name. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
}
