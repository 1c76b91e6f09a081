/**
 * The page of baselines and its forms.
 */
import { z } from 'zod'
import { baselineViews } from '../core/baselines/baseline-views.ts'
import { censusOf } from '../core/census.ts'
import { title } from '../core/patch-identity.ts'
import { livePatches } from '../core/publishing.ts'
import { BaselinesPage } from '../page/baselines-page.tsx'
import { BASELINES } from '../page/words.ts'
import { BaselineBody } from './baseline-schemas.ts'
import type { App, RouteDependencies } from './context.ts'
import { addForm } from './forms.ts'
import { permitted } from './permitted.ts'
import { showPage } from './show-page.tsx'

/** A place is chosen as one entry of a list, which holds its three names as a query does. */
const SetForm = z
  .strictObject({ place: z.string().max(1_000).default(''), patch: z.string().max(250).default('') })
  .transform(({ place, patch }, context) => {
    const parsed = BaselineBody.safeParse({ ...namesIn(place), patch })
    if (parsed.success) return parsed.data
    context.addIssue({ code: 'custom', path: ['place'], message: 'is none of those in the list' })
    return z.NEVER
  })

export function addBaselinePages(app: App, dependencies: RouteDependencies): void {
  app.get(BASELINES, permitted('read'), (c) => {
    const { state } = c.var.serviceCenter
    const places = [...censusOf(state).places.values()].map(({ organization, dataCenter, kind }) => ({
      value: new URLSearchParams({ organization, dataCenter, kind }).toString(),
      text: `${organization} in ${dataCenter}, ${kind}`,
    }))
    places.sort((left, right) => (left.text < right.text ? -1 : 1))
    const patches = livePatches(state).map(title)
    return showPage(c, <BaselinesPage baselines={baselineViews(state)} places={places} patches={patches} />)
  })

  addForm(app, dependencies, BASELINES, {
    allow: 'install',
    fields: SetForm,
    asks: (body) => ({ method: 'PUT', path: ['baselines'], body }),
    page: () => BASELINES,
  })

  addForm(app, dependencies, `${BASELINES}/remove`, {
    allow: 'install',
    fields: BaselineBody,
    asks: (body) => ({ method: 'DELETE', path: ['baselines'], body }),
    page: () => BASELINES,
  })
}

function namesIn(place: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(place))
}
