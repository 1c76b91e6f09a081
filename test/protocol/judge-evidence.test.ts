/**
 * The evidence of an install: what a right file proves, and that one in which anything was changed, left out or added is
 * never taken for right.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PeerId } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import {
  type Envelope,
  envelopeDigest,
  type SigningKey,
  seal,
  signingKeyFromSeed,
} from '../../protocol/trust/envelope.ts'
import { digestsIn, type Evidence, InstallAccount, readEvidence, writeEvidence } from '../../protocol/trust/evidence.ts'
import { judgeEvidence } from '../../protocol/trust/judge-evidence.ts'
import { Detection, Membership, Order, Publication, Report } from '../../protocol/trust/statements.ts'
import { publication, root } from './samples.ts'

const AT = 1_790_000_000_000
const MINUTE = 60_000
const install = 'ab'.repeat(16)
const patch = publication.sha256
const secondary = signingKeyFromSeed(new Uint8Array(32).fill(7))
const primary = signingKeyFromSeed(new Uint8Array(32).fill(8))
const stranger = signingKeyFromSeed(new Uint8Array(32).fill(9))
const names = new Map<PeerId, string>([
  [secondary.peer, 'acme-secondary'],
  [primary.peer, 'acme-primary'],
])

function membershipOf({ peer }: SigningKey, organization = 'acme'): Envelope {
  const place = { organization, dataCenter: 'paris', kind: 'tenant', role: 'primary', group: 'pair' }
  const who = { appliance: peer, name: names.get(peer), epoch: 1, serviceCenter: root.peer, enrolledAt: AT }
  return seal(Membership, Membership.schema.parse({ ...place, ...who }), root)
}

function orderTo({ peer }: SigningKey, of: { install?: string; attempt?: number } = {}): Envelope {
  const order = Order.schema.parse({
    ...{ to: peer, orderId: orderId(peer, of.attempt), sequence: of.attempt ?? 1, install: of.install ?? install },
    ...{ attempt: of.attempt ?? 1, action: 'install', patch, allowOutage: false, organization: 'acme' },
    ...{ dataCenter: 'paris', issuedAt: AT, expiresAt: AT + 60 * MINUTE, after: null, continues: null, stages: [] },
  })
  return seal(Order, order, root)
}
function orderId(peer: PeerId, attempt = 1): string {
  return Buffer.from(peer).toString('hex').slice(-30) + String(attempt).padStart(2, '0')
}

/** The counter is the minute, so that what is told later counts more. */
function reportOf(key: SigningKey, state: string, minute: number, words: { output?: string; attempt?: number } = {}) {
  const report = Report.schema.parse({
    ...{ from: key.peer, epoch: 1, counter: minute, install, orderId: orderId(key.peer, words.attempt), patch, state },
    ...{ reason: 'because', refusal: null, output: words.output ?? '' },
    ...{ installedVersion: state === 'installed' ? '1.0' : null, reportedAt: AT + minute * MINUTE },
  })
  return seal(Report, report, key)
}
function detectionOf(key: SigningKey, result: string, minute: number): Envelope {
  const detection = Detection.schema.parse({
    ...{
      from: key.peer,
      epoch: 1,
      counter: minute,
      patch,
      result,
      installedVersion: result === 'installed' ? '1.0' : '0.9',
    },
    ...{ reason: '', detectedAt: AT + minute * MINUTE },
  })
  return seal(Detection, detection, key)
}

const told = (key: SigningKey, from: number): Envelope[] => [
  detectionOf(key, 'applicable', 1),
  orderTo(key),
  reportOf(key, 'preflight', from),
  reportOf(key, 'installing', from + 1),
  reportOf(key, 'verifying', from + 3),
  reportOf(key, 'installed', from + 5),
]

