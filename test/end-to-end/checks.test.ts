/**
 * Checks and switchover hooks of an operator, with real agents: a check that the installed patch makes bad has it put back
 * and halts the rollout; hooks run on both members, before one is changed and after; a kill -9 in the middle of a hook
 * changes nothing.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApplianceStatus } from '../../agent/core/status.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { readEvidence } from '../../protocol/trust/evidence.ts'
import { judgeEvidence } from '../../protocol/trust/judge-evidence.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { runAgent } from '../support/agent-run.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'

const [FIRST, SECOND] = ['secondary', 'primary'] as const
let fleet: Fleet
let portal: Server
let portalStatus = 200
let config: string

/** Leaves a line in `hooks` below the root; one that gives up service waits while there is a file `wait`. */
const HOOK = `#!/bin/sh
echo "$1 begins" >> "$PATCHMESH_ROOT/hooks"
if [ "$1" = release ]; then while [ -e "$PATCHMESH_ROOT/wait" ]; do sleep 0.05; done; fi
echo "$1" >> "$PATCHMESH_ROOT/hooks"
`
const rootOf = (name: string): string => join(fleet.folderOf(name), 'root')
const hooksOf = (name: string): Promise<string> => readFile(join(rootOf(name), 'hooks'), 'utf8')

before(async () => {
  portal = createServer((_, response) => response.writeHead(portalStatus).end('portal'))
  await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve))
  fleet = await Fleet.start()
  const [check, hook] = [join(fleet.folder, 'check'), join(fleet.folder, 'hook')]
  await writeFile(check, '#!/bin/sh\n[ ! -e "$PATCHMESH_ROOT/opt/worse/version" ] || { echo no sessions; exit 1; }\n', {
    mode: 0o755,
  })
  await writeFile(hook, HOOK, { mode: 0o755 })
  config = join(fleet.folder, 'agent.yaml')
  const http = `http://127.0.0.1:${(portal.address() as AddressInfo).port}/`
  const settings = {
    checks: [
      { name: 'sessions', program: check, goodWithinSeconds: 1 },
      { name: 'portal', http },
    ],
    switchover: {
      release: { program: hook, arguments: ['release'] },
      takeBack: { program: hook, arguments: ['take-back'] },
    },
  }
  await writeFile(config, JSON.stringify(settings))
  const place = { organization: 'Provider', kind: 'service-provider', dataCenter: 'Paris' }
  for (const name of [SECOND, FIRST]) await fleet.add(slotOf({ ...place, name, role: name }), ['--config', config])
  await fleet.reachable([FIRST, SECOND])
})
after(async () => {
  await fleet?.stop()
  portal?.closeAllConnections()
  portal?.close()
})

async function statusOf(name: string): Promise<ApplianceStatus> {
  const { stdout } = await patchmesh(['status', '--json', '--data', fleet.folderOf(name)])
  return ApplianceStatus.parse(JSON.parse(stdout))
}

async function begin(name: string): Promise<string> {
  const out = join(fleet.folder, `${name}.patch`)
  await writeControlledBundle({ out, name, restart: 'service' })
  const { id } = await fleet.api.upload(out)
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
  const scope = { organizations: ['Provider'], dataCenter: 'All', allowOutage: false }
  return (await fleet.api.startInstall({ patch: id, ...scope })).id
}

async function endOf(install: string) {
  const { state, targets } = await fleet.until(
    'it has ended',
    () => fleet.api.install(install),
    (now) => !isUnderWay(now.state) && now.targets.every((target) => target.state !== 'queued'),
  )
  return { state, of: (name: string) => targets.find(({ appliance }) => appliance === name) }
}

test('hooks hand over and take back on each member in turn, and the checks are told with what was installed', async () => {
  const { state, of } = await endOf(await begin('fine'))
  assert.equal(state, 'done')
  for (const name of [FIRST, SECOND]) {
    assert.equal(await hooksOf(name), 'release begins\nrelease\ntake-back begins\ntake-back\n')
    assert.match(of(name)?.reason ?? '', /^version 1\.0\.0 is there; 2 of 2 checks are good/)
  }
  const scope = { organizations: ['Provider'], dataCenter: 'All', allowOutage: false, outsideWindows: false }
  const { each } = await fleet.api.planInstall('fine@1.0.0', { ...scope, first: [], waveSoakSeconds: 0 })
  const { appliance, kind, allowance } = each.around
  assert.deepEqual([appliance, kind, allowance], [2, 0, 0], 'the next plan rests on what both have told of this one')
})

