/**
 * A running fleet with a policy, and then its Service Center is stolen: the folder copied, the keys used. Real processes on
 * loopback; what is refused is told by the appliance itself, and what is installed is looked for on its disk.
 */
import { randomBytes } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askForAuthorizations, handOnPolicy, sendApprovals } from '../../controller/cli/approvals-client.ts'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import * as identifiers from '../../protocol/identifiers.ts'
import { isRefusal, RefusedError } from '../../protocol/refusals.ts'
import { readToken } from '../../protocol/token.ts'
import { AUTHORIZATION_DOCUMENT } from '../../protocol/trust/authorization.ts'
import { POLICY_DOCUMENT } from '../../protocol/trust/policy.ts'
import { readDocument, signatureOver } from '../../protocol/trust/signed-document.ts'
import { Membership, Order, PolicyNotice, type Report } from '../../protocol/trust/statements.ts'
import { hasEnded } from '../checkers/evidence.ts'
import { Fleet } from '../processes/fleet.ts'
import { personKey, policyFor } from '../world/approving.ts'
import { type Loot, orderAttempts, policyAttempts } from './attempts.ts'
import { StolenServiceCenter } from './stolen-service-center.ts'

const VICTIM = 'depot'
const ORGANIZATION = identifiers.OrganizationName.parse('Provider')
const ANSWERED_WITHIN_MS = 30_000

export type Tried = { readonly what: string; readonly refusal: string | null }

/** `tell` hears of each attempt as it ends. */
export async function runAttack(tell: (tried: Tried) => void, progress: (line: string) => void): Promise<Tried[]> {
  const fleet = await Fleet.start()
  try {
    progress('A fleet with a policy: two of maria, jonas and petra approve each install.')
    const slot = {
      name: identifiers.ApplianceName.parse(VICTIM),
      organization: ORGANIZATION,
      ...{ dataCenter: identifiers.DataCenterName.parse('Paris'), kind: identifiers.SERVICE_PROVIDER },
      ...{ role: 'primary' as const, group: identifiers.GroupName.parse('depot') },
    }
    await fleet.addAll([slot])
    progress('The appliance is enrolled.')
    const token = readToken(
      await fleet.token({ ...slot, name: identifiers.ApplianceName.parse('other'), role: 'secondary' }),
    )
    if (isRefusal(token)) throw new RefusedError(token)
    const lab = { organization: identifiers.OrganizationName.parse('Lab'), approvalsNeeded: 0 }
    // The first asks for nobody's approval, so whoever could go back to it would be seen to install.
    const policies = [{ version: 1, approvalsNeeded: 0 }, { version: 2 }].map((differently) =>
      policyFor(token.root, { organizations: [lab], ...differently }),
    )
    for (const document of policies) await handOnPolicy(fleet.api.exchange, document)
    progress('The policy is handed on; 1.0.0 is uploaded, approved and installed.')
    const older = await installApproved(fleet, await upload(fleet, '1.0.0'))
    progress('So is 2.0.0.')
    const newer = await installApproved(fleet, await upload(fleet, '2.0.0'))
    const unapproved = await upload(fleet, '3.0.0')
    progress('1.0.0 and 2.0.0 were approved and are installed. Now the Service Center is stolen.')
    const peer = (await fleet.api.appliances())[0]?.peer as identifiers.PeerId
    await fleet.serviceCenter.stop()
    const copy = join(fleet.folder, 'stolen')
    await cp(join(fleet.folder, 'service-center'), copy, { recursive: true })
    const thief = await StolenServiceCenter.start(copy, fleet.meshAddress)
    try {
      await fleet.until('the appliance greets it', () => Promise.resolve(thief.isSpokenToBy(peer)), Boolean)
      const membership: Membership = {
        ...{ ...slot, appliance: peer, epoch: 1, serviceCenter: token.serviceCenter, enrolledAt: Date.now() },
      }
      const loot: Loot = { membership, older, newer, unapproved }
      return await attack({ fleet, thief, peer, loot, policies, tell })
    } finally {
      await thief.stop()
    }
  } finally {
    await fleet.stop()
  }
}

type Scene = {
  readonly fleet: Fleet
  readonly thief: StolenServiceCenter
  readonly peer: identifiers.PeerId
  readonly loot: Loot
  readonly policies: readonly Uint8Array[]
  readonly tell: (tried: Tried) => void
}

