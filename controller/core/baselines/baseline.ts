/**
 * A baseline: the version of a patch that every appliance of one kind, which an organization has in one Data Center, shall
 * have. Of one patch there is one for a place; who does not keep to it is found by looking (standing.ts).
 */
import { z } from 'zod'
import { ApplianceKind, DataCenterName, OrganizationName, Sha256 } from '../../../protocol/identifiers.ts'
import type { ServiceCenterState } from '../state.ts'

export const BaselinePlace = z.strictObject({
  organization: OrganizationName,
  dataCenter: DataCenterName,
  kind: ApplianceKind,
})
export type BaselinePlace = z.infer<typeof BaselinePlace>

export const Baseline = BaselinePlace.extend({
  patch: Sha256,
  /** Wall milliseconds. */
  setAt: z.int().min(0),
  setBy: z.string(),
})
export type Baseline = z.infer<typeof Baseline>

/** Equal for two of which the later takes the place of the earlier: of one place, and of patches with one name. */
export function baselineKey(
  { patches }: Pick<ServiceCenterState, 'patches'>,
  { organization, dataCenter, kind, patch }: BaselinePlace & { readonly patch: Sha256 },
): string {
  return JSON.stringify([organization, dataCenter, kind, patches.get(patch)?.publication.name ?? patch])
}
