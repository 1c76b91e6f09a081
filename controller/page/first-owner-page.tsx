/**
 * The first account: whoever came in with the link that the controller printed becomes its Owner.
 */
import { Card, Layout, PageHeader } from './layout.tsx'
import { TextField } from './text-field.tsx'
import { FIRST_OWNER, SYSTEM_PATCHES } from './words.ts'
import { PASSWORD_HELP } from './your-account-page.tsx'

export const FirstOwnerPage = () => (
  <Layout title="Create the Owner account" current={FIRST_OWNER}>
    <PageHeader heading="Create the Owner account" trail={[{ name: 'System Patches', address: SYSTEM_PATCHES }]} />
    <Card id="first-owner" title="The first account">
      <form class="pm-form" data-ask="POST /api/v1/people" data-outcome="first-owner-outcome" data-then="sign-in">
        <p>An Owner may do everything, and lets others in. From now on you sign in with this name and password.</p>
        <input type="hidden" name="role" value="owner" />
        <TextField id="name" label="Name" autocomplete="username" />
        <TextField id="password" label="Password" type="password" autocomplete="new-password" help={PASSWORD_HELP} />
        <div id="first-owner-outcome" role="alert" />
        <div class="pm-row">
          <button class="pf-v6-c-button pf-m-primary" type="submit">
            Create
          </button>
        </div>
      </form>
      <noscript>
        <p>
          This needs JavaScript. On a command line, with a token of <code>patchmesh api-token</code>:{' '}
          <code>patchmesh people add NAME --role owner</code>.
        </p>
      </noscript>
    </Card>
  </Layout>
)
