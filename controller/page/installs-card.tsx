/**
 * The installs of one patch, running ones first: every target with its state and reason, and what the installer printed
 * where it did not succeed.
 */
import { hasEnded, isUnderWay } from '../core/rollout/install-states.ts'
import type { InstallDetail, TargetView } from '../core/views.ts'
import { ApprovalsList } from './approvals-list.tsx'
import { ColumnHeads } from './column-heads.tsx'
import { InstallDownload } from './downloads.tsx'
import { DropDown } from './form-fields.tsx'
import { InstallLabel, TargetLabel } from './labels.tsx'
import { Alert, Card } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { type ShownPatch, shownPatchAddress } from './patch-address.ts'
import { Question } from './question.tsx'
import { readerMay } from './reader.tsx'
import { WavesPicture } from './waves-picture.tsx'
import { leftInWords } from './waves-words.ts'
import {
  applianceNamed,
  counted,
  elementId,
  fullStop,
  INSTALLS,
  listed,
  NONE_FOUND,
  patchAddress,
  SYSTEM_PATCHES,
  sentence,
  whatCancelLeaves,
  where,
} from './words.ts'

const MAX_TARGETS = 100
const URGENCY: Record<TargetView['state'], number> = {
  ...{ failed: 0, reverted: 0, unknown: 1, refused: 1 },
  ...{ installing: 2, verifying: 2, preflight: 2, staging: 2, queued: 3, installed: 4, cancelled: 5 },
}

export const InstallsCard = ({ installs, shown }: { installs: InstallDetail[]; shown: ShownPatch }) => {
  const running = installs.filter((install) => !hasEnded(install))
  const ended = installs.filter(hasEnded)
  return (
    <Card id="installs" title="Installs">
      <div id="installs-refusal" role="alert" />
      <div data-live="installs" data-operation="listInstalls">
        {installs.length === 0 && <p id="no-installs">No install of this patch has been started.</p>}
        {[...running, ...ended].map((install, index) => (
          <Install
            install={install}
            open={!hasEnded(install) || index === 0 || shown.install.includes(install.id)}
            shown={shown}
          />
        ))}
      </div>
    </Card>
  )
}

type InstallProps = { install: InstallDetail; open: boolean; shown: ShownPatch }

const Install = ({ install, open, shown }: InstallProps) => (
  <details
    class="pm-install"
    id={elementId('install', install.id)}
    data-install={install.id}
    data-operation="showInstall"
    open={open}
    data-opens="install"
    data-name={install.id}
  >
    <summary>
      <InstallLabel state={install.state} />
      <span>
        {listed(install.organizations)} in {where(install.dataCenter)}
      </span>
      <span class="pm-quiet" aria-live="polite">
        {install.installed} of {install.total} installed, started <Moment at={install.startedAt} />
        {install.startedBy !== null && ` by ${install.startedBy}`}
      </span>
    </summary>
    {install.reason !== '' && (
      <p class="pm-reason">
        <WithMoments text={install.reason} />
      </p>
    )}
    {install.approvals.length > 0 && <ApprovalsList install={install} />}
    {install.together.length > 0 && <Together install={install} />}
    {install.mixed.length > 0 && (
      <Alert tone="danger" title={`Mixed: the members of ${counted(install.mixed.length, 'pair')} are not equal`}>
        <ul class="pm-mixed" role="list">
          {install.mixed.map((pair) => (
            <li>
              <WithMoments text={fullStop(pair)} />
            </li>
          ))}
        </ul>
        <p>Install the patch again for them, or another version on both.</p>
      </Alert>
    )}
    {open ? (
      <>
        <WavesPicture install={install} />
        <Targets install={install} shown={shown} />
      </>
    ) : (
      <a href={shownPatchAddress(shown, { install: [...shown.install, install.id] })}>Show its targets</a>
    )}
    <Evidence install={install} />
    {install.joinedLater.length > 0 && <JoinedLater install={install} shown={shown} />}
    <Decisions install={install} shown={shown} />
    {isUnderWay(install.state) && readerMay('cancel') && (
      <Question
        id={elementId('cancel', install.id)}
        button="Cancel install"
        label="Cancel install"
        agree="Cancel it"
        question={`Cancel the install for ${listed(install.organizations)}? ${whatCancelLeaves(install)}`}
        action={`${patchAddress(shown.patch)}/cancel/${install.id}`}
        operation="cancelInstall"
        outcome="installs-refusal"
      />
    )}
  </details>
)

/** What goes in the same interruption of each pair, each with its own install. */
const Together = ({ install: { id, together } }: { install: InstallDetail }) => (
  <p>
    In one interruption of each pair:{' '}
    {together.map(({ install, patch }, index) => (
      <>
        {index > 0 && ', then '}
        {install === id ? (
          <strong>{patch}</strong>
        ) : (
          <a href={`${SYSTEM_PATCHES}/${encodeURIComponent(patch)}`}>{patch}</a>
        )}
      </>
    ))}
    . They are paused, resumed and cancelled together.
  </p>
)

/** One organization at a time: what another one has is none of its business. */
const Evidence = ({ install: { id, organizations } }: { install: InstallDetail }) => (
  <form class="pm-row" method="get" action={`${INSTALLS}/${id}/evidence`} data-operation="exportEvidence">
    <DropDown
      id={elementId('evidence', id)}
      name="organization"
      frame="pm-select"
      aria-label="Organization that the evidence is about"
      choices={organizations.map((name) => ({ value: name, text: name }))}
    />
    <button class="pf-v6-c-button pf-m-secondary pf-m-small" type="submit">
      Show evidence
    </button>
    <InstallDownload id={id} />
  </form>
)

