/**
 * What an appliance that holds a policy makes of orders: each row is one way in which whoever has the Service Center and all
 * of its keys tries to have something installed, signed with those keys; and what is refused changes nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type InstallId, OrderId, type PeerId } from '../../../protocol/identifiers.ts'
import { isRefusal, type RefusalCode } from '../../../protocol/refusals.ts'
import { AUTHORIZATION_DOCUMENT, type Authorization, judgeScope } from '../../../protocol/trust/authorization.ts'
import { open, seal } from '../../../protocol/trust/envelope.ts'
import { approvalsNeeded, type Policy } from '../../../protocol/trust/policy.ts'
import { readDocument } from '../../../protocol/trust/signed-document.ts'
import { Membership, type Order, PolicyNotice, Report } from '../../../protocol/trust/statements.ts'
import { approverCalled, authorizationFor, ownerCalled, policyFor } from '../../../simulator/world/approving.ts'
import { deliver, estateWithTenants, orderFor, replicate, sealedOrder } from '../../../simulator/world/estate.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { START_WALL_MS, type World } from '../../../simulator/world/world.ts'

const WHO = 'paris/secondary'
const HOUR_MS = 3_600_000

function patched() {
  const world = estateWithTenants('paris')
  const patch = replicate(world, symbolicPatch({ version: '5', restart: 'none' }))
  return { world, patch, root: world.center.signing.peer }
}

function holds(world: World, policy: Uint8Array, key = world.center.signing): void {
  deliver(world, WHO, seal(PolicyNotice, { document: policy }, key))
}

function heldVersion(world: World): number | null {
  return world.appliance(WHO).state.trust.policy?.stated.version ?? null
}

/** The last report of this appliance. */
function lastReport(world: World): Report | undefined {
  const { performed, peer } = world.appliance(WHO)
  return performed
    .flatMap((effect) => {
      if (effect.kind !== 'send-control' || effect.message.kind !== 'letter') return []
      const said = open(Report, effect.message.letter.envelope, [peer])
      return isRefusal(said) ? [] : [said]
    })
    .at(-1)
}

function runs(world: World): string[] {
  return world.appliance(WHO).installer.started.filter((run) => run.startsWith('install'))
}

type Try = {
  readonly policy?: Partial<Policy>
  readonly order?: Partial<Order>
  readonly authorization?: (Partial<Authorization> & { readonly people?: readonly string[] }) | null
  readonly there?: string
}

/** Orders the patch by an authorization, and waits until something has become of it. */
function ordered({ policy = {}, order: differently = {}, authorization = {}, there }: Try) {
  const { world, patch, root } = patched()
  holds(world, policyFor(root, policy))
  assert.equal(heldVersion(world), 1)
  if (there !== undefined) world.appliance(WHO).installer.changeByHand('patch-1', there)
  const order = orderFor(world, WHO, patch, differently)
  const document = authorization === null ? {} : { authorization: authorizationFor(world, order, patch, authorization) }
  deliver(world, WHO, sealedOrder(world, { ...order, ...document }))
  world.run(5_000)
  return { world, patch, order, report: lastReport(world) }
}

const OTHER = '12D3KooWGRUfUXZrSsYV9FQbRPvQjzYy2mVfM1nDhYJZVfG2oXKz' as PeerId

