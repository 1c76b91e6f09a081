/**
 * One appliance as a running process: builds the parts, hands them to each other, and turns the loop. Which part
 * performs an effect is all that is decided here.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { assert, unreachable } from '../../protocol/assert.ts'
import { inTime } from '../../protocol/clock.ts'
import type { ApplianceName, ListenAddress } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { seededRandom } from '../../protocol/random.ts'
import { reopen, type SigningKey } from '../../protocol/trust/envelope.ts'
import type { Publisher } from '../../protocol/trust/publishers.ts'
import { Roster } from '../../protocol/trust/statements.ts'
import type { AgentEffect, AgentEvent, LedgerEntry } from '../core/events.ts'
import { storedPublications } from '../core/holding.ts'
import { isOrdered } from '../core/install/attempt.ts'
import { readLedger, runningEntry } from '../core/ledger.ts'
import { beginCounting } from '../core/lost-ledger.ts'
import { isOverWan } from '../core/neighbours.ts'
import { resume } from '../core/resuming.ts'
import { DEFAULT_SETTINGS, newAgent } from '../core/state.ts'
import { applianceStatus } from '../core/status.ts'
import { step } from '../core/step.ts'
import { answering } from './accounting.ts'
import { causes } from './causes.ts'
import type { Check } from './checks/check-config.ts'
import { OperatorChecks } from './checks/operator-checks.ts'
import { readClock, startTicking } from './clock.ts'
import type { ChangeableSettings } from './config/agent-config.ts'
import { EventLoop } from './event-loop.ts'
import { Installations } from './installations.ts'
import { agentRelease } from './installers/agent-release.ts'
import { hasLeftSomething } from './installers/before.ts'
import { judgeCopy } from './judge-copy.ts'
import type { Enrollment } from './kept-membership.ts'
import { KeptPackages } from './kept-packages.ts'
import { keepPort, withKeptPort } from './kept-port.ts'
import { keepTrust, loadTrust } from './kept-trust.ts'
import { openLedger, readingLedger } from './ledger-file.ts'
import { type Log, type RecentLines, trace } from './log.ts'
import { Network } from './network/network.ts'
import { noteClock } from './noted-clock.ts'
import { watchPackages } from './package-watch.ts'
import { PieceStore } from './piece-store.ts'
import { RoomOnDisk } from './room-on-disk.ts'
import { Scratch } from './scratch.ts'
import { isDiskFull } from './sqlite-file.ts'
import { StoreWork } from './store-work.ts'
import { hookSeconds, type Switchover, SwitchoverHooks } from './switchover-hooks.ts'
import { awaitUnknownHook, awaitUnknownInstalls } from './unknown-installs.ts'
import type { OwnRelease } from './updater/own-release.ts'
import { listenForVisitors } from './visits/listening.ts'
import { Visitors } from './visits/visitors.ts'

const SET_ASIDE = 'the ledger does not know these files of the store: they are set aside, and used again once it does'

export type ApplianceOptions = {
  readonly own: OwnRelease
  readonly folder: string
  readonly seed: Uint8Array
  readonly identity: SigningKey
  readonly enrollment: Enrollment
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly installRoot: string
  readonly settings: ChangeableSettings
  /** Whose signatures a patch must carry to be installed here; none for no matter whose. */
  readonly publishers: readonly Publisher[]
  readonly checks: readonly Check[]
  readonly switchover: Switchover | null
  readonly log: Log
  readonly recent: RecentLines
  readonly fail: (error: unknown) => void
}

export type RunningAppliance = {
  readonly name: ApplianceName
  readonly addresses: ListenAddress[]
  /** What SIGHUP may change, as the configuration says it now. */
  reconfigure(settings: ChangeableSettings, publishers: readonly Publisher[]): void
  stop(): Promise<void>
}

