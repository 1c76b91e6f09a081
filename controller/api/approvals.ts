/**
 * The policy of the fleet over HTTP, and the approvals that installs need by it. Nothing is signed here: documents come as
 * people have signed them elsewhere, and what they are worth is judged in protocol/trust/, here and on each appliance.
 */
import { z } from 'zod'
import { Sha256 } from '../../protocol/identifiers.ts'
import { MAX_DOCUMENT_BYTES, MAX_SIGNATURES } from '../../protocol/limits.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { DocumentSignature } from '../../protocol/trust/signed-document.ts'
import { type AuthorizationView, authorizationViews } from '../core/approvals/authorizing.ts'
import { POLICY_CONDITIONS, POLICY_MODES, type PolicyView, policyView } from '../core/approvals/policy-views.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { approval } from './install-schemas.ts'
import { namedInstall } from './installs.ts'
import { documented, NAMED_INSTALL } from './openapi.ts'
import { readJson } from './read-request.ts'

const time = z.iso.datetime()
const count = z.int().min(0)
const named = { name: z.string(), keyid: z.string() }

const ShownPolicy: z.ZodType<PolicyView> = z.object({
  mode: z.enum(POLICY_MODES),
  fleet: z.string().describe('The key with which the Service Center signs, as a policy names it.'),
  policy: z
    .object({
      version: z.int().min(1),
      condition: z.enum(POLICY_CONDITIONS),
      expiresAt: time,
      approvalsNeeded: count,
      organizations: z.array(z.object({ organization: z.string(), approvalsNeeded: count })),
      approvers: z.array(z.object({ ...named, organizations: z.array(z.string()).nullable() })),
      owners: z.array(z.object(named)),
      ownersNeeded: count,
      floors: z.array(z.object({ patch: z.string(), version: z.string() })),
      setAt: time,
      setBy: z.string(),
      holding: count.describe('Of the appliances that are connected, those that go by it.'),
      connected: count,
      later: z.array(z.string()).describe('Appliances that go by a later one.'),
    })
    .nullable()
    .describe('Null where nothing has to be approved.'),
})

const ShownAuthorization: z.ZodType<AuthorizationView> = z.object({
  digest: z.string(),
  ...approval,
  document: z.string().describe('As it is signed: a DSSE envelope in JSON.'),
})

const DocumentBody = z.strictObject({
  payloadType: z.string(),
  payload: z.base64(),
  signatures: z.array(DocumentSignature).max(MAX_SIGNATURES),
})
const ApprovalsBody = z.strictObject({
  approvals: z
    .array(DocumentSignature.safeExtend({ digest: Sha256 }))
    .min(1)
    .max(1_000),
})
/** A thousand signatures. */
const MAX_APPROVALS_BYTES = 512 * 1024

export function addApprovalRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/policy',
    documented({
      operation: 'showPolicy',
      allow: 'read-policy',
      summary: 'Who has to approve installs, and which appliances go by it.',
      answers: { 200: ShownPolicy },
    }),
    (c) => c.json(policyView(c.var.serviceCenter.state)),
  )

  app.put(
    '/api/v1/policy',
    documented({
      operation: 'setPolicy',
      allow: 'set-policy',
      summary:
        'Hands a signed policy on to all appliances. Each takes it for the signatures of owners, and only a later one.',
      body: DocumentBody,
      answers: { 200: ShownPolicy },
    }),
    async (c) => {
      const body = await readJson(c, DocumentBody, 2 * MAX_DOCUMENT_BYTES)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { serviceCenter, visitor } = c.var
      const document = Buffer.from(JSON.stringify(body))
      const reply = await serviceCenter.carryOut({ kind: 'set-policy', actor: visitor.actor, document })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json(policyView(serviceCenter.state))
    },
  )

  app.get(
    '/api/v1/installs/:id/authorizations',
    documented({
      operation: 'listAuthorizations',
      allow: 'read',
      summary: 'What approvers are asked to sign for an install, and who has.',
      parameters: NAMED_INSTALL,
      answers: { 200: ShownAuthorization.array() },
    }),
    (c) => {
      const found = namedInstall(c, c.req.param('id'))
      if (isRefusal(found)) return answerRefusal(c, found, log)
      return c.json(authorizationViews(c.var.serviceCenter.state, found.id))
    },
  )

  app.post(
    '/api/v1/installs/:id/approvals',
    documented({
      operation: 'approveInstall',
      allow: 'approve',
      summary: 'Takes the signatures of an approver over authorizations of an install.',
      parameters: NAMED_INSTALL,
      body: ApprovalsBody,
      answers: { 200: ShownAuthorization.array() },
    }),
    async (c) => {
      const found = namedInstall(c, c.req.param('id'))
      if (isRefusal(found)) return answerRefusal(c, found, log)
      const body = await readJson(c, ApprovalsBody, MAX_APPROVALS_BYTES)
      if (isRefusal(body)) return answerRefusal(c, body, log)
      const { serviceCenter, visitor } = c.var
      const { id: install } = found
      const { approvals } = body
      const reply = await serviceCenter.carryOut({ kind: 'approve-install', actor: visitor.actor, install, approvals })
      return isRefusal(reply) ? answerRefusal(c, reply, log) : c.json(authorizationViews(serviceCenter.state, install))
    },
  )
}
