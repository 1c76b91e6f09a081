/**
 * What a person sees instead of a page: the sentence that says what happened, and what to do.
 */
import type { RefusalCode } from '../../protocol/refusals.ts'
import { Alert, Layout } from './layout.tsx'
import { SYSTEM_PATCHES, sentence } from './words.ts'

export const refusalPage = (refusal: { code: RefusalCode; message: string; hint: string; requestId: string }) => {
  const signedIn = refusal.code !== 'unauthenticated' && refusal.code !== 'cross_site'
  const title = refusal.code === 'unauthenticated' ? 'Not signed in' : 'System Patches'
  return (
    <Layout title={title} signedIn={signedIn}>
      <section class="pf-v6-c-page__main-section" aria-label="Refused">
        <div class="pf-v6-c-page__main-body pm-narrow">
          <h1 class="pf-v6-c-title pf-m-2xl">{title}</h1>
          <Alert tone={signedIn ? 'warning' : 'info'} title={sentence(refusal.message)}>
            <p>{refusal.hint}</p>
          </Alert>
          {refusal.code === 'unauthenticated' && <HowToSignIn />}
          {signedIn && (
            <p>
              <a href={SYSTEM_PATCHES}>Back to System Patches</a>
            </p>
          )}
          <p class="pm-quiet">
            Request <code>{refusal.requestId}</code>, {refusal.code}
          </p>
        </div>
      </section>
    </Layout>
  )
}

const HowToSignIn = () => (
  <ul class="pm-list">
    <li>
      The controller prints a sign-in link when it starts, on its standard error: the line with{' '}
      <code>/sign-in?link=</code>. It works once, for a short time.
    </li>
    <li>
      Scripts use an API token, made beside the controller's data: <code>patchmesh api-token --data DIR</code>.
    </li>
  </ul>
)