async function attack(scene: Scene): Promise<Tried[]> {
  const { fleet, thief, peer, loot, policies, tell } = scene
  const all: Tried[] = []
  const ended = (what: string, refusal: string | null): void => {
    all.push({ what, refusal })
    tell({ what, refusal })
  }
  const installed = async (): Promise<string> =>
    (await readFile(join(fleet.folderOf(VICTIM), 'root/opt/wanted/version'), 'utf8')).trim()
  const log = (): string => fleet.daemon(VICTIM).log
  let sequence = Date.now() + 3_600_000
  for (const { what, order } of orderAttempts(loot)) {
    const report = await answerTo(scene, what, { ...order, sequence: (sequence += 1) })
    ended(what, report?.state === 'refused' && (await installed()) === '2.0.0' ? report.reason : null)
  }
  const held = readDocument(POLICY_DOCUMENT, policies[1] ?? new Uint8Array())
  if (isRefusal(held)) throw new RefusedError(held)
  for (const { what, document } of policyAttempts(held.stated, policies[0] ?? new Uint8Array())) {
    thief.say(peer, PolicyNotice, { document })
    // A lower policy would let this order through: by the words of its refusal one sees which policy holds.
    const report = await answerTo(scene, what, { sequence: (sequence += 1) })
    const holds = report?.state === 'refused' && report.refusal === 'not_approved'
    ended(what, holds ? `it does not hold: ${report.reason}` : null)
  }
  const seen = log().length
  const lab = identifiers.OrganizationName.parse('Lab')
  thief.say(peer, Membership, { ...loot.membership, organization: lab, enrolledAt: Date.now() })
  const refusal = await fleet.until(
    'the membership is refused',
    () => Promise.resolve(/membership refused: [^"]*/.exec(log().slice(seen))?.[0]),
    (line) => line !== undefined,
  )
  ended('a membership of its own making', refusal ?? null)
  return all
}

/** Gives an order for the unapproved patch, but for what `differently` says, and waits for how it ends. */
async function answerTo(
  { fleet, thief, peer, loot }: Scene,
  what: string,
  differently: Partial<Order>,
): Promise<Report | undefined> {
  const orderId = identifiers.OrderId.parse(randomBytes(16).toString('hex'))
  const { organization, dataCenter } = loot.membership
  thief.say(peer, Order, {
    ...{ to: peer, orderId, sequence: 0, attempt: 1, action: 'install', organization, dataCenter },
    ...{ install: loot.newer.authorization.install, patch: loot.unapproved, allowOutage: false },
    ...{ issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000, after: null, continues: null, stages: [] },
    ...differently,
  })
  return fleet.until(
    `${what}: the order is answered`,
    () => Promise.resolve(thief.reports.get(orderId)),
    (report) => report !== undefined && hasEnded(report.state),
    ANSWERED_WITHIN_MS,
  )
}

async function upload(fleet: Fleet, version: string): Promise<identifiers.Sha256> {
  const out = join(fleet.folder, `wanted-${version}.patch`)
  await writeExampleBundle({
    name: identifiers.PatchName.parse('wanted'),
    version: identifiers.PatchVersion.parse(version),
    out,
  })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    `${version} is replicated`,
    () => fleet.api.patch(id),
    ({ replications: { complete, total } }) => complete === total,
  )
  return id
}

async function installApproved(fleet: Fleet, patch: identifiers.Sha256): Promise<Loot['older']> {
  const wanted = { patch, organizations: [ORGANIZATION], dataCenter: 'All', allowOutage: true }
  const { id } = await fleet.api.startInstall(wanted)
  const { exchange } = fleet.api
  const [asked] = await askForAuthorizations(exchange, id)
  const document = Buffer.from(asked?.document ?? '')
  const read = readDocument(AUTHORIZATION_DOCUMENT, document)
  if (isRefusal(read) || asked === undefined) throw new Error(`install ${id} asks for no approval`)
  const approvals = ['maria', 'jonas'].map((name) => ({
    digest: asked.digest,
    ...signatureOver(AUTHORIZATION_DOCUMENT, read, personKey(name)),
  }))
  const [approved] = await sendApprovals(exchange, id, approvals)
  await fleet.until(
    'the install ends',
    () => fleet.api.install(id),
    (install) => {
      if (install.state !== 'done' && !isUnderWay(install.state)) throw new Error(JSON.stringify(install))
      return install.state === 'done'
    },
  )
  return { patch, authorization: read.stated, document: Buffer.from(approved?.document ?? '') }
}
