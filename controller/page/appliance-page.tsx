/**
 * One appliance: where it stands, its copies of patches and why one waits, what it was seen to have, its part in
 * installs, its history, and what may be changed about it. Only what cannot be undone is asked twice.
 */

import type { ApplianceDetail } from '../core/appliance-views.ts'
import type { AuditRecord } from '../core/records.ts'
import { Arrives, Contact, Store } from './appliances-page.tsx'
import { ColumnHeads } from './column-heads.tsx'
import { ApplianceDownloads } from './downloads.tsx'
import { Fact } from './facts.tsx'
import { ActionForm, CheckField, TextField } from './form-fields.tsx'
import { CopyLabel, Label, TargetLabel } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { IfMay } from './reader.tsx'
import {
  APPLIANCES,
  applianceAddress,
  dataCenterTitle,
  elementId,
  ledgerWords,
  listed,
  type NamedPatch,
  patchAddress,
  patchTitle,
  sentence,
  size,
  timeLeft,
  whatToMind,
  whyWaiting,
} from './words.ts'

type Entry = Pick<AuditRecord, 'at' | 'actor' | 'action' | 'subject' | 'outcome'>
type AppliancePage = {
  appliance: ApplianceDetail
  /** Null for whoever may not read the trail. */
  history: Entry[] | null
}

export const AppliancePage = ({ appliance, history }: AppliancePage) => (
  <Layout title={`${appliance.name} - Appliances`} current={APPLIANCES}>
    <PageHeader heading={appliance.name} trail={[{ name: 'Appliances', address: APPLIANCES }]}>
      <ApplianceDownloads address={`/api/v1${applianceAddress(appliance)}`} />
    </PageHeader>
    <Card id="facts" title="Appliance" live>
      <Facts appliance={appliance} />
    </Card>
    <Card id="copies" title="Copies of patches" live>
      {appliance.copies.length === 0 ? (
        <p>It keeps no copies beside its installs: it takes a patch from its depot when it is ordered to install it.</p>
      ) : (
        <Table
          label="Copies"
          headings={['Patch', 'State', 'Bytes', 'Arrives', 'Last proven', 'Why']}
          rows={copyRows(appliance)}
        />
      )}
    </Card>
    <Card id="detections" title="Detected" live>
      {appliance.detections.length === 0 ? (
        <p>It has told of no patch yet.</p>
      ) : (
        <Table
          label="Detected"
          headings={['Patch', 'Result', 'Has', 'Since', 'Last looked', 'Reason']}
          rows={detectionRows(appliance)}
        />
      )}
    </Card>
    <Card id="installs" title="Installs" live>
      {appliance.installs.length === 0 ? (
        <p>It has had no part in an install.</p>
      ) : (
        <Table label="Installs" headings={['Patch', 'State', 'Since', 'Reason']} rows={installRows(appliance)} />
      )}
    </Card>
    {appliance.retiredAt === null && (
      <IfMay do="enroll">
        <Changes appliance={appliance} />
      </IfMay>
    )}
    {history !== null && <History entries={history} />}
  </Layout>
)

const History = ({ entries }: { entries: Entry[] }) => (
  <Card id="history" title="History" live>
    {entries.length === 0 ? (
      <p>Nothing was done with it yet.</p>
    ) : (
      <Table
        label="History"
        headings={['When', 'Who', 'What', 'Of', 'Result']}
        rows={entries.map(({ at, actor, action, subject, outcome }, index) => ({
          id: String(index),
          cells: [
            <Moment at={new Date(at).toISOString()} />,
            <Name text={actor} />,
            action,
            <Name text={subject} />,
            <Name text={outcome} />,
          ],
        }))}
      />
    )}
  </Card>
)

const Facts = ({ appliance }: { appliance: ApplianceDetail }) => (
  <dl class="pf-v6-c-description-list pm-facts" data-operation="showAppliance">
    <Fact term="Last contact">
      <Contact appliance={appliance} />
    </Fact>
    <Fact term="Organization">{appliance.organization}</Fact>
    <Fact term="Data Center">{appliance.dataCenter}</Fact>
    <Fact term="Kind and role">
      {appliance.kind}, {appliance.role} of {appliance.group}
    </Fact>
    <Fact term="Agent">{appliance.account?.agentVersion ?? 'unknown'}</Fact>
    <Fact term="Store">
      <Store account={appliance.account} />
    </Fact>
    <Fact term="Machine">{listed(appliance.account?.architectures ?? []) || 'unknown'}</Fact>
    {[...whatToMind(appliance), ...ledgerWords(appliance)].map((text) => (
      <Fact term="To mind">
        <WithMoments text={text} />
      </Fact>
    ))}
    <Fact term="Arrives">
      <Arrives {...appliance} />
    </Fact>
    <Fact term="Installed">
      {appliance.versions.map(({ patch, version }) => `${patch} ${version}`).join(', ') || 'unknown'}
    </Fact>
    <Fact term="Accepts members at">{listed(appliance.addresses) || 'nowhere, it only dials'}</Fact>
    <Fact term="Key">
      <code class="pm-digest">{appliance.peer}</code>
    </Fact>
    <Fact term="Enrolled">
      <Moment at={appliance.enrolledAt} />
    </Fact>
    <Fact term="Epoch">{String(appliance.epoch)}</Fact>
  </dl>
)

/** What may be one long word, such as a key: it is cut where its column ends. */
const Name = ({ text }: { text: string }) => <span class="pm-name">{text}</span>

