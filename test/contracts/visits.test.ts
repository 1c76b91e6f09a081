/**
 * The socket at which people on a machine ask its agent, both ends as they are in production: who may open it, where it
 * may lie, and what becomes of questions that are none.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import type { Visitor } from '../../agent/core/events.ts'
import { applianceStatus } from '../../agent/core/status.ts'
import { PieceMemory } from '../../agent/shell/network/piece-memory.ts'
import { ReceivedPieces } from '../../agent/shell/network/received-pieces.ts'
import { askAgent } from '../../agent/shell/visits/asking.ts'
import { listenForVisitors } from '../../agent/shell/visits/listening.ts'
import { Visitors } from '../../agent/shell/visits/visitors.ts'
import { OrderId } from '../../protocol/identifiers.ts'
import { refuse } from '../../protocol/refusals.ts'
import { estate } from '../../simulator/world/estate.ts'

const work = mkdtempSync(join(tmpdir(), 'patchmesh-visits-'))
after(() => rmSync(work, { recursive: true }))
const ORDER = OrderId.parse('ab'.repeat(16))

/** An agent that answers with the status of a simulated one, and stops whatever it is told to. */
async function listening(folder: string) {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const warned: string[] = []
  const asked: { order: OrderId | null; by: string }[] = []
  const visitors = new Visitors({
    status: () => applianceStatus(estate('paris').appliance('paris/primary').state, true),
    stop: (visitor: Visitor, wanted) => {
      asked.push({ order: wanted.order, by: wanted.by })
      visitors.answer(
        visitor,
        wanted.order === null ? refuse('not_found', 'no order') : { stopped: wanted.order, title: 'patch-1 1' },
      )
    },
    importing: {
      received: () => new ReceivedPieces(new PieceMemory()),
      deliver: (event) => {
        if (event.kind === 'import-asked') visitors.answer(event.visitor, refuse('withdrawn', 'it was withdrawn'))
      },
      judge: async () => null,
    },
  })
  const stop = await listenForVisitors(folder, visitors, { warn: (_, line) => warned.push(line) })
  return { folder, stop, warned, asked, socket: join(folder, 'agent.sock') }
}

/** What comes back for these bytes, until the other side ends. */
async function say(socket: string, bytes: string): Promise<string> {
  const connection = createConnection(socket)
  connection.write(bytes)
  return text(connection)
}

describe('the socket of an agent', () => {
  test('is for its owner alone, answers what is asked, and goes with the agent', async () => {
    const agent = await listening(join(work, 'a'))
    const stats = statSync(agent.socket)
    assert.ok(stats.isSocket())
    assert.equal(stats.mode & 0o777, 0o600)
    const status = await askAgent(agent.folder, { kind: 'status' })
    assert.ok(status?.kind === 'status' && status.status.name === 'paris/primary' && status.status.running)
    assert.deepEqual(await askAgent(agent.folder, { kind: 'stop', order: ORDER, by: 'ana' }), {
      ...{ kind: 'stopped', order: ORDER, title: 'patch-1 1' },
    })
    const refused = await askAgent(agent.folder, { kind: 'stop', order: null, by: 'ana' })
    assert.deepEqual(refused, { kind: 'refused', refused: 'not_found', message: 'no order' })
    assert.deepEqual(
      agent.asked,
      [ORDER, null].map((order) => ({ order, by: 'ana' })),
    )
    agent.stop()
    assert.deepEqual(readdirSync(agent.folder), [])
    assert.equal(await askAgent(agent.folder, { kind: 'status' }), null)
  })

  test('may lie deeper than the system takes an address', async () => {
    const agent = await listening(join(work, 'deep'.repeat(20), 'deeper'.repeat(20)))
    assert.ok(agent.socket.length > 107 && statSync(agent.socket).isSocket())
    const answer = await askAgent(agent.folder, { kind: 'status' })
    assert.equal(answer?.kind, 'status')
    agent.stop()
    assert.deepEqual(readdirSync(agent.folder), [])
    assert.deepEqual(agent.warned, [])
  })

  test('takes the place of one that a killed agent has left', async () => {
    const first = await listening(join(work, 'again'))
    const second = await listening(first.folder)
    assert.equal((await askAgent(first.folder, { kind: 'status' }))?.kind, 'status')
    first.stop()
    second.stop()
  })

  const strange: [what: string, bytes: string][] = [
    ['no JSON', 'hello\n'],
    ['another request', '{"kind":"reboot"}\n'],
    ['more than it asks for', '{"kind":"status","also":1}\n'],
    ['an order that is none', '{"kind":"stop","order":"../../x","by":"ana"}\n'],
    ['nobody who asks', `{"kind":"stop","order":"${ORDER}","by":""}\n`],
    ['more than any request', 'x'.repeat(10_000)],
  ]
  for (const [what, bytes] of strange) {
    test(`answers ${what} with a refusal, and nothing is asked of the agent`, async () => {
      const agent = await listening(join(work, 'strange'))
      const answer: unknown = JSON.parse(await say(agent.socket, bytes))
      assert.deepEqual(answer, {
        ...{ kind: 'refused', refused: 'bad_request', message: 'this agent does not know that request' },
      })
      assert.deepEqual(agent.asked, [])
      agent.stop()
    })
  }

  test('an agent that cannot have one says so and runs', async () => {
    mkdirSync(join(work, 'taken', 'agent.sock', 'x'), { recursive: true })
    const agent = await listening(join(work, 'taken'))
    assert.deepEqual(agent.warned, ['nobody on this machine can ask this agent: its socket cannot be opened'])
    agent.stop()
  })
})
