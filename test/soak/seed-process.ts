/**
 * The process that a soak watches: the network and the core of a Service Center's seed, with one patch of one piece, for
 * as many members as it is told. Asked for it, it collects its garbage and says what it holds.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AgentEffect, AgentEvent } from '../../agent/core/events.ts'
import { DEFAULT_SETTINGS, GREETS_NOBODY, newAgent } from '../../agent/core/state.ts'
import { step } from '../../agent/core/step.ts'
import { startTicking } from '../../agent/shell/clock.ts'
import { EventLoop } from '../../agent/shell/event-loop.ts'
import { Network } from '../../agent/shell/network/network.ts'
import { sha256Hex } from '../../protocol/hashing.ts'
import { pieceHash } from '../../protocol/pieces.ts'
import { seededRandom } from '../../protocol/random.ts'
import { seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { Publication } from '../../protocol/trust/statements.ts'
import { publicationOf } from '../support/publication-fixtures.ts'
import { type Measure, PATCH_BYTES, secretOfPeer, type Told } from './visits.ts'

const peers = Number(process.argv[2])
const piece = randomBytes(PATCH_BYTES)
const secret = randomBytes(32)
const identity = signingKeyFromSeed(secret)
const publication = {
  ...publicationOf({ name: 'soak', version: '1.0', bytes: PATCH_BYTES, restart: 'none', digest: sha256Hex(piece) }),
  publishedAt: 0,
}

const seed = newAgent({
  ...{ identity, root: identity.peer, random: seededRandom(1), settings: DEFAULT_SETTINGS },
  ...{ life: GREETS_NOBODY, membership: null, dial: [] },
})
const loop = new EventLoop<AgentEvent, AgentEffect>({
  step: (event) => step(seed, event),
  perform: (effect) => {
    if (effect.kind === 'send-pieces' || effect.kind === 'send-piece' || effect.kind === 'close')
      network.perform(effect)
  },
  fail: (error) => {
    throw error
  },
})
const network = await Network.start({
  ...{ seed: secret, listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], answering: null },
  deliver: loop.deliver,
  isOverWan: () => true,
  room: () => loop.room(),
  readPiece: async () => piece,
})
network.perform({
  kind: 'admit',
  members: new Set(Array.from({ length: peers }, (_, number) => signingKeyFromSeed(secretOfPeer(number)).peer)),
  enrolling: new Set(),
})
loop.deliver({
  kind: 'seeded',
  publication,
  envelope: seal(Publication, publication, identity),
  hashes: pieceHash(piece),
  copy: { provenAt: Date.now(), wrong: '' },
  isNew: true,
})
startTicking((clock) => loop.deliver({ kind: 'tick', clock }))

const tell = (told: Told): void => void process.send?.(told)
process.on('message', () => tell({ kind: 'measured', ...measure() }))
tell({ kind: 'ready', address: `${network.addresses[0]}/p2p/${identity.peer}`, patch: publication.sha256 })

function measure(): Measure {
  assert(gc !== undefined, 'the seed is started with --expose-gc')
  gc()
  gc()
  const status = readFileSync('/proc/self/status', 'utf8')
  return {
    privateMiB: Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]) / 1024,
    heapMiB: process.memoryUsage().heapUsed / 1024 / 1024,
    sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
    readers: seed.readers.size,
  }
}
