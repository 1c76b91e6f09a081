/**
 * The HTTP side of the Service Center, from the outside in: headers and an id for every answer; two routes that tell
 * whether the process lives; the host that the request names; assets and sign-in, which nobody has signed in for yet;
 * then the two gates. Everything registered below the gates needs a session or an API token, and a change needs to come
 * from our own page. The order of the lines in `createApp` is the rule; no path is compared.
 */
import { Hono } from 'hono'
import { signedIn } from './access-control.ts'
import { addAppliancePageRoutes } from './appliance-pages.tsx'
import { addApplianceRoutes } from './appliances.ts'
import type { App, AppDependencies, AppEnvironment } from './context.ts'
import { addDataCenterRoutes } from './data-centers.ts'
import { addEnrollmentRoutes } from './enrollment.ts'
import { addErrorAnswers } from './errors.ts'
import { addEventRoute } from './events.ts'
import { addHealthRoutes } from './health.ts'
import { addInstallRoutes } from './installs.ts'
import { addLogBundleRoute } from './log-bundle.ts'
import { addMetricsRoute } from './metrics.ts'
import { openStreams } from './open-streams.ts'
import { addOpenApiRoute } from './openapi.ts'
import { addPageRoutes } from './pages.tsx'
import { addPatchRoutes } from './patches.ts'
import { onlyOurHosts, onlyOurPages } from './same-site.ts'
import { securityHeaders } from './security-headers.ts'
import { addSignInRoute, addSignOutRoute } from './sign-in.ts'
import { addAssetRoutes } from './static-assets.ts'

export function createApp(dependencies: AppDependencies): App {
  const app: App = new Hono<AppEnvironment>()
  const streams = openStreams()
  addErrorAnswers(app, dependencies.log)
  app.use(securityHeaders({ secure: dependencies.secureCookies }))
  addHealthRoutes(app, dependencies)

  app.use(onlyOurHosts(dependencies))
  addAssetRoutes(app)
  addSignInRoute(app, dependencies)

  app.use(signedIn(dependencies))
  app.use(onlyOurPages(dependencies))
  addPatchRoutes(app, dependencies)
  addInstallRoutes(app, dependencies)
  addApplianceRoutes(app, dependencies)
  addEnrollmentRoutes(app, dependencies)
  addLogBundleRoute(app, dependencies)
  addDataCenterRoutes(app, dependencies)
  addEventRoute(app, dependencies, streams)
  addMetricsRoute(app, dependencies)
  addSignOutRoute(app, dependencies, streams)
  addPageRoutes(app, dependencies)
  addAppliancePageRoutes(app, dependencies)
  addOpenApiRoute(app)
  return app
}
