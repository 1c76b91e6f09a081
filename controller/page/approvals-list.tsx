/**
 * What an install waits for by the policy of the fleet: for each organization and Data Center who has approved it, who else
 * may, and until when. A page has no key to sign with: the command that has is told.
 */
import type { InstallDetail } from '../core/views.ts'
import { Label } from './labels.tsx'
import { Moment } from './moments.tsx'
import { dataCenterTitle, listed } from './words.ts'

const TONES = { waiting: 'warning', approved: 'success', expired: 'danger' } as const

export const ApprovalsList = ({ install: { id, approvals } }: { install: InstallDetail }) => (
  <section aria-label="Approvals" data-operation="listAuthorizations">
    <ul class="pm-appliances" role="list">
      {approvals.map(({ organization, dataCenter, state, needed, approvedBy, mayApprove, expiresAt }) => (
        <li>
          <span class="pm-name">{organization}</span>
          <span class="pm-quiet">{dataCenterTitle(dataCenter)}</span>
          <span>
            <Label tone={TONES[state]} text={state} />{' '}
            <span class="pm-quiet">
              {approvedBy.length} of {needed} approvals
              {approvedBy.length > 0 && `, by ${listed(approvedBy)}`}
              {state === 'waiting' && mayApprove.length > 0 && `; ${listed(mayApprove)} may approve it`}, until{' '}
              <Moment at={expiresAt} />
            </span>
          </span>
        </li>
      ))}
    </ul>
    {approvals.some(({ state }) => state === 'waiting') && (
      <p class="pm-quiet">
        Who may approves it with <code>patchmesh approve {id} --key FILE</code>.
      </p>
    )}
  </section>
)
