/**
 * `appliesTo.applianceTypes`: for which kinds of appliances a patch is meant, against the kind that the Service Center
 * signed into the appliance's membership. An empty list means every kind.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import type { ApplianceKind } from '../../../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'

export function judgeKind({ appliesTo }: Manifest, kind: ApplianceKind): Refusal | null {
  const { applianceTypes } = appliesTo
  if (applianceTypes.length === 0 || applianceTypes.includes(kind)) return null
  return refuse('not_applicable', `the patch is for ${applianceTypes.join(', ')}, and this appliance is a ${kind}`)
}
