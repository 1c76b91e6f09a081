/**
 * What a person sees instead of a page: the sentence that says what happened, and what to do; or, where nobody is signed
 * in, the form to do so.
 */
import type { RefusalCode } from '../../protocol/refusals.ts'
import { Alert, Layout } from './layout.tsx'
import { SignInPage } from './sign-in-page.tsx'
import { SYSTEM_PATCHES, sentence } from './words.ts'

export const refusalPage = (refusal: {
  code: RefusalCode
  message: string
  hint: string
  requestId: string
  /** Where whoever signs in goes on to; that of a form leads to the page on which it stands. */
  address: string
  isForm: boolean
  isUnclaimed: boolean
}) => {
  const { code, address, isForm, isUnclaimed, message } = refusal
  if (code === 'unauthenticated') {
    const next = address.startsWith('/sign-in') ? SYSTEM_PATCHES : address
    return <SignInPage next={next} notice={message} isUnclaimed={isUnclaimed} />
  }
  const signedIn = code !== 'cross_site'
  const title = 'System Patches'
  return (
    <Layout title={title} signedIn={signedIn}>
      <section class="pf-v6-c-page__main-section" aria-label="Refused">
        <div class="pf-v6-c-page__main-body pm-narrow">
          <h1 class="pf-v6-c-title pf-m-2xl">{title}</h1>
          <Alert tone={signedIn ? 'warning' : 'info'} title={sentence(refusal.message)}>
            <p>{refusal.hint}</p>
          </Alert>
          {signedIn && (
            <p>{isForm ? <a href={address}>Back</a> : <a href={SYSTEM_PATCHES}>Back to System Patches</a>}</p>
          )}
          <p class="pm-quiet">
            Request <code>{refusal.requestId}</code>, {refusal.code}
          </p>
        </div>
      </section>
    </Layout>
  )
}
