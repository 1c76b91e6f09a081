/**
 * What dpkg takes and the Service Center does not, on purpose: one list, each with the reason that a person reads, in
 * the refusal and in the operator's guide. Whatever is not in it is judged as dpkg judges it; a test compares the two
 * over a table of packages, and the guide's list with this one.
 */
import { type Refusal, type RefusalCode, refuse } from '../../../protocol/refusals.ts'

const PURPOSES = {
  device: ['unsafe_entry', 'a package that brings a device can reach past every permission'],
} as const satisfies Record<string, readonly [RefusalCode, reason: string]>

export type Purpose = keyof typeof PURPOSES

export const REFUSED_ON_PURPOSE = Object.fromEntries(
  Object.entries(PURPOSES).map(([purpose, [, reason]]) => [purpose, reason]),
) as Readonly<Record<Purpose, string>>

/** `what` is a clause that says what was found and where, without an end. */
export function refuseOnPurpose(purpose: Purpose, what: string): Refusal {
  const [code, reason] = PURPOSES[purpose]
  return refuse(code, `${what}: ${reason}.`)
}