const REFUSED: readonly (readonly [what: string, attempt: Try, code: RefusalCode, words: RegExp])[] = [
  ['I1 an order without any approval', { authorization: null }, 'not_approved', /0 of 2 needed approvals came/],
  ['I2 one that nobody has signed', { authorization: { people: [] } }, 'not_approved', /0 of 2 needed approvals/],
  [
    'one that the Service Center signs itself',
    { authorization: { people: ['mallory', 'trent'] } },
    'not_approved',
    /is the key of no approver/,
  ],
  ['one approval where two are needed', { authorization: { people: ['maria'] } }, 'not_approved', /1 of 2 needed/],
  [
    'I3 approvers of another organization',
    {
      policy: {
        approvers: ['maria', 'jonas'].map((name) => approverCalled(name, { organizations: ['acme'] as never })),
      },
    },
    'not_approved',
    /approves nothing for provider/,
  ],
  ['I4 the requester as approver', { authorization: { requestedBy: 'Maria' } }, 'not_approved', /maria asked for it/],
  [
    'I5 one approver twice, by two keys',
    { policy: { approvers: [approverCalled('maria'), approverCalled('jonas', { name: 'MARIA' as never })] } },
    'not_approved',
    /1 of 2 needed.*counts once/,
  ],
  [
    'I8 an authorization that has expired',
    { authorization: { expiresAt: START_WALL_MS - 1 }, order: { expiresAt: START_WALL_MS + HOUR_MS } },
    'wrong_authorization',
    /the order for longer/,
  ],
  [
    'I8 one that is good for too long',
    { authorization: { expiresAt: START_WALL_MS + 31 * 24 * HOUR_MS } },
    'wrong_authorization',
    /longer than 30 days/,
  ],
  [
    'I11 one for other appliances',
    { authorization: { appliances: [{ peer: OTHER, name: 'x' as never }] } },
    'wrong_authorization',
    /for other appliances/,
  ],
  [
    'I12 one for another organization',
    { authorization: { organization: 'acme' as never } },
    'wrong_authorization',
    /for acme in paris/,
  ],
  [
    'I12 one for another Data Center',
    { authorization: { dataCenter: 'berlin' as never } },
    'wrong_authorization',
    /in berlin/,
  ],
  ['one of another fleet', { authorization: { fleet: OTHER } }, 'wrong_authorization', /of another fleet/],
  [
    'one of another install',
    { authorization: { install: 'f2'.repeat(16) as InstallId } },
    'wrong_authorization',
    /for install f2f2/,
  ],
  [
    'one for another patch',
    { authorization: { patch: { sha256: 'ab'.repeat(32) as never, name: 'patch-1' as never, version: '5' as never } } },
    'wrong_authorization',
    /is another patch/,
  ],
  [
    'one that calls the patch otherwise than it is published',
    {
      authorization: {
        patch: { sha256: patched().patch.publication.sha256, name: 'patch-1' as never, version: '6' as never },
      },
    },
    'wrong_authorization',
    /patch-1@6 is approved, and published as patch-1@5/,
  ],
  [
    'an outage that nobody has agreed to',
    { order: { allowOutage: true }, authorization: { allowOutage: false } },
    'wrong_authorization',
    /not for an outage/,
  ],
  [
    'I15 over a version that is not approved',
    { there: '4', authorization: { fromVersions: ['3' as never] } },
    'wrong_authorization',
    /over 3, and 4 is there/,
  ],
  ['I16 back to an older version', { there: '7' }, 'below_floor', /to go back to 5 is not approved/],
  [
    'I16 below the floor of the policy',
    { policy: { floors: [{ patch: 'patch-1' as never, version: '6' as never }] } },
    'below_floor',
    /nothing below 6/,
  ],
  [
    'I16 below the floor where nothing has to be approved',
    {
      policy: { approvalsNeeded: 0, floors: [{ patch: 'patch-1' as never, version: '6' as never }] },
      authorization: null,
    },
    'below_floor',
    /nothing below 6/,
  ],
  [
    'an order after the policy has expired',
    { policy: { expiresAt: '2020-01-01T00:00:00Z' } },
    'expired',
    /policy 1 expired/,
  ],
]

for (const [what, attempt, code, words] of REFUSED) {
  test(`refused, and nothing is installed: ${what}`, () => {
    const { world, report } = ordered(attempt)
    assert.equal(report?.state, 'refused')
    assert.equal(report?.refusal, code)
    assert.match(report?.reason ?? '', words)
    assert.deepEqual(runs(world), [])
  })
}

test('I8 an authorization is over at its own end, though nothing else were', () => {
  const { world, patch, root } = patched()
  const order = orderFor(world, WHO, patch, {})
  const document = readDocument(AUTHORIZATION_DOCUMENT, authorizationFor(world, order, patch, {}))
  assert.ok(!isRefusal(document))
  const { expiresAt } = document.stated
  assert.equal(judgeScope(document, { ...order, fleet: root }, expiresAt - 1), null)
  assert.equal(judgeScope(document, { ...order, fleet: root }, expiresAt)?.refused, 'expired')
})