/** Signed over whatever the file has, unless it says that something else was there. */
function evidenceWith(
  changes: Partial<Evidence> & { signer?: SigningKey; organization?: string; named?: Evidence } = {},
): Evidence {
  const { signer = root, organization = 'acme', named, ...rest } = changes
  const content = {
    publication: seal(Publication, publication, root),
    appliances: [
      { peer: secondary.peer, membership: membershipOf(secondary), statements: told(secondary, 10) },
      { peer: primary.peer, membership: membershipOf(primary), statements: told(primary, 20) },
    ],
    ...rest,
  }
  const account = InstallAccount.schema.parse({
    ...{ install, patch, organization, dataCenter: 'All', startedBy: 'Ana', startedAt: AT, allowOutage: false },
    ...{ outsideWindows: false, state: 'done', reason: '', statements: digestsIn(named ?? content), madeAt: AT },
  })
  return { signingKey: signer.peer, account: seal(InstallAccount, account, signer), ...content }
}
const [itsSecondary, itsPrimary] = evidenceWith().appliances
assert.ok(itsSecondary !== undefined && itsPrimary !== undefined)

test('a right file says what each member had before and after, and when it did not serve', () => {
  const findings = judgeEvidence(evidenceWith(), root.peer)
  assert.deepEqual(findings.wrong, [])
  assert.equal(findings.account?.startedBy, 'Ana')
  assert.deepEqual(
    findings.appliances.map(({ name, before, after, interrupted }) => [
      ...[name, before?.installedVersion, before?.result, after?.installedVersion, after?.result],
      interrupted.map(({ from, until }) => [(from - AT) / MINUTE, ((until ?? 0) - AT) / MINUTE]),
    ]),
    [
      ['acme-secondary', '0.9', 'applicable', '1.0', 'installed', [[11, 15]]],
      ['acme-primary', '0.9', 'applicable', '1.0', 'installed', [[21, 25]]],
    ],
  )
  const group = { dataCenter: 'paris', group: 'pair', members: ['acme-secondary', 'acme-primary'] }
  assert.deepEqual(findings.groups, [{ ...group, unprotectedMs: 8 * MINUTE, outage: false }])
})

test('what a later install has changed is not what an appliance had after this one', () => {
  const statements = [
    ...told(secondary, 10),
    detectionOf(secondary, 'installed', 16),
    detectionOf(secondary, 'applicable', 90),
  ]
  const [found] = judgeEvidence(evidenceWith({ appliances: [{ ...itsSecondary, statements }] }), null).appliances
  assert.deepEqual([found?.after?.installedVersion, found?.after?.detectedAt], ['1.0', AT + 16 * MINUTE])
})

test('members that did not serve at the same moment are an outage', () => {
  const appliances = [itsSecondary, { ...itsPrimary, statements: told(primary, 13) }]
  assert.equal(judgeEvidence(evidenceWith({ appliances }), null).groups[0]?.outage, true)
})

test('an attempt that was put back and tried again has two interruptions, and what was printed', () => {
  const statements = [
    orderTo(secondary),
    reportOf(secondary, 'installing', 2),
    reportOf(secondary, 'reverted', 4, { output: 'no room' }),
    orderTo(secondary, { attempt: 2 }),
    reportOf(secondary, 'installing', 7, { attempt: 2 }),
  ]
  const findings = judgeEvidence(evidenceWith({ appliances: [{ ...itsSecondary, statements }] }), null)
  const [found] = findings.appliances
  assert.deepEqual(findings.wrong, [])
  assert.deepEqual(found?.interrupted, [
    { from: AT + 2 * MINUTE, until: AT + 4 * MINUTE },
    { from: AT + 7 * MINUTE, until: null },
  ])
  assert.deepEqual(
    found?.steps.map(({ attempt, state, output }) => [attempt, state, output]),
    [
      [1, 'installing', ''],
      [1, 'reverted', 'no room'],
      [2, 'installing', ''],
    ],
  )
  assert.equal(found?.after, null, 'nobody looked after that')
})

test('a file comes back from its JSON as it was', () => {
  const written = JSON.stringify(writeEvidence(evidenceWith()))
  const read = readEvidence(written)
  assert.ok(!isRefusal(read))
  assert.equal(JSON.stringify(writeEvidence(read)), written)
  assert.deepEqual(judgeEvidence(read, root.peer), judgeEvidence(evidenceWith(), root.peer))
})

