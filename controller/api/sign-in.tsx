/**
 * Signing in, with name and password, a one-time link or a passkey, and out again. A browser that comes from anywhere but its
 * own address bar gets a small page that leads on, because a `SameSite=Strict` cookie is not sent along a redirect that
 * another site began; everyone else is redirected. A request for the headers alone, as link previews make, uses nothing
 * up. The form is an ordinary one: it needs no script; a passkey does.
 */
import { z } from 'zod'
import { hint, httpStatus, isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { SignInPage } from '../page/sign-in-page.tsx'
import { signedInPage } from '../page/signed-in-page.tsx'
import { SYSTEM_PATCHES, YOUR_ACCOUNT } from '../page/words.ts'
import { ShownCredential } from '../shell/passkey-signatures.ts'
import { askForPasskey, signInByPasskey } from '../shell/passkeys.ts'
import { accountKey } from '../shell/people.ts'
import { type SignedIn, signInByLink, signInByPassword } from '../shell/sign-in.ts'
import { giveSession, isUnclaimed, readCookie, signOut } from './access-control.ts'
import { clientAddress } from './client-address.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal, wantsPage } from './errors.ts'
import { leadTo } from './forms.ts'
import type { OpenStreams } from './open-streams.ts'
import { permitted } from './permitted.ts'
import { readForm, readJson } from './read-request.ts'
import { onlyOurPages, onlySafely, pageOrigin } from './same-site.ts'

const SignInForm = z.strictObject({
  name: z.string().max(100),
  password: z.string().max(1000),
  next: z.string().max(2000).default(SYSTEM_PATCHES),
})

const PasskeySignIn = z.strictObject({
  credential: ShownCredential,
  next: z.string().max(2000).default(SYSTEM_PATCHES),
})

export function addSignInRoutes(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  const { log, notes, repository } = dependencies

  app.use('/sign-in/*', onlySafely(dependencies))

  app.get('/sign-in', async (c) => {
    if (c.req.method === 'HEAD') return c.body(null, 200)
    const link = c.req.query('link')
    if (link === undefined) {
      const next = inside(c.req.query('next'))
      return c.html(<SignInPage next={next} isUnclaimed={await isUnclaimed(dependencies)} />)
    }
    const origin = clientAddress(c, dependencies)
    const signed = await signInByLink(dependencies, { link, origin })
    if (isRefusal(signed)) {
      const note = { action: 'sign in', subject: 'with a link', outcome: signed.refused }
      await notes.writeRefusal('strangers', { actor: NOBODY, origin, ...note })
      c.set('isUnclaimed', await isUnclaimed(dependencies))
      return answerRefusal(c, signed, log)
    }
    await enter(c, signed, 'with a link')
    return leadOn(c, signed.hasPassword ? SYSTEM_PATCHES : YOUR_ACCOUNT)
  })

  app.post('/sign-in', onlyOurPages(dependencies), async (c) => {
    const form = await readForm(c, SignInForm)
    if (isRefusal(form)) return answerRefusal(c, form, log)
    const { name, password } = form
    const address = clientAddress(c, dependencies)
    const device = readCookie(c, dependencies, 'device')
    const signed = await signInByPassword(dependencies, { name, password, address, origin: address, device })
    if (isRefusal(signed)) return refuseForm(c, signed, form)
    await enter(c, signed, 'with a password')
    return c.redirect(inside(form.next), 303)
  })

  app.post('/sign-in/passkey/challenge', (c) => {
    const origin = pageOrigin(c, dependencies)
    if (isRefusal(origin)) return answerRefusal(c, origin, log)
    const options = askForPasskey(dependencies, { origin, address: clientAddress(c, dependencies) })
    return isRefusal(options) ? answerRefusal(c, options, log) : c.json(options)
  })

  app.post('/sign-in/passkey', onlyOurPages(dependencies), async (c) => {
    const body = await readJson(c, PasskeySignIn)
    if (isRefusal(body)) return answerRefusal(c, body, log)
    const { credential, next } = body
    const address = clientAddress(c, dependencies)
    const device = readCookie(c, dependencies, 'device')
    const signed = await signInByPasskey(dependencies, { credential, address, device })
    if (isRefusal(signed)) {
      await notePasskey(c, signed, credential.id)
      return answerRefusal(c, signed, log)
    }
    await enter(c, signed, 'with a passkey')
    return c.json({ next: inside(next) })
  })

  /** Only whoever has the key can be told that it was copied, so that is always noted. */
  async function notePasskey(c: AppContext, { refused: outcome }: Refusal, credential: string): Promise<void> {
    const known = await repository.people.findPasskey(credential)
    const account = known === undefined ? undefined : await repository.people.findAccount(known.account)
    const subject = account === undefined ? 'an unknown passkey' : `${account.name}, with the passkey ${known?.name}`
    const note = { actor: NOBODY, origin: clientAddress(c, dependencies), action: 'sign in', subject, outcome }
    await (outcome === 'copied_passkey' ? notes.write(note) : notes.writeRefusal('strangers', note))
  }

  async function enter(c: AppContext, signed: SignedIn, subject: string): Promise<void> {
    await giveSession(c, dependencies, signed)
    for (const ended of signed.ended) streams.endAll(ended)
    const origin = clientAddress(c, dependencies)
    await notes.write({ actor: signed.name, action: 'sign in', subject, outcome: 'done', origin })
  }

  /** Whoever mistypes gets the form again; what was typed as a name is noted only if it is one. */
  async function refuseForm(c: AppContext, refusal: Refusal, { name, next }: z.infer<typeof SignInForm>) {
    const known = await repository.people.findAccount(accountKey(name))
    const note = { action: 'sign in', subject: known?.name ?? 'an unknown name', outcome: refusal.refused }
    await notes.writeRefusal('strangers', { actor: NOBODY, origin: clientAddress(c, dependencies), ...note })
    if (!wantsPage(c)) return answerRefusal(c, refusal, log)
    const { refused: code, message } = refusal
    const shown = { name, next: inside(next), refusal: { message, hint: hint(code) } }
    return c.html(<SignInPage {...shown} isUnclaimed={await isUnclaimed(dependencies)} />, httpStatus(code))
  }
}

/** In the trail, whoever has shown no name that is known. */
const NOBODY = 'nobody'

export function addSignOutRoute(app: App, dependencies: RouteDependencies, streams: OpenStreams): void {
  app.post('/sign-out', permitted('own-account'), async (c) => {
    await signOut(c, dependencies)
    streams.endAll(c.var.visitor.secretHash)
    await c.var.note({ action: 'sign out', subject: '', outcome: 'done' })
    return leadTo(c, '/sign-in')
  })
}

function leadOn(c: AppContext, address: string): Response | Promise<Response> {
  const fromAddressBar = ['none', 'same-origin'].includes(c.req.header('sec-fetch-site') ?? '')
  if (!wantsPage(c) || fromAddressBar) return c.redirect(address, 303)
  return c.html(signedInPage(address))
}

/** An address of ours to lead on to: never one of another site. */
function inside(address: string | undefined): string {
  return address !== undefined && /^\/(?![/\\])[!-~]*$/.test(address) ? address : SYSTEM_PATCHES
}
