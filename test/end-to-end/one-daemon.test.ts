/**
 * One daemon a data folder, with real processes: of several that are started at once one runs, the others say why they do
 * not, and one that was killed leaves nothing in the way of the next.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { refused, runAgent } from '../support/agent-run.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'

const RUNNING = /another agent or controller is running on the data folder \/\S+\. Stop it first, .* --data\.$/

let fleet: Fleet
const started: Daemon[] = []
before(async () => {
  fleet = await Fleet.start()
})
afterEach(() => Promise.all(started.map((daemon) => daemon.stop())))
after(() => fleet.stop())

function start(args: readonly string[]): Daemon {
  const name = `daemon ${started.length}`
  const daemon = Daemon.start({ name, args, logFile: join(fleet.folder, `${name}.log`) })
  started.push(daemon)
  return daemon
}

/** The one that runs, of four that are started at once. */
async function onlyOne(args: readonly string[]): Promise<Daemon> {
  const daemons = [0, 1, 2, 3].map(() => start(args))
  await Promise.allSettled(daemons.map((daemon) => daemon.ready()))
  const [winner, ...more] = daemons.filter(({ running }) => running)
  assert.ok(winner !== undefined && more.length === 0, `${more.length} run beside the first`)
  for (const daemon of daemons) if (daemon !== winner) assert.match(daemon.log.trim(), RUNNING)
  return winner
}

async function kill(daemon: Daemon): Promise<void> {
  daemon.kill('SIGKILL')
  await eventually(`${daemon.name} is gone`, () => !daemon.running)
}

test('of controllers that are started at once one runs, and another one when it was killed', async () => {
  const data = ['--data', join(fleet.folder, 'other')]
  const args = ['controller', ...data, '--http', '127.0.0.1:0', '--mesh', '/ip4/127.0.0.1/tcp/0']
  await kill(await onlyOne(args))
  const next = await onlyOne(args)
  await eventually('the log says the head of the trail', () =>
    /"entries":\d+,"head":"[0-9a-f]{64}","msg":"the trail is intact"/.test(next.log),
  )
})

test('of agents that are started at once one enrolls, and another one runs when it was killed', async () => {
  const slot = {
    name: 'p',
    organization: 'Org',
    dataCenter: 'Paris',
    kind: 'service-provider',
    role: 'primary',
  } as const
  const folder = fleet.folderOf('p')
  const args = ['agent', '--data', folder, '--install-root', folder, '--listen', '/ip4/127.0.0.1/tcp/0']
  await kill(await onlyOne([...args, '--token', await fleet.token(slotOf(slot))]))
  await onlyOne(args)
  refused(await runAgent(['--data', folder]), RUNNING)
})
