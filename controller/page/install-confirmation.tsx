/**
 * What is said before an install begins. While replication is not complete it is a warning that names the Service
 * Provider appliances concerned, and says which targets begin now and which wait in the same install; otherwise it says
 * what will be installed, on how many appliances, and where. Nothing is left out silently.
 */
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import type { ApplianceCopy } from '../core/copies.ts'
import type { PatchDetail } from '../core/patch-views.ts'
import type { InstallPlan } from '../core/rollout/install-plan.ts'
import type { InstallPreview } from '../core/views.ts'
import { CloseButton } from './dialogs.tsx'
import { CheckField } from './form-fields.tsx'
import { CopyLabel } from './labels.tsx'
import { Alert } from './layout.tsx'
import { WithMoments } from './moments.tsx'
import { type NamedPatch, PlanChoice } from './plan-choice.tsx'
import { PlanSection } from './plan-section.tsx'
import {
  counted,
  dataCenterTitle,
  listed,
  patchTitle,
  SYSTEM_PATCHES,
  sentence,
  size,
  timeLeft,
  where,
  whyWaiting,
} from './words.ts'

/** Of more the number says more; the plan in a file has them all. */
const NAMED_APPLIANCES = 20
const SHOWN_REASONS = 100

export type Confirmation = {
  patch: PatchDetail
  organizations: string[]
  dataCenter: string
  /** These go before it, and these might. */
  first: readonly NamedPatch[]
  others: readonly NamedPatch[]
  allowOutage: boolean
  outsideWindows: boolean
  waveSoakMinutes: number
  /** For which choice its plan is: what is sent with another one is shown anew. */
  shown: string
  preview: Omit<InstallPreview, 'needs'>
  /** How it would go, or why it could not begin. */
  plan: InstallPlan | Refusal
  /** The targets that are not in `preview.queued`. */
  ready: string[]
  /** Why it is asked once more, or null. */
  changed: string | null
  /** Of this showing: whoever presses twice starts one install. */
  once: string
}

export const InstallConfirmation = (confirmation: Confirmation) => {
  const { patch, organizations, dataCenter, first, preview, plan, ready, changed, once } = confirmation
  const complete = preview.notReplicated.length === 0 && preview.queued.length === 0
  const { notApplicable, hindered, goingBack, targets } = preview
  return (
    <form
      id="install-confirmation"
      class="pm-confirmation"
      method="post"
      action={`${SYSTEM_PATCHES}/${patch.id}/start?once=${once}`}
      data-operation="startInstall"
    >
      {organizations.map((name) => (
        <input type="hidden" name="organization" value={name} />
      ))}
      <input type="hidden" name="dataCenter" value={dataCenter} />
      <input type="hidden" name="shown" value={confirmation.shown} />
      <input type="hidden" name="confirmation" value={preview.confirmation} />
      {changed !== null && (
        <Alert tone="warning" title="Nothing was installed: something has changed since you looked.">
          <p>{sentence(changed)}</p>
        </Alert>
      )}
      <h2 class="pf-v6-c-title pf-m-xl" id="install-dialog-title">
        {!complete
          ? 'Replication is not complete'
          : beginsAtAll(plan)
            ? `Install ${listed([...first, patch].map(patchTitle))}?`
            : 'Nobody would install it as things are'}
      </h2>
      <p>
        {listed([...first, patch].map(patchTitle))}, for {listed(organizations)}:{' '}
        {counted(preview.targets, 'appliance')} in {where(dataCenter)}.
      </p>
      {preview.notReplicated.length > 0 && <NotReplicated copies={preview.notReplicated} />}
      {hindered.length > 0 && <Hindered hindered={hindered} />}
      {goingBack.length > 0 && <GoingBack goingBack={goingBack} />}
      {(!complete || hindered.length > 0) && targets > 0 && beginsAtAll(plan) && <StartsNow ready={ready} />}
      {preview.queued.length > 0 && <Queued queued={preview.queued} />}
      {notApplicable.length > 0 && <NotApplicable left={notApplicable} />}
      {targets > 0 && <PlanSection plan={plan} />}
      {(isRefusal(plan) ? patch : plan).restart !== 'none' && (
        <AllowOutage withoutPeer={preview.withoutPeer} isAllowed={confirmation.allowOutage} />
      )}
      {preview.outsideWindows.length > 0 && (
        <OutsideWindows waiting={preview.outsideWindows} isAllowed={confirmation.outsideWindows} />
      )}
      {targets > 0 && <PlanChoice {...confirmation} />}
      <div role="alert" />
      <div class="pm-row pm-buttons">
        {targets > 0 && beginsAtAll(plan) && (
          <button class="pf-v6-c-button pf-m-primary" type="submit" id="install-agreed">
            {complete && hindered.length === 0
              ? 'Install'
              : ready.length > 0
                ? 'Install where ready'
                : 'Install when ready'}
          </button>
        )}
        <CloseButton dialog="install-dialog" text="Cancel" />
      </div>
    </form>
  )
}

/** As things are; where it cannot be planned the refusal of a start says why. */
function beginsAtAll(plan: Confirmation['plan']): boolean {
  return isRefusal(plan) || plan.counts.refuses === 0 || plan.counts.ready + plan.counts.waits > 0
}

