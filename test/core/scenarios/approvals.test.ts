/**
 * A fleet with a policy: its installs wait until those have approved them whom the policy names, say for whom they wait, and
 * end by their deadline. That appliances judge the same themselves is in authorized.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorizationViews, lackingAuthorizations } from '../../../controller/core/approvals/authorizing.ts'
import { policyView } from '../../../controller/core/approvals/policy-views.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import type { Policy } from '../../../protocol/trust/policy.ts'
import { approvalsOf, approverCalled, ownerCalled, policyFor } from '../../../simulator/world/approving.ts'
import { estateWithTwoTenants, replicate } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import type { World } from '../../../simulator/world/world.ts'

const actor = 'somebody'

function underPolicy(policy: Partial<Policy> = {}) {
  const world = estateWithTwoTenants('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  assert.ok(
    !isRefusal(world.ask({ kind: 'set-policy', actor, document: policyFor(world.center.signing.peer, policy) })),
  )
  world.await('all hold the policy', () => policyView(world.center.state).policy?.holding === 6)
  return { world, patch }
}

function approve(world: World, install: InstallId, ...people: string[]) {
  return world.ask({
    kind: 'approve-install',
    actor,
    install,
    approvals: approvalsOf(world.center.state, install, ...people),
  })
}

function states(world: World, install: InstallId): string[] {
  return [...(world.center.state.targets.get(install)?.values() ?? [])].map(({ state }) => state)
}

function reasons(world: World, install: InstallId): string[] {
  return [...new Set([...(world.center.state.targets.get(install)?.values() ?? [])].map(({ reason }) => reason))]
}

function programs(world: World): number {
  return [...world.appliances.values()].flatMap(({ installer }) => installer.started).length
}

test('nobody is ordered before enough have approved, and then all are', () => {
  const { world, patch } = underPolicy()
  const install = world.install(patch, ['acme'])
  world.run(60_000)
  assert.match(
    reasons(world, install).join(),
    /^waits for approval until \S+: 0 of 2 are there, and it may be approved by maria, jonas, petra$/,
  )
  assert.equal(world.center.state.installs.get(install)?.state, 'planned')
  assert.ok(!isRefusal(approve(world, install, 'maria')))
  world.run(60_000)
  assert.match(reasons(world, install).join(), /1 of 2 are there, and it may be approved by jonas, petra$/)
  assert.equal(programs(world), 0)
  assert.ok(!isRefusal(approve(world, install, 'petra')))
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.deepEqual(states(world, install), ['installed', 'installed'])
})

test('several approvals that come at once all count', () => {
  const { world, patch } = underPolicy()
  const install = world.install(patch, ['acme'])
  assert.ok(!isRefusal(approve(world, install, 'maria', 'jonas')))
  const told = world.center.database.flatMap((change) =>
    change.table === 'audit' && change.row.action === 'approve-install' ? [change.row.outcome] : [],
  )
  assert.deepEqual(told, ['by the key of maria', 'by the key of jonas'], 'and the trail names each')
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
})

test('what is approved for one organization goes on, and the other waits', () => {
  const { world, patch } = underPolicy({
    approvalsNeeded: 1,
    approvers: [
      approverCalled('maria', { organizations: ['acme'] as never }),
      approverCalled('jonas', { organizations: ['globex'] as never }),
    ],
  })
  const install = world.install(patch, ['acme', 'globex'])
  world.run(1_000)
  const approvals = approvalsOf(world.center.state, install, 'maria')
  const asked = authorizationViews(world.center.state, install)
  assert.deepEqual(
    asked.map(({ organization, appliances, mayApprove }) => [organization, appliances.length, mayApprove]),
    [
      ['acme', 2, ['maria']],
      ['globex', 2, ['jonas']],
    ],
  )
  const acme = approvals.filter(({ digest }) => digest === asked[0]?.digest)
  const refused = world.ask({ kind: 'approve-install', actor, install, approvals })
  assert.ok(isRefusal(refused) && refused.refused === 'not_approved', 'maria has no say for globex')
  assert.ok(!isRefusal(world.ask({ kind: 'approve-install', actor, install, approvals: acme })))
  world.await('acme has it', () => states(world, install).filter((state) => state === 'installed').length === 2)
  world.run(60_000)
  assert.deepEqual(states(world, install).sort(), ['installed', 'installed', 'queued', 'queued'])
})

test('an organization of which the policy asks nothing waits for nobody', () => {
  const { world, patch } = underPolicy({ organizations: [{ organization: 'acme' as never, approvalsNeeded: 0 }] })
  const install = world.install(patch, ['acme'])
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
})

test('what nobody approves ends with its deadline, and says so', () => {
  const { world, patch } = underPolicy()
  const install = world.install(patch, ['acme'])
  world.run(1_000)
  const { state } = world.center
  const record = state.installs.get(install)
  assert.ok(record !== undefined)
  // Days are many steps of a world.
  state.installs.set(install, { ...record, deadlineAt: state.clock.wallMs + 60_000 })
  world.run(70_000)
  assert.deepEqual(states(world, install), ['cancelled', 'cancelled'])
  assert.match(
    reasons(world, install).join(),
    /the deadline of the install has passed, and it was not approved for all in time/,
  )
  assert.equal(programs(world), 0)
})

test('at its deadline an install asks for nothing that would be over at once', () => {
  const { world, patch } = underPolicy()
  const install = world.install(patch, ['acme'])
  world.run(1_000)
  const { state } = world.center
  const record = state.installs.get(install)
  assert.ok(record !== undefined)
  state.authorizations.clear()
  const lacking = (deadlineAt: number) =>
    lackingAuthorizations(state, { ...record, deadlineAt }, [...(state.targets.get(install)?.values() ?? [])])
  assert.equal(lacking(state.clock.wallMs + 1).length, 1)
  assert.deepEqual(lacking(state.clock.wallMs), [])
})

test('who asked for it, who is no approver, and a signature over something else are refused', () => {
  const { world, patch } = underPolicy({ approvers: [approverCalled('admin'), approverCalled('maria')] })
  const install = world.install(patch, ['acme'])
  const other = world.install(patch, ['globex'])
  world.run(1_000)
  const requester = world.center.state.installs.get(install)?.startedBy
  assert.equal(requester, 'admin')
  const codes = [approve(world, install, 'admin'), approve(world, install, 'mallory')].map((reply) =>
    isRefusal(reply) ? `${reply.refused}: ${reply.message}` : 'taken',
  )
  assert.match(codes[0] ?? '', /^not_approved: admin may not approve this for acme, which admin has asked for/)
  assert.match(codes[1] ?? '', /^not_approved: the key .* is that of no approver/)
  const [over] = approvalsOf(world.center.state, other, 'maria')
  const [asked] = approvalsOf(world.center.state, install, 'maria')
  assert.ok(over !== undefined && asked !== undefined)
  const swapped = [{ ...over, digest: asked.digest }]
  const reply = world.ask({ kind: 'approve-install', actor, install, approvals: swapped })
  assert.ok(isRefusal(reply) && reply.refused === 'bad_signature')
  const unknown = world.ask({ kind: 'approve-install', actor, install, approvals: [over] })
  assert.ok(isRefusal(unknown) && unknown.refused === 'not_found')
})

test('a policy is kept only where owners of the one before have signed it', () => {
  const { world } = underPolicy()
  const fleet = world.center.signing.peer
  const refused = world.ask({ kind: 'set-policy', actor, document: policyFor(fleet, { version: 2 }, ['mallory']) })
  assert.ok(isRefusal(refused) && refused.refused === 'bad_policy')
  const again = world.ask({ kind: 'set-policy', actor, document: policyFor(fleet) })
  assert.ok(!isRefusal(again), 'the same again changes nothing')
  const older = world.ask({ kind: 'set-policy', actor, document: policyFor(fleet, { approvalsNeeded: 0 }) })
  assert.ok(isRefusal(older) && older.refused === 'stale')
})

test('an appliance that was away is told all policies, one after the other', () => {
  const { world } = underPolicy()
  const fleet = world.center.signing.peer
  const away = world.appliance('paris/acme/primary')
  away.stop()
  const next = [
    policyFor(fleet, { version: 2, owners: [ownerCalled('erbin')] }, ['owner', 'erbin']),
    policyFor(fleet, { version: 3, owners: [ownerCalled('erbin')] }, ['erbin']),
  ]
  for (const document of next) assert.ok(!isRefusal(world.ask({ kind: 'set-policy', actor, document })))
  away.start()
  world.await('all hold the last', () => policyView(world.center.state).policy?.holding === 6)
  assert.equal(away.state.trust.policy?.stated.version, 3)
})

test('without a policy nothing asks for an approval', () => {
  const world = estateWithTwoTenants('paris')
  const patch = replicate(world, symbolicPatch({ restart: 'none' }))
  const install = world.install(patch, ['acme'])
  const reply = approve(world, install, 'maria')
  assert.ok(isRefusal(reply) && reply.refused === 'no_policy')
  world.await('it is done', () => world.center.state.installs.get(install)?.state === 'done')
  assert.equal(world.center.state.authorizations.size, 0)
})
