/**
 * System Patches: where patches are uploaded, and the list of all patches with their Replications.
 */
import type { UploadState } from '../shell/intake/unfinished-upload.ts'
import { Card, Layout, PageHeader } from './layout.tsx'
import { ListFooter, ListToolbar } from './list-toolbar.tsx'
import { PatchTable, type PatchTableProps } from './patch-table.tsx'
import { IfMay } from './reader.tsx'
import { UploadCard } from './upload-card.tsx'
import { APPLIANCES, SYSTEM_PATCHES } from './words.ts'

type SystemPatches = PatchTableProps & {
  /** Whether there is any patch, whatever is searched for. */
  any: boolean
  /** Of the person who looks. */
  unfinished: UploadState[]
}

export const SystemPatchesPage = ({ any, unfinished, ...table }: SystemPatches) => (
  <Layout title="System Patches">
    <PageHeader heading="System Patches" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
    <IfMay do="upload">
      <UploadCard unfinished={unfinished} />
    </IfMay>
    <Card id="patches" title="Patches" live>
      {any ? <Patches {...table} /> : <NoPatches />}
    </Card>
  </Layout>
)

const Patches = (props: PatchTableProps) => (
  <>
    <ListToolbar shown={props.shown} list={props.list} />
    {props.list.lines.length === 0 ? <NothingFound /> : <PatchTable {...props} />}
    <ListFooter shown={props.shown} list={props.list} />
  </>
)

const NothingFound = () => (
  <div class="pf-v6-c-empty-state" id="nothing-found">
    <div class="pf-v6-c-empty-state__content">
      <h3 class="pf-v6-c-title pf-m-lg">No patch matches</h3>
      <div class="pf-v6-c-empty-state__body">
        Search for something else, or <a href={SYSTEM_PATCHES}>show all patches</a>.
      </div>
    </div>
  </div>
)

const NoPatches = () => (
  <div class="pf-v6-c-empty-state" id="no-patches">
    <div class="pf-v6-c-empty-state__content">
      <h3 class="pf-v6-c-title pf-m-lg">No patch yet</h3>
      <div class="pf-v6-c-empty-state__body">
        <IfMay do="upload">Choose a patch file above with Browse and press Upload. </IfMay>
        Its replication to every Data Center starts by itself and is shown here.
      </div>
    </div>
  </div>
)
