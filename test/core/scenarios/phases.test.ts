/**
 * Every phase of an attempt waits with a reason and an end that a person at the appliance can read: a phase that is added
 * without them, or that nobody enters, fails here.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ATTEMPT_PHASES } from '../../../agent/core/install/attempt.ts'
import { CheckName } from '../../../agent/core/install/policies/checks.ts'
import { DEFAULT_SETTINGS } from '../../../agent/core/state.ts'
import { applianceStatus } from '../../../agent/core/status.ts'
import { replicate } from '../../../simulator/world/estate.ts'
import { agentPatch, symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { World } from '../../../simulator/world/world.ts'

const TARGET = 'paris/acme/secondary'
/** A clock is told every half second. */
const SLACK_MS = 1_000

test('each phase of an attempt tells its reason, and the time at which it goes on or ends at the latest', () => {
  const settings = {
    ...DEFAULT_SETTINGS,
    checks: [{ name: CheckName.parse('vpn'), mustPassBefore: true, timeoutSeconds: 30, goodWithinSeconds: 60 }],
    hookSeconds: { release: 30, takeBack: 30 },
  }
  const world = new World({ settings })
  for (const pair of ['paris', 'paris/acme']) {
    for (const role of ['primary', 'secondary']) world.add(`${pair}/${role}`)
    world.run(2_000)
  }
  const target = world.appliance(TARGET)
  target.operator.bad.set(CheckName.parse('vpn'), 'no route')
  const install = world.install(replicate(world, symbolicPatch({ restart: 'reboot', soakSeconds: 20 })), ['acme'])
  const phases = new Set<string>()
  let waitedMs = 0
  const look = (): boolean => {
    const { order, does } = applianceStatus(target.state, true)
    if (order?.phase === 'preflight' && order.reason.includes('no route') && waitedMs++ > 20)
      target.operator.bad.clear()
    // Found out when it is looked at once more.
    if (order?.phase === 'soaking') target.installer.sickness = 'it is not healthy'
    if (order === null) return true
    phases.add(order.phase)
    assert.ok(order.reason !== '' && does.includes(order.reason), order.phase)
    assert.ok(Date.parse(order.until) >= target.state.clock.wallMs - SLACK_MS, `${order.phase} ends at ${order.until}`)
    return false
  }
  world.await('it is put back', () => look() && phases.size > 0)
  world.await('it is told', () => world.center.state.targets.get(install)?.get(target.peer)?.state === 'reverted')
  target.installer.sickness = null
  world.install(replicate(world, agentPatch('2')), ['acme'])
  world.await('a release of its agent is kept', () => look() && target.updater.kept === '2')
  assert.deepEqual([...phases].sort(), [...ATTEMPT_PHASES].sort())
})
