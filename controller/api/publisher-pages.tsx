/**
 * The page of the publishers. Its forms are sent to its own address and answered with it, so they need no script; what
 * they ask for is what the API asks for.
 */
import { z } from 'zod'
import { keyIdOf, type PublicKey, Publisher } from '../../protocol/publishers.ts'
import { hint, httpStatus, isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { namedPublisher, publisherViews } from '../core/publishers.ts'
import { type FilledPublisher, PublishersPage } from '../page/publishers-page.tsx'
import { PUBLISHERS } from '../page/words.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { entityTag } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { permitted } from './permitted.ts'
import { readForm, readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'

/** `publisher`: the one that is being changed. */
const PageQuery = z.strictObject({ publisher: z.string().max(100).default('') })
const text = z.string().max(40_000).default('')
/** `seen` is the tag of the publisher that the form showed, empty for a new one. */
const PublisherForm = z.strictObject({
  name: text,
  keys: text,
  threshold: text,
  patches: text,
  until: text,
  seen: text,
})
const RemoveForm = z.strictObject({ name: text, sure: z.literal('yes', 'is not ticked') })

export function addPublisherPageRoutes(app: App, { log }: RouteDependencies): void {
  app.get(PUBLISHERS, permitted('manage-publishers'), (c) => {
    const query = readQuery(c, PageQuery)
    return isRefusal(query) ? answerRefusal(c, query, log) : publishersPage(c, { changed: query.publisher })
  })

  app.post(PUBLISHERS, permitted('manage-publishers'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const form = await readForm(c, PublisherForm)
    if (isRefusal(form)) return publishersPage(c, { refused: form })
    const { seen, ...filled } = form
    const listed = serviceCenter.state.publishers.get(filled.name.trim() as Publisher['name'])
    const publisher = publisherOf(filled, listed?.expiresAt)
    if (isRefusal(publisher)) return publishersPage(c, { refused: publisher, filled, seen })
    const { name } = publisher
    if (seen !== '' && tagOf(listed) !== seen) {
      const refused = refuse('changed_meanwhile', `somebody else has changed ${name} since you looked`)
      return publishersPage(c, { refused, changed: name })
    }
    const instead = seen === '' ? null : (listed ?? null)
    const { actor } = visitor
    const reply = await serviceCenter.carryOut({ kind: 'set-publisher', actor, publisher, instead })
    if (!isRefusal(reply)) return c.redirect(PUBLISHERS, 303)
    const isStale = reply.refused === 'changed_meanwhile'
    return publishersPage(c, { refused: reply, ...(isStale ? { changed: name } : { filled, seen }) })
  })

  app.post(`${PUBLISHERS}/remove`, permitted('manage-publishers'), async (c) => {
    const { serviceCenter, visitor } = c.var
    const form = await readForm(c, RemoveForm)
    if (isRefusal(form)) return publishersPage(c, { refused: form })
    const found = namedPublisher(serviceCenter.state, form.name)
    if (isRefusal(found)) return publishersPage(c, { refused: found })
    const { name } = found
    const reply = await serviceCenter.carryOut({ kind: 'remove-publisher', actor: visitor.actor, name })
    return isRefusal(reply) ? publishersPage(c, { refused: reply }) : c.redirect(PUBLISHERS, 303)
  })

  // Whoever loads the answer to the form again finds what it was about.
  app.get(`${PUBLISHERS}/remove`, permitted('manage-publishers'), (c) => c.redirect(PUBLISHERS, 303))
}

/** `seen` goes on with what was filled in: what has changed since is noticed at the next try too. */
type Answer = { changed?: string; refused?: Refusal; filled?: FilledPublisher; seen?: string }

function publishersPage(c: AppContext, { changed = '', refused, filled, seen }: Answer): Response | Promise<Response> {
  const publishers = publisherViews(c.var.serviceCenter.state)
  const wanted = seen === '' ? undefined : (filled?.name ?? changed)
  const shown = publishers.find(({ name }) => name === wanted)
  const worded = refused === undefined ? undefined : { message: refused.message, hint: hint(refused.refused) }
  const now = shown === undefined ? '' : tagOf(c.var.serviceCenter.state.publishers.get(shown.name))
  const page = <PublishersPage {...{ publishers, changed: shown, seen: seen ?? now, filled, refused: worded }} />
  return showPage(c, page, refused === undefined ? 200 : httpStatus(refused.refused))
}

/** What a field of a publisher is called where people fill it in. */
const PLACES: Record<string, string> = {
  name: 'the name',
  keys: 'key',
  threshold: 'the number of keys needed',
  patches: 'patch',
  expiresAt: 'the day',
}

/** Empty for none. */
function tagOf(publisher: Publisher | undefined): string {
  return publisher === undefined ? '' : entityTag(publisher)
}

/** What people type, a line for each key and each patch, as a publisher. A day that is not changed keeps its time. */
function publisherOf(filled: FilledPublisher, endsAt: string | undefined): Publisher | Refusal {
  const { name, keys, threshold, patches, until } = filled
  const parsed = Publisher.safeParse({
    name: name.trim(),
    keys: linesOf(keys).map(keyOf),
    threshold: Number(threshold),
    patches: linesOf(patches),
    expiresAt: endsAt?.slice(0, 10) === until ? endsAt : `${until}T23:59:59Z`,
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [field = '', index] = issue?.path ?? []
  const place = PLACES[String(field)] ?? 'the publisher'
  const where = typeof index === 'number' ? `${place} ${index + 1}` : place
  return refuse('bad_request', `${where} ${issue?.message ?? 'does not match'}`)
}

/** A public key, and the word `revoked` behind one that counts no more. */
function keyOf(line: string): Publisher['keys'][number] {
  const [publicKey = '', ...words] = line.split(/\s+/)
  const revoked = words.join(' ') === 'revoked'
  // What else stands there becomes part of the key, which is refused then.
  const typed = (revoked ? publicKey : line) as PublicKey
  return { keyid: keyIdOf(typed), publicKey: typed, revoked }
}

function linesOf(typed: string): string[] {
  return typed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
