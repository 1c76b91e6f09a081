/**
 * `--wait`, `--timeout` and `--watch` against a Service Center in this process: they hear of each change, tell how far it
 * is, and end with the status that says how it ended.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { EXIT } from '../../agent/shell/command-line/exit-status.ts'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { InstallRecord } from '../../controller/core/records.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Ask, asking } from '../api/api-client.ts'
import { emptyFleet, everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { commandNamed } from './answering-terminal.ts'
import { heardTerminal } from './heard-terminal.ts'
import { patchmesh } from './run-patchmesh.ts'

const PROVIDERS = ['paris/primary', 'paris/secondary', 'tokyo/primary', 'tokyo/secondary']
const ACME_IN_PARIS = ['acme-paris-secondary', 'acme-paris-primary']

let folder: string
let fleet: Fleet
let app: ServedApp
let ask: Ask
let server: string[]
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-waiting-'))
  fleet = await standardFleet()
  app = await serveApp(fleet)
  const token = await app.apiToken()
  ask = asking(app.url, token)
  server = ['--server', app.url, '--api-token', token]
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

/** Runs a command that goes on while the test lets things happen. */
function begin(command: string, ...words: string[]) {
  const terminal = heardTerminal()
  return { terminal, ended: commandNamed(command).run([...words, ...server], terminal) }
}

async function uploaded(name: string, ...more: string[]) {
  const file = path.join(folder, `${name}.patch`)
  await writeExampleBundle({ name, bytes: 10_000, out: file })
  const running = begin('patches upload', file, '--wait', ...more)
  await running.terminal.heard(/^replicated 0\/4/)
  const known = [...fleet.serviceCenter.state.patches.entries()]
  const [id] = known.find(([, { publication }]) => publication.name === name) ?? []
  return { ...running, id: id as Sha256 }
}

describe('patches upload --wait', () => {
  test('ends with 0 when every Service Provider appliance has it, and tells each step', async () => {
    const { terminal, ended, id } = await uploaded('whole')
    for (const [index, name] of PROVIDERS.entries()) {
      await fleet.sendReceipt(name, id)
      await terminal.heard(new RegExp(`^replicated ${index + 1}/4`))
    }
    assert.equal(await ended, EXIT.done)
    assert.match(terminal.printed.join('\n'), /^whole@1\.0\.0 {2}[0-9a-f]{64}$/)
  })

  test('ends with 6 when the time is over, and says that replication goes on', async () => {
    const { terminal, ended } = await uploaded('slow', '--timeout', '1s')
    assert.equal(await ended, EXIT.timedOut)
    assert.match(terminal.told.at(-1) ?? '', /not ended within 1 s; replication goes on; see patchmesh patches show /)
  })

  test('ends with 8 when it is withdrawn meanwhile', async () => {
    const { terminal, ended, id } = await uploaded('wrong')
    await ask('DELETE', `/patches/${id}`)
    assert.equal(await ended, EXIT.cancelled)
    assert.match(terminal.told.at(-1) ?? '', /withdrawn meanwhile/)
  })

  test('ends with 7 where there is nobody to replicate to', async () => {
    const nobody = await emptyFleet()
    const other = await serveApp(nobody)
    const terminal = heardTerminal()
    const words = [
      path.join(folder, 'whole.patch'),
      '--wait',
      '--server',
      other.url,
      '--api-token',
      await other.apiToken(),
    ]
    assert.equal(await commandNamed('patches upload').run(words, terminal), EXIT.halted)
    assert.match(terminal.told.at(-1) ?? '', /no Service Provider appliance is enrolled/)
    await other.close()
    await nobody.close()
  })
})