const NotReplicated = ({ copies }: { copies: ApplianceCopy[] }) => (
  <Alert
    tone="warning"
    title={`Replication is not complete on ${counted(copies.length, 'Service Provider appliance')}`}
  >
    <ul class="pm-appliances" role="list" id="not-replicated">
      {copies.map((copy) => (
        <li>
          <strong class="pm-name">{copy.name}</strong>
          <span class="pm-quiet">
            {dataCenterTitle(copy.dataCenter)}, {copy.role}
          </span>
          <span>
            <CopyLabel state={copy.state} />{' '}
            <span class="pm-quiet">
              {size(copy.bytesLeft)} left, {timeLeft(copy.secondsLeft)}. <WithMoments text={whyWaiting(copy)} />
            </span>
          </span>
        </li>
      ))}
    </ul>
  </Alert>
)

const StartsNow = ({ ready }: { ready: string[] }) => (
  <section aria-label="Starts now">
    <h3 class="pf-v6-c-title pf-m-md">Ready: {counted(ready.length, 'appliance')}</h3>
    <p class="pm-quiet">
      {ready.length === 0
        ? 'None of the chosen appliances can start now. Those that wait begin by themselves when they are ready.'
        : `${listed(firstOf(ready))}. They begin in waves, one of each pair after the other.`}
    </p>
  </section>
)

const Queued = ({ queued }: { queued: InstallPreview['queued'] }) => (
  <section aria-label="Queued">
    <h3 class="pf-v6-c-title pf-m-md">Queued: {counted(queued.length, 'appliance')}</h3>
    <p class="pm-quiet">They follow in this install by themselves as soon as their copy is proven, within 24 hours.</p>
    <NamedReasons id="queued" reasons={queued} />
  </section>
)

const Hindered = ({ hindered }: { hindered: InstallPreview['hindered'] }) => (
  <Alert tone="warning" title={`Not possible now: ${counted(hindered.length, 'appliance')}`}>
    <p>As things are, they would refuse the patch or be held back. What is in the way can be mended first.</p>
    <NamedReasons id="hindered" reasons={hindered} />
  </Alert>
)

const GoingBack = ({ goingBack }: { goingBack: InstallPreview['goingBack'] }) => (
  <Alert tone="warning" title={`Back to an earlier version: ${counted(goingBack.length, 'appliance')}`}>
    <p>They have a later version, which this one would take the place of.</p>
    <NamedReasons id="going-back" reasons={goingBack} />
  </Alert>
)

const NotApplicable = ({ left }: { left: InstallPreview['notApplicable'] }) => (
  <section aria-label="Not applicable">
    <h3 class="pf-v6-c-title pf-m-md">Not applicable: {counted(left.length, 'appliance')}</h3>
    <p class="pm-quiet">The patch is not meant for them. They are left out, and do not count as unpatched.</p>
    <NamedReasons id="not-applicable" reasons={left} />
  </section>
)

/** Of a long list the first, and how many more there are. */
function firstOf(names: readonly string[]): string[] {
  const more = names.length - NAMED_APPLIANCES
  return more <= 0 ? [...names] : [...names.slice(0, NAMED_APPLIANCES), `${more} more`]
}

const NamedReasons = ({ id, reasons }: { id: string; reasons: InstallPreview['queued'] }) => (
  <ul class="pm-appliances" role="list" id={id}>
    {reasons.slice(0, SHOWN_REASONS).map(({ appliance, dataCenter, reason }) => (
      <li>
        <span class="pm-name">{appliance}</span>
        <span class="pm-quiet">{dataCenterTitle(dataCenter)}</span>
        <span class="pm-quiet">
          <WithMoments text={sentence(reason)} />
        </span>
      </li>
    ))}
    {reasons.length > SHOWN_REASONS && (
      <li class="pm-quiet">{reasons.length - SHOWN_REASONS} more, which the plan names.</li>
    )}
  </ul>
)

type OutsideWindowsProps = { waiting: InstallPreview['outsideWindows']; isAllowed: boolean }

const OutsideWindows = ({ waiting, isAllowed }: OutsideWindowsProps) => (
  <div>
    <CheckField
      {...{ id: 'outside-windows', name: 'outsideWindows', label: 'Do not wait for maintenance windows' }}
      checked={isAllowed}
    />
    <p class="pm-quiet">
      Without this {counted(waiting.length, 'appliance')} {waiting.length === 1 ? 'waits' : 'wait'}:
    </p>
    <NamedReasons id="for-windows" reasons={waiting} />
  </div>
)

type AllowOutageProps = Pick<InstallPreview, 'withoutPeer'> & { isAllowed: boolean }

const AllowOutage = ({ withoutPeer, isAllowed }: AllowOutageProps) => (
  <div>
    <CheckField
      id="allow-outage"
      name="allowOutage"
      label="Also interrupt appliances that have no peer to stand in for them"
      checked={isAllowed}
    />
    {withoutPeer.length > 0 && (
      <>
        <p class="pm-quiet">
          Without this {counted(withoutPeer.length, 'appliance')} {withoutPeer.length === 1 ? 'waits' : 'wait'}:
        </p>
        <NamedReasons id="without-peer" reasons={withoutPeer} />
      </>
    )}
  </div>
)