/** Who came to the fleet too late for it, and one click that takes them in. */
const JoinedLater = ({ install: { id, joinedLater }, shown }: Omit<InstallProps, 'open'>) => (
  <section class="pm-joined" aria-label="Joined after start, not included">
    <p>Joined after start, not included: {listed(joinedLater.map(({ appliance }) => appliance))}.</p>
    {readerMay('install') && (
      <form
        method="post"
        action={`${patchAddress(shown.patch)}/extend/${id}`}
        data-operation="extendInstall"
        data-outcome="installs-refusal"
      >
        {joinedLater.map(({ appliance }) => (
          <input type="hidden" name="appliance" value={appliance} />
        ))}
        <button class="pf-v6-c-button pf-m-secondary pf-m-small" type="submit">
          Add {joinedLater.length === 1 ? 'it' : 'them'} to this install
        </button>
      </form>
    )}
  </section>
)

/** To pause what goes on, and to resume what was paused or has halted. */
const Decisions = ({ install, shown }: Omit<InstallProps, 'open'>) => {
  const { id, state } = install
  const failed = install.targets.filter((target) => target.state === 'failed' || target.state === 'reverted')
  const common = { outcome: 'installs-refusal', isHarmless: true } as const
  const address = patchAddress(shown.patch)
  return (
    <>
      {(state === 'running' || state === 'planned') && readerMay('cancel') && (
        <Question
          id={elementId('pause', id)}
          button="Pause install"
          label="Pause install"
          agree="Pause it"
          question="No pair begins until somebody resumes it, within seven days; pairs that have begun are finished on both of their members."
          action={`${address}/pause/${id}`}
          operation="pauseInstall"
          {...common}
        />
      )}
      {(state === 'paused' || state === 'halted') && readerMay('install') && (
        <Question
          id={elementId('resume', id)}
          button="Resume install"
          label="Resume install"
          agree="Resume it"
          question={`It goes on where the patch is not installed now.${failed.length === 0 ? '' : ` What failed or was put back, on ${counted(failed.length, 'appliance')}, is left as it is, and so are their pairs.`}`}
          action={`${address}/resume/${id}`}
          operation="resumeInstall"
          {...common}
        />
      )}
      {(state === 'paused' || state === 'halted') && failed.length > 0 && readerMay('install') && (
        <Question
          id={elementId('retry', id)}
          button="Resume, and try again what failed"
          label="Resume install, and try again what failed"
          agree="Resume and try again"
          question={`It goes on where the patch is not installed now, and ${listed(failed.map(({ appliance }) => appliance))} ${failed.length === 1 ? 'tries' : 'try'} it again, after what made it fail there is mended.`}
          action={`${address}/resume/${id}`}
          fields={{ retryFailed: 'yes' }}
          operation="resumeInstall"
          {...common}
        />
      )}
    </>
  )
}

/** Those that somebody may have to look at come first; a long list is cut there. */
const Targets = ({ install, shown }: { install: InstallDetail; shown: ShownPatch }) => {
  const all = [...install.targets].sort((left, right) => URGENCY[left.state] - URGENCY[right.state])
  const targets = shown.every.includes(install.id) ? all : all.slice(0, MAX_TARGETS)
  return (
    <>
      <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table pm-narrow-columns pm-targets" aria-label="Targets">
        <ColumnHeads headings={['Appliance', 'Organization', 'Data Center', 'State', 'Version', 'Reason']} />
        <tbody class="pf-v6-c-table__tbody">
          {targets.map((target) => (
            <Target install={install.id} target={target} />
          ))}
        </tbody>
      </table>
      {targets.length < all.length && (
        <p class="pm-quiet">
          {all.length - targets.length} more are not shown.{' '}
          <a href={shownPatchAddress(shown, { every: [...shown.every, install.id] })}>Show all {all.length}</a>
        </p>
      )}
    </>
  )
}

const Target = ({ install, target }: { install: string; target: TargetView }) => (
  <tr class="pf-v6-c-table__tr" id={elementId(install, target.appliance)} data-target={target.appliance}>
    <td class="pf-v6-c-table__td" data-label="Appliance">
      <div>
        <a class="pm-name" href={applianceNamed(target.appliance)}>
          {target.appliance}
        </a>
        <div class="pm-quiet">
          {target.role}, wave {target.wave}
        </div>
      </div>
    </td>
    <td class="pf-v6-c-table__td" data-label="Organization">
      {target.organization}
    </td>
    <td class="pf-v6-c-table__td" data-label="Data Center">
      {target.dataCenter}
    </td>
    <td class="pf-v6-c-table__td" data-label="State">
      <TargetLabel state={target.state} />
    </td>
    <td class="pf-v6-c-table__td" data-label="Version">
      {target.installedVersion ?? NONE_FOUND}
    </td>
    <td class="pf-v6-c-table__td pm-reason" data-label="Reason">
      <WithMoments text={target.reason} />
      {target.secondsLeft !== null && <div class="pm-quiet pm-left">{sentence(leftInWords(target))}</div>}
      {target.output !== '' && (
        <details id={elementId(install, target.appliance, 'output')} open={target.state !== 'installed'}>
          <summary>What the installer printed</summary>
          <pre class="pm-output" tabindex={0}>
            {target.output}
          </pre>
        </details>
      )}
    </td>
  </tr>
)
