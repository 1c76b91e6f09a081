/**
 * The Service Center without a network: the real core, the real database in a temporary folder and the real intake, fed
 * one event at a time. Its effects are performed in order, so what it tells has been stored.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ServiceCenterEvent } from '../../controller/core/effects.ts'
import { type Authority, emptyState } from '../../controller/core/state.ts'
import { step } from '../../controller/core/step.ts'
import type { Timer } from '../../controller/shell/intake/paced-body.ts'
import { boundedReceiving } from '../../controller/shell/intake/receive-upload.ts'
import { ResumableUploads } from '../../controller/shell/intake/resumable-uploads.ts'
import { issueHere } from '../../controller/shell/issue-token.ts'
import {
  MESH_ADDRESSES_SETTING,
  type Repository,
  type ServiceCenter,
  type Topic,
} from '../../controller/shell/ports.ts'
import type { Publish } from '../../controller/shell/publish-upload.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { seededRandom } from '../../protocol/random.ts'
import { isRefusal, refuse } from '../../protocol/refusals.ts'

export type RunningServiceCenter = {
  /** Where its database lies. */
  folder: string
  serviceCenter: ServiceCenter
  repository: Repository
  /** Resolves when everything that follows from the event is done. */
  happen(event: ServiceCenterEvent): Promise<void>
  close(): Promise<void>
}

/** A busy machine may take any time to send a body: how long is too long is tested with a timer of the test's own. */
const neverTooSlow: Timer = { after: () => ({ passed: new Promise(() => undefined), cancel: () => undefined }) }

export async function startServiceCenter(authority: Authority): Promise<RunningServiceCenter> {
  const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-fleet-'))
  const repository = await openRepository({ folder, root: authority.signing.peer })
  await repository.writeSetting(
    MESH_ADDRESSES_SETTING,
    JSON.stringify([`/ip4/127.0.0.1/tcp/4001/p2p/${authority.mesh}`]),
  )
  const state = emptyState(authority, seededRandom(1))
  const listeners = new Set<(topic: Topic) => void>()
  const replies = new Map<number, (reply: never) => void>()
  let line: Promise<void> = Promise.resolve()
  let commands = 0

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

  const publish: Publish = async (received, actor, origin) => {
    await rm(received.path)
    const { bytes, sha256: digest, hashes, pieceLength, format, manifest, signed } = received
    const { name, version } = manifest
    const root = sha256Hex(hashes)
    const publication = { name, version, bytes, sha256: digest, pieceLength, piecesRoot: root, format, manifest }
    const reply = await serviceCenter.carryOut({ kind: 'publish', actor, publication, hashes, signed }, origin)
    return reply as Awaited<ReturnType<Publish>>
  }
  const changed = () => {
    for (const listener of listeners) listener('patches')
  }
  const partial = path.join(folder, 'partial')
  await mkdir(partial)
  const uploads = await ResumableUploads.open({
    folder: partial,
    publish,
    refused: async () => {},
    changed,
    clock: Date.now,
  })

  const receive = boundedReceiving()
  const serviceCenter: ServiceCenter = {
    state,
    async carryOut(command, origin = '') {
      const id = ++commands
      const { promise, resolve } = Promise.withResolvers<never>()
      replies.set(id, resolve)
      await happen({ kind: 'command', id, command, origin })
      return promise
    },
    async upload({ body, filename, actor, origin = '', expectedBytes }) {
      const received = await receive(actor, { body, filename, folder, expectedBytes, timer: neverTooSlow })
      return isRefusal(received) ? received : publish(received, actor, origin)
    },
    readPatch: async () => refuse('no_copy', 'this Service Center keeps no files'),
    uploads,
    inquire: async () => ({ told: false, reason: 'there is no network here' }),
    issueToken: (wanted, origin = '') => issueHere({ authority, repository, deliver: happen }, wanted, origin),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    notReady: () => null,
    get connectedPeers() {
      return new Set(state.sessions.keys())
    },
  }

  return {
    folder,
    serviceCenter,
    repository,
    happen,
    async close() {
      await uploads.close()
      await line
      await repository.close()
      await rm(folder, { recursive: true })
    },
  }
}
