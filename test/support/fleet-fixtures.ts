/**
 * A fleet for tests of the HTTP side: the Service Center in this process, and what appliances would send it over the
 * network said by the test. It is signed with their keys and goes through the same `step` as in production.
 */
import type { InstallRecord } from '../../controller/core/records.ts'
import { depotOf } from '../../controller/core/replications.ts'
import type { Repository, ServiceCenter } from '../../controller/shell/ports.ts'
import { sha256, sha256Hex } from '../../protocol/hashing.ts'
import { type PeerId, SERVICE_PROVIDER, type Sha256 } from '../../protocol/identifiers.ts'
import type { Progress } from '../../protocol/messages.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { enrollingIdentity, enrollmentProof, proofKey } from '../../protocol/token.ts'
import { type SigningKey, seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { Detection, Receipt, Report, type ReportState } from '../../protocol/trust/statements.ts'
import { type SlotText, slotOf } from './fleet-slots.ts'
import { startServiceCenter } from './in-process-service-center.ts'
import { publicationOf } from './publication-fixtures.ts'

export type Fleet = {
  /** Where its database lies. */
  folder: string
  serviceCenter: ServiceCenter
  repository: Repository
  /** Publishes a patch of this size without its bytes; `upload` of the Service Center takes real ones. */
  publish(patch: {
    name: string
    version: string
    bytes?: number
    restart?: 'none' | 'service' | 'reboot'
    estimateSeconds?: number
    supersedes?: { name: string; version?: string }[]
    requires?: { name: string; version?: string }[]
    /** What its bytes are, where two files of one name and version are told apart. */
    content?: string
  }): Promise<Sha256>
  enroll(slot: SlotText): Promise<void>
  /** Another machine takes the place of this appliance, with a key of its own; it has not connected yet. */
  replace(appliance: string): Promise<void>
  /** With the life of another process where it is given. */
  connect(appliance: string, life?: string): Promise<void>
  disconnect(appliance: string): Promise<void>
  tellProgress(appliance: string, progress: Progress): Promise<void>
  sendReceipt(appliance: string, patch: Sha256): Promise<void>
  detect(
    appliance: string,
    patch: Sha256,
    result: 'applicable' | 'installed' | 'notApplicable',
    version: string,
    reason?: string,
  ): Promise<void>
  /** About the order that the appliance has; fails if it has none. */
  report(
    appliance: string,
    install: InstallRecord['id'],
    state: ReportState,
    words?: { reason?: string; output?: string; refusal?: RefusalCode | null; reportedAt?: number },
  ): Promise<void>
  close(): Promise<void>
}

/** Two Data Centers with a Service Provider pair each, and two organizations with a pair in each of them, connected. */
export async function standardFleet(): Promise<Fleet> {
  const fleet = await emptyFleet()
  for (const place of ['paris', 'tokyo']) {
    for (const role of ['primary', 'secondary'] as const) {
      await fleet.enroll({
        name: `${place}/${role}`,
        organization: 'Org 1000',
        dataCenter: place,
        kind: 'service-provider',
        role,
      })
    }
    for (const organization of ['acme', 'globex']) {
      for (const role of ['primary', 'secondary'] as const) {
        await fleet.enroll({
          name: `${organization}-${place}-${role}`,
          organization,
          dataCenter: place,
          kind: 'tenant',
          role,
        })
      }
    }
  }
  return fleet
}

export async function emptyFleet(): Promise<Fleet> {
  const running = await startServiceCenter({ mesh: keyOf('mesh').peer, signing: keyOf('signing') })
  const { serviceCenter, repository, happen } = running
  const { state } = serviceCenter
  let counter = 0

  const peerOf = (name: string): PeerId => keyOf(name).peer
  const recordOf = (name: string) => {
    const record = state.appliances.get(peerOf(name))
    if (record === undefined) throw new Error(`no appliance ${name} is enrolled`)
    return record
  }
  /** Service Provider appliances speak for themselves, others through the first of their depot. */
  const viaOf = (name: string): PeerId => {
    const { kind, dataCenter } = recordOf(name)
    const [depot] = depotOf(state, dataCenter)
    return kind === SERVICE_PROVIDER ? peerOf(name) : (depot?.peer ?? peerOf(name))
  }
  const sendLetter = <Statement>(name: string, type: Parameters<typeof seal<Statement>>[0], statement: Statement) =>
    happen({
      kind: 'control-received',
      peer: viaOf(name),
      message: {
        kind: 'letter',
        letter: { to: state.mesh, from: peerOf(name), envelope: seal(type, statement, keyOf(name)) },
      },
    })

  const letIn = async (slot: SlotText, { appliance, replaces }: { appliance: PeerId; replaces: PeerId | null }) => {
    const secret = sha256(Buffer.from(`token ${slot.name} ${appliance}`))
    const key = proofKey(secret)
    const enrolling = enrollingIdentity(secret).peer
    const issuedAt = Date.now()
    const token = {
      ...slotOf(slot),
      ...{ enrollingPeer: enrolling, proofKey: key, issuedAt, expiresAt: issuedAt + 3600_000, usedBy: null, replaces },
    }
    await repository.issueToken(token)
    await happen({ kind: 'token-issued', token })
    const proof = enrollmentProof(key, state.mesh, appliance)
    await happen({ kind: 'enrollment-requested', peer: enrolling, request: { version: 1, appliance, proof } })
  }

  const fleet: Fleet = {
    folder: running.folder,
    serviceCenter,
    repository,
    async publish({ name, version, bytes = 300 * 1024 * 1024, supersedes = [], content = '', ...impact }) {
      const digest = sha256Hex(Buffer.from(`${name}@${version}${content}`))
      const publication = publicationOf({ name, version, bytes, restart: 'none', ...impact, digest, supersedes })
      const hashes = sha256(Buffer.from(digest))
      await serviceCenter.carryOut({ kind: 'publish', actor: 'test', publication, hashes, signed: null })
      return digest
    },
    async enroll(slot) {
      await letIn(slot, { appliance: peerOf(slot.name), replaces: null })
      await fleet.connect(slot.name)
    },
    async replace(name) {
      const { organization, dataCenter, kind, role, group, peer } = recordOf(name)
      const slot = { name, organization, dataCenter, kind, role, group }
      await letIn(slot, { appliance: peerOf(`${name}, the next`), replaces: peer })
    },
    async connect(name, life = '0'.repeat(32)) {
      const greeting = {
        version: 1,
        addresses: [],
        rosterVersion: 0,
        counters: { gaps: [], newest: 0 },
        known: [],
        life,
        silenceMs: 30_000,
      } as const
      const [peer, via] = [peerOf(name), viaOf(name)]
      const message =
        via === peer ? ({ kind: 'greeting', greeting } as const) : ({ kind: 'attached', peer, greeting } as const)
      await happen({ kind: 'control-received', peer: via, message: structuredClone(message) as never })
    },
    async disconnect(name) {
      const [peer, via] = [peerOf(name), viaOf(name)]
      if (via === peer) await happen({ kind: 'control-closed', peer })
      else await happen({ kind: 'control-received', peer: via, message: { kind: 'detached', peer } })
    },
    tellProgress: (name, progress) =>
      happen({ kind: 'control-received', peer: peerOf(name), message: { kind: 'progress', progress } }),
    sendReceipt(name, patch) {
      const { peer, epoch } = recordOf(name)
      const receipt = {
        from: peer,
        epoch,
        counter: ++counter,
        sha256: patch,
        publishedAt: state.patches.get(patch)?.publication.publishedAt ?? 0,
        verifiedAt: Date.now(),
        source: state.mesh,
      }
      return sendLetter(name, Receipt, receipt)
    },
    detect(name, patch, result, installedVersion, reason = '') {
      const { peer, epoch } = recordOf(name)
      const detection = {
        from: peer,
        epoch,
        counter: ++counter,
        patch,
        result,
        installedVersion,
        reason,
        detectedAt: Date.now(),
      }
      return sendLetter(name, Detection, detection)
    },
    report(name, install, reportState, { reason = '', output = '', refusal = null, reportedAt = Date.now() } = {}) {
      const { peer, epoch } = recordOf(name)
      const target = state.targets.get(install)?.get(peer)
      if (target?.order == null) throw new Error(`${name} has no order of install ${install}: ${target?.reason}`)
      const patch = state.installs.get(install)?.patch as Sha256
      const installedVersion =
        reportState === 'installed' ? (state.patches.get(patch)?.publication.version ?? null) : null
      return sendLetter(name, Report, {
        ...{ from: peer, epoch, counter: ++counter, install, orderId: target.order.id, patch, state: reportState },
        ...{ reason, refusal, output, installedVersion, reportedAt },
      })
    },
    close: running.close,
  }
  return fleet
}

function keyOf(name: string): SigningKey {
  return signingKeyFromSeed(sha256(Buffer.from(name)))
}

/** All tenant appliances say that they have an older version. */
export async function everyoneNeeds(fleet: Fleet, patch: Sha256): Promise<void> {
  for (const { name, kind } of fleet.serviceCenter.state.appliances.values()) {
    if (kind === 'tenant') await fleet.detect(name, patch, 'applicable', '0.9')
  }
}

export function peerOf(fleet: Fleet, name: string): PeerId {
  const found = [...fleet.serviceCenter.state.appliances.values()].find((appliance) => appliance.name === name)
  if (found === undefined) throw new Error(`no appliance ${name} is enrolled`)
  return found.peer
}

/** Two machines fight for the key of this appliance. */
export async function useTwice(fleet: Fleet, appliance: string): Promise<void> {
  for (const life of ['c', '0', 'c']) {
    await fleet.disconnect(appliance)
    await fleet.connect(appliance, life.repeat(32))
  }
}
