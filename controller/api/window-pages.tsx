/**
 * The pages of maintenance windows and blackouts and their forms. Whether one may be set is decided in
 * controller/core/windows/.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import type { ServiceCenterState } from '../core/state.ts'
import { namedWindow, windowViews } from '../core/windows/setting.ts'
import { MaintenanceWindow } from '../core/windows/window.ts'
import { OWN_RULE, WindowPage, type WindowPlaces } from '../page/window-page.tsx'
import { WindowsPage } from '../page/windows-page.tsx'
import { WINDOWS } from '../page/words.ts'
import type { App, RouteDependencies } from './context.ts'
import { entityTag, SeenTag } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { addForm, param } from './forms.ts'
import { permitted } from './permitted.ts'
import { SureForm } from './schemas.ts'
import { showPage } from './show-page.tsx'

const allow = 'set-windows'
const text = z.string().max(300).default('')
/** `seen` is the tag of the window that the form showed; empty for a new one. */
const WindowForm = z
  .strictObject({
    ...{ name: text, kind: text, organization: text, dataCenter: text, begins: text, zone: text, rule: text },
    ...{ again: text, minutes: text, seen: SeenTag.default('') },
  })
  .transform(({ seen, organization, dataCenter, minutes, again, ...typed }, context) => {
    const isOwn = again === OWN_RULE.value
    if (isOwn !== (typed.rule !== '')) {
      const message = isOwn
        ? 'is empty: write one, or choose how it comes again'
        : `is not asked for: leave it empty, or choose ${OWN_RULE.text}`
      context.addIssue({ code: 'custom', path: ['rule'], message })
      return z.NEVER
    }
    const parsed = MaintenanceWindow.safeParse({
      ...{
        ...typed,
        rule: isOwn ? typed.rule : again,
        name: typed.name.trim(),
        begins: typed.begins.trim(),
        zone: typed.zone.trim(),
      },
      ...{ organization: organization || null, dataCenter: dataCenter || null, minutes: Number(minutes) },
    })
    if (parsed.success) return { seen, window: parsed.data }
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message })
    return z.NEVER
  })

export function addWindowPages(app: App, dependencies: RouteDependencies): void {
  app.get(WINDOWS, permitted('read'), (c) => {
    const { state } = c.var.serviceCenter
    return showPage(c, <WindowsPage windows={windowViews(state)} places={placesOf(state)} />)
  })

  app.get(`${WINDOWS}/:window`, permitted(allow), (c) => {
    const { state } = c.var.serviceCenter
    const found = namedWindow(state, c.req.param('window'))
    if (isRefusal(found)) return answerRefusal(c, found, dependencies.log)
    return showPage(c, <WindowPage window={found} seen={entityTag(found)} places={placesOf(state)} />)
  })

  addForm(app, dependencies, WINDOWS, {
    allow,
    fields: WindowForm,
    asks: ({ seen, window }) => ({
      method: 'PUT',
      path: ['windows', window.name],
      headers: seen === '' ? { 'If-None-Match': '*' } : { 'If-Match': seen },
      body: window,
    }),
    page: () => WINDOWS,
  })

  addForm(app, dependencies, `${WINDOWS}/:window/remove`, {
    allow,
    fields: SureForm,
    asks: (_, c) => ({ method: 'DELETE', path: ['windows', param(c, 'window')] }),
    page: () => WINDOWS,
  })
}

function placesOf({ appliances }: ServiceCenterState): WindowPlaces {
  const all = [...appliances.values()]
  const names = (list: readonly string[]): string[] => [...new Set(list)].sort()
  return {
    organizations: names(all.map(({ organization }) => organization)),
    dataCenters: names(all.map(({ dataCenter }) => dataCenter)),
  }
}
