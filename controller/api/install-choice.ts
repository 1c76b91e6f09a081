/**
 * What a person chooses on the page of an install: whom it is for, what goes first, how long waves stand, and what is
 * allowed. To look at its plan is a GET with it, and to start it a POST with the same.
 */
import { z } from 'zod'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { WAVE_SOAK_SECONDS } from '../core/rollout/standing.ts'
import { DataCenterScope, InstallBody, names, PatchReference, ticked } from './schemas.ts'

export const InstallChoice = z.strictObject({
  organization: names(OrganizationName),
  dataCenter: DataCenterScope.default('All'),
  allowOutage: ticked,
  outsideWindows: ticked,
  first: names(PatchReference),
  /** One more that goes first; empty for none. */
  add: z.union([z.literal(''), PatchReference]).default(''),
  waveSoakMinutes: z.coerce
    .number()
    .int()
    .min(0)
    .max(WAVE_SOAK_SECONDS.atMost / 60)
    .default(WAVE_SOAK_SECONDS.usual / 60),
  confirmation: InstallBody.shape.confirmation,
  /** For which choice the plan was shown; without a word for none. */
  shown: z
    .string()
    .max(10_000)
    .default(planIsFor({ first: [], add: '', waveSoakMinutes: WAVE_SOAK_SECONDS.usual / 60 })),
})
export type InstallChoice = z.output<typeof InstallChoice>

/** All that go first, in order. */
export function firstIn({ first, add }: { readonly first: readonly string[]; readonly add: string }): string[] {
  return add === '' ? [...first] : [...first, add]
}

/** What makes another plan of it; the page hands it back. */
export function planIsFor(choice: { first: readonly string[]; add: string; waveSoakMinutes: number }): string {
  return [choice.waveSoakMinutes, ...firstIn(choice)].join(' ')
}

/** Nobody agrees to what was not shown. */
export function notShown(choice: InstallChoice): Refusal | null {
  if (choice.shown === planIsFor(choice)) return null
  return refuse(
    'changed_meanwhile',
    'you have chosen other patches that go first, or another time between waves: this is the plan with them',
  )
}

/** The install that is chosen, as the API takes it. */
export function installOf(choice: InstallChoice, patch: string): z.input<typeof InstallBody> {
  const { organization: organizations, dataCenter, allowOutage, outsideWindows, waveSoakMinutes, confirmation } = choice
  return {
    ...{ patch, organizations, dataCenter, allowOutage, outsideWindows, first: firstIn(choice) },
    ...{ waveSoakSeconds: 60 * waveSoakMinutes, confirmation },
  }
}
