/**
 * The pages on which the limits of a Data Center's link, and of the Service Center's, are changed, and their forms.
 */
import { z } from 'zod'
import { isRefusal } from '../../protocol/refusals.ts'
import { dataCenterLimits, uplinkLimits } from '../core/data-centers.ts'
import { bitsOf, LimitsPage } from '../page/limits-page.tsx'
import { DATA_CENTERS, dataCenterTitle, limitsAddress, UPLINK_LIMITS } from '../page/words.ts'
import type { App, RouteDependencies } from './context.ts'
import { namedDataCenter } from './data-centers.ts'
import { entityTag, SeenTag } from './entity-tags.ts'
import { answerRefusal } from './errors.ts'
import { type Asked, addForm, param } from './forms.ts'
import { permitted } from './permitted.ts'
import { ticked, UplinkLimits } from './schemas.ts'
import { showPage } from './show-page.tsx'

const allow = 'set-limits'
/** What is far more would be infinite in bits a second, and JSON says nothing then, which is no limit. */
const mbit = z.coerce.number().max(1e6, 'is more than 1000000 Mbit/s').optional()
/** However people space them: `08:00 - 12:00 22:00–06:00`. */
const ranges = z
  .string()
  .max(500)
  .default('')
  .transform((text) => {
    const joined = text.split(/[-–]/).map((part) => part.trim())
    return joined
      .join('-')
      .split(/[,;\s]+/)
      .filter((range) => range !== '')
  })
  .pipe(UplinkLimits.shape.quietHours)
const UplinkForm = z.strictObject({ seen: SeenTag, up: mbit, quietHours: ranges })
const LinkForm = UplinkForm.extend({ down: mbit, trades: ticked })

export function addLimitsPages(app: App, dependencies: RouteDependencies): void {
  const { log } = dependencies

  app.get(UPLINK_LIMITS, permitted(allow), (c) => {
    const limits = uplinkLimits(c.var.serviceCenter.state)
    const form = { address: UPLINK_LIMITS, operation: 'setUplinkLimits', limits, seen: entityTag(limits) }
    return showPage(c, <LimitsPage place="the Service Center" {...form} />)
  })

  addForm(app, dependencies, UPLINK_LIMITS, {
    allow,
    fields: UplinkForm,
    asks: (form) => put(['service-center', 'limits'], form),
    page: () => DATA_CENTERS,
  })

  app.get(`${DATA_CENTERS}/:name/limits`, permitted(allow), (c) => {
    const name = namedDataCenter(c)
    if (isRefusal(name)) return answerRefusal(c, name, log)
    const limits = dataCenterLimits(c.var.serviceCenter.state, name)
    const form = { address: limitsAddress(name), operation: 'setDataCenterLimits', limits, seen: entityTag(limits) }
    return showPage(c, <LimitsPage place={dataCenterTitle(name)} {...form} />)
  })

  addForm(app, dependencies, `${DATA_CENTERS}/:name/limits`, {
    allow,
    fields: LinkForm,
    asks: ({ down, trades, ...form }, c) =>
      put(['data-centers', param(c, 'name'), 'limits'], form, { downBitsPerSecond: bitsOf(down), trades }),
    page: () => DATA_CENTERS,
  })
}

/** Refused when the limits are not any more what the form showed. */
function put(path: Asked['path'], { seen, up, quietHours }: z.infer<typeof UplinkForm>, more: object = {}): Asked {
  const body = { upBitsPerSecond: bitsOf(up), quietHours, ...more }
  return { method: 'PUT', path, headers: { 'If-Match': seen }, body }
}
