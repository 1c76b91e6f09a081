/**
 * System Patches: where a patch is uploaded, and the list of all patches with their Replications.
 */
import type { PatchSummary } from '../core/views.ts'
import { Replications } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { UploadCard } from './upload-card.tsx'
import { elementId, moment, patchAddress, SYSTEM_PATCHES, size } from './words.ts'

type SystemPatches = {
  patches: PatchSummary[]
  /** Service Provider appliances that cannot be reached now. */
  unreachable: number
}

export const SystemPatchesPage = ({ patches, unreachable }: SystemPatches) => (
  <Layout title="System Patches">
    <PageHeader heading="System Patches" trail={[{ name: 'Appliances', address: SYSTEM_PATCHES }]} />
    <UploadCard />
    <Card id="patches" title="Patches" live>
      {patches.length === 0 ? <NoPatches /> : <PatchTable patches={patches} unreachable={unreachable} />}
    </Card>
  </Layout>
)

const NoPatches = () => (
  <div class="pf-v6-c-empty-state" id="no-patches">
    <div class="pf-v6-c-empty-state__content">
      <h3 class="pf-v6-c-title pf-m-lg">No patch yet</h3>
      <div class="pf-v6-c-empty-state__body">
        Choose a patch file above with Browse and press Upload. Its replication to every Data Center starts by itself
        and is shown here.
      </div>
    </div>
  </div>
)

const PatchTable = ({ patches, unreachable }: SystemPatches) => (
  <table class="pf-v6-c-table pf-m-grid-md pm-table" id="patch-table" aria-label="Patches" data-operation="listPatches">
    <thead class="pf-v6-c-table__thead">
      <tr class="pf-v6-c-table__tr">
        {['Name', 'Version', 'Size', 'Uploaded', 'Replications'].map((heading) => (
          <th class="pf-v6-c-table__th" scope="col">
            {heading}
          </th>
        ))}
      </tr>
    </thead>
    <tbody class="pf-v6-c-table__tbody">
      {patches.map((patch) => (
        <tr class="pf-v6-c-table__tr" id={elementId('patch', patch.id)} data-patch={`${patch.name}@${patch.version}`}>
          <td class="pf-v6-c-table__td" data-label="Name">
            <a href={patchAddress(patch)} data-operation="showPatch">
              {patch.name}
            </a>
          </td>
          <td class="pf-v6-c-table__td" data-label="Version">
            {patch.version}
          </td>
          <td class="pf-v6-c-table__td pm-number" data-label="Size">
            {size(patch.bytes)}
          </td>
          <td class="pf-v6-c-table__td" data-label="Uploaded">
            <time datetime={patch.uploadedAt}>{moment(patch.uploadedAt)}</time>
          </td>
          <td class="pf-v6-c-table__td" data-label="Replications" aria-live="polite">
            <Replications replications={patch.replications} unreachable={unreachable} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
