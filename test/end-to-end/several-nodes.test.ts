/**
 * A Service Center of two nodes on one PostgreSQL, with real agents: the machine of the one that leads dies, or stands
 * still, or the database does, and the appliances, their counts and the people's tokens are there with whoever leads then.
 */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { ServiceCenterClient } from '../../controller/cli/service-center-client.ts'
import { makeAccess } from '../../controller/shell/access.ts'
import { issueToken } from '../../controller/shell/issue-token.ts'
import { openData } from '../../controller/shell/open-data.ts'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { freePort } from '../support/forgetful-nat.ts'
import { Postgres } from '../support/postgres.ts'

const PAIR = ['paris-1', 'paris-2']
const folder = mkdtempSync(join(tmpdir(), 'patchmesh-nodes-'))
const daemons: Daemon[] = []
let postgres: Postgres
let url: string
let apiToken: string
let north: Node
let south: Node

class Node {
  readonly name: string
  readonly data: string
  readonly http: string
  readonly mesh: string
  #daemon: Daemon | null = null

  private constructor(name: string, httpPort: number, meshPort: number) {
    this.name = name
    this.data = join(folder, name)
    this.http = `127.0.0.1:${httpPort}`
    this.mesh = `/ip4/127.0.0.1/tcp/${meshPort}`
  }

  static async named(name: string): Promise<Node> {
    return new Node(name, await freePort(), await freePort())
  }

  get daemon(): Daemon {
    return this.#daemon ?? assert.fail(`${this.name} was not started`)
  }

  get api(): ServiceCenterClient {
    return new ServiceCenterClient({ server: `http://${this.http}`, apiToken })
  }

