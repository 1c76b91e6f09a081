/**
 * Installs over HTTP: start, list, one in detail, extend, pause, resume, cancel. What may start, and in which order, is decided in
 * controller/core/rollout/ and again on each appliance.
 */
import type { InstallId, PeerId } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { Command } from '../core/effects.ts'
import { namedPatch, namedPatches } from '../core/named-patch.ts'
import type { InstallRecord } from '../core/records.ts'
import { MAX_PLAN_BYTES } from '../core/rollout/install-plan.ts'
import type { ServiceCenterState } from '../core/state.ts'
import { installDetail, installSummaries } from '../core/views.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { InstallDetail } from './install-schemas.ts'
import { documented, NAMED_INSTALL } from './openapi.ts'
import { answerList, PageQuery } from './pagination.ts'
import { StartBody } from './plan-schemas.ts'
import { asPlanned } from './plans.ts'
import { readJson } from './read-request.ts'
import * as schemas from './schemas.ts'

export function addInstallRoutes(app: App, { log }: RouteDependencies): void {
  app.post(
    '/api/v1/installs',
    documented({
      operation: 'startInstall',
      allow: 'install',
      summary: 'Starts an install. Targets whose copy is not proven yet are queued in it.',
      body: StartBody,
      answers: { 201: InstallDetail },
    }),
    async (c) => {
      const body = await readJson(c, StartBody, MAX_PLAN_BYTES)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { serviceCenter, visitor } = c.var
      const record = namedPatch(serviceCenter.state, body.patch)
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const { organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, plan } = body
      const first = namedPatches(serviceCenter.state, body.first)
      if (isRefusal(first)) return answerRefusal(c, first, log)
      const wanted = { ...body, first }
      const confirmation = plan === undefined ? body.confirmation : asPlanned(serviceCenter.state, record, wanted, plan)
      if (isRefusal(confirmation)) return answerRefusal(c, confirmation, log)
      const reply = await serviceCenter.carryOut({
        kind: 'start-install',
        actor: visitor.actor,
        patch: record.sha256,
        organizations,
        dataCenter,
        allowOutage,
        outsideWindows,
        first,
        waveSoakSeconds,
        confirmation,
        plan: plan?.digest,
      })
      if (isRefusal(reply)) return answerRefusal(c, reply, log)
      if (reply.kind !== 'install-started') throw new Error(`starting an install was answered with ${reply.kind}`)
      return detail(c, namedInstall(c, reply.install), 201)
    },
  )

  app.get(
    '/api/v1/installs',
    documented({
      operation: 'listInstalls',
      allow: 'read',
      summary: 'All installs, newest first.',
      query: PageQuery,
      answers: { 200: schemas.InstallSummary.array() },
    }),
    (c) =>
      answerList(c, {
        list: 'installs',
        entries: installSummaries(c.var.serviceCenter.state),
        positionOf: ({ startedAt, id }) => [-Date.parse(startedAt), id],
        log,
      }),
  )

  app.get(
    '/api/v1/installs/:id',
    documented({
      operation: 'showInstall',
      allow: 'read',
      summary: 'One install and its targets.',
      parameters: NAMED_INSTALL,
      answers: { 200: InstallDetail },
    }),
    (c) => detail(c, namedInstall(c, c.req.param('id')), 200),
  )

  app.post(
    '/api/v1/installs/:id/cancel',
    documented({
      operation: 'cancelInstall',
      allow: 'cancel',
      summary: 'No pair begins any more; those that have begun are finished, so that their members stay equal.',
      parameters: NAMED_INSTALL,
      body: schemas.NoBody,
      answers: { 200: InstallDetail },
    }),
    async (c) => {
      const body = await readJson(c, schemas.NoBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { visitor } = c.var
      return decide(c, (install) => ({ kind: 'cancel-install', actor: visitor.actor, install }))
    },
  )

  app.post(
    '/api/v1/installs/:id/pause',
    documented({
      operation: 'pauseInstall',
      allow: 'cancel',
      summary: 'No pair begins until somebody resumes it; those that have begun are finished.',
      parameters: NAMED_INSTALL,
      body: schemas.NoBody,
      answers: { 200: InstallDetail },
    }),
    async (c) => {
      const body = await readJson(c, schemas.NoBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { visitor } = c.var
      return decide(c, (install) => ({ kind: 'pause-install', actor: visitor.actor, install }))
    },
  )

  app.post(
    '/api/v1/installs/:id/extend',
    documented({
      operation: 'extendInstall',
      allow: 'install',
      summary: 'Adds appliances that joined after the install had begun; they wait their turn in it.',
      parameters: NAMED_INSTALL,
      body: schemas.ExtendBody,
      answers: { 200: InstallDetail },
    }),
    async (c) => {
      const body = await readJson(c, schemas.ExtendBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { serviceCenter, visitor } = c.var
      const appliances = body.appliances === undefined ? undefined : peersNamed(serviceCenter.state, body.appliances)
      if (isRefusal(appliances)) return answerRefusal(c, appliances, log)
      return decide(c, (install) => ({ kind: 'extend-install', actor: visitor.actor, install, appliances }))
    },
  )

  app.post(
    '/api/v1/installs/:id/resume',
    documented({
      operation: 'resumeInstall',
      allow: 'install',
      summary: 'A paused install goes on, and one that has halted with whatever is not installed now.',
      parameters: NAMED_INSTALL,
      body: schemas.ResumeBody,
      answers: { 200: InstallDetail },
    }),
    async (c) => {
      const body = await readJson(c, schemas.ResumeBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { visitor } = c.var
      return decide(c, (install) => ({ kind: 'resume-install', actor: visitor.actor, install, ...body }))
    },
  )

  /** Has what is decided about the install that the address names carried out. */
  async function decide(c: AppContext, commandFor: (install: InstallId) => Command): Promise<Response> {
    const found = namedInstall(c, c.req.param('id') ?? '')
    if (isRefusal(found)) return answerRefusal(c, found, log)
    const reply = await c.var.serviceCenter.carryOut(commandFor(found.id))
    return isRefusal(reply) ? answerRefusal(c, reply, log) : detail(c, namedInstall(c, found.id), 200)
  }

  function detail(c: AppContext, found: InstallRecord | Refusal, status: 200 | 201): Response | Promise<Response> {
    return isRefusal(found)
      ? answerRefusal(c, found, log)
      : c.json(installDetail(c.var.serviceCenter.state, found), status)
  }
}

function peersNamed(state: ServiceCenterState, names: readonly string[]): PeerId[] | Refusal {
  const byName = new Map([...state.appliances.values()].map(({ name, peer }) => [name as string, peer]))
  const unknown = names.find((name) => !byName.has(name))
  if (unknown !== undefined) return refuse('not_found', `there is no appliance ${unknown}`)
  return names.flatMap((name) => byName.get(name) ?? [])
}

export function namedInstall(c: AppContext, id: string): InstallRecord | Refusal {
  const { installs } = c.var.serviceCenter.state
  return installs.get(id as InstallId) ?? refuse('not_found', `there is no install ${id.slice(0, 100)}`)
}
