/**
 * What a client asks the Service Center for about the policy of the fleet and the approvals that installs need by it.
 */
import type { DocumentSignature } from '../../protocol/trust/signed-document.ts'
import type { AuthorizationView } from '../core/approvals/authorizing.ts'
import type { PolicyView } from '../core/approvals/policy-views.ts'
import type { Exchange } from './exchange.ts'

export function askForPolicy(exchange: Exchange): Promise<PolicyView> {
  return exchange.call({ method: 'GET', path: ['policy'] })
}

/** `document` is what owners have signed, as it is printed. */
export function handOnPolicy(exchange: Exchange, document: Uint8Array): Promise<PolicyView> {
  const body = JSON.parse(Buffer.from(document).toString()) as object
  return exchange.call({ method: 'PUT', path: ['policy'], body })
}

export function askForAuthorizations(exchange: Exchange, install: string): Promise<AuthorizationView[]> {
  return exchange.call({ method: 'GET', path: ['installs', install, 'authorizations'] })
}

export function sendApprovals(
  exchange: Exchange,
  install: string,
  approvals: readonly ({ digest: string } & DocumentSignature)[],
): Promise<AuthorizationView[]> {
  return exchange.call({ method: 'POST', path: ['installs', install, 'approvals'], body: { approvals } })
}
