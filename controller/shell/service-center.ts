/**
 * The Service Center as a running process: the database, the mesh, the seed that offers patches, and the loop around
 * the core. The seed is the same agent core that runs on an appliance, so there is one way to move bytes.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { AgentEffect, AgentEvent } from '../../agent/core/events.ts'
import { step as stepSeed } from '../../agent/core/step.ts'
import { readClock, startTicking } from '../../agent/shell/clock.ts'
import type { ProvingSettings } from '../../agent/shell/config/daemon-settings.ts'
import { EventLoop } from '../../agent/shell/event-loop.ts'
import { type Log, trace } from '../../agent/shell/log.ts'
import { Network, type NetworkEvent } from '../../agent/shell/network/network.ts'
import { PieceStore } from '../../agent/shell/piece-store.ts'
import type { RoomOnDisk } from '../../agent/shell/room-on-disk.ts'
import { StoreWork } from '../../agent/shell/store-work.ts'
import { assert, unreachable } from '../../protocol/assert.ts'
import { inTime } from '../../protocol/clock.ts'
import type { ListenAddress } from '../../protocol/identifiers.ts'
import { seededRandom } from '../../protocol/random.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import type { ServiceCenterEffect, ServiceCenterEvent } from '../core/effects.ts'
import { ownCopyOf } from '../core/own-copies.ts'
import { livePatches } from '../core/publishing.ts'
import { resume } from '../core/resuming.ts'
import { apply, emptyState } from '../core/state.ts'
import { step } from '../core/step.ts'
import { Commands } from './commands.ts'
import { startInquiring } from './inquiring.ts'
import { boundedReceiving } from './intake/receive-upload.ts'
import { ResumableUploads } from './intake/resumable-uploads.ts'
import { issueHere } from './issue-token.ts'
import type { KeptAuthority } from './keys.ts'
import { Notices } from './notices.ts'
import { beginSeed, endSeed } from './own-seed.ts'
import { MESH_ADDRESSES_SETTING, type Repository, type ServiceCenter } from './ports.ts'
import { publishInto } from './publish-upload.ts'
import { readPatch } from './read-patch.ts'
import { setAsideUnknown } from './set-aside-unknown.ts'
import { watchTokens } from './token-watch.ts'

/** A commit that waits, for room or for the database, is not waited for any longer: it was not acknowledged. */
const CLOSE_WITHIN_MS = 3_000
/** How often uploads that nobody goes on with are looked for. */
const SWEEP_MS = 10 * 60 * 1000
const MISSING = 'its file is missing from the store, or has not the length that it must have'

export type RunningServiceCenter = ServiceCenter & {
  readonly meshAddresses: ListenAddress[]
  reconfigure(proving: ProvingSettings): void
  stop(): Promise<void>
}