  /** Both nodes announce both addresses, so that appliances know them all. */
  start(): Daemon {
    const addresses = ['--mesh', this.mesh, ...[north, south].flatMap(({ mesh }) => ['--announce', mesh])]
    const args = ['controller', '--data', this.data, '--database', url, '--http', this.http, ...addresses]
    // A log of its own each time: what the process before has said is not waited for.
    const logFile = join(folder, `${this.name}-${daemons.length}.log`)
    this.#daemon = Daemon.start({ name: this.name, args, logFile })
    daemons.push(this.#daemon)
    return this.#daemon
  }

  async standsBy(): Promise<void> {
    await eventually(`${this.name} stands by`, () => this.daemon.log.includes('stands by: '))
  }
}

before(async () => {
  postgres = await Postgres.start()
  url = await postgres.newDatabase()
  north = await Node.named('north')
  south = await Node.named('south')
  await north.start().ready()
  const { repository, authority } = await openData(north.data)
  apiToken = await makeAccess(repository, { kind: 'api-token', name: 'test' })
  for (const [at, name] of PAIR.entries()) {
    const role = at === 0 ? 'primary' : 'secondary'
    const slot = slotOf({ name, organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider', role })
    const { token } = await issueToken({ repository, authority }, slot)
    const data = join(folder, name)
    mkdirSync(join(data, 'root'), { recursive: true })
    const args = ['agent', '--data', data, '--install-root', join(data, 'root'), '--listen', '/ip4/127.0.0.1/tcp/0']
    const agent = Daemon.start({ name, args: [...args, '--token', token], logFile: `${data}.log` })
    daemons.push(agent)
    await agent.ready()
  }
  await repository.close()
  cpSync(join(north.data, 'keys'), join(south.data, 'keys'), { recursive: true })
  south.start()
  await south.standsBy()
})
after(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop()))
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

async function upload(node: Node, name: string): Promise<string> {
  const file = join(folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: 300_000, out: file })
  const { id } = await node.api.upload(file)
  await counted(node, id)
  return id
}

async function counted(node: Node, id: string): Promise<void> {
  await eventually(`2/2 at ${node.name}`, async () => (await node.api.patch(id)).replications.complete === 2)
}

async function reachable(node: Node): Promise<void> {
  await eventually(`both are reachable from ${node.name}`, async () =>
    (await node.api.appliances()).every(({ reachable: is }) => is),
  )
}

test('who stands by says so to whoever asks, and changes nothing', DEADLINE, async () => {
  const ready = await fetch(`http://${south.http}/readyz`)
  assert.equal(ready.status, 503)
  const { reason } = (await ready.json()) as { reason: string }
  assert.match(reason, new RegExp(`^stands by: \\S+:${north.http.split(':')[1]} leads$`))
  assert.equal((await fetch(`http://${south.http}/livez`)).status, 200)
  const asked = await fetch(`http://${south.http}/api/v1/patches`, { method: 'POST', body: 'x' })
  assert.equal(asked.status, 503)
  assert.equal(asked.headers.get('retry-after'), '5')
  const { error } = (await asked.json()) as { error: { code: string } }
  assert.equal(error.code, 'standing_by')
  const page = await fetch(`http://${south.http}/`, { headers: { accept: 'text/html' } })
  assert.equal(page.status, 503)
  assert.match(await page.text(), /This node stands by: /)
})

test(
  'the machine that leads dies: the other leads, knows all, and gets its copies from the appliances',
  DEADLINE,
  async () => {
    const known = await upload(north, 'known')
    north.daemon.kill('SIGKILL')
    await eventually('north is gone', () => !north.daemon.running)
    rmSync(north.data, { recursive: true })
    await eventually('south leads', async () => (await fetch(`http://${south.http}/readyz`)).status === 200)
    await reachable(south)
    await counted(south, known)
    await eventually('its copy has come from an appliance', () => existsSync(join(south.data, 'store', known)))
    await counted(south, await upload(south, 'after'))
    assert.equal((await south.api.verifyTrail(undefined)).intact, true)
  },
)

test('a node without the keys is refused, says how to bring them, and then stands by', DEADLINE, async () => {
  const words = ['controller', '--data', north.data, '--database', url, '--http', north.http, '--mesh', north.mesh]
  const { status, stderr } = await patchmesh(words)
  assert.equal(status, 1)
  assert.match(stderr, /north has no keys, and the database \S+ belongs to 12D3\w+\. Bring the keys of the other node:/)
  writeFileSync(join(folder, 'passphrase'), 'nobody guesses this one')
  const sealed = ['--passphrase-file', join(folder, 'passphrase')]
  const out = await patchmesh(['keys', 'seal', '--data', south.data, '--out', join(folder, 'keys'), ...sealed])
  assert.equal(out.status, 0, out.stderr)
  const placed = await patchmesh(['keys', 'place', join(folder, 'keys'), '--data', north.data, ...sealed])
  assert.equal(placed.status, 0, placed.stderr)
  north.start()
  await north.standsBy()
})

test('the process that leads stands still: the other leads, and the first ends when it goes on', DEADLINE, async () => {
  south.daemon.kill('SIGSTOP')
  await eventually('north leads', async () => (await fetch(`http://${north.http}/readyz`)).status === 200)
  await reachable(north)
  south.daemon.kill('SIGCONT')
  assert.equal(await south.daemon.ended(), 1)
  assert.match(south.daemon.log, /does not lead any more: /)
  south.start()
  await south.standsBy()
  await upload(north, 'then')
  assert.equal((await north.api.verifyTrail(undefined)).intact, true)
})

test(
  'the database is killed and comes back: whoever leads then goes on with what was acknowledged',
  DEADLINE,
  async () => {
    await postgres.kill()
    await postgres.goOn()
    // Whoever was without it for longer than a lease has ended; a supervisor starts it anew.
    const serving = await eventually('a node leads', async () => {
      for (const node of [north, south]) {
        if (!node.daemon.running) node.start()
        if ((await fetch(`http://${node.http}/readyz`)).ok) return node
      }
      return false
    })
    await reachable(serving)
    const names = (await serving.api.patches()).map(({ name }) => name)
    assert.deepEqual(names.sort(), ['after', 'known', 'then'])
    await upload(serving, 'last')
  },
)

test('who is told to stop gives the lead to the other at once', DEADLINE, async () => {
  const [leads, other] = (await fetch(`http://${north.http}/readyz`)).ok ? [north, south] : [south, north]
  if (!other.daemon.running) other.start()
  await other.standsBy()
  assert.equal(await leads.daemon.stop(), 0, leads.daemon.log.slice(-2_000))
  await eventually(`${other.name} leads`, async () => (await fetch(`http://${other.http}/readyz`)).ok)
  await reachable(other)
})
