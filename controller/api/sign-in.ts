/**
 * Signing in with the one-time link, and out again. A browser that comes from anywhere but its own address bar gets a
 * small page that leads on, because a `SameSite=Strict` cookie is not sent along a redirect that another site began;
 * everyone else is redirected. A request for the headers alone, as link previews make, uses nothing up.
 */
import { isRefusal, refuse } from '../../protocol/refusals.ts'
import { signedInPage } from '../page/signed-in-page.tsx'
import { SYSTEM_PATCHES } from '../page/words.ts'
import { redeemLink, signOut } from './access-control.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import type { OpenStreams } from './open-streams.ts'
import { permitted } from './permitted.ts'

export function addSignInRoute(app: App, dependencies: RouteDependencies): void {
  app.get('/sign-in', async (c) => {
    if (c.req.method === 'HEAD') return c.body(null, 200)
    const link = c.req.query('link')
    const refused =
      link === undefined
        ? refuse('unauthenticated', 'this address has no sign-in link in it')
        : await redeemLink(c, dependencies, link)
    if (isRefusal(refused)) return answerRefusal(c, refused, dependencies.log)
    const isNavigation = (c.req.header('accept') ?? '').includes('text/html')
    const fromAddressBar = ['none', 'same-origin'].includes(c.req.header('sec-fetch-site') ?? '')
    if (!isNavigation || fromAddressBar) return c.redirect(SYSTEM_PATCHES, 303)
    return c.html(signedInPage())
  })
}

export function addSignOutRoute(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  app.post('/sign-out', permitted('own-account'), async (c) => {
    await signOut(c, dependencies)
    streams.endAll(c.get('visitor').secretHash)
    return c.json({ signedOut: true })
  })
}