test('a check that the installed patch makes bad has it put back, and the rollout halts with the peer untouched', async () => {
  for (const name of [FIRST, SECOND]) await rm(join(rootOf(name), 'hooks'))
  const install = await begin('worse')
  const { state, of } = await endOf(install)
  assert.equal(state, 'halted')
  assert.equal(of(FIRST)?.state, 'reverted')
  assert.match(
    of(FIRST)?.reason ?? '',
    /^the check sessions was good before and is bad after: \/\S+\/check ended with status 1; /,
  )
  assert.equal(of(SECOND)?.state, 'refused')
  assert.ok(!existsSync(join(rootOf(FIRST), 'opt/worse/version')))
  assert.equal(await hooksOf(FIRST), 'release begins\nrelease\ntake-back begins\ntake-back\n', 'after the revert too')
  assert.ok(!existsSync(join(rootOf(SECOND), 'hooks')), 'nobody was interrupted there')
  const evidence = readEvidence(JSON.stringify(await fleet.api.evidence(install, 'Provider')))
  assert.ok(!isRefusal(evidence))
  const { appliances, wrong } = judgeEvidence(evidence, null)
  assert.deepEqual(wrong, [])
  const last = appliances.find(({ name }) => name === FIRST)?.steps.at(-1)
  assert.match(
    last?.output ?? '',
    /^check sessions: before good; after bad \(.*ended with status 1\)\n {2}no sessions\ncheck portal: /,
  )
})

test('a check that is bad before holds the order at the appliance, which says why, and it is stopped there', async () => {
  portalStatus = 500
  const install = await begin('held')
  const { order } = await fleet.until(
    'it waits',
    () => statusOf(FIRST),
    (told) => told.order?.reason.includes('the check portal is bad') === true,
  )
  assert.deepEqual(
    order?.checks.map(({ name, before: was }) => [name, was?.good]),
    [
      ['sessions', true],
      ['portal', false],
    ],
  )
  assert.match(order?.checks[1]?.before?.reason ?? '', /^http:\S+ answers 500, and 200 is expected$/)
  const { stdout } = await patchmesh(['status', '--data', fleet.folderOf(FIRST)])
  assert.match(
    stdout,
    /\ncheck +portal: before bad \(http:\S+ answers 500, and 200 is expected\), after not asked: portal\n/,
  )
  assert.equal((await patchmesh(['orders', 'stop', '--yes', '--data', fleet.folderOf(FIRST)])).status, 0)
  const { state, of } = await endOf(install)
  assert.deepEqual([state, of(FIRST)?.state], ['halted', 'refused'])
  for (const name of [FIRST, SECOND]) assert.ok(!existsSync(join(rootOf(name), 'opt/held')))
  portalStatus = 200
})

test('kill -9 in the middle of a hook: the next agent waits for its end, takes service back, and nothing was changed', async () => {
  await rm(join(rootOf(FIRST), 'hooks'))
  await writeFile(join(rootOf(FIRST), 'wait'), '')
  const install = await begin('cut')
  await eventually('the hook runs', async () => (await hooksOf(FIRST)) === 'release begins\n')
  fleet.daemon(FIRST).kill('SIGKILL')
  await eventually('the agent is gone', () => !fleet.daemon(FIRST).running)
  await fleet.startAgent(FIRST, ['--config', config])
  assert.equal((await statusOf(FIRST)).order?.phase, 'handing-over')
  assert.equal(await hooksOf(FIRST), 'release begins\n', 'it is not run a second time')
  await rm(join(rootOf(FIRST), 'wait'))
  const { state, of } = await endOf(install)
  assert.deepEqual([state, of(FIRST)?.state, of(SECOND)?.state], ['halted', 'refused', 'refused'])
  assert.match(of(FIRST)?.reason ?? '', /started anew in the middle of the switchover; nothing was changed/)
  assert.equal(await hooksOf(FIRST), 'release begins\nrelease\ntake-back begins\ntake-back\n')
  for (const name of [FIRST, SECOND]) assert.ok(!existsSync(join(rootOf(name), 'opt/cut')))
})

test('an agent with a word in its configuration that nobody knows does not start, and says which', async () => {
  const wrong = join(fleet.folder, 'wrong.yaml')
  for (const [text, says] of [
    ['checks: [{ name: vpn, programm: /usr/bin/true }]', /checks\.0.*programm|checks\.0\.program/],
    ['switchover: { takeBack: { program: /usr/bin/true } }', /switchover\.release/],
    [
      'checks: [{ name: vpn, program: /usr/bin/true, timeout: 3 }]',
      /wrong\.yaml:1: checks\.0: Unrecognized key: "timeout"; did you mean timeoutSeconds\?/,
    ],
    ['chekcs: []', /wrong\.yaml:1: Unrecognized key: "chekcs"; did you mean checks\?/],
  ] as const) {
    await writeFile(wrong, text)
    const end = await runAgent(['--data', join(fleet.folder, 'nobody'), '--config', wrong])
    assert.equal(end.status, 2)
    assert.equal(end.sentences.length, 1, end.stderr)
    assert.match(end.sentences[0] ?? '', says)
  }
})
