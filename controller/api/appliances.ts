/**
 * The fleet over HTTP, read only: appliances join with a token, not through this API.
 */
import { applianceViews, organizations } from '../core/views.ts'
import type { App, AppDependencies } from './context.ts'
import { documented } from './openapi.ts'
import * as schemas from './schemas.ts'

export function addApplianceRoutes(app: App, { serviceCenter: { state } }: AppDependencies): void {
  app.get(
    '/api/v1/appliances',
    documented({ summary: 'All enrolled appliances.', answers: { 200: schemas.ApplianceView.array() } }),
    (c) => c.json(applianceViews(state)),
  )
  app.get(
    '/api/v1/organizations',
    documented({ summary: 'The organizations that have appliances.', answers: { 200: schemas.Organization.array() } }),
    (c) => c.json(organizations(state)),
  )
}
