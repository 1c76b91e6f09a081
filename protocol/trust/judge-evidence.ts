/**
 * Checks the evidence of an install, and tells what it proves: a pure function, the same at the Service Center, which shows
 * it, and offline, where somebody doubts it. Each thing that is wrong is one sentence; what a statement says that is wrong
 * counts for nothing.
 */
import type { PeerId } from '../identifiers.ts'
import { isRefusal, type Refusal } from '../refusals.ts'
import { envelopeDigest, open } from './envelope.ts'
import { type ApplianceEvidence, digestsIn, type Evidence, InstallAccount } from './evidence.ts'
import { Detection, Membership, Order, Publication, Report } from './statements.ts'

/** All times are milliseconds since 1970 in UTC, by the clock of whoever signed. */
export type Seen = Pick<Detection, 'result' | 'installedVersion' | 'reason' | 'detectedAt'>
export type Step = Pick<Report, 'state' | 'reason' | 'output' | 'installedVersion' | 'reportedAt'> & {
  /** Which of its attempts it belongs to. */
  attempt: number
}
export type Interruption = { readonly from: number; readonly until: number | null }

export type ApplianceFindings = Pick<
  Membership,
  'name' | 'organization' | 'dataCenter' | 'kind' | 'role' | 'group' | 'epoch'
> & {
  peer: PeerId
  orders: Pick<Order, 'attempt' | 'issuedAt' | 'allowOutage'>[]
  steps: Step[]
  /** The last look before its first step, and the first one after its last, since later installs change what is there. */
  before: Seen | null
  after: Seen | null
  /** When it did not serve because of this install, from the installer's start to the end of its attempt. */
  interrupted: Interruption[]
}

export type GroupFindings = {
  dataCenter: string
  group: string
  members: string[]
  /** In which one member served for the others, in milliseconds. */
  unprotectedMs: number
  /** Whether at some moment none served, as far as their clocks agree. */
  outage: boolean
}

export type EvidenceFindings = {
  /** Null where it is not signed as it should be. */
  account: InstallAccount | null
  publication: Publication | null
  signingKey: PeerId
  appliances: ApplianceFindings[]
  groups: GroupFindings[]
  /** What is wrong with the file; it proves what it says where there is nothing. */
  wrong: string[]
}

/** `signingKey` is that of the Service Center as the reader knows it, or null to believe the one that the file names. */
export function judgeEvidence(evidence: Evidence, signingKey: PeerId | null): EvidenceFindings {
  const wrong: string[] = []
  const signer = signingKey ?? evidence.signingKey
  if (evidence.signingKey !== signer) {
    wrong.push(`it says that ${evidence.signingKey} signed it, and the Service Center's key is ${signer}`)
  }
  const account = believed(open(InstallAccount, evidence.account, [signer]), 'the account of the install', wrong)
  const publication = believed(open(Publication, evidence.publication, [signer]), 'the publication', wrong)
  if (account !== null) {
    if (publication !== null && publication.sha256 !== account.patch) {
      wrong.push(`it has the publication of ${publication.sha256}, and ${account.patch} was installed`)
    }
    wrong.push(...missingOrAdded(evidence, account))
  }
  const isInterrupting = publication?.manifest.impact.restart !== 'none'
  const appliances = evidence.appliances.flatMap((one) => {
    const found = judgeAppliance(one, { account, signer, isInterrupting, wrong })
    return found === null ? [] : [found]
  })
  return { account, publication, signingKey: signer, appliances, groups: groupsOf(appliances), wrong }
}

function missingOrAdded(evidence: Evidence, account: InstallAccount): string[] {
  const there = new Set(digestsIn(evidence))
  const named = new Set(account.statements)
  const missing = account.statements.filter((digest) => !there.has(digest))
  const added = [...there].filter((digest) => !named.has(digest))
  return [
    ...missing.map((digest) => `a statement that was made is not in it: ${digest}`),
    ...added.map((digest) => `a statement is in it that the Service Center did not name: ${digest}`),
  ]
}

type Given = {
  readonly account: InstallAccount | null
  readonly signer: PeerId
  readonly isInterrupting: boolean
  readonly wrong: string[]
}

function judgeAppliance(evidence: ApplianceEvidence, given: Given): ApplianceFindings | null {
  const { peer, membership } = evidence
  const { account, signer, isInterrupting, wrong } = given
  const member = believed(open(Membership, membership, [signer]), `the membership of ${peer}`, wrong)
  if (member === null) return null
  const { name, organization, dataCenter, kind, role, group, epoch } = member
  if (member.appliance !== peer) wrong.push(`${name}: its membership is that of ${member.appliance}`)
  if (account !== null && organization !== account.organization) wrong.push(`${name}: it belongs to ${organization}`)
  const { orders, reports, detections } = sortedOut(evidence, name, given)
  const steps = reports.flatMap((report): Step[] => {
    const order = orders.find(({ orderId }) => orderId === report.orderId)
    if (order === undefined) wrong.push(`${name}: it reports of the order ${report.orderId}, which is not there`)
    const { state, reason, output, installedVersion, reportedAt } = report
    return order === undefined ? [] : [{ attempt: order.attempt, state, reason, output, installedVersion, reportedAt }]
  })
  const first = reports[0]?.counter ?? Number.POSITIVE_INFINITY
  const last = reports.at(-1)?.counter ?? Number.POSITIVE_INFINITY
  return {
    ...{ peer, name, organization, dataCenter, kind, role, group, epoch },
    orders: orders.map(({ attempt, issuedAt, allowOutage }) => ({ attempt, issuedAt, allowOutage })),
    steps,
    before: seen(detections.findLast(({ counter }) => counter < first)),
    after: seen(detections.find(({ counter }) => counter > last)) ?? whatWasReported(reports.at(-1)),
    interrupted: isInterrupting ? interruptions(steps) : [],
  }
}

