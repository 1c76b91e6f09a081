/**
 * A Service Center in this process for tests of its HTTP side: the real core, the real database in a temporary folder
 * and the real intake; only the network is missing. What appliances would send over it, a test says with the functions
 * of `Fleet`; it is signed with their keys and goes through the same `step` as in production.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ServiceCenterEvent } from '../../controller/core/effects.ts'
import type { InstallRecord } from '../../controller/core/records.ts'
import { emptyState } from '../../controller/core/state.ts'
import { step } from '../../controller/core/step.ts'
import { receiveUpload } from '../../controller/shell/intake/receive-upload.ts'
import type { Repository, ServiceCenter, Topic } from '../../controller/shell/ports.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { type SigningKey, seal, signingKeyFromSeed } from '../../protocol/envelope.ts'
import { sha256, sha256Hex } from '../../protocol/hashing.ts'
import { type PeerId, SERVICE_PROVIDER, Sha256 } from '../../protocol/identifiers.ts'
import type { Progress } from '../../protocol/messages.ts'
import { pieceLengthBytes } from '../../protocol/pieces.ts'
import { seededRandom } from '../../protocol/random.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { Detection, Publication, Receipt, Report, type ReportState } from '../../protocol/statements.ts'
import { enrollingIdentity, enrollmentProof, proofKey } from '../../protocol/token.ts'
import { type SlotText, slotOf } from './fleet-slots.ts'

export type Fleet = {
  serviceCenter: ServiceCenter
  repository: Repository
  /** Publishes a patch of this size without its bytes; `upload` of the Service Center takes real ones. */
  publish(patch: { name: string; version: string; bytes?: number; restart?: 'none' | 'service' }): Promise<Sha256>
  enroll(slot: SlotText): Promise<void>
  connect(appliance: string): Promise<void>
  disconnect(appliance: string): Promise<void>
  tellProgress(appliance: string, progress: Progress): Promise<void>
  sendReceipt(appliance: string, patch: Sha256): Promise<void>
  detect(
    appliance: string,
    patch: Sha256,
    result: 'applicable' | 'installed' | 'notApplicable',
    version: string,
  ): Promise<void>
  /** About the order that the appliance has; fails if it has none. */
  report(
    appliance: string,
    install: InstallRecord['id'],
    state: ReportState,
    words?: { reason?: string; output?: string },
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
  const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-fleet-'))
  const signing = keyOf('signing')
  const repository = await openRepository({ folder, root: signing.peer })
  const state = emptyState({ mesh: keyOf('mesh').peer, signing }, seededRandom(1))
  const listeners = new Set<(topic: Topic) => void>()
  const replies = new Map<number, (reply: never) => void>()
  let line: Promise<void> = Promise.resolve()
  let counter = 0

  const tick = (): ServiceCenterEvent => ({
    kind: 'tick',
    clock: { monotonicMs: performance.now(), wallMs: Date.now() },
  })
  const happen = (event: ServiceCenterEvent): Promise<void> => {
    line = line.then(async () => {
      for (const effect of [...step(state, tick()), ...step(state, event)]) {
        if (effect.kind === 'commit') await repository.commit(effect.changes)
        else if (effect.kind === 'changed') for (const listener of listeners) listener(effect.topic)
        else if (effect.kind === 'reply') replies.get(effect.id)?.(effect.reply as never)
      }
    })
    return line
  }
  const peerOf = (name: string): PeerId => keyOf(name).peer
  const recordOf = (name: string) => {
    const record = state.appliances.get(peerOf(name))
    if (record === undefined) throw new Error(`no appliance ${name} is enrolled`)
    return record
  }
  /** Service Provider appliances speak for themselves, others through the first of their depot. */
  const viaOf = (name: string): PeerId => {
    const { kind, dataCenter } = recordOf(name)
    const depots = [...state.appliances.values()].filter(
      (other) => other.dataCenter === dataCenter && other.kind === SERVICE_PROVIDER,
    )
    return kind === SERVICE_PROVIDER ? peerOf(name) : (depots[0]?.peer ?? peerOf(name))
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

  const serviceCenter: ServiceCenter = {
    state,
    async carryOut(command) {
      const id = ++counter
      const { promise, resolve } = Promise.withResolvers<never>()
      replies.set(id, resolve)
      await happen({ kind: 'command', id, command })
      return promise
    },
    async upload({ body, filename, actor, expectedBytes }) {
      const received = await receiveUpload({ body, filename, folder, expectedBytes })
      if (isRefusal(received)) return received
      await rm(received.path)
      const { bytes, sha256: digest, hashes, pieceLength, format, manifest } = received
      const { name, version } = manifest
      const root = sha256Hex(hashes)
      const publication = { name, version, bytes, sha256: digest, pieceLength, piecesRoot: root, format, manifest }
      const reply = await serviceCenter.carryOut({ kind: 'publish', actor, publication, hashes })
      return reply as Refusal | { patch: Sha256; created: boolean }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    notReady: () => null,
    get connectedPeers() {
      return new Set(state.sessions.keys())
    },
  }

  const fleet: Fleet = {
    serviceCenter,
    repository,
    async publish({ name, version, bytes = 300 * 1024 * 1024, restart = 'none' }) {
      const digest = sha256Hex(Buffer.from(`${name}@${version}`))
      const publication = publicationOf({ name, version, bytes, restart, digest })
      await serviceCenter.carryOut({ kind: 'publish', actor: 'test', publication, hashes: sha256(Buffer.from(digest)) })
      return digest
    },
    async enroll(slot) {
      const secret = sha256(Buffer.from(`token ${slot.name}`))
      const key = proofKey(secret)
      const enrolling = enrollingIdentity(secret).peer
      const issuedAt = Date.now()
      const token = {
        ...slotOf(slot),
        enrollingPeer: enrolling,
        proofKey: key,
        issuedAt,
        expiresAt: issuedAt + 3600_000,
        usedBy: null,
      }
      await repository.issueToken(token)
      await happen({ kind: 'token-issued', token })
      const appliance = peerOf(slot.name)
      const proof = enrollmentProof(key, state.mesh, appliance)
      await happen({ kind: 'enrollment-requested', peer: enrolling, request: { version: 1, appliance, proof } })
      await fleet.connect(slot.name)
    },
    async connect(name) {
      const greeting = { version: 1, addresses: [], rosterVersion: 0, known: [] } as const
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
        verifiedAt: Date.now(),
        source: state.mesh,
      }
      return sendLetter(name, Receipt, receipt)
    },
    detect(name, patch, result, installedVersion) {
      const { peer, epoch } = recordOf(name)
      const detection = {
        from: peer,
        epoch,
        counter: ++counter,
        patch,
        result,
        installedVersion,
        reason: '',
        detectedAt: Date.now(),
      }
      return sendLetter(name, Detection, detection)
    },
    report(name, install, reportState, { reason = '', output = '' } = {}) {
      const { peer, epoch } = recordOf(name)
      const target = state.targets.get(install)?.get(peer)
      if (target?.order == null) throw new Error(`${name} has no order of install ${install}: ${target?.reason}`)
      const patch = state.installs.get(install)?.patch as Sha256
      const installedVersion =
        reportState === 'installed' ? (state.patches.get(patch)?.publication.version ?? null) : null
      return sendLetter(name, Report, {
        ...{ from: peer, epoch, counter: ++counter, install, orderId: target.order.id, patch, state: reportState },
        ...{ reason, refusal: null, output, installedVersion, reportedAt: Date.now() },
      })
    },
    async close() {
      await line
      await repository.close()
      await rm(folder, { recursive: true })
    },
  }
  return fleet
}

function keyOf(name: string): SigningKey {
  return signingKeyFromSeed(sha256(Buffer.from(name)))
}

type PublicationText = { name: string; version: string; bytes: number; restart: 'none' | 'service'; digest: Sha256 }

function publicationOf({ name, version, bytes, restart, digest }: PublicationText): Omit<Publication, 'publishedAt'> {
  const pieceLength = pieceLengthBytes(bytes)
  const { publishedAt: _, ...publication } = Publication.schema.parse({
    ...{ name, version, bytes, sha256: digest, pieceLength, piecesRoot: digest, format: 'bundle', publishedAt: 0 },
    manifest: {
      ...{ name, version, kind: 'update', publisher: 'Example Ltd', created: '2026-01-01T00:00:00.000Z' },
      payload: { size: bytes, sha256: digest, pieceSize: pieceLength, piecesRoot: digest },
      appliesTo: { applianceTypes: [], fromVersions: [] },
      ...{ requires: [], conflicts: [], supersedes: [], impact: { restart, estimateSeconds: 5 } },
      pair: { peerCompat: [], maxSkewSeconds: 3600, order: 'secondary-first' },
      install: { program: 'install', timeoutSeconds: 60 },
      verify: { detect: { versionFile: '/opt/example/version' }, soakSeconds: 0 },
      ...{ revert: 'snapshot', diskBytes: bytes },
    },
  })
  return publication
}
