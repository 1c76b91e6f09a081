/**
 * Patches over HTTP: upload, list, one in detail, withdraw, and what an install would begin with. The routes translate
 * and nothing more; a body that is a patch is handed on as it streams in, never held.
 */
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { Advisory } from '../core/exposure/advisory.ts'
import { judgeAdvisory } from '../core/exposure/setting.ts'
import { namedPatch, namedPatches } from '../core/named-patch.ts'
import { patchLines } from '../core/patch-list.ts'
import { patchDetail, patchSummary } from '../core/patch-views.ts'
import { may } from '../core/permissions.ts'
import type { PatchRecord } from '../core/records.ts'
import { patchesFirst } from '../core/rollout/path.ts'
import { appliancesInScope } from '../core/rollout/starting.ts'
import type { ServiceCenterState } from '../core/state.ts'
import { dataCenters, installPreview } from '../core/views.ts'
import type { App, RouteDependencies, Visitor } from './context.ts'
import { answerRefusal } from './errors.ts'
import { advisoryWith } from './exposure-schemas.ts'
import { documented, NAMED_PATCH } from './openapi.ts'
import { answerList, PageQuery } from './pagination.ts'
import { InstallPreview } from './plan-schemas.ts'
import { readJson, readQuery } from './read-request.ts'
import { declaredLength, fileOf } from './request-body.ts'
import * as schemas from './schemas.ts'

export function addPatchRoutes(app: App, { log }: RouteDependencies): void {
  app.post(
    '/api/v1/patches',
    documented({
      operation: 'uploadPatch',
      allow: 'upload',
      summary: 'Uploads a patch; the body is the file itself. 200 when the same bytes were there already.',
      query: schemas.UploadQuery,
      body: 'file',
      answers: { 201: schemas.PatchSummary, 200: schemas.PatchSummary },
    }),
    async (c) => {
      const query = readQuery(c, schemas.UploadQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const expectedBytes = declaredLength(c)
      if (isRefusal(expectedBytes)) return answerRefusal(c, expectedBytes, log)
      const { serviceCenter, visitor } = c.var
      const advisory = advisoryWith(query)
      // Before a byte of the file is taken.
      const wrong = advisory === null ? null : whyNoAdvisory(visitor, serviceCenter.state, advisory)
      if (wrong !== null) return answerRefusal(c, wrong, log)
      const body = fileOf(c)
      const stored = await serviceCenter.upload({ body, filename: query.filename, actor: visitor.actor, expectedBytes })
      if (isRefusal(stored)) return answerRefusal(c, stored, log)
      const { state } = serviceCenter
      if (advisory !== null) {
        const given = { patch: stored.patch, ...advisory }
        const reply = await serviceCenter.carryOut({ kind: 'set-advisory', actor: visitor.actor, advisory: given })
        if (isRefusal(reply)) return answerRefusal(c, reply, log)
      }
      const record = namedPatch(state, stored.patch)
      return isRefusal(record)
        ? answerRefusal(c, record, log)
        : c.json(patchSummary(state, record), stored.created ? 201 : 200)
    },
  )

  app.get(
    '/api/v1/patches',
    documented({
      operation: 'listPatches',
      allow: 'read',
      summary: 'All patches, newest first.',
      query: PageQuery,
      answers: { 200: schemas.PatchLine.array() },
    }),
    (c) =>
      answerList(c, {
        list: 'patches',
        entries: patchLines(c.var.serviceCenter.state),
        positionOf: ({ uploadedAt, id }) => [-Date.parse(uploadedAt), id],
        log,
      }),
  )

  app.get(
    '/api/v1/patches/:patch',
    documented({
      operation: 'showPatch',
      allow: 'read',
      summary: 'One patch: its copies, and the organizations that are not patched.',
      parameters: NAMED_PATCH,
      query: schemas.ScopeQuery,
      answers: { 200: schemas.PatchDetail },
    }),
    (c) => {
      const query = readQuery(c, schemas.ScopeQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const { state } = c.var.serviceCenter
      const record = namedPatch(state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const unknown = unknownDataCenter(state, query.dataCenter)
      return unknown === null ? c.json(patchDetail(state, record, query.dataCenter)) : answerRefusal(c, unknown, log)
    },
  )

  app.delete(
    '/api/v1/patches/:patch',
    documented({
      operation: 'withdrawPatch',
      allow: 'withdraw',
      summary: 'Withdraws a patch that is installed nowhere; every appliance deletes its copy.',
      parameters: NAMED_PATCH,
      body: schemas.WithdrawBody,
      answers: { 200: schemas.Withdrawn },
    }),
    async (c) => {
      const body = await readJson(c, schemas.WithdrawBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { serviceCenter, visitor } = c.var
      const record = namedPatch(serviceCenter.state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const { actor } = visitor
      const reply = await serviceCenter.carryOut({ kind: 'withdraw', actor, patch: record.sha256, reason: body.reason })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json({ id: record.sha256 })
    },
  )

  app.get(
    '/api/v1/patches/:patch/install-preview',
    documented({
      operation: 'previewInstall',
      allow: 'read',
      summary: 'What an install would begin with, and which appliances hold no copy yet.',
      parameters: NAMED_PATCH,
      query: schemas.PreviewQuery,
      answers: { 200: InstallPreview },
    }),
    (c) => {
      const query = readQuery(c, schemas.PreviewQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const { state } = c.var.serviceCenter
      const record = namedPatch(state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const scope = appliancesInScope(state, { organizations: query.organization, dataCenter: query.dataCenter })
      if (isRefusal(scope)) return answerRefusal(c, scope, log)
      const first = firstOf(state, record, query.first)
      if (isRefusal(first)) return answerRefusal(c, first, log)
      return c.json(installPreview(state, record, scope, { dataCenter: query.dataCenter, first }))
    },
  )
}

function whyNoAdvisory(visitor: Visitor, state: ServiceCenterState, advisory: Omit<Advisory, 'patch'>): Refusal | null {
  if (!may(visitor, 'set-advisories'))
    return refuse('forbidden', 'whoever is limited to organizations sets no advisory')
  return judgeAdvisory(state, advisory)
}

/** The patches that are to go before another one. */
export function firstOf(
  state: ServiceCenterState,
  patch: PatchRecord,
  references: readonly string[],
): PatchRecord[] | Refusal {
  const first = namedPatches(state, references)
  return isRefusal(first) ? first : patchesFirst(state, patch, first)
}

export function unknownDataCenter(state: ServiceCenterState, wanted: string): Refusal | null {
  if (wanted === 'All' || dataCenters(state).some((name) => name === wanted)) return null
  return refuse('unknown_data_center', `there is no Data Center ${wanted} with appliances`)
}