export async function startAppliance(options: ApplianceOptions): Promise<RunningAppliance> {
  const { folder, identity, enrollment, log } = options
  const { membership, root, dial } = enrollment
  const random = seededRandom(randomBytes(4).readUInt32LE())
  const settings = {
    ...DEFAULT_SETTINGS,
    ...options.settings,
    judgesSignatures: options.publishers.length > 0,
    checks: options.checks,
    hookSeconds: hookSeconds(options.switchover),
  }
  const life = randomBytes(16).toString('hex')
  const { release } = options.own
  const state = newAgent({ identity, root, random, life, settings, membership, dial, release })
  state.roster = reopen(Roster, enrollment.roster, [root])

  const room = new RoomOnDisk(folder, log)
  const ledger = await room.whenThereIsRoom(() => openLedger(folder))
  const unknown = readingLedger(folder, () => readLedger(state, ledger.read()))
  await loadTrust(folder, state)
  beginCounting(state, readClock().wallMs)
  if (unknown.length > 0)
    log.warn({ unknown }, 'the ledger has records of a later release: they are kept, and not looked at')
  const store = await PieceStore.open(folder)
  const { installRoot, switchover } = options
  let { publishers } = options
  const checks = new OperatorChecks({ checks: options.checks, folder: join(folder, 'checks'), root: installRoot })
  const hooks = new SwitchoverHooks({ switchover, folder: join(folder, 'switchover'), root: installRoot })
  const scratch = new Scratch(join(folder, 'install'), log)
  await awaitUnknownInstalls(join(folder, 'install'), (patch) => isOrdered(state, patch), log)
  if (state.orders.attempt === null) await awaitUnknownHook(hooks, log)
  await scratch.clear(async (patch) => isOrdered(state, patch) || (await hasLeftSomething(scratch.folderOf(patch))))

  const loop = new EventLoop<AgentEvent, AgentEffect>({
    step: (event) =>
      inTime(event, { told: state.clock, now: readClock() }).flatMap((heard) => {
        trace(log, 'event', heard)
        return step(state, heard)
      }),
    perform,
    fail: options.fail,
  })
  const { deliver, follow } = loop
  const patchOf = (patch: Parameters<PieceStore['pathOf']>[0]) => state.replicas.get(patch)?.publication
  const listens = membership.kind === SERVICE_PROVIDER
  const network = await Network.start({
    seed: options.seed,
    listen: listens ? await withKeptPort(folder, options.listen) : [],
    announce: listens ? options.announce : [],
    deliver,
    isOverWan: (peer) => isOverWan(state, peer),
    room: loop.room,
    answering: answering(state, { folder, recent: options.recent }),
    readPiece: async (patch, index, take) => {
      const stored = patchOf(patch)
      if (stored === undefined) throw new Error('no longer stored')
      return store.readPiece(stored, index, take)
    },
  })
  if (listens) await room.orLater(() => keepPort(folder, options.listen, network.addresses[0]), loop.follow)
  const storeWork = new StoreWork({ store, received: network.received, patchOf, deliver, follow })
  const kept = new KeptPackages({
    folder: join(folder, 'kept-packages'),
    stored: () => storedPublications(state),
    pathOf: (patch) => store.pathOf(patch),
  })
  const visitors = new Visitors({
    status: () => applianceStatus(state, true),
    stop: (visitor, { order, by }) => deliver({ kind: 'stop-asked', visitor, order, by }),
    importing: {
      received: () => network.received,
      deliver,
      judge: async (publication) =>
        publishers.length === 0
          ? null
          : judgeCopy({ publication, file: store.pathOf(publication.sha256) }, publishers, readClock().wallMs),
    },
  })
  const installations = new Installations({
    store,
    kept,
    agent: agentRelease(options.own, () => state.settings.seenWithinMs / 1000),
    installRoot,
    publishers: () => publishers,
    scratch,
    checks,
    hooks,
    log,
    deliver,
    follow,
  })

  /** At once, but on a full disk: then the loop waits, since nothing may follow that could be forgotten. */
  function record(entries: readonly LedgerEntry[]): void | Promise<void> {
    try {
      ledger.record(entries)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      return room.whenThereIsRoom(() => ledger.record(entries))
    }
  }

  function perform(effect: AgentEffect): void | Promise<void> {
    trace(log, 'effect', effect)
    switch (effect.kind) {
      case 'record':
        return record(effect.entries)
      case 'open':
      case 'close':
      case 'hang-up':
      case 'limit':
      case 'probe':
      case 'widen':
      case 'send-control':
      case 'send-pieces':
      case 'send-piece':
      case 'answer-enrollment':
      case 'admit':
        network.perform(effect)
        break
      case 'open-partial':
      case 'store-piece':
      case 'drop-piece':
      case 'seal':
      case 'prove-piece':
      case 'set-apart':
      case 'discard':
        storeWork.perform(effect)
        break
      case 'note-copy':
        assert(false, 'only the Service Center notes how its own copy is')
        break
      case 'survey':
      case 'run-checks':
      case 'run-hook':
      case 'judge':
      case 'detect':
      case 'run-step':
      case 'settle':
      case 'tidy':
        installations.perform(effect)
        break
      case 'note-clock': {
        const { aheadMs, theirsMs, whose } = effect
        noteClock(folder, { aheadMs, theirsMs, whose }).catch((error: unknown) =>
          log.warn({ error: causes(error) }, 'could not note how the clocks compare'),
        )
        break
      }
      case 'keep-trust':
        return room.whenThereIsRoom(() => keepTrust(folder, effect.bytes))
      case 'answer-visitor':
        visitors.answer(effect.visitor, effect.answer)
        break
      case 'log':
        log.info(effect.fields, effect.line)
        break
      default:
        unreachable(effect)
    }
  }

  state.addresses = listens ? network.addresses : []
  const aside = await store.removeUnknown(new Set(state.replicas.keys()), new Set(state.withdrawn.keys()))
  if (aside.length > 0) log.warn({ files: aside }, SET_ASIDE)
  if (state.endedUncleanly)
    log.warn({}, 'the agent did not end by itself the last time: every copy that it holds is proven again')
  await loop.perform(resume(state, await store.held((patch) => patchOf(patch)?.bytes)))
  const name = state.membership?.name ?? membership.name
  log.info({ appliance: name, version: release }, 'started')
  const stopListening = await listenForVisitors(folder, visitors, log)
  const stopTicking = startTicking((clock) => {
    if (!loop.isFull) deliver({ kind: 'tick', clock })
  })
  const stopWatching = watchPackages(
    options.installRoot,
    () => deliver({ kind: 'packages-changed' }),
    (error) => log.warn({ error: causes(error) }, 'cannot see whether dpkg has changed anything'),
  )
  return {
    name,
    addresses: state.addresses,
    reconfigure(changed, listed) {
      publishers = listed
      deliver({ kind: 'configured', settings: { ...changed, judgesSignatures: listed.length > 0 } })
    },
    async stop() {
      stopListening()
      stopTicking()
      stopWatching()
      await network.stop()
      await storeWork.idle()
      await store.close()
      await room.ifThereIsRoom(() => ledger.record([runningEntry(false)]))
      ledger.close()
    },
  }
}
