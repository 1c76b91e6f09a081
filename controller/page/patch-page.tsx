/**
 * One patch: what it is, where its copies are, which organizations still need it, and its installs.
 */
import type { ExposureDetail } from '../core/exposure/exposure-views.ts'
import type { PatchDetail } from '../core/patch-views.ts'
import type { InstallDetail } from '../core/views.ts'
import { OpenButton } from './dialogs.tsx'
import { ExposureCard } from './exposure-card.tsx'
import { InstallCard } from './install-card.tsx'
import { InstallsCard } from './installs-card.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import type { ShownPatch } from './patch-address.ts'
import { PatchFacts } from './patch-facts.tsx'
import { MatrixTable } from './patch-matrix.tsx'
import { IfMay } from './reader.tsx'
import { ReplicationPicture } from './replication-picture.tsx'
import { WithdrawDialog } from './withdraw-dialog.tsx'
import { APPLIANCES, patchTitle, SYSTEM_PATCHES } from './words.ts'

export type PatchPageProps = {
  patch: PatchDetail
  installs: InstallDetail[]
  /** All there are. */
  dataCenters: string[]
  shown: ShownPatch
  unreachable: number
  exposure: ExposureDetail
}

export const PatchPage = (props: PatchPageProps) => {
  const { patch } = props
  return (
    <Layout title={`${patchTitle(patch)} - System Patches`}>
      <PageHeader
        heading={patchTitle(patch)}
        trail={[
          { name: 'Appliances', address: APPLIANCES },
          { name: 'System Patches', address: SYSTEM_PATCHES },
        ]}
      >
        <IfMay do="withdraw">
          <OpenButton dialog="withdraw-dialog" text="Withdraw" />
        </IfMay>
      </PageHeader>
      <PatchFacts patch={patch} unreachable={props.unreachable} />
      <Card id="replication" title="Replication" live>
        <ReplicationPicture
          copies={patch.appliances}
          bytes={patch.bytes}
          patch={patch.id}
          isOwnRight={patch.ownCopy.wrong === ''}
        />
      </Card>
      <InstallCard {...props} />
      <ExposureCard exposure={props.exposure} />
      <InstallsCard installs={props.installs} shown={props.shown} />
      <Card id="matrix" title="Where it is installed" live>
        <MatrixTable matrix={patch.matrix} shown={props.shown} />
      </Card>
      <IfMay do="withdraw">
        <WithdrawDialog patch={patch} />
      </IfMay>
      <dialog class="pm-dialog" id="install-dialog" aria-labelledby="install-dialog-title" />
    </Layout>
  )
}