type Cell = string | ReturnType<typeof Facts>
type Row = { id: string; cells: Cell[] }

const Table = ({ label, headings, rows }: { label: string; headings: string[]; rows: Row[] }) => (
  <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table" aria-label={label}>
    <ColumnHeads headings={headings} />
    <tbody class="pf-v6-c-table__tbody">
      {rows.map(({ id, cells }) => (
        <tr class="pf-v6-c-table__tr" id={elementId(label, id)}>
          {cells.map((cell, index) => (
            <td class="pf-v6-c-table__td" data-label={headings[index]}>
              {cell}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
)

const Patch = ({ patch }: { patch: NamedPatch }) => <a href={patchAddress(patch)}>{patchTitle(patch)}</a>

function copyRows({ copies }: ApplianceDetail): Row[] {
  return copies.map((copy) => ({
    id: copy.id,
    cells: [
      <Patch patch={copy} />,
      <CopyLabel state={copy.state} />,
      copy.bytesLeft === 0 ? size(copy.bytes) : `${size(copy.bytes)} of ${size(copy.bytes + copy.bytesLeft)}`,
      copy.state === 'transferring' ? (
        <>
          <Arrives {...copy} />
          <div class="pm-quiet">{timeLeft(copy.secondsLeft)}</div>
        </>
      ) : (
        ''
      ),
      copy.provenAt === null ? 'not now' : <Moment at={copy.provenAt} />,
      <WithMoments text={whyWaiting(copy)} />,
    ],
  }))
}

const FOUND = {
  installed: 'success',
  applicable: 'waiting',
  notApplicable: 'waiting',
  unknown: 'warning',
} as const

function detectionRows({ detections }: ApplianceDetail): Row[] {
  return detections.map((found) => ({
    id: found.id,
    cells: [
      <Patch patch={found} />,
      <Label tone={FOUND[found.result]} text={found.result === 'notApplicable' ? 'not applicable' : found.result} />,
      found.installedVersion ?? (found.result === 'unknown' ? 'unknown' : 'none'),
      <Moment at={found.detectedAt} />,
      <Moment at={found.seenAt} />,
      <WithMoments text={found.reason} />,
    ],
  }))
}

function installRows({ installs }: ApplianceDetail): Row[] {
  return installs.map((part) => ({
    id: part.install,
    cells: [
      <Patch patch={part} />,
      <TargetLabel state={part.state} />,
      <Moment at={part.changedAt} />,
      <>
        <WithMoments text={part.reason} />
        {part.output !== '' && (
          <details id={elementId('output', part.install)}>
            <summary>What the installer printed</summary>
            <pre class="pm-output">{part.output}</pre>
          </details>
        )}
      </>,
    ],
  }))
}

const Changes = ({ appliance }: { appliance: ApplianceDetail }) => {
  // By its key: its name may be another's by the time the form is sent.
  const address = `${APPLIANCES}/${appliance.peer}`
  return (
    <Card id="changes" title="Change">
      <div data-live="held">
        {appliance.held !== null && (
          <details class="pm-change" open>
            <summary>One machine is left</summary>
            <p class="pm-quiet">
              Two machines with its key were heard: a data folder was copied, or a machine restored beside itself.
              Nothing is ordered and nothing that it says is believed. Switch one of them off first; the other then
              proves all its copies anew, and looks again at what it has installed.
            </p>
            <ActionForm action={`${address}/trust`} operation="trustAppliance" button={`Trust ${appliance.name} again`}>
              <CheckField id="copy-is-off" name="sure" label="The copy is switched off" required />
            </ActionForm>
          </details>
        )}
      </div>
      <details class="pm-change">
        <summary>Rename</summary>
        <p class="pm-quiet">Its key, copies and history stay.</p>
        <ActionForm action={`${address}/rename`} operation="renameAppliance" button="Rename">
          <TextField id="new-name" name="name" label="New name" value={appliance.name} required />
        </ActionForm>
      </details>
      <details class="pm-change">
        <summary>Replace by another machine</summary>
        <p class="pm-quiet">
          Makes a token for this place. {appliance.name} stays a member until the token is used; then its copies,
          detections and orders are void, and the new machine begins with a key of its own.
        </p>
        {appliance.lastMember !== null && appliance.kind === 'service-provider' && (
          <Alert
            tone="warning"
            title={`The tenant appliances of ${dataCenterTitle(appliance.dataCenter)} lose their way.`}
          >
            They reach the Service Center through this one alone, and know no other address. Enroll a second Service
            Provider appliance there first, or enroll them anew afterwards.
          </Alert>
        )}
        <ActionForm action={`${address}/replace`} operation="replaceAppliance" button="Make a token" />
      </details>
      <details class="pm-change">
        <summary>Retire</summary>
        <Alert tone={appliance.lastMember === null ? 'warning' : 'danger'} title="This cannot be undone.">
          {appliance.lastMember !== null && <p>{sentence(appliance.lastMember)}</p>}
          <p>
            It leaves the counts, its connections are closed, and what it was ordered is cancelled. To come back it
            needs an empty data folder and a new token. Its history stays.
          </p>
        </Alert>
        <ActionForm action={`${address}/retire`} operation="retireAppliance" button={`Retire ${appliance.name}`} danger>
          {appliance.lastMember !== null && <input type="hidden" name="lastMember" value="yes" />}
          <CheckField id="sure" name="sure" label={`Retire ${appliance.name} for good`} required />
        </ActionForm>
      </details>
    </Card>
  )
}
