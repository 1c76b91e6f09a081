/**
 * The page of retention and its forms.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import { MAX_KEPT_VERSIONS, MAX_PIN_CHARACTERS } from '../core/retention/retention.ts'
import { retentionView } from '../core/retention/retention-views.ts'
import { RetentionPage } from '../page/retention-page.tsx'
import { RETENTION } from '../page/words.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { addForm } from './forms.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { RetentionQuery } from './retention-schemas.ts'
import { showPage } from './show-page.tsx'

const KeepForm = z.strictObject({
  keepNewest: z
    .string()
    .trim()
    .max(4)
    .regex(/^(all|[1-9]\d{0,2}|1000)$/, `is not a whole number from 1 to ${MAX_KEPT_VERSIONS}, and not all`)
    .transform((text) => (text === 'all' ? null : Number(text))),
})
const patch = z.string().max(250)
const PinForm = z.strictObject({ patch, reason: z.string().max(MAX_PIN_CHARACTERS).default('') })
const UnpinForm = z.strictObject({ patch })

export function addRetentionPages(app: App, dependencies: RouteDependencies): void {
  app.get(RETENTION, permitted('read'), (c) => {
    const query = readQuery(c, RetentionQuery)
    if (isRefusal(query)) return answerRefusal(c, query, dependencies.log)
    return showPage(c, <RetentionPage view={retentionView(c.var.serviceCenter.state, query.keepNewest)} />)
  })

  addForm(app, dependencies, RETENTION, {
    allow: 'set-retention',
    fields: KeepForm,
    asks: (body) => ({ method: 'PUT', path: ['retention'], body }),
    page: () => RETENTION,
  })

  addForm(app, dependencies, `${RETENTION}/pin`, {
    allow: 'set-retention',
    fields: PinForm,
    asks: ({ patch: id, reason }) => ({ method: 'PUT', path: ['patches', id, 'pin'], body: { reason } }),
    page: () => RETENTION,
  })

  addForm(app, dependencies, `${RETENTION}/unpin`, {
    allow: 'set-retention',
    fields: UnpinForm,
    asks: ({ patch: id }) => ({ method: 'DELETE', path: ['patches', id, 'pin'] }),
    page: () => RETENTION,
  })
}