const TAKEN: readonly (readonly [what: string, attempt: Try])[] = [
  ['with two approvals', {}],
  ['with one, where one is needed', { policy: { approvalsNeeded: 1 }, authorization: { people: ['petra'] } }],
  ['with none, where none is needed', { policy: { approvalsNeeded: 0 }, authorization: null }],
  [
    'with none, where none is needed for its organization',
    { policy: { organizations: [{ organization: 'provider' as never, approvalsNeeded: 0 }] }, authorization: null },
  ],
  ['over the version that is approved', { there: '4', authorization: { fromVersions: ['4' as never] } }],
  ['back to an older version, where that is approved', { there: '7', authorization: { downgrade: true } }],
]

for (const [what, attempt] of TAKEN) {
  test(`installed: ${what}`, () => {
    const { world } = ordered(attempt)
    world.await('it is installed', () => world.appliance(WHO).installer.installedVersion('patch-1') === '5')
    assert.deepEqual(runs(world), ['install patch-1'])
  })
}

test('I2 signatures that were made over another authorization approve nothing', () => {
  const { world, patch, root } = patched()
  holds(world, policyFor(root))
  const order = orderFor(world, WHO, patch)
  const [wanted, other] = [{ people: [] }, { sequence: 9 }].map((differently) =>
    JSON.parse(Buffer.from(authorizationFor(world, order, patch, differently)).toString()),
  )
  const authorization = Buffer.from(JSON.stringify({ ...wanted, signatures: other.signatures }))
  deliver(world, WHO, sealedOrder(world, { ...order, authorization }))
  world.run(5_000)
  assert.match(lastReport(world)?.reason ?? '', /0 of 2 needed.*maria has not signed this authorization/)
  assert.deepEqual(runs(world), [])
})

test('I6 who is no approver any more when the order comes to its turn has approved nothing', () => {
  const { world, patch, root } = patched()
  holds(world, policyFor(root))
  const order = orderFor(world, WHO, patch)
  const authorization = authorizationFor(world, order, patch)
  holds(world, policyFor(root, { version: 2, approvers: [approverCalled('maria'), approverCalled('petra')] }))
  deliver(world, WHO, sealedOrder(world, { ...order, authorization }))
  assert.equal(lastReport(world)?.refusal, 'not_approved')
  assert.deepEqual(runs(world), [])
})

test('I9 an older install does not follow a newer one of the same name, after a restart and with an older ledger neither', () => {
  const { world, patch, root } = patched()
  const appliance = world.appliance(WHO)
  holds(world, policyFor(root))
  const before = appliance.ledger.read()
  const older = orderFor(world, WHO, patch)
  const authorization = authorizationFor(world, older, patch, { sequence: 10 })
  const newer = orderFor(world, WHO, patch, { install: 'f2'.repeat(16) as InstallId })
  const taken = { ...newer, authorization: authorizationFor(world, newer, patch, { sequence: 11 }) }
  deliver(world, WHO, sealedOrder(world, taken))
  world.await('the newer one is installed', () => lastReport(world)?.state === 'installed')
  appliance.installer.changeByHand('patch-1', '4')
  const replay = (sequence: number): void => {
    const again = { ...older, sequence, orderId: OrderId.parse('e0'.repeat(16)), authorization }
    deliver(world, WHO, sealedOrder(world, again))
    world.run(5_000)
    assert.equal(lastReport(world)?.refusal, 'newer_install')
    assert.match(lastReport(world)?.reason ?? '', /a later install of patch-1 was ordered here/)
    assert.deepEqual(runs(world), ['install patch-1'])
  }
  replay(10 ** 15)
  appliance.stop()
  appliance.ledger.putBack(before)
  appliance.start()
  world.run(20_000)
  assert.equal(heldVersion(world), 1, 'and the policy is held as before')
  replay(10 ** 15 + 1)
})

test('a ledger from before the policy, or a lost file beside it, take no policy away', () => {
  const { world, root } = patched()
  const appliance = world.appliance(WHO)
  const before = appliance.ledger.read()
  holds(world, policyFor(root))
  const restarted = (act: () => void): void => {
    appliance.stop()
    act()
    appliance.start()
    assert.equal(heldVersion(world), 1)
    world.run(20_000)
  }
  restarted(() => {
    appliance.ledger.trustFile = null
  })
  restarted(() => appliance.ledger.putBack(before))
})