type Sorted = { orders: Order[]; reports: Report[]; detections: Detection[] }

/** What counts of the statements about one appliance, in the order in which it told. */
function sortedOut({ peer, statements }: ApplianceEvidence, name: string, { account, signer, wrong }: Given): Sorted {
  const orders: Order[] = []
  const reports: Report[] = []
  const detections: Detection[] = []
  for (const envelope of statements) {
    const what = `${name}: its statement ${envelopeDigest(envelope)}`
    switch (envelope.payloadType) {
      case Order.payloadType: {
        const order = believed(open(Order, envelope, [signer]), what, wrong)
        if (order === null) break
        if (order.to !== peer) wrong.push(`${what} is an order to ${order.to}`)
        else if (account !== null && (order.install !== account.install || order.patch !== account.patch))
          wrong.push(`${what} is an order of another install`)
        else orders.push(order)
        break
      }
      case Report.payloadType: {
        const report = believed(open(Report, envelope, [peer]), what, wrong)
        if (report === null) break
        if (report.from !== peer) wrong.push(`${what} speaks for ${report.from}`)
        else if (account !== null && (report.install !== account.install || report.patch !== account.patch))
          wrong.push(`${what} is a report of another install`)
        else reports.push(report)
        break
      }
      default: {
        const detection = believed(open(Detection, envelope, [peer]), what, wrong)
        if (detection === null) break
        if (detection.from !== peer) wrong.push(`${what} speaks for ${detection.from}`)
        else if (account !== null && detection.patch !== account.patch) wrong.push(`${what} is about another patch`)
        else detections.push(detection)
      }
    }
  }
  const byCounter = (one: { counter: number }, other: { counter: number }): number => one.counter - other.counter
  orders.sort((one, other) => one.sequence - other.sequence)
  return { orders, reports: reports.sort(byCounter), detections: detections.sort(byCounter) }
}

function believed<Told>(told: Told, what: string, wrong: string[]): Exclude<Told, Refusal> | null {
  if (!isRefusal(told)) return told as Exclude<Told, Refusal>
  wrong.push(`${what} is not to be believed: ${told.message}`)
  return null
}

function seen(detection: Detection | undefined): Seen | null {
  if (detection === undefined) return null
  const { result, installedVersion, reason, detectedAt } = detection
  return { result, installedVersion, reason, detectedAt }
}

/** An attempt that ends installed was detected then; the detection is in its report. */
function whatWasReported(report: Report | undefined): Seen | null {
  if (report?.state !== 'installed') return null
  const { installedVersion, reason, reportedAt } = report
  return { result: 'installed', installedVersion, reason, detectedAt: reportedAt }
}

/** From each start of the installer to the next state in which its attempt has ended. */
function interruptions(steps: readonly Step[]): Interruption[] {
  const found: Interruption[] = []
  let from: number | null = null
  for (const { state, reportedAt } of steps) {
    if (state === 'installing') from ??= reportedAt
    else if (from !== null && ENDED.has(state)) {
      found.push({ from, until: reportedAt })
      from = null
    }
  }
  if (from !== null) found.push({ from, until: null })
  return found
}
const ENDED: ReadonlySet<string> = new Set(['installed', 'failed', 'reverted', 'refused', 'cancelled'])

function groupsOf(appliances: readonly ApplianceFindings[]): GroupFindings[] {
  const groups = Map.groupBy(appliances, ({ dataCenter, group }) => `${dataCenter} ${group}`)
  return [...groups.values()].flatMap((members): GroupFindings[] => {
    const [one] = members
    if (one === undefined) return []
    const { dataCenter, group } = one
    const ended = members.map(({ interrupted }) => interrupted.filter(hasEnded))
    const unprotectedMs = ended.flat().reduce((sum, { from, until }) => sum + Math.max(0, until - from), 0)
    const outage = members.length > 1 && ended.reduce(bothInterrupted).length > 0
    return [{ dataCenter, group, members: members.map(({ name }) => name), unprotectedMs, outage }]
  })
}

type Ended = { readonly from: number; readonly until: number }

function hasEnded(interruption: Interruption): interruption is Ended {
  return interruption.until !== null
}

/** When both were interrupted. */
function bothInterrupted(some: readonly Ended[], others: readonly Ended[]): Ended[] {
  return some.flatMap((one) =>
    others.flatMap((other): Ended[] => {
      const from = Math.max(one.from, other.from)
      const until = Math.min(one.until, other.until)
      return from < until ? [{ from, until }] : []
    }),
  )
}
