/**
 * Signing in with name and password, or with a passkey where the browser has any. It is shown in place of any page that
 * nobody is signed in for, and leads back to it.
 */
import { PasswordField, TextField } from './form-fields.tsx'
import { Alert, Layout } from './layout.tsx'
import { sentence } from './words.ts'

type SignIn = {
  /** Where it leads when it succeeds. */
  next: string
  name?: string
  /** Why it is shown instead of what was asked for. */
  notice?: string
  refusal?: { message: string; hint: string }
  /** There is no account yet, so nobody can fill in the form: what to do instead is open. */
  isUnclaimed: boolean
}

export const SignInPage = ({ next, name = '', notice, refusal, isUnclaimed }: SignIn) => (
  <Layout title="Sign in" signedIn={false}>
    <section class="pf-v6-c-page__main-section" aria-labelledby="sign-in-title">
      <div class="pf-v6-c-page__main-body pm-narrow">
        <h1 class="pf-v6-c-title pf-m-2xl" id="sign-in-title">
          Sign in
        </h1>
        {notice !== undefined && <p class="pm-quiet">{sentence(notice)}</p>}
        {refusal !== undefined && (
          <Alert tone="danger" title={sentence(refusal.message)}>
            <p>{refusal.hint}</p>
          </Alert>
        )}
        <form class="pm-form" method="post" action="/sign-in">
          <input type="hidden" id="next" name="next" value={next} />
          <TextField id="name" name="name" label="Name" value={name} autocomplete="username" required />
          <PasswordField id="password" label="Password" autocomplete="current-password" />
          <div class="pm-row">
            <button class="pf-v6-c-button pf-m-primary" type="submit">
              Sign in
            </button>
          </div>
        </form>
        <div class="pm-form" id="passkey-sign-in" hidden>
          <div id="passkey-outcome" role="alert" />
          <div class="pm-row">
            <button class="pf-v6-c-button pf-m-secondary" type="button">
              Sign in with a passkey
            </button>
          </div>
        </div>
        <details open={isUnclaimed}>
          <summary>No name and password yet?</summary>
          <ul class="pm-list">
            <li>
              An Owner makes you a sign-in link on the page People. It works once, and there you choose your password.
            </li>
            <li>
              While there is no account the controller prints a link when it starts, on its standard error: the line
              with <code>/sign-in?link=</code>. Later <code>patchmesh sign-in-link --data DIR</code> makes one beside
              its data.
            </li>
            <li>
              Scripts use an API token: <code>patchmesh api-token --data DIR</code>.
            </li>
          </ul>
        </details>
      </div>
    </section>
  </Layout>
)