export async function startServiceCenter(options: {
  folder: string
  authority: KeptAuthority
  repository: Repository
  room: RoomOnDisk
  mesh: readonly string[]
  announce: readonly string[]
  silenceMs: number
  /** In which time, and how fast, the own copies are read again; see agent/core/proving.ts. */
  proving: ProvingSettings
  log: Log
  fail: (error: unknown) => void
}): Promise<RunningServiceCenter> {
  const { authority, repository, room, log, fail } = options
  const random = seededRandom(randomBytes(4).readUInt32LE())
  const state = emptyState({ mesh: authority.mesh, signing: authority.signing }, random, options.silenceMs)
  // The position first: a token that is issued while the rest is read is heard of twice rather than never.
  const { position } = await repository.tokensAfter(0)
  for (const change of await repository.load()) apply(state, change)

  const store = await PieceStore.open(options.folder)
  const stored = await store.held((patch) => state.patches.get(patch)?.publication.bytes)

  const notices = new Notices()

  const loop = new EventLoop<ServiceCenterEvent, ServiceCenterEffect>({
    step: (event) =>
      inTime(event, { told: state.clock, now: readClock() }).flatMap((heard) => {
        trace(log, 'event', heard)
        return step(state, heard)
      }),
    perform,
    fail,
  })
  const commands = new Commands(room, loop.deliver)
  const { carryOut } = commands
  const seed = await beginSeed({ authority, random, proving: options.proving, repository, room, log, fail })
  const seedLoop = new EventLoop<AgentEvent, AgentEffect>({
    step: (event) => stepSeed(seed, event),
    perform: performForSeed,
    fail,
  })

  const network = await Network.start({
    seed: authority.meshSeed,
    listen: options.mesh,
    announce: options.announce,
    deliver: route,
    isOverWan: () => true,
    answering: null,
    room: () => loop.room() ?? seedLoop.room(),
    readPiece: async (patch, index, take) => {
      const publication = seed.replicas.get(patch)?.publication
      if (publication === undefined) throw new Error('no longer stored')
      return store.readPiece(publication, index, take)
    },
  })
  const storeWork = new StoreWork({
    store,
    received: network.received,
    patchOf: (patch) => seed.replicas.get(patch)?.publication,
    deliver: seedLoop.deliver,
    follow: seedLoop.follow,
  })

  /** Control and enrollment go to the Service Center's core, pieces to the seed. */
  function route(event: NetworkEvent): void {
    switch (event.kind) {
      case 'opened':
      case 'closed': {
        const { peer } = event
        if (event.channel === 'downlink')
          loop.deliver({ kind: event.kind === 'opened' ? 'control-opened' : 'control-closed', peer })
        else seedLoop.deliver(event)
        break
      }
      case 'control-received':
        loop.deliver({ kind: 'control-received', peer: event.peer, message: event.message })
        break
      case 'enrollment-requested':
        loop.deliver(event)
        break
      case 'pieces-received':
      case 'piece-received':
      case 'receiving':
      case 'reader-widened':
      case 'piece-sent':
      case 'piece-unreadable':
        seedLoop.deliver(event)
        break
      default:
        unreachable(event)
    }
  }

  function perform(effect: ServiceCenterEffect): void | Promise<void> {
    trace(log, 'effect', effect)
    switch (effect.kind) {
      case 'commit':
        return room.whenThereIsRoom(() => repository.commit(effect.changes))
      case 'send':
        return network.perform({
          kind: 'send-control',
          channel: 'downlink',
          peer: effect.peer,
          message: effect.message,
        })
      case 'answer-enrollment':
      case 'admit':
      case 'hang-up':
        return network.perform(effect)
      case 'reply':
        return commands.answer(effect.id, effect.reply)
      case 'seed': {
        const record = state.patches.get(effect.patch)
        assert(record !== undefined, 'only a published patch is seeded')
        const { publication, envelope, hashes } = record
        const copy = ownCopyOf(state, record)
        return seedLoop.deliver({ kind: 'seeded', publication, envelope, hashes, copy, isNew: effect.isNew })
      }
      case 'name-holders':
        return seedLoop.deliver({ kind: 'holders-told', patch: effect.patch, holders: effect.holders })
      case 'limit-seed':
        return seedLoop.deliver({ kind: 'limited', limits: effect.limits })
      case 'unseed':
        return seedLoop.deliver({ kind: 'unseeded', patch: effect.patch })
      case 'changed':
        return notices.tell(effect.topic)
      case 'log':
        return log.info(effect.fields, effect.line)
      default:
        return unreachable(effect)
    }
  }

  /** The seed offers and deletes, and pulls what is wrong in its own copies; it never installs or makes statements. */
  function performForSeed(effect: AgentEffect): void {
    switch (effect.kind) {
      case 'open':
      case 'close':
      case 'limit':
      case 'send-pieces':
      case 'send-piece':
        return network.perform(effect)
      case 'open-partial':
      case 'store-piece':
      case 'drop-piece':
      case 'seal':
      case 'prove-piece':
      case 'set-apart':
      case 'discard':
        return storeWork.perform(effect)
      case 'note-copy':
        return loop.deliver({ kind: 'own-copy-told', patch: effect.patch, copy: effect.copy })
      case 'log':
        return log.info(effect.fields, effect.line)
      default:
        assert(false, `the seed never wants ${effect.kind}`)
    }
  }

  const publish = publishInto({ store, storeWork, state, carryOut, refused: noteRefusal })

  async function noteRefusal(
    { actor, filename, origin = '' }: { actor: string; filename: string; origin?: string },
    refusal: Refusal,
  ): Promise<void> {
    log.info({ actor, filename, code: refusal.refused }, `upload refused: ${refusal.message}`)
    const subject = filename.slice(0, 200)
    const row = { at: Date.now(), actor, action: 'upload', subject, outcome: refusal.refused, origin }
    await repository.commit([{ table: 'audit', row }])
  }

  const uploads = await ResumableUploads.open({
    ...{
      folder: store.partialFolder,
      publish,
      refused: noteRefusal,
      changed: () => notices.tell('patches'),
      clock: Date.now,
    },
  })
  const receive = boundedReceiving()
  await setAsideUnknown({ store, state, uploads, log })
  const sweeping = setInterval(() => uploads.sweep().catch(fail), SWEEP_MS)

  const startedAt = Date.now()
  const stopTicking = startTicking((clock) => {
    if (!loop.isFull) loop.deliver({ kind: 'tick', clock })
    seedLoop.deliver({ kind: 'tick', clock })
  })
  for (const { sha256, publication } of livePatches(state)) {
    if (stored.has(sha256)) continue
    log.error({ patch: sha256, name: publication.name }, MISSING)
    await loop.perform(step(state, { kind: 'own-copy-told', patch: sha256, copy: { provenAt: 0, wrong: MISSING } }))
  }
  await loop.perform(resume(state))
  const addresses = JSON.stringify(network.addresses.map((address) => `${address}/p2p/${authority.mesh}`))
  await room.orLater(() => repository.writeSetting(MESH_ADDRESSES_SETTING, addresses), loop.follow)
  const ask = network.ask.bind(network)
  const inquiring = startInquiring({ state, ask, deliver: loop.deliver, fail })
  const stopPolling = watchTokens(repository, position, loop.deliver, fail)
  log.info(
    { patches: livePatches(state).length, appliances: state.appliances.size, ms: Date.now() - startedAt },
    'serving',
  )

  return {
    state,
    carryOut,
    upload: async ({ body, filename, actor, origin = '', expectedBytes }) => {
      const received = await receive(actor, { body, filename, folder: store.partialFolder, expectedBytes })
      if (!isRefusal(received)) return publish(received, actor, origin)
      await noteRefusal({ actor, filename, origin }, received)
      return received
    },
    readPatch: (patch, from) => readPatch({ state, path: store.pathOf(patch) }, patch, from),
    uploads,
    inquire: inquiring.inquire,
    issueToken: (wanted, origin = '') => issueHere({ authority, repository, deliver: loop.deliver }, wanted, origin),
    subscribe: (listener) => notices.subscribe(listener),
    notReady: () => null,
    get connectedPeers() {
      return new Set(state.sessions.keys())
    },
    meshAddresses: network.addresses,
    reconfigure: (settings) => seedLoop.deliver({ kind: 'configured', settings }),
    async stop() {
      stopPolling()
      clearInterval(sweeping)
      inquiring.stop()
      stopTicking()
      notices.close()
      await uploads.close()
      await network.stop()
      await Promise.race([Promise.all([loop.close(), seedLoop.close()]), pause(CLOSE_WITHIN_MS)])
      await storeWork.idle()
      await store.close()
      await room.ifThereIsRoom(() => endSeed(repository))
    },
  }
}
