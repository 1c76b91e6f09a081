/**
 * One patch: what it is, where its copies are, which organizations still need it, and its installs.
 */
import type { PatchDetail } from '../core/patch-views.ts'
import type { InstallDetail } from '../core/views.ts'
import { InstallCard } from './install-card.tsx'
import { InstallsCard } from './installs-card.tsx'
import { Replications } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { ReplicationPicture } from './replication-picture.tsx'
import { WithdrawDialog } from './withdraw-dialog.tsx'
import { moment, SYSTEM_PATCHES, size } from './words.ts'

export type PatchPageProps = {
  patch: PatchDetail
  installs: InstallDetail[]
  /** All there are, and the chosen one. */
  dataCenters: string[]
  dataCenter: string
  unreachable: number
}

export const PatchPage = (props: PatchPageProps) => {
  const { patch } = props
  return (
    <Layout title={`${patch.name} ${patch.version} - System Patches`}>
      <PageHeader
        heading={`${patch.name} ${patch.version}`}
        trail={[
          { name: 'Appliances', address: SYSTEM_PATCHES },
          { name: 'System Patches', address: SYSTEM_PATCHES },
        ]}
      >
        <button class="pf-v6-c-button pf-m-secondary" type="button" data-opens="withdraw-dialog">
          Withdraw
        </button>
      </PageHeader>
      <Facts patch={patch} unreachable={props.unreachable} />
      <Card id="replication" title="Replication" live>
        <ReplicationPicture copies={patch.appliances} bytes={patch.bytes} />
      </Card>
      <InstallCard {...props} />
      <InstallsCard installs={props.installs} />
      <WithdrawDialog patch={patch} />
      <dialog class="pm-dialog" id="install-dialog" aria-labelledby="install-dialog-title" />
    </Layout>
  )
}

const FORMATS = { bundle: 'patch bundle', deb: 'Debian package' } as const
const RESTARTS = { none: 'no restart', service: 'restarts a service', reboot: 'restarts the appliance' } as const

const Facts = ({ patch, unreachable }: { patch: PatchDetail; unreachable: number }) => (
  <Card id="facts" title="Patch" live>
    <dl class="pf-v6-c-description-list pm-facts">
      <Fact term="Replications">
        <span aria-live="polite">
          <Replications
            replications={patch.replications}
            newAppliances={patch.newAppliances}
            unreachable={unreachable}
          />
        </span>
      </Fact>
      <Fact term="Size">{size(patch.bytes)}</Fact>
      <Fact term="Uploaded">
        <time datetime={patch.uploadedAt}>{moment(patch.uploadedAt)}</time>
      </Fact>
      <Fact term="Type">
        {FORMATS[patch.format]}, {patch.kind}, {RESTARTS[patch.restart]}
      </Fact>
      <Fact term="Publisher">{patch.publisher}</Fact>
      <Fact term="SHA-256">
        <code class="pm-digest">{patch.sha256}</code>
      </Fact>
    </dl>
  </Card>
)

const Fact = ({ term, children }: { term: string; children?: unknown }) => (
  <div class="pf-v6-c-description-list__group">
    <dt class="pf-v6-c-description-list__term">
      <span class="pf-v6-c-description-list__text">{term}</span>
    </dt>
    <dd class="pf-v6-c-description-list__description">
      <div class="pf-v6-c-description-list__text">{children}</div>
    </dd>
  </div>
)
