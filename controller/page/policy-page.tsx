/**
 * Approvals: whether installs have to be approved, by whom, and whose key decides. It can only be looked at: owners sign the
 * policy where their keys are.
 */
import type { PolicyView } from '../core/approvals/policy-views.ts'
import { Copyable, Fact } from './facts.tsx'
import { Label } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { counted, listed, POLICY } from './words.ts'

const CONDITIONS = {
  good: { tone: 'success', text: 'good' },
  expiring: { tone: 'warning', text: 'ends soon' },
  expired: { tone: 'danger', text: 'expired' },
} as const

export const PolicyPage = ({ view: { fleet, policy } }: { view: PolicyView }) => (
  <Layout title="Approvals" current={POLICY}>
    <PageHeader heading="Approvals" trail={[]} />
    <Card id="policy" title="Policy" live>
      <div data-operation="showPolicy">
        {policy === null ? (
          <Alert tone="info" title="Nothing has to be approved.">
            The key of this Service Center, which is online, decides alone what is installed. With a policy that owners
            sign elsewhere, each appliance asks for approvals itself: patchmesh policy init begins one.
          </Alert>
        ) : (
          <Policy policy={policy} />
        )}
        <dl class="pf-v6-c-description-list pf-m-horizontal">
          <Fact term="Fleet">
            <Copyable id="fleet" text={fleet} what="the key of the fleet" />
          </Fact>
        </dl>
      </div>
    </Card>
  </Layout>
)

const Policy = ({ policy }: { policy: NonNullable<PolicyView['policy']> }) => (
  <>
    {policy.later.length > 0 && (
      <Alert tone="danger" title={`${counted(policy.later.length, 'appliance')} go by a later policy`}>
        This Service Center has lost it: hand it on again with patchmesh policy set. Until then they refuse what only
        this one allows: {listed(policy.later)}.
      </Alert>
    )}
    <dl class="pf-v6-c-description-list pf-m-horizontal">
      <Fact term="Version">
        {policy.version} <Label {...CONDITIONS[policy.condition]} /> until <Moment at={policy.expiresAt} />, handed on
        by {policy.setBy} <Moment at={policy.setAt} />
      </Fact>
      <Fact term="Held by">
        {policy.holding} of {counted(policy.connected, 'appliance')} that are connected
      </Fact>
      <Fact term="Approvals">
        <Lines
          lines={[
            `${policy.approvalsNeeded} for each install`,
            ...policy.organizations.map((one) => `${one.approvalsNeeded} for ${one.organization}`),
          ]}
        />
      </Fact>
      <Fact term="Approvers">
        <Lines
          lines={policy.approvers.map(
            ({ name, keyid, organizations }) =>
              `${name}, key ${keyid.slice(0, 12)}…${organizations === null ? '' : `, for ${listed(organizations)}`}`,
          )}
        />
      </Fact>
      <Fact term="Owners">
        <Lines lines={policy.owners.map(({ name, keyid }) => `${name}, key ${keyid.slice(0, 12)}…`)} />
        {policy.ownersNeeded} of them sign the next policy.
      </Fact>
      {policy.floors.length > 0 && (
        <Fact term="Floors">
          <Lines lines={policy.floors.map(({ patch, version }) => `${patch}: nothing below ${version}`)} />
        </Fact>
      )}
    </dl>
  </>
)

const Lines = ({ lines }: { lines: readonly string[] }) => (
  <ul role="list">
    {lines.map((line) => (
      <li>{line}</li>
    ))}
  </ul>
)
