/**
 * The HTTP side of the Service Center, from the outside in: headers and an id for every answer; how the request is
 * framed; two routes that tell whether the process lives; the host that the request names; assets and sign-in, which
 * nobody has signed in for yet; then the two gates. Everything registered below the gates needs a session or an API
 * token, and a change needs to come from our own page; and each route says which permission it takes. The order of the
 * lines in `createApp` is the rule; no path is compared.
 */
import { Hono } from 'hono'
import { passkeyChallenges } from '../shell/passkey-challenges.ts'
import { boundedPasswords } from '../shell/passwords.ts'
import { signInThrottle } from '../shell/sign-in-throttle.ts'
import { trailNotes } from '../shell/trail-notes.ts'
import { signedIn } from './access-control.ts'
import { addAccessForms } from './access-forms.ts'
import { addAccessPageRoutes } from './access-pages.tsx'
import { addAccountRoutes } from './account.ts'
import { addApplianceForms } from './appliance-forms.ts'
import { addAppliancePageRoutes } from './appliance-pages.tsx'
import { addApplianceRoutes } from './appliances.ts'
import { addApprovalRoutes } from './approvals.ts'
import { addBaselinePages } from './baseline-pages.tsx'
import { addBaselineRoutes } from './baselines.ts'
import { addCarriedPatchRoutes } from './carried-patches.ts'
import { readForwarded } from './client-address.ts'
import { compressed } from './compression.ts'
import type { App, AppEnvironment, AppGiven } from './context.ts'
import { addDataCenterRoutes } from './data-centers.ts'
import { addEnrollmentRoutes } from './enrollment.ts'
import { addErrorAnswers } from './errors.ts'
import { addEventRoute } from './events.ts'
import { addEvidenceRoutes } from './evidence.tsx'
import { addExposureRoutes } from './exposure.ts'
import { addExposurePages } from './exposure-pages.tsx'
import { addHealthRoutes } from './health.ts'
import { idempotent } from './idempotency.ts'
import { addInstallPages } from './install-pages.tsx'
import { addInstallRoutes } from './installs.ts'
import { addLimitsPages } from './limits-pages.tsx'
import { addLogBundleRoute } from './log-bundle.ts'
import { addMetricsRoute } from './metrics.ts'
import { openStreams } from './open-streams.ts'
import { addOpenApiRoute } from './openapi.ts'
import { addPageRoutes } from './pages.tsx'
import { addPasskeyRoutes } from './passkeys.ts'
import { addPatchForms } from './patch-forms.ts'
import { addPatchRoutes } from './patches.ts'
import { addPeopleRoutes } from './people.ts'
import { requireLabels } from './permitted.ts'
import { onlyPlainFraming } from './plain-framing.ts'
import { addPlanRoutes } from './plans.ts'
import { addPolicyPages } from './policy-pages.tsx'
import { addPublisherPages } from './publisher-pages.tsx'
import { addPublisherRoutes } from './publishers.ts'
import { addRetentionRoutes } from './retention.ts'
import { addRetentionPages } from './retention-pages.tsx'
import { onlyOurHosts, onlyOurPages } from './same-site.ts'
import { securityHeaders } from './security-headers.ts'
import { sharedRefreshes } from './shared-refreshes.ts'
import { addSignInRoutes, addSignOutRoute } from './sign-in.tsx'
import { addAssetRoutes } from './static-assets.ts'
import { addSupportRoutes } from './support.ts'
import { addTokenRoutes } from './tokens.ts'
import { addTrailRoutes } from './trail.ts'
import { addUploadForm } from './upload-form.ts'
import { addUploadRoutes } from './uploads.ts'
import { addWindowPages } from './window-pages.tsx'
import { addWindowRoutes } from './windows.ts'

export function createApp(given: AppGiven): App {
  // Only the gate is given the Service Center itself: routes take it from the request, as its visitor may see it.
  const { serviceCenter, ...shared } = given
  const { repository, clock } = shared
  const notes = trailNotes(repository, clock)
  const challenges = passkeyChallenges(clock)
  const throttle = signInThrottle(clock)
  const forwardedBy = given.behindProxy === true ? readForwarded(given.log) : null
  const dependencies = { ...shared, notes, passwords: boundedPasswords(), throttle, challenges, forwardedBy }
  const app: App = new Hono<AppEnvironment>()
  const streams = openStreams()
  addErrorAnswers(app, dependencies.log)
  app.use(compressed())
  app.use(securityHeaders({ secure: dependencies.secureCookies }))
  app.use(onlyPlainFraming(dependencies))
  addHealthRoutes(app, serviceCenter)

  app.use(onlyOurHosts(dependencies))
  addAssetRoutes(app)
  addSignInRoutes(app, dependencies, streams)

  const gate = signedIn({ ...dependencies, serviceCenter })
  app.use(gate)
  app.use(onlyOurPages(dependencies))
  app.use('/api/v1/*', idempotent(dependencies))
  const shareRefreshes = sharedRefreshes(given)
  app.use('/appliances/*', shareRefreshes)
  app.use('/data-centers', shareRefreshes)
  addAccountRoutes(app, dependencies, streams)
  addPasskeyRoutes(app, dependencies)
  addPeopleRoutes(app, dependencies, streams)
  addTokenRoutes(app, dependencies, streams)
  addTrailRoutes(app, dependencies)
  addPublisherRoutes(app, dependencies)
  addWindowRoutes(app, dependencies)
  addApprovalRoutes(app, dependencies)
  addBaselineRoutes(app, dependencies)
  addExposureRoutes(app, dependencies)
  addRetentionRoutes(app, dependencies)
  addPatchRoutes(app, dependencies)
  addCarriedPatchRoutes(app, dependencies)
  addUploadRoutes(app, dependencies)
  addInstallRoutes(app, dependencies)
  addEvidenceRoutes(app, dependencies)
  addPlanRoutes(app, dependencies)
  addApplianceRoutes(app, dependencies)
  addEnrollmentRoutes(app, dependencies)
  addLogBundleRoute(app, dependencies)
  addSupportRoutes(app, dependencies)
  addDataCenterRoutes(app, dependencies)
  addEventRoute(app, dependencies, streams)
  addMetricsRoute(app, dependencies)
  addSignOutRoute(app, dependencies, streams)
  addPatchForms(app, dependencies)
  addUploadForm(app, dependencies)
  addPageRoutes(app, dependencies)
  addInstallPages(app, dependencies)
  addLimitsPages(app, dependencies)
  addAccessPageRoutes(app, dependencies)
  addAccessForms(app, dependencies)
  addPolicyPages(app)
  addPublisherPages(app, dependencies)
  addWindowPages(app, dependencies)
  addBaselinePages(app, dependencies)
  addExposurePages(app, dependencies)
  addRetentionPages(app, dependencies)
  addAppliancePageRoutes(app, dependencies)
  addApplianceForms(app, dependencies)
  addOpenApiRoute(app)
  requireLabels(app, gate)
  return app
}
