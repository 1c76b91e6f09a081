/**
 * The confirmation of an install as a page: what actions.js shows in a dialog, and where an install begins without
 * JavaScript.
 */
import { type Confirmation, InstallConfirmation } from './install-confirmation.tsx'
import { Layout, PageHeader } from './layout.tsx'
import { patchAddress, patchTitle, SYSTEM_PATCHES } from './words.ts'

export const ConfirmationPage = (confirmation: Confirmation) => (
  <Layout title="Install - System Patches">
    <PageHeader
      heading="Install"
      trail={[
        { name: 'System Patches', address: SYSTEM_PATCHES },
        { name: patchTitle(confirmation.patch), address: patchAddress(confirmation.patch) },
      ]}
    />
    <section class="pf-v6-c-page__main-section" aria-labelledby="install-dialog-title">
      <div class="pf-v6-c-page__main-body pm-narrow">
        <InstallConfirmation {...confirmation} />
      </div>
    </section>
  </Layout>
)
