/**
 * `patchmesh windows` against a real Service Center's API.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { WindowView } from '../../controller/core/windows/setting.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Outcome, patchmesh } from './run-patchmesh.ts'

let fleet: Fleet
let app: ServedApp
let environment: Record<string, string>
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
})
after(async () => {
  await app.close()
  await fleet.close()
})

const run = (...words: string[]): Promise<Outcome> => patchmesh(words, { environment })
const WHEN = [
  '--begins',
  '2090-01-01T02:00',
  '--minutes',
  '120',
  '--rule',
  'FREQ=WEEKLY;BYDAY=SU',
  '--zone',
  'Europe/Berlin',
]

test('windows are set, replaced after a question, listed and removed', async () => {
  assert.equal(
    (await run('windows', 'list')).stdout,
    'No maintenance window is set: installs begin as soon as somebody starts them.\n',
  )
  const first = await run('windows', 'set', 'sundays', ...WHEN, '--organization', 'acme')
  assert.deepEqual([first.status, first.stdout], [0, 'sundays is set, opens on 2090-01-01 01:00 UTC.\n'])
  const asked = await run('windows', 'set', 'sundays', ...WHEN)
  assert.equal(asked.status, 1)
  assert.match(asked.stderr, /Replace sundays, which is set for acme\?/)
  const again = await run(
    'windows',
    'set',
    'sundays',
    ...WHEN,
    '--data-center',
    'paris',
    '--blackout',
    '--yes',
    '--json',
  )
  const shown = JSON.parse(again.stdout) as WindowView
  assert.deepEqual([shown.kind, shown.organization, shown.dataCenter], ['blackout', null, 'paris'])
  const { stdout } = await run('windows', 'list')
  assert.match(
    stdout,
    /^NAME +KIND +OF +OPENS \(UTC\) .*\nsundays +blackout +paris +2090-01-01 01:00 +2090-01-01 03:00 +FREQ=WEEKLY;BYDAY=SU +Europe\/Berlin\n$/,
  )
  assert.equal((await run('windows', 'remove', 'sundays', '--yes')).stdout, 'sundays is removed.\n')
  assert.equal((await run('windows', 'list', '--json')).stdout, '[]\n')
})

test('what never comes is refused with one sentence and what to do', async () => {
  const { status, stderr } = await run('windows', 'set', 'past', '--begins', '2020-01-01T02:00', '--minutes', '60')
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^patchmesh: past lies in the past and does not come again: it opened for the last time on 2020-01-01 at 02:00 UTC\. Correct/,
  )
})
