/**
 * The evidence of an install for one organization, to read and to print: who began it, what each appliance had before and
 * after, when it did not serve, and what the installer printed; all of it from what the appliances have signed.
 */
import type { ApplianceFindings, EvidenceFindings, Interruption, Seen } from '../../protocol/trust/judge-evidence.ts'
import type { ReportState } from '../../protocol/trust/statements.ts'
import { ColumnHeads } from './column-heads.tsx'
import { Copyable, Fact } from './facts.tsx'
import { TargetLabel } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { ExactMoment, Moment, WithMoments } from './moments.tsx'
import { applianceNamed, counted, duration, elementId, fullStop, INSTALLS, listed, sentence, where } from './words.ts'

export const EvidencePage = ({ findings }: { findings: EvidenceFindings }) => {
  const { account, publication, signingKey, appliances, groups, wrong } = findings
  if (account === null || publication === null) {
    return (
      <Layout title="Evidence" current={INSTALLS}>
        <PageHeader heading="Evidence" trail={[{ name: 'Installs', address: INSTALLS }]} />
        <Wrong wrong={wrong} />
      </Layout>
    )
  }
  const patch = `${publication.name} ${publication.version}`
  const address = `/api/v1/installs/${account.install}/evidence?${new URLSearchParams({ organization: account.organization })}`
  return (
    <Layout title={`Evidence for ${account.organization}: ${patch}`} current={INSTALLS}>
      <PageHeader
        heading={`Evidence for ${account.organization}: ${patch}`}
        trail={[{ name: 'Installs', address: INSTALLS }]}
      >
        <a class="pf-v6-c-button pf-m-secondary" href={address} data-operation="exportEvidence" download>
          Export as a file
        </a>
      </PageHeader>
      <Wrong wrong={wrong} />
      <Card id="account" title="Install">
        <dl class="pf-v6-c-description-list pm-facts">
          <Fact term="State">
            {sentence(account.state)} {account.reason !== '' && <WithMoments text={fullStop(account.reason)} />}
          </Fact>
          <Fact term="Where">{where(account.dataCenter)}</Fact>
          <Fact term="Started">
            <Moment at={iso(account.startedAt)} />
            {account.startedBy !== null && ` by ${account.startedBy}`}
          </Fact>
          <Fact term="Agreed to">
            {account.allowOutage ? 'An outage where no other member serves. ' : 'No outage. '}
            {account.outsideWindows ? 'Outside of maintenance windows.' : 'Inside maintenance windows.'}
          </Fact>
          <Fact term="Install">
            <code>{account.install}</code>
          </Fact>
          <Fact term="SHA-256 of the patch">
            <Copyable id="digest" text={publication.sha256} what="SHA-256 of the patch" />
          </Fact>
          <Fact term="Signed by">
            <Copyable id="signing-key" text={signingKey} what="key of the Service Center" />
          </Fact>
          <Fact term="Put together">
            <Moment at={iso(account.madeAt)} />,{' '}
            {wrong.length === 0
              ? `${counted(account.statements.length, 'statement')}, every signature right`
              : `${counted(account.statements.length, 'statement')}, not all right`}
          </Fact>
        </dl>
        <p class="pm-quiet">
          Whoever has the file checks it without this Service Center: patchmesh evidence verify FILE --signing-key KEY
        </p>
      </Card>
      <Card id="groups" title="How long one member served alone">
        <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table" aria-label="Groups">
          <ColumnHeads headings={['Members', 'Data Center', 'One served alone', 'None served']} />
          <tbody class="pf-v6-c-table__tbody">
            {groups.map(({ dataCenter, members, unprotectedMs, outage }) => (
              <tr class="pf-v6-c-table__tr">
                <td class="pf-v6-c-table__td" data-label="Members">
                  {listed(members)}
                </td>
                <td class="pf-v6-c-table__td" data-label="Data Center">
                  {dataCenter}
                </td>
                <td class="pf-v6-c-table__td" data-label="One served alone">
                  {unprotectedMs === 0 ? 'never' : duration(unprotectedMs / 1000)}
                </td>
                <td class="pf-v6-c-table__td" data-label="None served">
                  {outage ? 'at some moment' : 'never'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
      <Card id="told" title="What each appliance has told">
        <div class="pm-stack pm-told">
          {appliances.map((appliance) => (
            <Appliance appliance={appliance} />
          ))}
        </div>
      </Card>
    </Layout>
  )
}

const Wrong = ({ wrong }: { wrong: readonly string[] }) =>
  wrong.length === 0 ? null : (
    <Alert tone="danger" title="Not everything in it is signed as it should be">
      <ul role="list">
        {wrong.map((one) => (
          <li>{sentence(one)}</li>
        ))}
      </ul>
    </Alert>
  )

const Appliance = ({ appliance }: { appliance: ApplianceFindings }) => {
  const { name, role, dataCenter, peer, orders, steps, before, after, interrupted } = appliance
  const last = steps.at(-1)
  return (
    <section class="pm-stack" id={elementId('evidence', name)} aria-label={name}>
      <h3 class="pm-row">
        <a class="pm-name" href={applianceNamed(name)}>
          {name}
        </a>
        {last === undefined ? <span class="pm-quiet">has told nothing of it</span> : <TargetLabel state={last.state} />}
        <span class="pm-quiet">
          {role} in {dataCenter}
        </span>
      </h3>
      <dl class="pf-v6-c-description-list pm-facts">
        <Fact term="Before">
          <SeenThen seen={before} />
        </Fact>
        <Fact term="After">
          <SeenThen seen={after} />
        </Fact>
        <Fact term="Ordered">
          {orders.length === 0 ? 'never' : orders.map(({ issuedAt }) => <Moment at={iso(issuedAt)} />)}
        </Fact>
        <Fact term="Did not serve">
          {interrupted.length === 0 ? 'never' : interrupted.map((interruption) => <Interrupted {...interruption} />)}
        </Fact>
        <Fact term="Key">
          <code>{peer}</code>
        </Fact>
      </dl>
      {steps.length > 0 && <Steps appliance={appliance} />}
    </section>
  )
}

const Steps = ({ appliance: { name, steps } }: { appliance: ApplianceFindings }) => (
  <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table" aria-label={`What ${name} has told`}>
    <ColumnHeads headings={['When', 'Attempt', 'State', 'Reason']} />
    <tbody class="pf-v6-c-table__tbody">
      {steps.map(({ attempt, state, reason, output, reportedAt }) => (
        <tr class="pf-v6-c-table__tr">
          <td class="pf-v6-c-table__td" data-label="When">
            <ExactMoment at={iso(reportedAt)} />
          </td>
          <td class="pf-v6-c-table__td" data-label="Attempt">
            {attempt}
          </td>
          <td class="pf-v6-c-table__td" data-label="State">
            <TargetLabel state={state satisfies ReportState} />
          </td>
          <td class="pf-v6-c-table__td pm-reason" data-label="Reason">
            <WithMoments text={reason} />
            {output !== '' && (
              <pre class="pm-output" tabindex={0}>
                {output}
              </pre>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const SeenThen = ({ seen }: { seen: Seen | null }) =>
  seen === null ? (
    <>was not looked at</>
  ) : (
    <>
      {seen.installedVersion === null ? seen.result : `${seen.result}, has ${seen.installedVersion}`}, looked at{' '}
      <Moment at={iso(seen.detectedAt)} />
    </>
  )

const Interrupted = ({ from, until }: Interruption) => (
  <>
    <ExactMoment at={iso(from)} />{' '}
    {until === null ? 'and has not told of its end. ' : `for ${duration(Math.max(1, (until - from) / 1000))}. `}
  </>
)

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
