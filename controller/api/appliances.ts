/**
 * The fleet over HTTP, read only: appliances join with a token, not through this API.
 */
import { applianceViews, organizations } from '../core/views.ts'
import type { App, RouteDependencies } from './context.ts'
import { documented } from './openapi.ts'
import { answerList, PageQuery } from './pagination.ts'
import * as schemas from './schemas.ts'

export function addApplianceRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/appliances',
    documented({
      operation: 'listAppliances',
      allow: 'read',
      summary: 'All enrolled appliances.',
      query: PageQuery,
      answers: { 200: schemas.ApplianceView.array() },
    }),
    (c) =>
      answerList(c, {
        list: 'appliances',
        entries: applianceViews(c.var.serviceCenter.state),
        positionOf: ({ dataCenter, organization, group, role, name }) => [dataCenter, organization, group, role, name],
        log,
      }),
  )
  app.get(
    '/api/v1/organizations',
    documented({
      operation: 'listOrganizations',
      allow: 'read',
      summary: 'The organizations that have appliances.',
      query: PageQuery,
      answers: { 200: schemas.Organization.array() },
    }),
    (c) =>
      answerList(c, {
        list: 'organizations',
        entries: organizations(c.var.serviceCenter.state),
        positionOf: ({ name }) => [name],
        log,
      }),
  )
}
