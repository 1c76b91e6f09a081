/**
 * How exposure is told wherever it is shown: of a patch, of an organization, and of a severity.
 */
import type { Severity } from '../core/exposure/advisory.ts'
import type { ExposureCounts, OrganizationExposure } from '../core/exposure/exposure-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { Label } from './labels.tsx'
import { Moment } from './moments.tsx'
import { duration, exposedOf } from './words.ts'

const TONES = { overdue: 'danger', exposed: 'warning', ended: 'success', 'not applicable': 'waiting' } as const

export const ExposureLabel = ({ counts }: { counts: ExposureCounts }) => (
  <Label tone={TONES[counts.state]} text={exposedOf(counts)} />
)

export const SeverityWord = ({ severity, reference }: { severity: Severity | null; reference: string }) => (
  <>
    {severity ?? 'not set'}
    {reference !== '' && <div class="pm-quiet pm-name">{reference}</div>}
  </>
)

const HEADINGS = ['Organization', 'Exposed', 'Since', 'Due', 'Took']

export const OrganizationTable = (props: { name: string; organizations: OrganizationExposure[] }) => (
  <table class="pf-v6-c-table pf-m-compact pf-m-grid-md" aria-label={`Exposure to ${props.name} by organization`}>
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {props.organizations.map((one) => (
        <tr class="pf-v6-c-table__tr">
          <td class="pf-v6-c-table__td" data-label="Organization">
            {one.organization}
            {one.notApplicable > 0 && one.total > 0 && (
              <div class="pm-quiet">not applicable to {one.notApplicable}</div>
            )}
            {one.joinedLate > 0 && <div class="pm-quiet">{one.joinedLate} joined later</div>}
          </td>
          <td class="pf-v6-c-table__td" data-label="Exposed">
            <ExposureLabel counts={one} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Since">
            {one.since === null ? '' : <Moment at={one.since} />}
          </td>
          <td class="pf-v6-c-table__td" data-label="Due">
            <Due of={one} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Took">
            {one.medianSeconds !== null && `half within ${duration(one.medianSeconds)}`}
            {one.longestSeconds !== null && (
              <div class="pm-quiet">
                the longest {duration(one.longestSeconds)}
                {one.patchedLate > 0 && `, ${one.patchedLate} after the due date`}
              </div>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Due = ({ of: { exposed, endedAt, dueAt, overdueSeconds } }: { of: OrganizationExposure }) => {
  if (endedAt !== null)
    return (
      <>
        all had it <Moment at={endedAt} />
      </>
    )
  if (exposed === 0) return null
  if (dueAt === null) return <>no due date</>
  return (
    <>
      <Moment at={dueAt} />
      {overdueSeconds > 0 && <div class="pm-quiet">overdue by {duration(overdueSeconds)}</div>}
    </>
  )
}
