/**
 * The organizations with appliances that are not patched, a checkbox for each, the Data Center drop-down and Install.
 * It is an ordinary form that leads to the confirmation: actions.js shows that in a dialog, without JavaScript it is a
 * page of its own to read.
 */
import type { PatchDetail, UnpatchedAppliance, UnpatchedOrganization } from '../core/patch-views.ts'
import { CheckField, DropDown, FieldLabel } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Card } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { type ShownPatch, shownPatchAddress } from './patch-address.ts'
import { IfMay } from './reader.tsx'
import {
  applianceNamed,
  counted,
  dataCenterTitle,
  elementId,
  listed,
  SYSTEM_PATCHES,
  sentence,
  where,
} from './words.ts'

type InstallCardProps = { patch: PatchDetail; dataCenters: string[]; shown: ShownPatch }

export const InstallCard = ({ patch, dataCenters, shown }: InstallCardProps) => (
  <Card id="install" title="Organizations not patched">
    <form
      id="install-form"
      method="get"
      action={`${SYSTEM_PATCHES}/${patch.id}/install`}
      data-operation="previewInstall"
    >
      <div class="pm-row pm-controls">
        <FieldLabel id="data-center" label="Data Center" />
        <DropDown
          {...{ id: 'data-center', name: 'dataCenter', frame: 'pm-select', value: shown.dataCenter }}
          choices={['All', ...dataCenters].map((name) => ({ value: name, text: name }))}
        />
        <span class="pf-v6-c-check pm-needs-script">
          <input class="pf-v6-c-check__input" type="checkbox" id="choose-all" />
          <label class="pf-v6-c-check__label" for="choose-all">
            Choose all
          </label>
        </span>
        <IfMay do="install">
          <button class="pf-v6-c-button pf-m-primary" type="submit" id="install-button" aria-describedby="install-hint">
            Install
          </button>
          <span class="pm-quiet" id="install-hint" role="status">
            Choose the organizations to install for.
          </span>
        </IfMay>
      </div>
      <div id="install-refusal" role="alert" />
      <div data-live="organizations" id="organizations" data-operation="listOrganizations">
        <Organizations patch={patch} shown={shown} />
      </div>
    </form>
  </Card>
)

const Organizations = ({ patch, shown }: { patch: PatchDetail; shown: ShownPatch }) => (
  <>
    {patch.unpatched.length === 0 && (
      <p id="all-patched">
        {patch.patched.length === 0
          ? `No organization in ${where(shown.dataCenter)} has an appliance that this patch is meant for.`
          : `Every organization in ${where(shown.dataCenter)} that this patch is meant for is patched.`}
      </p>
    )}
    <ul class="pm-organizations" role="list">
      {patch.unpatched.map((organization) => (
        <Organization organization={organization} shown={shown} />
      ))}
    </ul>
    {patch.patched.length > 0 && <p class="pm-quiet">Patched: {listed(patch.patched)}.</p>}
    {patch.notApplicableAppliances.length > 0 && <NotApplicable patch={patch} />}
  </>
)

/** Whom the patch is not meant for: neither patched nor unpatched, each with the reason. */
const NotApplicable = ({ patch: { notApplicable, notApplicableAppliances } }: { patch: PatchDetail }) => (
  <details class="pm-rest" id="not-applicable">
    <summary>
      Not applicable: {notApplicable.length > 0 && `${listed(notApplicable)}, `}
      {counted(
        notApplicableAppliances.reduce((sum, { appliances }) => sum + appliances.length, 0),
        'appliance',
      )}
    </summary>
    <ul class="pm-appliances" role="list">
      {notApplicableAppliances.flatMap(({ organization, appliances }) =>
        appliances.map(({ name, dataCenter, kind, role, reason }) => (
          <li>
            <span class="pm-name">{name}</span>
            <span class="pm-quiet">
              {organization}, {dataCenterTitle(dataCenter)}, {kind} {role}
            </span>
            <span class="pm-quiet">
              <WithMoments text={sentence(reason)} />
            </span>
          </li>
        )),
      )}
    </ul>
  </details>
)

const Organization = ({
  organization: { organization, patched, total, appliances },
  shown,
}: {
  organization: UnpatchedOrganization
  shown: ShownPatch
}) => {
  const open = shown.open.includes(organization)
  const id = elementId('organization', organization)
  return (
    <li class="pm-organization" id={`${id}-row`} data-organization={organization}>
      <CheckField
        {...{ id, name: 'organization', value: organization, label: organization }}
        checked={shown.organization.includes(organization)}
      />
      <div class="pm-row pm-patched" aria-live="polite">
        <progress max={total} value={patched} aria-label={`Patched appliances of ${organization}`} />
        <span>
          {patched} of {total} patched
        </span>
      </div>
      <details id={`${id}-appliances`} open={open} data-opens="open" data-name={organization}>
        <summary>{counted(appliances.length, 'appliance')} not patched</summary>
        {open ? (
          <Appliances appliances={appliances} />
        ) : (
          <a href={shownPatchAddress(shown, { open: [...shown.open, organization] })}>Show them</a>
        )}
      </details>
    </li>
  )
}

const Appliances = ({ appliances }: { appliances: UnpatchedAppliance[] }) => (
  <ul class="pm-appliances" role="list">
    {appliances.map((appliance) => (
      <li id={elementId('unpatched', appliance.name)}>
        <a class="pm-name" href={applianceNamed(appliance.name)}>
          {appliance.name}
        </a>
        <span class="pm-quiet">
          {dataCenterTitle(appliance.dataCenter)}, {appliance.kind} {appliance.role}
        </span>
        <span>
          <Label tone={appliance.detected === 'unknown' ? 'warning' : 'waiting'} text={appliance.detected} />{' '}
          <span class="pm-quiet">
            {appliance.installedVersion === null ? 'no version detected' : `has ${appliance.installedVersion}`}
            {appliance.reason !== '' && ', '}
            <WithMoments text={appliance.reason} />
            {appliance.seenAt !== null && (
              <>
                , looked at <Moment at={appliance.seenAt} />
              </>
            )}
          </span>
        </span>
      </li>
    ))}
  </ul>
)
