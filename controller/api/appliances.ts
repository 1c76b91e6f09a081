/**
 * The fleet over HTTP, read only: appliances join with a token, not through this API.
 */
import { applianceViews, organizations } from '../core/views.ts'
import type { App } from './context.ts'
import { documented } from './openapi.ts'
import * as schemas from './schemas.ts'

export function addApplianceRoutes(app: App): void {
  app.get(
    '/api/v1/appliances',
    documented({ allow: 'read', summary: 'All enrolled appliances.', answers: { 200: schemas.ApplianceView.array() } }),
    (c) => c.json(applianceViews(c.var.serviceCenter.state)),
  )
  app.get(
    '/api/v1/organizations',
    documented({
      allow: 'read',
      summary: 'The organizations that have appliances.',
      answers: { 200: schemas.Organization.array() },
    }),
    (c) => c.json(organizations(c.var.serviceCenter.state)),
  )
}
