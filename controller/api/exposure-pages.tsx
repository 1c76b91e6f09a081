/**
 * The page of exposure clocks, and the forms that say what a patch is for and how many days a severity leaves.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import { dueDaysOf, MAX_DUE_DAYS, MAX_REFERENCE_CHARACTERS, Severity } from '../core/exposure/advisory.ts'
import { exposureSummaries } from '../core/exposure/exposure-views.ts'
import { ExposurePage } from '../page/exposure-page.tsx'
import { EXPOSURE, SYSTEM_PATCHES } from '../page/words.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { ExposureQuery } from './exposure-schemas.ts'
import { addForm, param } from './forms.ts'
import { patchPage } from './patch-forms.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { showPage } from './show-page.tsx'

/** A field that was left empty says nothing; what is in it is judged by the API. */
const orNull = z
  .string()
  .max(200)
  .default('')
  .transform((text) => (text.trim() === '' ? null : text.trim()))

const AdvisoryForm = z.strictObject({
  severity: z.union([Severity, z.literal('')]).default(''),
  reference: z.string().max(MAX_REFERENCE_CHARACTERS).default(''),
  publishedAt: orNull,
  dueAt: orNull,
})

const WHOLE_DAYS = `is not a whole number of days from 1 to ${MAX_DUE_DAYS}, or empty`
const days = z
  .string()
  .max(10)
  .regex(/^\d*$/, WHOLE_DAYS)
  .default('')
  .transform((text) => (text === '' ? null : Number(text)))
const DueDaysForm = z.strictObject({ critical: days, high: days, medium: days, low: days })

export function addExposurePages(app: App, dependencies: RouteDependencies): void {
  app.get(EXPOSURE, permitted('read'), (c) => {
    const query = readQuery(c, ExposureQuery)
    if (isRefusal(query)) return answerRefusal(c, query, dependencies.log)
    const { state } = c.var.serviceCenter
    const patches = exposureSummaries(state, query.show)
    return showPage(c, <ExposurePage patches={patches} show={query.show} dueDays={dueDaysOf(state)} />)
  })

  addForm(app, dependencies, `${SYSTEM_PATCHES}/:patch/advisory`, {
    allow: 'set-advisories',
    fields: AdvisoryForm,
    asks: ({ severity, ...rest }, c) => ({
      method: 'PUT',
      path: ['patches', param(c, 'patch'), 'advisory'],
      body: { severity: severity === '' ? null : severity, ...rest },
    }),
    page: patchPage,
  })

  addForm(app, dependencies, EXPOSURE, {
    allow: 'set-due-days',
    fields: DueDaysForm,
    asks: (body) => ({ method: 'PUT', path: ['due-days'], body }),
    page: () => EXPOSURE,
  })
}