describe('installs start --wait', () => {
  const started = async (name: string) => {
    const id = await fleet.publish({ name, version: '1', bytes: 1000 })
    for (const provider of PROVIDERS) await fleet.sendReceipt(provider, id)
    await everyoneNeeds(fleet, id)
    const words = [`${name}@1`, '--organization', 'acme', '--data-center', 'paris', '--yes', '--wait']
    const running = begin('installs start', ...words)
    await running.terminal.heard(/^install [0-9a-f]{32} has started/)
    const installs = [...fleet.serviceCenter.state.installs.values()]
    const install = installs.find(({ patch }) => patch === id) as InstallRecord
    return { ...running, id, install: install.id }
  }

  test('ends with 0 when it is installed everywhere, and shows it whole', async () => {
    const { terminal, ended, id, install } = await started('good')
    for (const name of ACME_IN_PARIS) {
      await fleet.report(name, install, 'installing')
      await terminal.heard(new RegExp(`${name} installing`))
      await fleet.report(name, install, 'installed')
      await fleet.detect(name, id, 'installed', '1')
    }
    assert.equal(await ended, EXIT.done)
    assert.match(terminal.printed[0] ?? '', /: done/)
  })

  test('ends with 7 when it has halted, and says why', async () => {
    const { terminal, ended, install } = await started('bad')
    await fleet.report('acme-paris-secondary', install, 'failed', { reason: 'the disk is full' })
    await terminal.heard(/^halted: 0\/2 installed/)
    await fleet.report('acme-paris-primary', install, 'cancelled')
    assert.equal(await ended, EXIT.halted)
    assert.match(terminal.told.at(-1) ?? '', /^patchmesh: 0 of 2 appliances have the patch \(halted: .*See patchmesh/)
  })

  test('ends with 8 when somebody cancels it, for whom cancelling it with --wait ends with 0', async () => {
    const { terminal, ended, install } = await started('unwanted')
    const { ended: cancelled } = begin('installs cancel', install, '--yes', '--wait')
    await terminal.heard(/^cancelled: 0\/2 installed/)
    for (const name of ACME_IN_PARIS) await fleet.report(name, install, 'cancelled')
    assert.equal(await cancelled, EXIT.done)
    assert.equal(await ended, EXIT.cancelled)
  })
})

describe('appliances enroll --wait', () => {
  const slot = { organization: 'Org 1000', dataCenter: 'rome', kind: 'service-provider', role: 'primary' } as const
  const words = (name: string) => [
    ...['--data-center', slot.dataCenter, '--organization', slot.organization, '--kind', slot.kind],
    ...['--role', slot.role, '--group', name, '--name', name, '--wait'],
  ]

  test('prints the token first, and ends with 0 when it is a member', async () => {
    const { terminal, ended } = begin('appliances enroll', ...words('rome-1'))
    await terminal.heard(/nobody has used the token of rome-1/)
    assert.match(terminal.printed[0] ?? '', /^pm1\./)
    await fleet.enroll({ ...slot, name: 'rome-1', group: 'rome-1' })
    assert.equal(await ended, EXIT.done)
    assert.equal(terminal.told.at(-1), 'enrolled rome-1')
  })

  test('ends with 8 when the token is revoked', async () => {
    const { terminal, ended } = begin('appliances enroll', ...words('rome-2'))
    await terminal.heard(/nobody has used the token of rome-2/)
    const { json } = await ask<{ id: string; name: string }[]>('GET', '/enrollment-tokens')
    await ask('DELETE', `/enrollment-tokens/${json.find(({ name }) => name === 'rome-2')?.id}`)
    assert.equal(await ended, EXIT.cancelled)
    assert.match(terminal.told.at(-1) ?? '', /the token of rome-2 was revoked or is too old/)
  })
})

test('--watch shows the list again when it has changed, one line of JSON after the other', async () => {
  const { terminal, ended } = begin('patches list', '--watch', '-o', 'json')
  await terminal.heard(/"whole"/)
  await fleet.publish({ name: 'newcomer', version: '1' })
  await terminal.heard(/"newcomer"/)
  for (const line of terminal.printed) assert.ok(Array.isArray(JSON.parse(line)))
  assert.equal(new Set(terminal.printed).size, terminal.printed.length)
  await ask('DELETE', '/patches/newcomer@1')
  // It ends only with its terminal, which is this one.
  await terminal.heard(/"whole"/, 3)
  terminal.print = () => {
    throw new Error('the terminal is gone')
  }
  await fleet.publish({ name: 'last', version: '1' })
  await assert.rejects(ended, /the terminal is gone/)
})

test('--watch reads again by itself where the way holds events back', async () => {
  let asked = 0
  const held = createServer((request, response) => {
    if (request.url?.startsWith('/api/v1/patches') === true)
      response.end(JSON.stringify([{ condition: 'x', asked: ++asked }]))
  }).listen(0, '127.0.0.1')
  await once(held, 'listening')
  const { port } = held.address() as { port: number }
  const terminal = heardTerminal()
  const at = ['--server', `http://127.0.0.1:${port}`, '--api-token', 't']
  const ended = commandNamed('patches list').run(['--watch', '--json', ...at], terminal)
  await terminal.heard(/"asked"/, 2)
  terminal.print = () => {
    throw new Error('the terminal is gone')
  }
  await assert.rejects(ended, /the terminal is gone/)
  held.closeAllConnections()
  held.close()
})

test('--watch goes on when another node has taken the lead, or a proxy has found nobody meanwhile', async () => {
  const standing = JSON.stringify({ error: { code: 'standing_by', message: 'it stands by', hint: 'ask the other' } })
  const answers = [
    [200, '["first"]'],
    [503, standing],
    [502, '<html>'],
    [200, '["second"]'],
  ] as const
  let asked = 0
  const nodes = createServer((request, response) => {
    if (request.url?.startsWith('/api/v1/patches') !== true) return
    const [status, body] = answers[Math.min(asked++, answers.length - 1)] ?? [500, '']
    response.writeHead(status).end(body)
  }).listen(0, '127.0.0.1')
  await once(nodes, 'listening')
  const { port } = nodes.address() as { port: number }
  const terminal = heardTerminal()
  const at = ['--server', `http://127.0.0.1:${port}`, '--api-token', 't']
  const ended = commandNamed('patches list').run(['--watch', '--json', ...at], terminal)
  await terminal.heard(/"first"/)
  terminal.print = () => {
    throw new Error('the terminal is gone')
  }
  await assert.rejects(ended, /the terminal is gone/)
  assert.equal(terminal.told.filter((line) => /cannot be reached; trying again/.test(line)).length, 2)
  nodes.closeAllConnections()
  nodes.close()
})

for (const [words, sentence] of [
  [['--timeout', '10s'], /--timeout goes with --wait\./],
  [['--wait', '--timeout', 'soon'], /--timeout is a time such as 90s, 10m, 2h or 1d, and soon is none\./],
] as const) {
  test(`nothing is started with ${words.join(' ')}`, async () => {
    const { status, stderr } = await patchmesh([
      'patches',
      'upload',
      path.join(folder, 'whole.patch'),
      ...words,
      ...server,
    ])
    assert.equal(status, 2)
    assert.match(stderr, sentence)
  })
}
