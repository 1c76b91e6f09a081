/**
 * Tokens over HTTP: for one new appliance, for a whole topology, for one that takes the place of another; those that are
 * open, and taking one back. The text of a token is in one answer and nowhere else.
 */
import type { PeerId } from '../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import { openTokens, type ShownToken } from '../core/appliance-views.ts'
import type { Slot } from '../core/records.ts'
import { issueForTopology, type TopologyTokens } from '../shell/issue-topology.ts'
import type { IssuedToken, ServiceCenter } from '../shell/ports.ts'
import { slotOf } from '../topology/topology.ts'
import { MAX_TOPOLOGY_BYTES, parseTopology, TopologyFileError } from '../topology/topology-file.ts'
import { namedAppliance } from './appliances.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import * as fleet from './fleet-schemas.ts'
import { documented } from './openapi.ts'
import { readJson, readText } from './read-request.ts'
import * as schemas from './schemas.ts'

export type ShownTokens = TopologyTokens<ShownToken>

export function addEnrollmentRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/enrollment-tokens',
    documented({
      operation: 'listEnrollmentTokens',
      allow: 'enroll',
      summary: 'The tokens that nobody has used and that have not expired; never their text.',
      answers: { 200: fleet.OpenToken.array() },
    }),
    (c) => c.json(openTokens(c.var.serviceCenter.state)),
  )

  app.post(
    '/api/v1/enrollment-tokens',
    documented({
      operation: 'makeEnrollmentToken',
      allow: 'enroll',
      summary: 'Makes a place in the fleet and the token for it, which is shown only in this answer.',
      body: fleet.EnrollBody,
      answers: { 201: fleet.IssuedToken },
    }),
    async (c) => {
      const body = await readJson(c, fleet.EnrollBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const issued = await issueOne(c.var.serviceCenter, body, c.var.visitor.actor)
      return isRefusal(issued) ? answerRefusal(c, issued, log) : c.json(issued, 201)
    },
  )

  app.post(
    '/api/v1/enrollment-tokens/topology',
    documented({
      operation: 'enrollTopology',
      allow: 'enroll',
      summary:
        'The body is a topology file: makes tokens for its appliances that have none; asked again, for the rest.',
      body: 'file',
      answers: { 200: fleet.TopologyTokens },
    }),
    async (c) => {
      const body = await readText(c, MAX_TOPOLOGY_BYTES)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const tokens = await issueAll(c.var.serviceCenter, body, c.var.visitor.actor)
      return isRefusal(tokens) ? answerRefusal(c, tokens, log) : c.json(tokens)
    },
  )

  app.delete(
    '/api/v1/enrollment-tokens/:id',
    documented({
      operation: 'revokeEnrollmentToken',
      allow: 'enroll',
      summary: 'Takes a token back that nobody has used.',
      parameters: { id: 'The id of a token, as the list of open tokens has it.' },
      answers: { 200: fleet.RevokedToken },
    }),
    async (c) => {
      const id = c.req.param('id') as PeerId
      const { actor } = c.var.visitor
      const reply = await c.var.serviceCenter.carryOut({ kind: 'revoke-token', actor, enrollingPeer: id })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json({ id })
    },
  )

  app.post(
    '/api/v1/appliances/:appliance/replacement-token',
    documented({
      operation: 'replaceAppliance',
      allow: 'enroll',
      summary: 'Makes a token whose bearer takes the place of this appliance, with a key of its own.',
      parameters: { appliance: 'A name or a peer id.' },
      body: schemas.NoBody,
      answers: { 201: fleet.IssuedToken },
    }),
    async (c) => {
      const body = await readJson(c, schemas.NoBody)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const issued = await issueReplacement(c.var.serviceCenter, c.req.param('appliance'), c.var.visitor.actor)
      return isRefusal(issued) ? answerRefusal(c, issued, log) : c.json(issued, 201)
    },
  )
}

async function issueOne(
  serviceCenter: ServiceCenter,
  slot: Slot,
  actor: string,
  replaces: PeerId | null = null,
): Promise<ShownToken | Refusal> {
  const issued = await serviceCenter.issueToken({ slot, replaces, actor })
  return isRefusal(issued) ? issued : shown(issued)
}

/** `reference` is a name or a peer id. */
async function issueReplacement(
  serviceCenter: ServiceCenter,
  reference: string,
  actor: string,
): Promise<ShownToken | Refusal> {
  const found = namedAppliance(serviceCenter.state, reference)
  if (isRefusal(found)) return found
  return issueOne(serviceCenter, slotOf(found), actor, found.peer)
}

async function issueAll(serviceCenter: ServiceCenter, text: string, actor: string): Promise<ShownTokens | Refusal> {
  try {
    const topology = parseTopology(text, 'line')
    return await issueForTopology(topology, (slot) => issueOne(serviceCenter, slot, actor))
  } catch (error) {
    if (!(error instanceof TopologyFileError)) throw error
    return refuse('bad_topology', error.message.split('\n').join(' '))
  }
}

function shown({ expiresAt, ...issued }: IssuedToken): ShownToken {
  const command = `patchmesh agent --data /var/lib/patchmesh --token ${issued.token}`
  return { ...issued, command, expiresAt: new Date(expiresAt).toISOString() }
}