describe('a file is not right', () => {
  const changed = (envelope: Envelope): Envelope => {
    const payload = new Uint8Array(envelope.payload)
    payload[payload.length - 1] = (payload.at(-1) ?? 0) ^ 1
    return { ...envelope, payload }
  }
  const secondaryWith = (statements: Envelope[]) => [{ ...itsSecondary, statements }, itsPrimary]
  const table: [why: string, evidence: () => Evidence, wrong: RegExp][] = [
    [
      'when another key signed it than the reader knows',
      () => evidenceWith({ signer: stranger }),
      /and the Service Center's key is/,
    ],
    [
      'when its account was signed by somebody else',
      () => ({ ...evidenceWith({ signer: stranger }), signingKey: root.peer }),
      /the account of the install is not to be believed/,
    ],
    [
      'when one bit of its account was changed',
      () => ({ ...evidenceWith(), account: changed(evidenceWith().account) }),
      /the account of the install is not to be believed/,
    ],
    [
      'when a report was left out',
      () => evidenceWith({ named: evidenceWith(), appliances: secondaryWith(itsSecondary.statements.slice(0, -1)) }),
      /a statement that was made is not in it/,
    ],
    [
      'when an appliance was left out',
      () => evidenceWith({ named: evidenceWith(), appliances: [itsSecondary] }),
      /a statement that was made is not in it/,
    ],
    [
      'when a report was added',
      () =>
        evidenceWith({
          named: evidenceWith(),
          appliances: secondaryWith([...itsSecondary.statements, reportOf(secondary, 'failed', 40)]),
        }),
      /that the Service Center did not name/,
    ],
    [
      'when one bit of a report was changed',
      () =>
        evidenceWith({
          appliances: secondaryWith(itsSecondary.statements.map((one, at) => (at === 3 ? changed(one) : one))),
        }),
      /acme-secondary: its statement \w+ is not to be believed/,
    ],
    [
      'when a report was signed by the other member',
      () => evidenceWith({ appliances: secondaryWith([orderTo(secondary), reportOf(primary, 'installed', 9)]) }),
      /is not to be believed/,
    ],
    [
      'when an order was signed by an appliance',
      () =>
        evidenceWith({
          appliances: secondaryWith([
            seal(
              Order,
              Order.schema.parse({
                to: secondary.peer,
                orderId: orderId(secondary.peer),
                sequence: 1,
                install,
                attempt: 1,
                action: 'install',
                patch,
                allowOutage: false,
                organization: 'acme',
                dataCenter: 'paris',
                issuedAt: AT,
                expiresAt: AT,
                after: null,
                continues: null,
                stages: [],
              }),
              secondary,
            ),
          ]),
        }),
      /is not to be believed/,
    ],
    [
      'when an order is of another install',
      () => evidenceWith({ appliances: secondaryWith([orderTo(secondary, { install: 'cd'.repeat(16) })]) }),
      /is an order of another install/,
    ],
    [
      'when an order is to the other member',
      () => evidenceWith({ appliances: secondaryWith([orderTo(primary)]) }),
      /is an order to /,
    ],
    [
      'when a report is of an order that is not there',
      () => evidenceWith({ appliances: secondaryWith([reportOf(secondary, 'installed', 9)]) }),
      /it reports of the order/,
    ],
    [
      'when an appliance is of another organization',
      () => evidenceWith({ appliances: [{ ...itsSecondary, membership: membershipOf(secondary, 'globex') }] }),
      /it belongs to globex/,
    ],
    [
      'when a membership is that of the other member',
      () => evidenceWith({ appliances: [{ ...itsSecondary, membership: membershipOf(primary) }] }),
      /its membership is that of/,
    ],
    [
      'when the publication is of another patch',
      () =>
        evidenceWith({
          publication: seal(Publication, { ...publication, sha256: envelopeDigest(orderTo(primary)) }, root),
        }),
      /it has the publication of/,
    ],
  ]
  for (const [why, evidence, wrong] of table) {
    test(why, () => assert.match(judgeEvidence(evidence(), root.peer).wrong.join('\n'), wrong))
  }

  for (const [why, text] of [
    ['when it is no JSON', 'no'],
    ['when it is something else', '{"format":"a list"}'],
    ['when it has more than it should', JSON.stringify({ ...writeEvidence(evidenceWith()), more: 1 })],
    ['when it is cut off', JSON.stringify(writeEvidence(evidenceWith())).slice(0, -100)],
  ] as const) {
    test(why, () => assert.ok(isRefusal(readEvidence(text))))
  }
})
