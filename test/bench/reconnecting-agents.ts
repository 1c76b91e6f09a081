/**
 * A process with many agents in it, for the bench of a restart: each has an identity, a connection and a control stream of
 * its own, greets as an agent does, pings every ten seconds, and dials again, later each time, when its connection ends.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { backoffMs } from '../../agent/core/backoff.ts'
import { startHost } from '../../agent/shell/network/host.ts'
import { MessageStream } from '../../agent/shell/network/message-stream.ts'
import { sha256, toHex } from '../../protocol/hashing.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from '../../protocol/limits.ts'
import { CONTROL_PROTOCOL, ControlMessage, PROTOCOL_VERSION } from '../../protocol/messages.ts'
import { seededRandom } from '../../protocol/random.ts'

const PING_EVERY_MS = 10_000
const SILENCE_MS = 30_000
/** Handshakes that this process has under way: it is one processor for thousands of machines. */
const AT_ONCE = 25

export type Told = { kind: 'ready' } | { kind: 'connected'; count: number; failures: [why: string, times: number][] }

/** From which the identity of this agent is made. */
export function secretOfAgent(number: number): Uint8Array {
  return sha256(Buffer.from(`reconnect ${number}`))
}

/** Dials and greets; resolves when the Service Center has answered a ping, with what ends the stream. */
export async function attach(host: Libp2p, address: string, number: number): Promise<{ ended: Promise<string> }> {
  const connection = await host.dial(multiaddr(address))
  const answered = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  const talk: MessageStream<ControlMessage> = new MessageStream(await connection.newStream(CONTROL_PROTOCOL), {
    schema: ControlMessage,
    maxMessageBytes: MAX_CONTROL_MESSAGE_BYTES,
    what: 'a control message',
    onMessage: ({ kind }) => {
      if (kind === 'pong') answered.resolve()
    },
    onEnd: (reason) => {
      clearInterval(pinging)
      ended.resolve(reason)
      answered.reject(new Error(reason))
    },
  })
  const ping = (): void => talk.send({ kind: 'ping' })
  const pinging = setInterval(ping, PING_EVERY_MS)
  const life = toHex(sha256(Buffer.from(`life ${number}`)).subarray(0, 16)) as never
  talk.send({
    kind: 'greeting',
    greeting: {
      ...{ version: PROTOCOL_VERSION, addresses: [], rosterVersion: 0, known: [], life, silenceMs: SILENCE_MS },
      counters: { gaps: [], newest: 0 },
    },
  })
  ping()
  // As an agent does: what is silent for so long is hung up as a whole.
  const patience = setTimeout(() => connection.abort(new Error('nothing was heard')), SILENCE_MS)
  await answered.promise.finally(() => clearTimeout(patience))
  return { ended: ended.promise }
}

export function newHost(number: number): Promise<Libp2p> {
  return startHost({ seed: secretOfAgent(number), listen: [], mayConnect: () => true })
}

/** Has `numbers` come back to `address`, and stay. */
async function comeBack(hosts: ReadonlyMap<number, Libp2p>, address: string): Promise<void> {
  const random = seededRandom(process.pid)
  let connected = 0
  const failures = new Map<string, number>()
  let underWay = 0
  const waiting: (() => void)[] = []
  const turn = async (): Promise<void> => {
    if (underWay >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    else underWay += 1
  }
  const pass = (): void => {
    const next = waiting.shift()
    if (next === undefined) underWay -= 1
    else next()
  }
  const tell = (): void =>
    void process.send?.({ kind: 'connected', count: connected, failures: [...failures] } satisfies Told)
  setInterval(tell, 200)
  for (const [number, host] of hosts) {
    const live = async (): Promise<never> => {
      for (let failed = 0; ; ) {
        await pause(backoffMs(random, failed))
        await turn()
        let attached: Awaited<ReturnType<typeof attach>>
        try {
          attached = await attach(host, address, number)
        } catch (error) {
          failed += 1
          failures.set(String(error), (failures.get(String(error)) ?? 0) + 1)
          continue
        } finally {
          pass()
        }
        failed = 0
        connected += 1
        await attached.ended
        connected -= 1
      }
    }
    void live()
  }
}

if (process.send !== undefined) {
  const [from = 0, count = 0] = process.argv.slice(2).map(Number)
  const hosts = new Map<number, Libp2p>()
  for (let number = from; number < from + count; number++) hosts.set(number, await newHost(number))
  process.on('message', (address: string) => void comeBack(hosts, address))
  process.send({ kind: 'ready' } satisfies Told)
}
