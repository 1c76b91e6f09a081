/**
 * The evidence of an install for one organization, put together and signed (protocol/trust/evidence.ts): the publication, the
 * memberships, orders, reports and detections as they were signed, and the Service Center's own word for who began it.
 */
import type { OrganizationName } from '../../protocol/identifiers.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import { seal } from '../../protocol/trust/envelope.ts'
import { type ApplianceEvidence, digestsIn, type Evidence, InstallAccount } from '../../protocol/trust/evidence.ts'
import type { InstallRecord, StatementRecord } from './records.ts'
import { targetsOf } from './rollout/ongoing.ts'
import { everEnrolled, type ServiceCenterState } from './state.ts'

/** `statements`: all that were kept of this install, and of its patch. Of other organizations nothing is told. */
export function installEvidence(
  state: ServiceCenterState,
  install: InstallRecord,
  organization: OrganizationName,
  statements: readonly StatementRecord[],
): Evidence | Refusal {
  const patch = state.patches.get(install.patch)
  if (patch === undefined) return refuse('not_found', `there is no patch ${install.patch}`)
  const byAppliance = Map.groupBy(statements, ({ peer }) => peer)
  const appliances = targetsOf(state, install.id).flatMap(({ appliance: peer }): ApplianceEvidence[] => {
    const appliance = everEnrolled(state, peer)
    if (appliance?.organization !== organization) return []
    const said = (byAppliance.get(peer) ?? []).map(({ envelope }) => envelope)
    return [{ peer, membership: appliance.membership, statements: said }]
  })
  if (appliances.length === 0)
    return refuse('not_found', `the install ${install.id} has no appliance of the organization ${organization}`)
  const rest = { publication: patch.envelope, appliances }
  const { id, dataCenter, startedBy, startedAt, allowOutage, outsideWindows, reason } = install
  const account = seal(
    InstallAccount,
    {
      ...{ install: id, patch: install.patch, organization, dataCenter, startedBy, startedAt },
      ...{ allowOutage, outsideWindows, state: install.state, reason },
      statements: digestsIn(rest),
      madeAt: state.clock.wallMs,
    },
    state.signing,
  )
  return { signingKey: state.signing.peer, account, ...rest }
}