type Change = readonly [what: string, next: Partial<Policy>, owners: readonly string[], held: number]
const CHANGES: readonly Change[] = [
  ['is taken where its owner has signed it', { version: 2, approvalsNeeded: 1 }, ['owner'], 2],
  [
    'is refused: one of the making of the Service Center',
    { version: 9, owners: [ownerCalled('mallory')] },
    ['mallory'],
    1,
  ],
  ['is refused: an older one', { version: 1, approvalsNeeded: 0 }, ['owner'], 1],
  ['is refused: of another fleet', { version: 2, fleet: OTHER }, ['owner'], 1],
  [
    'is refused: new owners whom the old ones have not signed',
    { version: 2, owners: [ownerCalled('erbin')] },
    ['erbin'],
    1,
  ],
  ['is refused: new owners who have not signed', { version: 2, owners: [ownerCalled('erbin')] }, ['owner'], 1],
  [
    'is taken: new owners, signed by the old and the new',
    { version: 2, owners: [ownerCalled('erbin')] },
    ['owner', 'erbin'],
    2,
  ],
  [
    'is refused: one signature that is there twice',
    { version: 2, owners: [ownerCalled('owner'), ownerCalled('erbin')], ownersNeeded: 2 },
    ['owner', 'owner'],
    1,
  ],
]

for (const [what, next, owners, held] of CHANGES) {
  test(`a policy that comes ${what}`, () => {
    const { world, root } = patched()
    holds(world, policyFor(root))
    holds(world, policyFor(root, next, owners))
    assert.equal(heldVersion(world), held)
    if (held === 1) assert.equal(world.appliance(WHO).state.trust.policy?.stated.approvalsNeeded, 2, 'the same one')
  })
}

test('where the configuration names owners, only theirs is taken, and nothing is installed before', () => {
  const { world, patch, root } = patched()
  const { state } = world.appliance(WHO)
  state.settings = { ...state.settings, policyOwners: [ownerCalled('owner').keyid] }
  const order = orderFor(world, WHO, patch)
  deliver(world, WHO, sealedOrder(world, order))
  assert.match(lastReport(world)?.reason ?? '', /none of theirs has come/)
  holds(world, policyFor(root, { owners: [ownerCalled('mallory')], approvalsNeeded: 0 }, ['mallory']))
  assert.equal(heldVersion(world), null)
  holds(world, policyFor(root, { approvalsNeeded: 0 }))
  assert.equal(heldVersion(world), 1)
  assert.deepEqual(runs(world), [])
})

test('what is no policy, or is signed by somebody else than the Service Center, changes nothing', () => {
  const { world, root } = patched()
  holds(world, Buffer.from('{"payloadType":'))
  holds(world, policyFor(root), world.appliance('paris/primary').state.identity)
  assert.equal(heldVersion(world), null)
})

test('a membership that would move an appliance to an organization with less approvals is refused', () => {
  const { world, root } = patched()
  holds(world, policyFor(root, { organizations: [{ organization: 'lab' as never, approvalsNeeded: 0 }] }))
  const { state } = world.appliance(WHO)
  assert.ok(state.membership !== null)
  const { membership } = state
  const moved = { ...membership, enrolledAt: membership.enrolledAt + 1 }
  for (const place of [
    { organization: 'lab' },
    { dataCenter: 'lab' },
    { kind: 'tenant' },
    { role: 'primary' },
    { group: 'g' },
  ])
    deliver(world, WHO, seal(Membership, { ...moved, ...(place as object) }, world.center.signing))
  assert.equal(state.membership, membership)
  deliver(world, WHO, seal(Membership, { ...moved, name: 'renamed' as never }, world.center.signing))
  assert.equal(state.membership.name, 'renamed')
})

test('who is named for an organization counts there, and the others elsewhere', () => {
  const policy = {
    approvalsNeeded: 2,
    organizations: [{ organization: 'lab', approvalsNeeded: 0 }],
  } as unknown as Policy
  assert.equal(approvalsNeeded(policy, 'lab' as never), 0)
  assert.equal(approvalsNeeded(policy, 'acme' as never), 2)
})
