/**
 * The first account: whoever came in with the link that the controller printed becomes its Owner.
 */
import { ActionForm, PasswordField, TextField } from './form-fields.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { FIRST_OWNER, SYSTEM_PATCHES } from './words.ts'
import { PASSWORD_HELP } from './your-account-page.tsx'

export const FirstOwnerPage = () => (
  <Layout title="Create the Owner account" current={FIRST_OWNER}>
    <PageHeader heading="Create the Owner account" trail={[{ name: 'System Patches', address: SYSTEM_PATCHES }]} />
    <Card id="first-owner" title="The first account">
      <ActionForm action={FIRST_OWNER} operation="addPerson" button="Create">
        <p>An Owner may do everything, and lets others in. From now on you sign in with this name and password.</p>
        <TextField id="name" name="name" label="Name" autocomplete="username" required />
        <PasswordField id="password" label="Password" autocomplete="new-password" help={PASSWORD_HELP} />
      </ActionForm>
    </Card>
  </Layout>
)
