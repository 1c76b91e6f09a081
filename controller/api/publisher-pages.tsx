/**
 * The pages of the publishers and their forms. What people type, a line for each key and each patch, becomes a publisher
 * here; whether it may be listed is decided in controller/core/publishers.ts.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import { keyIdOf, type PublicKey, Publisher } from '../../protocol/trust/publishers.ts'
import { namedPublisher, publisherViews } from '../core/publishers.ts'
import { PublisherPage } from '../page/publisher-page.tsx'
import { PublishersPage } from '../page/publishers-page.tsx'
import { PUBLISHERS } from '../page/words.ts'
import type { App, RouteDependencies } from './context.ts'
import { entityTag, SeenTag } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { addForm, param } from './forms.ts'
import { permitted } from './permitted.ts'
import { SureForm } from './schemas.ts'
import { showPage } from './show-page.tsx'

const allow = 'manage-publishers'
const text = z.string().max(40_000).default('')
const lines = text.transform((typed) =>
  typed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
)
/** `seen` is the tag of the publisher that the form showed, and `endsAt` its end; both are empty for a new one. */
const PublisherForm = z
  .strictObject({
    name: text,
    keys: lines,
    threshold: text,
    patches: lines,
    until: text,
    seen: SeenTag.default(''),
    endsAt: text,
  })
  .transform(({ seen, until, endsAt, name, threshold, keys, patches }, context) => {
    const parsed = Publisher.safeParse({
      ...{ name: name.trim(), threshold: Number(threshold), keys: keys.map(keyOf), patches },
      // A day that is not changed keeps its time.
      expiresAt: endsAt.slice(0, 10) === until ? endsAt : `${until}T23:59:59Z`,
    })
    if (parsed.success) return { seen, publisher: parsed.data }
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message })
    return z.NEVER
  })

export function addPublisherPages(app: App, dependencies: RouteDependencies): void {
  app.get(PUBLISHERS, permitted(allow), (c) =>
    showPage(c, <PublishersPage publishers={publisherViews(c.var.serviceCenter.state)} />),
  )

  app.get(`${PUBLISHERS}/:publisher`, permitted(allow), (c) => {
    const { state } = c.var.serviceCenter
    const found = namedPublisher(state, c.req.param('publisher'))
    if (isRefusal(found)) return answerRefusal(c, found, dependencies.log)
    const isLast = state.publishers.size === 1
    return showPage(c, <PublisherPage publisher={found} seen={entityTag(found)} isLast={isLast} />)
  })

  addForm(app, dependencies, PUBLISHERS, {
    allow,
    fields: PublisherForm,
    asks: ({ seen, publisher }) => ({
      method: 'PUT',
      path: ['publishers', publisher.name],
      headers: seen === '' ? { 'If-None-Match': '*' } : { 'If-Match': seen },
      body: publisher,
    }),
    page: () => PUBLISHERS,
  })

  addForm(app, dependencies, `${PUBLISHERS}/:publisher/remove`, {
    allow,
    fields: SureForm,
    asks: (_, c) => ({ method: 'DELETE', path: ['publishers', param(c, 'publisher')] }),
    page: () => PUBLISHERS,
  })
}

/** A public key, and the word `revoked` behind one that counts no more. */
function keyOf(line: string): Publisher['keys'][number] {
  const [publicKey = '', ...words] = line.split(/\s+/)
  const revoked = words.join(' ') === 'revoked'
  // What else stands there becomes part of the key, which is refused then.
  const typed = (revoked ? publicKey : line) as PublicKey
  return { keyid: keyIdOf(typed), publicKey: typed, revoked }
}
